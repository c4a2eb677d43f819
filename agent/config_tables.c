#include "agent/config_tables.h"

#include "common/log.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const log_levels[] = {"debug", "info", "warning", "error",
                                         NULL};
static const char *const policies[] = {"block", "drop_oldest", NULL};

#define ROOT(member) offsetof(struct gong_agent_config, member)

static const struct gong_option root_options[] = {
    {"agent", GONG_OPTION_STRING, ROOT(agent), "agent-1", 0, 0, NULL, "",
     "This agent's name in topics, acks and metrics: [a-z0-9_-]."},
    {"state", GONG_OPTION_PATH, ROOT(state), "/var/lib/gong-agent", 0, 0, NULL,
     "", "Folder for the journal, the effects and the rules in force."},
    {"rules", GONG_OPTION_PATHS, ROOT(rules), NULL, 0, 0, NULL, "",
     "Rule files, or folders whose *.cfg are taken; read again on SIGHUP."},
    {"model", GONG_OPTION_PATHS, ROOT(model), "", 0, 0, NULL, "",
     "Files of the city model, or folders whose model files are taken; read "
     "again with the rules."},
    {"self_metrics", GONG_OPTION_DURATION, ROOT(self_metrics), "10s", 0,
     3600000, NULL, "",
     "How often the agent's own numbers are journaled as a device of site "
     "\"gong\"; 0s: never."},
    {"log_level", GONG_OPTION_CHOICE, ROOT(log_level), "info", 0, 0, log_levels,
     "", "The least important lines of the log to write."},
};

static const char *const root_children[] = {
    "broker", "store",  "notify",  "http", "journal",  "effects",
    "ingest", "engine", "history", "desk", "channels", NULL};

const struct gong_option_table gong_agent_root_table = {
    .name = "",
    .help = "The agent itself.",
    .options = root_options,
    .option_count = COUNT(root_options),
    .children = root_children,
};

#define BROKER(member) offsetof(struct gong_agent_broker, member)

static const struct gong_option broker_options[] = {
    {"url", GONG_OPTION_STRING, BROKER(url), NULL, 0, 0, NULL, "",
     "mqtt://host:port or mqtts://host:port."},
    {"username", GONG_OPTION_STRING, BROKER(username), "", 0, 0, NULL, "",
     "User name at the broker."},
    {"password_file", GONG_OPTION_SECRET, BROKER(password_file), "", 0, 0, NULL,
     "", "File whose first line is the password."},
    {"ca_file", GONG_OPTION_FILE, BROKER(ca_file), "", 0, 0, NULL, "",
     "PEM file of the authorities to trust instead of the system's."},
    {"cert_file", GONG_OPTION_FILE, BROKER(cert_file), "", 0, 0, NULL, "",
     "PEM file of the agent's certificate."},
    {"key_file", GONG_OPTION_SECRET, BROKER(key_file), "", 0, 0, NULL, "",
     "PEM file of the certificate's key."},
    {"keepalive", GONG_OPTION_DURATION, BROKER(keepalive), "30s", 5000, 600000,
     NULL, "", "Longest silence before the link is tried."},
    {"retry_max", GONG_OPTION_DURATION, BROKER(retry_max), "30s", 1000, 3600000,
     NULL, "",
     "Longest wait before it connects again; each is drawn at random."},
};

static const struct gong_option_table broker_table = {
    .name = "broker",
    .help = "The MQTT broker.",
    .options = broker_options,
    .option_count = COUNT(broker_options),
};

#define HTTP(member) offsetof(struct gong_agent_http, member)

static const struct gong_option http_options[] = {
    {"listen", GONG_OPTION_STRING, HTTP(listen), "127.0.0.1:9470", 0, 0, NULL,
     "",
     "Address and port of the API, /healthz and /metrics; beyond loopback only "
     "with tls_cert and tls_key. Empty: off. Port 0: any free one."},
    {"socket", GONG_OPTION_PATH, HTTP(socket), "", 0, 0, NULL, "",
     "Path of the local socket for gongctl, where the first user is made; "
     "empty: gong.sock in the state folder."},
    {"tls_cert", GONG_OPTION_FILE, HTTP(tls_cert), "", 0, 0, NULL, "",
     "PEM file of the certificate, with those between it and its authority."},
    {"tls_key", GONG_OPTION_SECRET, HTTP(tls_key), "", 0, 0, NULL, "",
     "PEM file of the certificate's key."},
    {"connections", GONG_OPTION_INT, HTTP(connections), "1200", 16, 100000,
     NULL, "", "Connections at a time; further ones wait."},
    {"per_address", GONG_OPTION_INT, HTTP(per_address), "100", 1, 100000, NULL,
     "", "Connections of one address; further ones are closed."},
};

static const struct gong_option_table http_table = {
    .name = "http",
    .help = "The API and what the agent shows of itself.",
    .options = http_options,
    .option_count = COUNT(http_options),
};

#define LOG(member) offsetof(struct gong_agent_log, member)

static const struct gong_option journal_options[] = {
    {"size", GONG_OPTION_SIZE, LOG(size), "1GiB", 131072, 1099511627776.0, NULL,
     "bytes", "Disk that the journal takes, at start."},
    {"segment_size", GONG_OPTION_SIZE, LOG(segment_size), "64MiB", 65536,
     17179869184.0, NULL, "bytes",
     "Size of one of its files, a multiple of 4096; an existing journal keeps "
     "its own."},
    {"policy", GONG_OPTION_CHOICE, LOG(policy), "drop_oldest", 0, 0, policies,
     "",
     "When it is full of what a store has not taken: take nothing new, or "
     "drop the oldest segment."},
    {"memory", GONG_OPTION_SIZE, LOG(memory), "16MiB", 0, 1073741824.0, NULL,
     "bytes",
     "What may be held in memory, unsettled, while the disk fails; full, the "
     "oldest goes."},
    {"commit_interval", GONG_OPTION_DURATION, LOG(commit_interval), "50ms", 1,
     10000, NULL, "", "Shortest time between two syncs of the disk."},
};

static const struct gong_option_table journal_table = {
    .name = "journal",
    .help = "Everything received, in order: the source of all the rest.",
    .options = journal_options,
    .option_count = COUNT(journal_options),
};

static const struct gong_option effects_options[] = {
    {"size", GONG_OPTION_SIZE, LOG(size), "64MiB", 131072, 1099511627776.0,
     NULL, "bytes",
     "Disk that the log takes, at start; full, the oldest goes."},
    {"segment_size", GONG_OPTION_SIZE, LOG(segment_size), "8MiB", 65536,
     17179869184.0, NULL, "bytes",
     "Size of one of its files, a multiple of 4096."},
    {"memory", GONG_OPTION_SIZE, LOG(memory), "4MiB", 0, 1073741824.0, NULL,
     "bytes",
     "What may be held in memory while the disk fails; full, the oldest "
     "goes."},
};

static const struct gong_option_table effects_table = {
    .name = "effects",
    .help = "Alert transitions on their way to stores and receivers.",
    .options = effects_options,
    .option_count = COUNT(effects_options),
};

#define INGEST(member) offsetof(struct gong_agent_ingest, member)

static const struct gong_option ingest_options[] = {
    {"message_max", GONG_OPTION_SIZE, INGEST(message_max), "1MiB", 1024,
     8388608, NULL, "bytes", "A larger data message is refused."},
    {"devices_max", GONG_OPTION_INT, INGEST(devices_max), "200000", 1, 10000000,
     NULL, "",
     "Devices in the receive ledger; one more is refused unless "
     "another has been idle for an hour."},
    {"device_rate", GONG_OPTION_NUMBER, INGEST(device_rate), "2000", 0.1,
     1000000, NULL, "1/s",
     "Messages of one device that are taken in the long "
     "run; more is refused."},
    {"device_burst", GONG_OPTION_NUMBER, INGEST(device_burst), "10000", 1,
     10000000, NULL, "", "Messages of one device that are taken at once."},
    {"ack_interval", GONG_OPTION_DURATION, INGEST(ack_interval), "10s", 100,
     600000, NULL, "",
     "How long a device with nothing special going on waits for its ack."},
    {"ledger_interval", GONG_OPTION_DURATION, INGEST(ledger_interval), "60s",
     100, 3600000, NULL, "",
     "How often the delivery ledger is added up and saved."},
    {"ledger_points", GONG_OPTION_INT, INGEST(ledger_points), "6000", 0,
     1000000, NULL, "",
     "Devices a round, of those that changed, whose ledger is written to the "
     "stores (gong_ledger); 0 is off."},
};

static const struct gong_option_table ingest_table = {
    .name = "ingest",
    .help = "What is taken from devices.",
    .options = ingest_options,
    .option_count = COUNT(ingest_options),
};

#define ENGINE(member) offsetof(struct gong_agent_engine, member)

static const struct gong_option engine_options[] = {
    {"devices", GONG_OPTION_INT, ENGINE(devices), "200000", 1, 10000000, NULL,
     "", "Devices that rules are evaluated for."},
    {"rows_per_device", GONG_OPTION_INT, ENGINE(rows_per_device), "1000", 1,
     1000000, NULL, "", "Distinct sets of tags of one device."},
    {"instances", GONG_OPTION_INT, ENGINE(instances), "20000000", 1, 1000000000,
     NULL, "", "Pairs of rule and series."},
    {"settle", GONG_OPTION_DURATION, ENGINE(settle), "60s", 0, 3600000, NULL,
     "",
     "After the agent was blind (at its start, after a stall, after the broker "
     "was away): for so long nothing turns missing."},
    {"snapshot_min", GONG_OPTION_DURATION, ENGINE(snapshot_min), "60s", 10,
     86400000, NULL, "", "Shortest time between two snapshots of the state."},
    {"snapshot_max", GONG_OPTION_DURATION, ENGINE(snapshot_max), "15m", 0,
     86400000, NULL, "",
     "Longest time; in between one is due when the journal has grown by half "
     "the last one's size. 0s: no snapshots, each start replays the journal."},
};

static const struct gong_option_table engine_table = {
    .name = "engine",
    .help = "Bounds of the rule engine; what exceeds one is refused and "
            "counted.",
    .options = engine_options,
    .option_count = COUNT(engine_options),
};

const struct gong_agent_section gong_agent_sections[GONG_AGENT_SECTIONS] = {
    {"broker", ROOT(broker), &broker_table},
    {"http", ROOT(http), &http_table},
    {"journal", ROOT(journal), &journal_table},
    {"effects", ROOT(effects), &effects_table},
    {"ingest", ROOT(ingest), &ingest_table},
    {"engine", ROOT(engine), &engine_table},
    {"history", ROOT(history), &gong_history_table},
};

#define HEAD(member) offsetof(struct gong_agent_notify_head, member)

static const struct gong_option head_options[] = {
    {"name", GONG_OPTION_STRING, HEAD(name), "", 0, 0, NULL, "",
     "Names the receiver in cursors, metrics and logs: [a-z0-9_-]; empty: its "
     "type."},
    {"type", GONG_OPTION_STRING, HEAD(type), NULL, 0, 0, NULL, "",
     "The kind of receiver: log, webhook or null."},
};

const struct gong_option_table gong_agent_notify_head_table = {
    .name = "notify",
    .help = "Deprecated: write `channels` instead (docs/CHANNELS.md).",
    .options = head_options,
    .option_count = COUNT(head_options),
};

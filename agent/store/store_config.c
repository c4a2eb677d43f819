#include "agent/store/store_influx.h"

#include <stdio.h>
#include <string.h>

#include "agent/store/http_client.h"
#include "common/topic.h"

static const char *const type_names[] = {"influxdb1", "influxdb2",
                                         "victoriametrics", NULL};

#define AT(member) offsetof(struct gong_store_config, member)

static const struct gong_option options[] = {
    {"name", GONG_OPTION_STRING, AT(name), "", 0, 0, NULL, "",
     "Names the store in cursors, metrics and logs: [a-z0-9_-]; empty: its "
     "type."},
    {"type", GONG_OPTION_CHOICE, AT(type), NULL, 0, 0, type_names, "",
     "Which dialect and answers to expect."},
    {"url", GONG_OPTION_STRING, AT(url), NULL, 0, 0, NULL, "",
     "Base address, for instance http://127.0.0.1:8428."},
    {"database", GONG_OPTION_STRING, AT(database), "", 0, 0, NULL, "",
     "InfluxDB 1.x: the database; it must exist."},
    {"organization", GONG_OPTION_STRING, AT(organization), "", 0, 0, NULL, "",
     "InfluxDB 2.x: the organization."},
    {"bucket", GONG_OPTION_STRING, AT(bucket), "", 0, 0, NULL, "",
     "InfluxDB 2.x: the bucket; it must exist."},
    {"username", GONG_OPTION_STRING, AT(username), "", 0, 0, NULL, "",
     "User for basic authentication."},
    {"password_file", GONG_OPTION_SECRET, AT(password_file), "", 0, 0, NULL, "",
     "File whose only line is the user's password."},
    {"token_file", GONG_OPTION_SECRET, AT(token_file), "", 0, 0, NULL, "",
     "InfluxDB 2.x: file whose only line is the token."},
    {"ca_file", GONG_OPTION_FILE, AT(ca_file), "", 0, 0, NULL, "",
     "PEM file of the authorities to trust instead of the system's."},
    {"dead_letter_file", GONG_OPTION_OUTPUT, AT(dead_letter_file), "", 0, 0,
     NULL, "",
     "Where refused lines are kept; empty: dead-letter-NAME.lp in the state "
     "folder."},
    {"gzip", GONG_OPTION_BOOL, AT(gzip), "true", 0, 0, NULL, "",
     "Compress requests; never done on loopback."},
    {"batch_lines", GONG_OPTION_INT, AT(batch_lines), "5000", 1, 100000, NULL,
     "lines", "Lines in one request at most."},
    {"batch_bytes", GONG_OPTION_SIZE, AT(batch_bytes), "1MiB", 4096, 67108864,
     NULL, "bytes", "Uncompressed bytes in one request at most."},
    {"batch_delay", GONG_OPTION_DURATION, AT(batch_delay), "1s", 0, 60000, NULL,
     "", "How long a line waits for others at most."},
    {"timeout", GONG_OPTION_DURATION, AT(timeout), "30s", 100, 600000, NULL, "",
     "How long one request may take."},
    {"retry_min", GONG_OPTION_DURATION, AT(retry_min), "1s", 10, 60000, NULL,
     "", "First bound of the random wait before a retry; it doubles."},
    {"retry_max", GONG_OPTION_DURATION, AT(retry_max), "60s", 10, 3600000, NULL,
     "", "Last bound of the random wait before a retry."},
};

const struct gong_option_table gong_store_table = {
    .name = "store",
    .help =
        "A time-series store that gets every point, recorded series and every "
        "alert transition.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .children = NULL,
};

static bool
given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static const char *
missing(const struct gong_store_config *config)
{
    switch ((enum gong_store_type)config->type) {
    case GONG_STORE_INFLUXDB1:
        return given(config->database) ? NULL : "database";
    case GONG_STORE_INFLUXDB2:
        if (!given(config->organization)) {
            return "organization";
        }
        return given(config->bucket) ? NULL : "bucket";
    case GONG_STORE_VICTORIAMETRICS:
        return NULL;
    }
    return "type";
}

bool
gong_store_config_check(const struct gong_store_config *config, char *why,
                        size_t why_size)
{
    const char *lacking;

    if (!given(config->name) ||
        !gong_topic_name_valid(gong_str_of(config->name)) ||
        strlen(config->name) > GONG_STORE_NAME_MAX) {
        (void)snprintf(why, why_size,
                       "store name must be 1 to %d of a-z, 0-9, _ and -",
                       GONG_STORE_NAME_MAX);
        return false;
    }
    if (!gong_http_url_valid(config->url)) {
        (void)snprintf(why, why_size,
                       "store %s: url must start with http:// or https:// and "
                       "name a host",
                       config->name);
        return false;
    }
    lacking = missing(config);
    if (lacking != NULL) {
        (void)snprintf(why, why_size, "store %s: type %s needs %s",
                       config->name, type_names[config->type], lacking);
        return false;
    }
    return true;
}

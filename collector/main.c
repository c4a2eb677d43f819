/*
 * gong-collector: starts the parts in the order of the flow, from its end, and
 * stops them from its beginning:
 *
 *   inputs, socket -> spooler -> publish -> link
 */
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "collector/cadence.h"
#include "collector/config.h"
#include "collector/publish.h"
#include "collector/schedule.h"
#include "collector/socket_input.h"
#include "collector/spooler.h"
#include "common/log.h"
#include "common/mqtt_link.h"

#define FLUSH     gong_dur_s(2)
#define WHY_SIZE  512
#define NAME_SIZE 160

static const char help[] =
    "gong-collector: đo thiết bị này, gửi số liệu đến broker\n"
    "gong-collector: measures this device, sends the points to a broker\n"
    "\n"
    "  -c, --config FILE    tệp cấu hình, phải có\n"
    "                       the configuration, needed\n"
    "  -m, --manifest FILE  ghi thêm mỗi điểm đã nhận vào FILE\n"
    "                       append every accepted point to FILE\n"
    "  -k, --check          kiểm tra cấu hình, nêu mọi lỗi\n"
    "                       check the configuration, name every mistake\n"
    "  -d, --dump           in ra cấu hình đang có hiệu lực\n"
    "                       print the configuration in force\n"
    "  -o, --options        in ra mọi tùy chọn, dạng Markdown\n"
    "                       print every option as Markdown\n"
    "  -V, --version        in ra phiên bản | print the version\n"
    "  -h, --help           in ra trang này | print this\n"
    "\n"
    "SIGTERM, SIGINT: dừng; gì chưa gửi thì còn trong spool. SIGHUP không\n"
    "làm gì: muốn đọc lại cấu hình thì khởi động lại.\n"
    "SIGTERM and SIGINT stop it; what is not sent stays in the spool. SIGHUP\n"
    "does nothing: restart it to read its configuration again.\n";

enum action {
    ACTION_RUN,
    ACTION_CHECK,
    ACTION_DUMP,
    ACTION_OPTIONS,
    ACTION_VERSION,
    ACTION_HELP,
    ACTION_WRONG,
};

struct arguments {
    enum action action;
    const char *config;
    const char *manifest;
};

static struct arguments
parse_arguments(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"manifest", required_argument, NULL, 'm'},
        {"check", no_argument, NULL, 'k'},
        {"dump", no_argument, NULL, 'd'},
        {"options", no_argument, NULL, 'o'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    static const struct {
        int letter;
        enum action action;
    } actions[] = {
        {'k', ACTION_CHECK},   {'d', ACTION_DUMP}, {'o', ACTION_OPTIONS},
        {'V', ACTION_VERSION}, {'h', ACTION_HELP}, {'?', ACTION_WRONG},
    };
    struct arguments arguments = {.action = ACTION_RUN};
    int letter;

    while ((letter = getopt_long(argc, argv, "c:m:kdoVh", options, NULL)) !=
           -1) {
        if (letter == 'c') {
            arguments.config = optarg;
        } else if (letter == 'm') {
            arguments.manifest = optarg;
        }
        for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++) {
            if (actions[i].letter == letter &&
                arguments.action != ACTION_WRONG) {
                arguments.action = actions[i].action;
            }
        }
    }
    if (optind < argc) {
        arguments.action = ACTION_WRONG;
    }
    return arguments;
}

/* The running collector. */
struct collector {
    const struct gong_config *config;
    struct gong_spooler *spooler;
    struct gong_cadence *cadence;
    struct gong_publish *publish;
    struct gong_mqtt *link;
    struct gong_socket *sock;
    struct gong_schedule *schedule;
};

static enum gong_err
take_gathered(void *ctx, struct gong_str lines, uint64_t points)
{
    (void)points;
    return gong_spooler_append(ctx, lines, NULL);
}

static enum gong_err
take_received(void *ctx, struct gong_str lines,
              struct gong_spooler_taken *taken)
{
    return gong_spooler_append(ctx, lines, taken);
}

static enum gong_err
publish_on_link(void *link, const struct gong_mqtt_message *message)
{
    return gong_mqtt_publish(link, message);
}

static enum gong_err
open_spooler(struct collector *collector, const char *manifest, char *why)
{
    const struct gong_config *config = collector->config;
    struct gong_spooler_options options = {
        .path = config->spool.path,
        .size = config->spool.size,
        .segment_size = config->spool.segment_size,
        .policy = (enum gong_spool_policy)config->spool.policy,
        .sync = config->spool.sync,
        .memory = config->spool.memory,
        .site = config->site,
        .device = config->device,
        .manifest = manifest != NULL ? manifest : config->manifest,
    };

    return gong_spooler_open(&options, &collector->spooler, why, WHY_SIZE);
}

static enum gong_err
open_publish(struct collector *collector, char *why)
{
    const struct gong_config *config = collector->config;
    struct gong_publish_options options = {
        .site = config->site,
        .device = config->device,
        .window = (size_t)config->publish.window,
        .ack_timeout = config->publish.ack_timeout,
        .lanes = {.backlog_after = config->publish.backlog_after,
                  .backlog_rate = (uint64_t)config->publish.backlog_rate},
    };
    enum gong_err err = GONG_ERR_MEMORY;

    collector->cadence = gong_cadence_new();
    if (collector->cadence != NULL) {
        err = gong_publish_new(&options, collector->spooler, collector->cadence,
                               &collector->publish);
    }
    if (err != GONG_OK) {
        (void)snprintf(why, WHY_SIZE, "cannot read the spool %s: %s",
                       config->spool.path, gong_err_text(err));
    }
    return err;
}

static enum gong_err
open_link(struct collector *collector, char *why)
{
    const struct gong_config_broker *broker = &collector->config->broker;
    struct gong_mqtt_handlers handlers =
        gong_publish_handlers(collector->publish);
    char client_id[NAME_SIZE];
    char username[NAME_SIZE];
    struct gong_mqtt_options options = {
        .url = broker->url,
        .client_id = broker->client_id,
        .username = broker->username,
        .password_file = broker->password_file,
        .ca_file = broker->ca_file,
        .cert_file = broker->cert_file,
        .key_file = broker->key_file,
        .clean_session = true,
        .keepalive_s = (int)(broker->keepalive.ns / GONG_NS_PER_S),
        .retry_max = broker->retry_max,
        .subscriptions = gong_publish_ack_topic(collector->publish),
        .subscription_count = 1,
        .will_topic = gong_publish_status_topic(collector->publish),
    };
    struct gong_publish_link link = {.publish = publish_on_link};
    enum gong_err err;

    (void)snprintf(client_id, sizeof client_id, "%s-%s",
                   collector->config->site, collector->config->device);
    (void)snprintf(username, sizeof username, "%s/%s", collector->config->site,
                   collector->config->device);
    if (broker->client_id[0] == '\0') {
        options.client_id = client_id;
    }
    if (broker->username[0] == '\0' && broker->password_file[0] != '\0') {
        options.username = username;
    }
    err = gong_mqtt_new(&options, &handlers, &collector->link, why, WHY_SIZE);
    link.link = collector->link;
    gong_publish_set_link(collector->publish, &link);
    return err;
}

static enum gong_err
open_sources(struct collector *collector, char *why)
{
    const struct gong_config *config = collector->config;
    struct gong_schedule_options schedule = {
        .inputs = config->inputs,
        .count = config->input_count,
        .proc_root = "/",
        .sink = {take_gathered, collector->spooler},
        .cadence = collector->cadence,
    };
    struct gong_socket_sink received = {take_received, collector->spooler};
    struct gong_socket_options options = {
        .path = config->socket.path,
        .clients = (size_t)config->socket.clients,
        .idle = config->socket.idle,
    };
    enum gong_err err =
        gong_schedule_new(&schedule, &collector->schedule, why, WHY_SIZE);

    if (err == GONG_OK && config->socket.path[0] != '\0') {
        err = gong_socket_new(&options, &received, &collector->sock, why,
                              WHY_SIZE);
    }
    return err;
}

static enum gong_err
open_all(struct collector *collector, const char *manifest, char *why)
{
    enum gong_err err = open_spooler(collector, manifest, why);

    if (err == GONG_OK) {
        err = open_publish(collector, why);
    }
    if (err == GONG_OK) {
        err = open_link(collector, why);
    }
    if (err == GONG_OK) {
        err = open_sources(collector, why);
    }
    return err;
}

static enum gong_err
start_all(struct collector *collector)
{
    enum gong_err err = gong_publish_start(collector->publish);

    if (err == GONG_OK) {
        err = gong_mqtt_start(collector->link);
    }
    if (err == GONG_OK && collector->sock != NULL) {
        err = gong_socket_start(collector->sock);
    }
    if (err == GONG_OK) {
        err = gong_schedule_start(collector->schedule);
    }
    return err;
}

static void
close_all(struct collector *collector, bool started)
{
    gong_socket_stop(collector->sock);
    gong_schedule_stop(collector->schedule);
    if (started) {
        gong_publish_stop(collector->publish, FLUSH);
    }
    gong_mqtt_free(collector->link);
    gong_socket_free(collector->sock);
    gong_schedule_free(collector->schedule);
    gong_publish_free(collector->publish);
    gong_cadence_free(collector->cadence);
    gong_spooler_close(collector->spooler);
}

/* A terminal that closes, or a habit, must not end the measuring. */
static int
wait_for_stop(const sigset_t *signals)
{
    int number = 0;

    while (sigwait(signals, &number) == 0 && number == SIGHUP) {
        gong_log(GONG_LOG_INFO, "hangup_ignored",
                 "todo=\"restart to read the configuration again\"");
    }
    return number;
}

static int
run(const struct gong_config *config, const char *manifest)
{
    struct collector collector = {.config = config};
    char why[WHY_SIZE] = "";
    char quoted[WHY_SIZE + 16];
    sigset_t stop;
    enum gong_err err;

    /* Blocked in every thread; only wait_for_stop takes them. */
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTERM);
    (void)sigaddset(&stop, SIGINT);
    (void)sigaddset(&stop, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &stop, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    err = open_all(&collector, manifest, why);
    if (err != GONG_OK) {
        gong_log(GONG_LOG_ERROR, "start_failed", "reason=%s todo=\"%s\"",
                 gong_log_quote(gong_str_of(why), quoted, sizeof quoted),
                 gong_err_todo(err));
        close_all(&collector, false);
        return err == GONG_ERR_INVALID ? EX_CONFIG : EX_CANTCREAT;
    }
    err = start_all(&collector);
    if (err == GONG_OK) {
        gong_log(GONG_LOG_INFO, "ready",
                 "site=%s device=%s inputs=%zu epoch=%016llx", config->site,
                 config->device, config->input_count,
                 (unsigned long long)gong_spooler_epoch(collector.spooler));
        if (config->input_count == 0 && config->socket.path[0] == '\0') {
            gong_log(GONG_LOG_WARNING, "nothing_to_collect",
                     "expected=\"inputs or a socket in the file\"");
        }
        gong_log(GONG_LOG_INFO, "stopping", "signal=%d", wait_for_stop(&stop));
    } else {
        gong_log(GONG_LOG_ERROR, "start_failed",
                 "reason=\"cannot start a thread: %s\" todo=\"%s\"",
                 gong_err_text(err), gong_err_todo(err));
    }
    close_all(&collector, true);
    gong_log(GONG_LOG_INFO, "stopped", "site=%s device=%s", config->site,
             config->device);
    return err == GONG_OK ? EX_OK : EX_OSERR;
}

static int
with_config(const struct arguments *arguments)
{
    struct gong_conf_errors errors = {0};
    struct gong_config *config;
    int status = EX_OK;

    if (arguments->config == NULL) {
        (void)fputs("gong-collector: --config FILE is needed; see --help\n",
                    stderr);
        return EX_USAGE;
    }
    errors.files = arguments->action == ACTION_CHECK;
    config = gong_config_read(arguments->config, &errors);
    if (config == NULL) {
        gong_conf_errors_print(&errors, stderr);
        gong_conf_errors_fini(&errors);
        return EX_CONFIG;
    }
    if (arguments->action == ACTION_RUN) {
        status = run(config, arguments->manifest);
    } else if (arguments->action == ACTION_DUMP) {
        gong_config_dump(config, stdout);
    } else {
        (void)printf("%s: good, %zu inputs\n", arguments->config,
                     config->input_count);
    }
    gong_config_free(config);
    gong_conf_errors_fini(&errors);
    return status;
}

int
main(int argc, char **argv)
{
    struct arguments arguments = parse_arguments(argc, argv);

    gong_log_init("gong-collector", GONG_LOG_INFO);
    switch (arguments.action) {
    case ACTION_RUN:
    case ACTION_CHECK:
    case ACTION_DUMP:
        return with_config(&arguments);
    case ACTION_OPTIONS:
        gong_config_manual(stdout);
        return EX_OK;
    case ACTION_VERSION:
        (void)puts("gong-collector " GONG_VERSION);
        return EX_OK;
    case ACTION_HELP:
        (void)fputs(help, stdout);
        return EX_OK;
    case ACTION_WRONG:
        (void)fputs(help, stderr);
        return EX_USAGE;
    }
    return EX_SOFTWARE;
}

#include "outbox_fixture.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/desk/desk_schema.h"
#include "agent/sql.h"
#include "common/clock.h"

#define SQL_SIZE 8192

void
desk_files_init(struct desk_files *files)
{
    char why[256] = "";

    (void)snprintf(files->dir, sizeof files->dir, "/tmp/gong-desk-XXXXXX");
    assert_non_null(mkdtemp(files->dir));
    (void)snprintf(files->path, sizeof files->path, "%s/desk.db", files->dir);
    if (gong_desk_schema_open(files->path, &files->handle, why, sizeof why) !=
        GONG_OK) {
        fail_msg("%s", why);
    }
}

void
desk_files_fini(struct desk_files *files)
{
    DIR *dir;

    gong_desk_schema_close(files->handle);
    dir = opendir(files->dir);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[400];

        (void)snprintf(path, sizeof path, "%s/%s", files->dir, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(dir);
    (void)rmdir(files->dir);
}

static void
exec_text(struct desk_files *files, const char *text)
{
    if (sqlite3_exec(files->handle, text, NULL, NULL, NULL) != SQLITE_OK) {
        fail_msg("%s: %s", text, sqlite3_errmsg(files->handle));
    }
}

void
desk_sql(struct desk_files *files, const char *format, ...)
{
    char text[SQL_SIZE];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    exec_text(files, text);
}

static int64_t
number_of(struct desk_files *files, const char *text)
{
    sqlite3_stmt *statement;
    int64_t value = -1;

    if (sqlite3_prepare_v2(files->handle, text, -1, &statement, NULL) !=
        SQLITE_OK) {
        fail_msg("%s: %s", text, sqlite3_errmsg(files->handle));
    }
    if (sqlite3_step(statement) == SQLITE_ROW) {
        value = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return value;
}

int64_t
desk_number(struct desk_files *files, const char *format, ...)
{
    char text[SQL_SIZE];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return number_of(files, text);
}

void
desk_wait(struct desk_files *files, int64_t value, const char *query)
{
    for (int i = 0; i < 10000; i++) {
        if (number_of(files, query) == value) {
            return;
        }
        gong_clock_sleep(gong_dur_ms(2));
    }
    fail_msg("%s: %lld instead of %lld", query,
             (long long)number_of(files, query), (long long)value);
}

void
desk_incident(struct desk_files *files, int64_t number)
{
    desk_sql(
        files,
        "INSERT INTO incidents(number, rule, fingerprint, state, alert, level,"
        " severity, trial, lost, value, opened_ms, since_ms, changed_ms,"
        " ended_ms, waits, owner, acked_by, ack_comment, acked_ms,"
        " ack_until_ms, sticky, cause, verdict, cost, escalated, escalate_ms,"
        " ack_due_ms, resolve_due_ms, ack_overdue, resolve_overdue, silenced,"
        " in_maintenance, inhibited, rule_id, labels, annotations)"
        " VALUES(%lld, 1, %lld, 1, 2, 0, 3, 0, 0,"
        " 1.5, 1, 1, 1, 0, 0, '', '', '', 0, 0, 0, '', 0, 0, 0, 0, 0, 0, 0,"
        " 0, 0, 0, 0, 'g/A', '{\"alertname\":\"A%lld\"}', '{}')",
        (long long)number, (long long)number, (long long)number);
}

int64_t
desk_post(struct desk_files *files, const char *recipient, const char *chain,
          int64_t incident)
{
    int64_t now_ms = gong_floor_ms(gong_wall_now().ns);
    int64_t row;

    exec_text(files, "BEGIN IMMEDIATE");
    desk_sql(files,
             "INSERT INTO messages(at_ms, kind, receiver, unit, body) VALUES("
             "%lld, 0, 'r', '', '{\"kind\":\"news\",\"receiver\":\"r\","
             "\"unit\":\"22015\",\"unit_name\":\"Xã Sơn Hoà\",\"at\":%lld,"
             "\"link\":\"https://g\",\"group_key\":\"{}:{}\","
             "\"group_labels\":{},\"omitted\":{\"firing\":0,\"resolved\":0},"
             "\"items\":[{\"number\":%lld,\"news\":\"firing\","
             "\"severity\":\"critical\",\"alert\":\"firing\",\"rule\":\"g/A\","
             "\"labels\":{\"alertname\":\"A%lld\",\"site\":\"22015\"},"
             "\"annotations\":{\"summary\":\"Nước dâng\"},\"value\":\"1.5\","
             "\"since\":1000,\"ended\":0,\"fingerprint\":\"%016llx\"}]}')",
             (long long)now_ms, (long long)now_ms, (long long)incident,
             (long long)incident, (unsigned long long)incident);
    desk_sql(files,
             "INSERT INTO message_incidents(message, incident)"
             " VALUES(last_insert_rowid(), %lld)",
             (long long)incident);
    desk_sql(files,
             "INSERT INTO outbox(message, recipient, chain, state, created_ms,"
             " place, rounds, tries, next_ms, unreached_ms, done_ms)"
             " VALUES((SELECT max(id) FROM messages), '%s', '%s', 0, %lld,"
             " 0, 0, 0, 0, 0, 0)",
             recipient, chain, (long long)now_ms);
    row = desk_number(files, "SELECT max(id) FROM outbox");
    exec_text(files, "COMMIT");
    return row;
}

/* --- the planned channel --- */

void
planned_init(struct planned *planned, const char *plan)
{
    memset(planned, 0, sizeof *planned);
    (void)pthread_mutex_init(&planned->mutex, NULL);
    planned->plan = plan;
}

size_t
planned_tries(struct planned *planned)
{
    size_t tries;

    (void)pthread_mutex_lock(&planned->mutex);
    tries = planned->tries;
    (void)pthread_mutex_unlock(&planned->mutex);
    return tries;
}

static enum gong_err
planned_open(const void *config, void **state, char *why, size_t why_size)
{
    const struct planned *planned = config;

    if (planned->plan == NULL) {
        (void)snprintf(why, why_size, "no plan");
        return GONG_ERR_INVALID;
    }
    *state = (void *)(uintptr_t)config;
    return GONG_OK;
}

static char
note_try(struct planned *planned, const struct gong_channel_send *send)
{
    const json_t *item =
        json_array_get(json_object_get(send->message, "items"), 0);
    size_t at = planned->tries++;
    char step = at < strlen(planned->plan) ? planned->plan[at] : 's';

    assert_true(at < PLANNED_MAX);
    (void)snprintf(planned->addresses[at], sizeof planned->addresses[at], "%s",
                   send->address);
    (void)snprintf(planned->keys[at], sizeof planned->keys[at], "%s",
                   send->key);
    planned->incidents[at] =
        json_integer_value(json_object_get(item, "number"));
    return step;
}

static enum gong_err
planned_begin(void *state, const struct gong_channel_send *send,
              struct gong_channel_try *attempt)
{
    struct planned *planned = state;
    char step;

    (void)pthread_mutex_lock(&planned->mutex);
    step = note_try(planned, send);
    planned->told += step == 's';
    (void)pthread_mutex_unlock(&planned->mutex);
    (void)snprintf(attempt->why, sizeof attempt->why, "step %c \xff\x01", step);
    switch (step) {
    case 'x':
        attempt->outcome = GONG_CHANNEL_REFUSE;
        break;
    case 'q':
        attempt->outcome = GONG_CHANNEL_EXHAUSTED;
        break;
    case 'p':
    case 'r':
        attempt->outcome = GONG_CHANNEL_RETRY;
        attempt->at_once = step == 'p';
        break;
    case 'm':
        attempt->easy = curl_easy_init();
        return GONG_ERR_MEMORY;
    case 'n':
        attempt->wait_fd = eventfd(0, 0);
        attempt->timeout_ms = 60000;
        break;
    default:
        attempt->outcome = GONG_CHANNEL_SENT;
        break;
    }
    return GONG_OK;
}

/* Only of those that never answer. */
static enum gong_channel_outcome
planned_judge(void *state, struct gong_channel_try *attempt, CURLcode code,
              long status)
{
    struct planned *planned = state;

    (void)status;
    (void)close(attempt->wait_fd);
    (void)pthread_mutex_lock(&planned->mutex);
    planned->aborted += code == CURLE_ABORTED_BY_CALLBACK;
    (void)pthread_mutex_unlock(&planned->mutex);
    return GONG_CHANNEL_RETRY;
}

static void
planned_close(void *state)
{
    (void)state;
}

static const struct gong_option_table no_options = {
    .name = "channels.planned",
    .help = "",
};

const struct gong_channel_kind planned_kind = {
    .type = "planned",
    .options = &no_options,
    .open = planned_open,
    .begin = planned_begin,
    .judge = planned_judge,
    .close = planned_close,
};

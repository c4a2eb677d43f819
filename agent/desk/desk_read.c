#include "agent/desk/desk_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "agent/desk/desk_row.h"
#include "agent/sql.h"

enum statement {
    LIST,
    LIST_OLDEST,
    ONE,
    EVENTS,
    EVENTS_ALL,
    DECISIONS,
    DELIVERIES,
    MESSAGES,
    SILENCES,
    SILENCE,
    COUNTS,
    STATEMENTS,
};

#define FILTERED                                                               \
    "SELECT " GONG_DESK_ROW_COLUMNS " FROM incidents AS i"                     \
    " WHERE (?1 = 0 OR (?1 >> state) & 1) AND severity >= ?2"                  \
    " AND changed_ms >= ?3 AND (?4 = 0 OR opened_ms < ?4)"                     \
    " AND number > ?5 AND (?6 = 0 OR number < ?6)"                             \
    " AND (?7 = '' OR labels LIKE ?7 ESCAPE '\\'"                              \
    " OR annotations LIKE ?7 ESCAPE '\\')"                                     \
    " AND (?8 = '' OR coalesce("                                               \
    "(SELECT value FROM incident_labels"                                       \
    " WHERE incident = i.number AND name = 'unit'),"                           \
    "(SELECT value FROM incident_labels"                                       \
    " WHERE incident = i.number AND name = 'site'))"                           \
    " IN (SELECT value FROM json_each(iif(?8 = '', '[]', ?8))))"               \
    " ORDER BY number "

#define SILENCE_OF                                                             \
    "SELECT number, maintenance, incident, matchers, by, comment,"             \
    " created_ms, from_ms, until_ms, ended FROM silences"

#define DELIVERY_OF                                                            \
    "SELECT * FROM ("                                                          \
    "SELECT m.id, m.kind, m.receiver, m.unit, o.recipient, o.state,"           \
    " o.created_ms, o.done_ms, o.unreached_ms, coalesce(d.channel, ''),"       \
    " coalesce(d.at_ms, 0), coalesce(d.outcome, 0), coalesce(d.why, ''),"      \
    " coalesce(d.latency_ms, 0), o.id AS row, d.id AS try"

static const char *const texts[STATEMENTS] = {
    [LIST] = FILTERED "DESC LIMIT ?9",
    [LIST_OLDEST] = FILTERED "LIMIT ?9",
    [ONE] = "SELECT " GONG_DESK_ROW_COLUMNS " FROM incidents WHERE number = ?",
    /* Of both the newest, in the order in which they came. */
    [EVENTS] = "SELECT * FROM (SELECT id, incident, at_ms, event, by, text"
               " FROM events WHERE incident = ? AND id > ?"
               " ORDER BY id DESC LIMIT ?) ORDER BY id",
    [EVENTS_ALL] = "SELECT id, incident, at_ms, event, by, text FROM events"
                   " WHERE id > ? ORDER BY id LIMIT ?",
    [DECISIONS] =
        "SELECT * FROM (SELECT e.at_ms AS kept, e.event, d.reason, d.expr,"
        " d.value, d.level, d.position, d.ordinal, d.at_ms, d.captured_ms,"
        " d.published_ms, d.received_ms, d.decided_ms, e.id AS id"
        " FROM events AS e JOIN decisions AS d ON d.event = e.id"
        " WHERE e.incident = ? ORDER BY e.id DESC LIMIT ?) ORDER BY id",
    [DELIVERIES] = DELIVERY_OF
    " FROM message_incidents AS x"
    " JOIN messages AS m ON m.id = x.message"
    " JOIN outbox AS o ON o.message = m.id"
    " LEFT JOIN deliveries AS d ON d.outbox = o.id"
    " WHERE x.incident = ? ORDER BY m.id DESC, o.id DESC, d.id DESC"
    " LIMIT ?) ORDER BY id, row, try",
    [MESSAGES] = DELIVERY_OF
    " FROM messages AS m JOIN outbox AS o ON o.message = m.id"
    " LEFT JOIN deliveries AS d ON d.outbox = o.id"
    " WHERE m.id BETWEEN ? AND ? ORDER BY m.id DESC, o.id DESC, d.id DESC"
    " LIMIT ?) ORDER BY id, row, try",
    [SILENCES] =
        SILENCE_OF " WHERE ended = 0 OR ? ORDER BY number DESC LIMIT ?",
    [SILENCE] = SILENCE_OF " WHERE number = ?",
    [COUNTS] = "SELECT count(*) FILTER (WHERE state = 1),"
               " count(*) FILTER (WHERE state = 2),"
               " count(*) FILTER (WHERE severity = 3),"
               " count(*) FILTER (WHERE ack_overdue OR resolve_overdue),"
               " (SELECT count(*) FROM outbox WHERE state = 0)"
               " FROM incidents WHERE ended_ms = 0",
};

_Static_assert(GONG_INCIDENT_OPEN == 1 && GONG_INCIDENT_ACKNOWLEDGED == 2 &&
                   GONG_SEVERITY_CRITICAL == 3,
               "in the texts above, and stored");

struct gong_desk_reader {
    char *path;
    dev_t device; /* and number of the file that is open */
    ino_t file;
    sqlite3 *handle; /* NULL: none is */
    sqlite3_stmt *statements[STATEMENTS];
};

static void
close_file(struct gong_desk_reader *reader)
{
    if (reader->handle != NULL) {
        gong_sql_finalize(reader->statements, STATEMENTS);
        gong_desk_schema_close(reader->handle);
    }
    memset(reader->statements, 0, sizeof reader->statements);
    reader->handle = NULL;
}

static enum gong_err
open_file(struct gong_desk_reader *reader, const struct stat *about, char *why,
          size_t why_size)
{
    enum gong_err err =
        gong_desk_schema_read(reader->path, &reader->handle, why, why_size);

    if (err == GONG_OK) {
        err = gong_sql_prepare(reader->handle, texts, reader->statements,
                               STATEMENTS);
        if (err != GONG_OK) {
            (void)snprintf(why, why_size, "%s: %s", reader->path,
                           sqlite3_errmsg(reader->handle));
        }
    }
    if (err != GONG_OK) {
        close_file(reader);
        return err;
    }
    reader->device = about->st_dev;
    reader->file = about->st_ino;
    return GONG_OK;
}

/* The desk sets a damaged file aside and makes another: what is read is what
 * has the name now, or nothing. A file that is open keeps its number. */
static enum gong_err
follow(struct gong_desk_reader *reader)
{
    struct stat about;
    char why[256];

    if (stat(reader->path, &about) != 0) {
        close_file(reader);
        return GONG_ERR_IO;
    }
    if (reader->handle != NULL && about.st_dev == reader->device &&
        about.st_ino == reader->file) {
        return GONG_OK;
    }
    close_file(reader);
    return open_file(reader, &about, why, sizeof why);
}

enum gong_err
gong_desk_reader_open(const char *path, struct gong_desk_reader **out,
                      char *why, size_t why_size)
{
    struct gong_desk_reader *reader = calloc(1, sizeof *reader);
    struct stat about = {0};
    enum gong_err err;

    *out = NULL;
    if (reader != NULL) {
        reader->path = strdup(path);
    }
    if (reader == NULL || reader->path == NULL) {
        free(reader);
        (void)snprintf(why, why_size, "out of memory");
        return GONG_ERR_MEMORY;
    }
    /* A file that is not there is what opening it says. */
    (void)stat(path, &about);
    err = open_file(reader, &about, why, why_size);
    if (err != GONG_OK) {
        gong_desk_reader_close(reader);
        return err;
    }
    *out = reader;
    return GONG_OK;
}

void
gong_desk_reader_shut(struct gong_desk_reader *reader)
{
    close_file(reader);
}

void
gong_desk_reader_close(struct gong_desk_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    close_file(reader);
    free(reader->path);
    free(reader);
}

/* %text% with what LIKE would read as a pattern escaped; heap. */
static char *
pattern_of(struct gong_str text)
{
    char *pattern = malloc(text.len * 2 + 3);
    size_t len = 0;

    if (pattern == NULL) {
        return NULL;
    }
    if (text.len > 0) {
        pattern[len++] = '%';
        for (size_t i = 0; i < text.len; i++) {
            if (strchr("%_\\", text.data[i]) != NULL && text.data[i] != '\0') {
                pattern[len++] = '\\';
            }
            pattern[len++] = text.data[i];
        }
        pattern[len++] = '%';
    }
    pattern[len] = '\0';
    return pattern;
}

/* The codes as a JSON array, "" for all; heap. */
static char *
units_of(const struct gong_desk_filter *filter)
{
    json_t *codes;
    char *text;

    if (filter->units == NULL) {
        return strdup("");
    }
    codes = json_array();
    for (size_t i = 0; codes != NULL && i < filter->unit_count; i++) {
        if (json_array_append_new(codes, json_string(filter->units[i])) != 0) {
            json_decref(codes);
            codes = NULL;
        }
    }
    text = codes == NULL ? NULL : json_dumps(codes, JSON_COMPACT);
    json_decref(codes);
    return text;
}

static enum gong_err
list(struct gong_desk_reader *reader, const struct gong_desk_filter *filter,
     const char *pattern, const char *units, gong_desk_incident_fn each,
     void *ctx)
{
    struct gong_sql_row row = gong_sql_row(
        reader->statements[filter->oldest_first ? LIST_OLDEST : LIST]);
    size_t limit = filter->limit == 0 || filter->limit > GONG_DESK_READ_MAX
                       ? GONG_DESK_READ_MAX
                       : filter->limit;
    size_t count;

    gong_sql_put_int(&row, filter->states);
    gong_sql_put_int(&row, (int64_t)filter->severity);
    gong_sql_put_int(&row, filter->since_ms);
    gong_sql_put_int(&row, filter->until_ms);
    gong_sql_put_int(&row, (int64_t)filter->after);
    gong_sql_put_int(&row, (int64_t)filter->before);
    gong_sql_put_text(&row, gong_str_of(pattern));
    gong_sql_put_text(&row, gong_str_of(units));
    gong_sql_put_int(&row, (int64_t)limit);
    return gong_desk_row_each(&row, each, ctx, &count);
}

enum gong_err
gong_desk_read_incidents(struct gong_desk_reader *reader,
                         const struct gong_desk_filter *filter,
                         gong_desk_incident_fn each, void *ctx)
{
    char *pattern = pattern_of(filter->text);
    char *units = units_of(filter);
    enum gong_err err = follow(reader);

    if (pattern == NULL || units == NULL) {
        err = GONG_ERR_MEMORY;
    }
    if (err == GONG_OK) {
        err = list(reader, filter, pattern, units, each, ctx);
    }
    free(pattern);
    free(units);
    return err;
}

enum gong_err
gong_desk_read_incident(struct gong_desk_reader *reader, uint64_t number,
                        gong_desk_incident_fn each, void *ctx)
{
    struct gong_sql_row row;
    size_t count;
    enum gong_err err = follow(reader);

    if (err != GONG_OK) {
        return err;
    }
    row = gong_sql_row(reader->statements[ONE]);
    gong_sql_put_int(&row, (int64_t)number);
    err = gong_desk_row_each(&row, each, ctx, &count);
    return err == GONG_OK && count == 0 ? GONG_ERR_NOT_FOUND : err;
}

enum gong_err
gong_desk_read_events(struct gong_desk_reader *reader, uint64_t incident,
                      uint64_t after, gong_desk_read_event_fn each, void *ctx)
{
    struct gong_sql_row row;
    enum gong_err err = follow(reader);

    if (err != GONG_OK) {
        return err;
    }
    row = gong_sql_row(reader->statements[incident == 0 ? EVENTS_ALL : EVENTS]);
    if (incident != 0) {
        gong_sql_put_int(&row, (int64_t)incident);
    }
    gong_sql_put_int(&row, (int64_t)after);
    gong_sql_put_int(&row, GONG_DESK_READ_MAX);
    while ((err = gong_sql_next(&row)) == GONG_OK) {
        struct gong_desk_read_event event;

        event.id = (uint64_t)gong_sql_get_int(&row);
        event.incident = (uint64_t)gong_sql_get_int(&row);
        event.at_ms = gong_sql_get_int(&row);
        event.event = (enum gong_incident_event)gong_sql_get_int(&row);
        event.by = gong_sql_get_text(&row);
        event.text = gong_sql_get_text(&row);
        err = each(ctx, &event);
        if (err != GONG_OK) {
            break;
        }
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

static void
read_decision(struct gong_sql_row *row, struct gong_desk_read_decision *out)
{
    out->kept_ms = gong_sql_get_int(row);
    out->event = (enum gong_incident_event)gong_sql_get_int(row);
    out->is.reason = gong_sql_get_text(row);
    out->is.expr = gong_sql_get_text(row);
    out->is.value = gong_sql_get_real(row);
    out->is.level = (unsigned)gong_sql_get_int(row);
    out->is.position = (uint64_t)gong_sql_get_int(row);
    out->is.ordinal = (uint32_t)gong_sql_get_int(row);
    out->is.at_ms = gong_sql_get_int(row);
    out->is.captured_ms = gong_sql_get_int(row);
    out->is.published_ms = gong_sql_get_int(row);
    out->is.received_ms = gong_sql_get_int(row);
    out->is.decided_ms = gong_sql_get_int(row);
}

enum gong_err
gong_desk_read_decisions(struct gong_desk_reader *reader, uint64_t incident,
                         gong_desk_read_decision_fn each, void *ctx)
{
    struct gong_sql_row row;
    enum gong_err err = follow(reader);

    if (err != GONG_OK) {
        return err;
    }
    row = gong_sql_row(reader->statements[DECISIONS]);
    gong_sql_put_int(&row, (int64_t)incident);
    gong_sql_put_int(&row, GONG_DESK_READ_MAX);
    while ((err = gong_sql_next(&row)) == GONG_OK) {
        struct gong_desk_read_decision decision;

        read_decision(&row, &decision);
        err = each(ctx, &decision);
        if (err != GONG_OK) {
            break;
        }
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

static void
read_delivery(struct gong_sql_row *row, struct gong_desk_read_delivery *out)
{
    out->message = (uint64_t)gong_sql_get_int(row);
    out->kind = (enum gong_message_kind)gong_sql_get_int(row);
    out->receiver = gong_sql_get_text(row);
    out->unit = gong_sql_get_text(row);
    out->recipient = gong_sql_get_text(row);
    out->state = (enum gong_outbox_state)gong_sql_get_int(row);
    out->created_ms = gong_sql_get_int(row);
    out->done_ms = gong_sql_get_int(row);
    out->unreached = gong_sql_get_int(row) != 0;
    out->channel = gong_sql_get_text(row);
    out->at_ms = gong_sql_get_int(row);
    out->outcome = (enum gong_channel_outcome)gong_sql_get_int(row);
    out->why = gong_sql_get_text(row);
    out->latency_ms = gong_sql_get_int(row);
}

static enum gong_err
read_deliveries(struct gong_sql_row *row, gong_desk_read_delivery_fn each,
                void *ctx)
{
    enum gong_err err;

    gong_sql_put_int(row, GONG_DESK_READ_MAX);
    while ((err = gong_sql_next(row)) == GONG_OK) {
        struct gong_desk_read_delivery delivery;

        read_delivery(row, &delivery);
        err = each(ctx, &delivery);
        if (err != GONG_OK) {
            break;
        }
    }
    gong_sql_end(row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

enum gong_err
gong_desk_read_deliveries(struct gong_desk_reader *reader, uint64_t incident,
                          gong_desk_read_delivery_fn each, void *ctx)
{
    struct gong_sql_row row;
    enum gong_err err = follow(reader);

    if (err != GONG_OK) {
        return err;
    }
    row = gong_sql_row(reader->statements[DELIVERIES]);
    gong_sql_put_int(&row, (int64_t)incident);
    return read_deliveries(&row, each, ctx);
}

enum gong_err
gong_desk_read_messages(struct gong_desk_reader *reader, int64_t first,
                        int64_t last, gong_desk_read_delivery_fn each,
                        void *ctx)
{
    struct gong_sql_row row;
    enum gong_err err = follow(reader);

    if (err != GONG_OK) {
        return err;
    }
    row = gong_sql_row(reader->statements[MESSAGES]);
    gong_sql_put_int(&row, first);
    gong_sql_put_int(&row, last);
    return read_deliveries(&row, each, ctx);
}

enum gong_err
gong_desk_read_silences(struct gong_desk_reader *reader, bool ended,
                        gong_desk_read_silence_fn each, void *ctx)
{
    struct gong_sql_row row;
    enum gong_err err = follow(reader);

    if (err != GONG_OK) {
        return err;
    }
    row = gong_sql_row(reader->statements[SILENCES]);
    gong_sql_put_int(&row, ended);
    gong_sql_put_int(&row, GONG_DESK_READ_MAX);
    while ((err = gong_sql_next(&row)) == GONG_OK) {
        struct gong_desk_silence silence;

        gong_desk_row_get_silence(&row, &silence);
        err = each(ctx, &silence);
        if (err != GONG_OK) {
            break;
        }
    }
    gong_sql_end(&row);
    return err == GONG_ERR_NOT_FOUND ? GONG_OK : err;
}

enum gong_err
gong_desk_read_silence(struct gong_desk_reader *reader, uint64_t number,
                       gong_desk_read_silence_fn each, void *ctx)
{
    struct gong_sql_row row;
    enum gong_err err = follow(reader);

    if (err != GONG_OK) {
        return err;
    }
    row = gong_sql_row(reader->statements[SILENCE]);
    gong_sql_put_int(&row, (int64_t)number);
    err = gong_sql_next(&row);
    if (err == GONG_OK) {
        struct gong_desk_silence silence;

        gong_desk_row_get_silence(&row, &silence);
        err = each(ctx, &silence);
    }
    gong_sql_end(&row);
    return err;
}

enum gong_err
gong_desk_read_counts(struct gong_desk_reader *reader,
                      struct gong_desk_counts *out)
{
    struct gong_sql_row row;
    enum gong_err err = follow(reader);

    if (err != GONG_OK) {
        return err;
    }
    row = gong_sql_row(reader->statements[COUNTS]);
    err = gong_sql_next(&row);
    if (err == GONG_OK) {
        out->open = (uint64_t)gong_sql_get_int(&row);
        out->acknowledged = (uint64_t)gong_sql_get_int(&row);
        out->critical = (uint64_t)gong_sql_get_int(&row);
        out->overdue = (uint64_t)gong_sql_get_int(&row);
        out->waiting = (uint64_t)gong_sql_get_int(&row);
    }
    gong_sql_end(&row);
    return err;
}

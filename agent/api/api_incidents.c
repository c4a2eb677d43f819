#include <stdlib.h>
#include <string.h>

#include "agent/api/api_handlers.h"
#include "agent/api/api_private.h"

#define PAGE     100
#define PAGE_MAX 500
#define ROWS_MAX 5000 /* of the desk that one question looks at */
#define ROUNDS   10   /* questions, until something is found */

/* --- lists --- */

struct listing {
    struct gong_api_call *call;
    json_t *items;
    size_t limit;
    struct gong_str unit;
    struct gong_str severities;
    struct gong_str owner;
    int64_t since_ms;
    int64_t changed_ms;
    bool open_only;
    uint64_t last; /* number of the last one that was taken */
    bool full;
};

/* "critical,warning" holds the word. */
static bool
has_word(struct gong_str list, const char *word)
{
    size_t len = strlen(word);
    const char *at = list.data;
    const char *end = list.len == 0 ? at : list.data + list.len;

    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t part = (size_t)((comma == NULL ? end : comma) - at);

        if (part == len && memcmp(at, word, len) == 0) {
            return true;
        }
        at += part + 1;
    }
    return false;
}

static bool
is_wanted(const struct listing *listing,
          const struct gong_desk_incident *incident)
{
    const struct gong_grant_tree *tree = &listing->call->api->options.city.tree;
    struct gong_grant_place place =
        gong_api_place_of(incident->labels, incident->label_count);
    const char *severity = gong_severity_text(incident->severity);

    if (listing->unit.len > 0 && !gong_str_equal(place.unit, listing->unit) &&
        !tree->under(tree->ctx, place.unit, listing->unit)) {
        return false;
    }
    if (listing->severities.len > 0 &&
        !has_word(listing->severities, severity == NULL ? "" : severity)) {
        return false;
    }
    if (listing->owner.len > 0 &&
        !gong_str_equal(listing->owner, incident->owner)) {
        return false;
    }
    return incident->opened_ms >= listing->since_ms &&
           incident->changed_ms >= listing->changed_ms &&
           gong_api_sees_place(listing->call, &place);
}

static bool
list_incident(void *arg, const struct gong_desk_incident *incident)
{
    struct listing *listing = arg;

    if (!is_wanted(listing, incident)) {
        return true;
    }
    if (json_array_size(listing->items) >= listing->limit) {
        listing->full = true;
        return false;
    }
    listing->last = incident->number;
    return json_array_append_new(
               listing->items,
               gong_api_incident_json(&listing->call->api->options.city,
                                      incident)) == 0;
}

/* --- what the desk is asked --- */

/* Units that an incident may lie in so that it can be wanted: all that the
 * grants, or the unit that was asked for, reach. NULL: any. */
static json_t *
list_codes(const struct listing *listing)
{
    const struct gong_api_city *city = &listing->call->api->options.city;
    const struct gong_principal *who = &listing->call->who;
    const struct gong_grants *grants =
        who->limited ? &who->limit : &who->grants;
    json_t *all;

    if (city->codes == NULL) {
        return NULL;
    }
    if (listing->unit.len > 0) {
        return city->codes(city->ctx, listing->unit);
    }
    all = json_array();
    for (size_t i = 0; i < grants->count; i++) {
        json_t *some;

        if (strcmp(grants->items[i].unit, GONG_GRANT_ALL) == 0) {
            json_decref(all);
            return NULL;
        }
        some = city->codes(city->ctx, gong_str_of(grants->items[i].unit));
        (void)json_array_extend(all, some);
        json_decref(some);
    }
    return all;
}

/* The least of "critical,warning". */
static enum gong_severity
least_of(struct gong_str severities)
{
    for (int i = GONG_SEVERITY_OTHER + 1; i <= GONG_SEVERITY_CRITICAL; i++) {
        if (has_word(severities, gong_severity_text((enum gong_severity)i))) {
            return (enum gong_severity)i;
        }
    }
    return GONG_SEVERITY_OTHER;
}

/* Few enough rows that nobody waits long; who wants more goes on behind. */
static enum gong_err
ask_desk(struct listing *listing, uint64_t *next)
{
    const struct gong_api_desk *desk = &listing->call->api->options.desk;
    struct gong_api_call *call = listing->call;
    json_t *codes = list_codes(listing);
    size_t count = json_array_size(codes);
    const char **units = calloc(count + 1, sizeof *units);
    struct gong_api_incident_query query = {
        .before = gong_api_query_number(call, "before", 0),
        .open_only = listing->open_only,
        .severity = least_of(listing->severities),
        .since_ms = listing->since_ms > listing->changed_ms
                        ? listing->since_ms
                        : listing->changed_ms,
        .rows_max = ROWS_MAX,
    };
    enum gong_err err = GONG_ERR_MEMORY;

    if (units != NULL) {
        for (size_t i = 0; i < count; i++) {
            units[i] = json_string_value(json_array_get(codes, i));
        }
        query.units = codes == NULL ? NULL : units;
        query.unit_count = count;
        /* A page is empty only where there is nothing behind it, or far away.
         */
        for (int i = 0; i == 0 || (i < ROUNDS && err == GONG_OK && *next != 0 &&
                                   json_array_size(listing->items) == 0);
             i++) {
            query.before = i == 0 ? query.before : *next;
            err = desk->incidents(desk->ctx, &query, list_incident, listing,
                                  next);
        }
    }
    free(units);
    json_decref(codes);
    return err;
}

const char *
gong_api_desk_warning(const struct gong_api_call *call)
{
    const struct gong_api_desk *desk = &call->api->options.desk;
    enum gong_err err = desk->well == NULL ? GONG_OK : desk->well(desk->ctx);

    if (err == GONG_OK) {
        return NULL;
    }
    return err == GONG_ERR_NO_SPACE
               ? "Đĩa của máy chủ cảnh báo đã đầy: cảnh báo mới chưa được ghi "
                 "và chưa báo cho ai, danh sách này có thể thiếu. Hãy giải "
                 "phóng đĩa. | The agent's disk is full: new alerts are not "
                 "kept and nobody is told, this list may lack some. Free some "
                 "space."
               : "Máy chủ cảnh báo không ghi được dữ liệu: cảnh báo mới chưa "
                 "được ghi và chưa báo cho ai, danh sách này có thể thiếu. "
                 "Hãy xem nhật ký máy chủ. | The agent cannot write its data: "
                 "new alerts are not kept and nobody is told, this list may "
                 "lack some. Look at its log.";
}

/* An answer that may lack what is new says so. */
static json_t *
with_warning(const struct gong_api_call *call, json_t *answer)
{
    const char *warning = gong_api_desk_warning(call);

    if (answer != NULL && warning != NULL) {
        (void)json_object_set_new(answer, "warning", json_string(warning));
    }
    return answer;
}

void
gong_api_incidents(struct gong_api_call *call)
{
    const struct gong_api_request *request = call->request;
    struct listing listing = {
        .call = call,
        .limit = (size_t)gong_api_query_number(call, "limit", PAGE),
        .open_only = strcmp(gong_api_argument(request, "open"), "true") == 0,
        .severities = gong_str_of(gong_api_argument(request, "severity")),
        .owner = gong_str_of(gong_api_argument(request, "owner")),
        .since_ms = (int64_t)gong_api_query_number(call, "since", 0),
        .changed_ms = (int64_t)gong_api_query_number(call, "changed", 0),
    };
    char unit[GONG_GRANT_UNIT_SIZE];
    uint64_t next = 0;
    enum gong_err err;

    if (call->api->options.desk.incidents == NULL) {
        gong_api_not_offered(call);
        return;
    }
    if (listing.limit == 0 || listing.limit > PAGE_MAX) {
        listing.limit = PAGE_MAX;
    }
    if (!gong_api_check_unit(call, "unit", gong_api_argument(request, "unit"),
                             unit)) {
        return;
    }
    listing.unit = gong_str_of(unit);
    listing.items = json_array();
    err = ask_desk(&listing, &next);
    if (err != GONG_OK) {
        json_decref(listing.items);
        gong_api_failed(call->answer, err, NULL);
        return;
    }
    if (listing.full) {
        next = listing.last;
    }
    gong_api_json(
        call->answer, 200,
        with_warning(call,
                     json_pack("{s:o,s:o}", "incidents", listing.items, "next",
                               next == 0 ? json_null()
                                         : json_integer((json_int_t)next))));
}

enum gong_err
gong_api_open_incidents(struct gong_api_call *call, json_t **out,
                        uint64_t *next)
{
    struct listing listing = {
        .call = call, .items = json_array(), .limit = PAGE, .open_only = true};
    enum gong_err err = ask_desk(&listing, next);

    if (listing.full) {
        *next = listing.last;
    }
    *out = listing.items;
    return err;
}

/* --- one --- */

struct shown {
    const struct gong_api_city *city;
    json_t *incident;
    json_t *history;
};

static void
show(void *arg, const struct gong_desk_incident *incident)
{
    struct shown *shown = arg;

    json_decref(shown->incident);
    shown->incident = gong_api_incident_json(shown->city, incident);
}

static void
show_event(void *arg, const struct gong_api_event *event)
{
    struct shown *shown = arg;

    (void)json_array_append_new(shown->history, gong_api_event_json(event));
}

void
gong_api_incident(struct gong_api_call *call)
{
    const struct gong_api_desk *desk = &call->api->options.desk;
    struct shown shown = {.city = &call->api->options.city,
                          .history = json_array()};
    enum gong_err err =
        desk->incident(desk->ctx, call->number, show, show_event, &shown);
    json_t *more = NULL;

    if (err != GONG_OK || shown.incident == NULL) {
        json_decref(shown.incident);
        json_decref(shown.history);
        gong_api_failed(call->answer, err == GONG_OK ? GONG_ERR_MEMORY : err,
                        NULL);
        return;
    }
    if (desk->more != NULL) {
        more = desk->more(desk->ctx, call->number);
    }
    gong_api_json(
        call->answer, 200,
        with_warning(call,
                     json_pack("{s:o,s:o,s:o}", "incident", shown.incident,
                               "history", shown.history, "more",
                               more == NULL ? json_null() : more)));
}

/* --- silences --- */

struct silence_list {
    struct gong_api_call *call;
    json_t *items;
    bool maintenance;
};

/* A silence of what belongs to no unit holds for everybody: all see it. One
 * incident's is of the incident's unit, which those see who may see it. */
static bool
sees_silence(struct gong_api_call *call, const struct gong_desk_silence *item)
{
    char unit[GONG_GRANT_UNIT_SIZE];

    gong_api_matchers_unit(item->matchers, unit);
    return unit[0] == '\0' || gong_api_sees(call, gong_str_of(unit));
}

static void
list_silence(void *arg, const struct gong_desk_silence *silence)
{
    struct silence_list *list = arg;

    if (silence->maintenance == list->maintenance &&
        sees_silence(list->call, silence)) {
        (void)json_array_append_new(list->items,
                                    gong_api_silence_json(silence));
    }
}

struct incident_unit {
    struct gong_api_call *call;
    bool seen;
};

static void
see(void *arg, const struct gong_desk_incident *incident)
{
    struct incident_unit *unit = arg;
    struct gong_grant_place place =
        gong_api_place_of(incident->labels, incident->label_count);

    unit->seen = gong_api_sees_place(unit->call, &place);
}

/* Those of incidents that may not be read are taken out: after the list was
 * read, so that nothing is asked while the desk is being read. */
static void
drop_unseen(struct gong_api_call *call, json_t *items)
{
    const struct gong_api_desk *desk = &call->api->options.desk;

    for (size_t i = json_array_size(items); i-- > 0;) {
        struct incident_unit unit = {.call = call};
        json_int_t number = json_integer_value(
            json_object_get(json_array_get(items, i), "incident"));

        if (number != 0 && (desk->incident == NULL ||
                            desk->incident(desk->ctx, (uint64_t)number, see,
                                           NULL, &unit) != GONG_OK ||
                            !unit.seen)) {
            (void)json_array_remove(items, i);
        }
    }
}

static void
list_silences(struct gong_api_call *call, bool maintenance)
{
    const struct gong_api_desk *desk = &call->api->options.desk;
    struct silence_list list = {.call = call, .maintenance = maintenance};
    bool all = strcmp(gong_api_argument(call->request, "all"), "true") == 0;
    enum gong_err err;

    if (desk->silences == NULL) {
        gong_api_not_offered(call);
        return;
    }
    list.items = json_array();
    err = desk->silences(desk->ctx, all, list_silence, &list);
    if (err != GONG_OK) {
        json_decref(list.items);
        gong_api_failed(call->answer, err, NULL);
        return;
    }
    drop_unseen(call, list.items);
    gong_api_json(call->answer, 200,
                  json_pack("{s:o}", "silences", list.items));
}

void
gong_api_silences(struct gong_api_call *call)
{
    list_silences(call, false);
}

void
gong_api_maintenances(struct gong_api_call *call)
{
    list_silences(call, true);
}

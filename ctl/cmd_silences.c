#include <string.h>

#include "ctl/commands.h"
#include "ctl/matchers.h"
#include "ctl/table.h"
#include "ctl/when.h"
#include "ctl/words.h"

#define SILENCES    "/api/gong/v1/silences"
#define MAINTENANCE "/api/gong/v1/maintenance"

/* --- lists --- */

static int
list(struct gong_ctl *ctl, const char *path)
{
    static const char *const headings[] = {"SỐ", "TỪ",      "ĐẾN",
                                           "AI", "ÁP DỤNG", "GHI CHÚ"};
    bool all = gong_ctl_flag(&ctl->arguments, "all");
    struct gong_ctl_table *table;
    char full[64], one[64], from[GONG_CTL_TIME_SIZE], until[GONG_CTL_TIME_SIZE];
    json_t *answer, *items;
    int code;

    (void)snprintf(full, sizeof full, "%s%s", path, all ? "?all=true" : "");
    code = gong_ctl_do(ctl, "GET", full, NULL, &answer);
    if (code != GONG_CTL_OK || ctl->json) {
        return code != GONG_CTL_OK ? code : gong_ctl_print_json(ctl, answer);
    }
    items = json_object_get(answer, "silences");
    table = gong_ctl_table_new(headings, 6);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *item = json_array_get(items, i);
        int64_t incident = gong_ctl_int(item, "incident");

        (void)snprintf(one, sizeof one, "%lld",
                       (long long)gong_ctl_int(item, "number"));
        gong_ctl_table_add(table, one);
        gong_ctl_table_add(table,
                           gong_ctl_instant(gong_ctl_int(item, "from"), from));
        gong_ctl_table_add(
            table, json_is_null(json_object_get(item, "until"))
                       ? "khi kết thúc"
                       : gong_ctl_instant(gong_ctl_int(item, "until"), until));
        gong_ctl_table_add(table, gong_ctl_text(item, "by"));
        (void)snprintf(one, sizeof one, "cảnh báo #%lld", (long long)incident);
        gong_ctl_table_add(
            table, incident != 0 ? one : gong_ctl_text(item, "matchers"));
        gong_ctl_table_add(table, gong_ctl_text(item, "comment"));
    }
    gong_ctl_table_print(table, gong_ctl_width(ctl->out), ctl->out);
    gong_ctl_table_free(table);
    json_decref(answer);
    return GONG_CTL_OK;
}

int
gong_ctl_silences(struct gong_ctl *ctl)
{
    return list(ctl, SILENCES);
}

/* --- making them --- */

/* --from, --until, --for into the body. */
static int
put_times(struct gong_ctl *ctl, json_t *body)
{
    int64_t begin = ctl->now_ms, end = 0, length = 0;
    int code = gong_ctl_when_from(ctl, "from", &begin);

    code = code != GONG_CTL_OK ? code : gong_ctl_when_until(ctl, "until", &end);
    code =
        code != GONG_CTL_OK ? code : gong_ctl_when_length(ctl, "for", &length);
    if (code != GONG_CTL_OK) {
        return code;
    }
    if (end != 0 && length != 0) {
        return gong_ctl_wrong(ctl, "--for hoặc --until, không cả hai | one of "
                                   "--for and --until, not both");
    }
    if (length != 0) {
        end = begin + length;
    }
    if (end != 0 && end <= begin) {
        return gong_ctl_wrong(ctl, "--until phải sau --from | --until has to "
                                   "be later than --from");
    }
    if (gong_ctl_option(&ctl->arguments, "from") != NULL) {
        (void)json_object_set_new(body, "from", json_integer(begin));
    }
    if (end != 0) {
        (void)json_object_set_new(body, "until", json_integer(end));
    }
    return GONG_CTL_OK;
}

static int
put_matchers(struct gong_ctl *ctl, json_t *body)
{
    json_t *matchers = json_array();

    (void)json_object_set_new(body, "matchers", matchers);
    for (size_t i = 0; i < ctl->arguments.option_count; i++) {
        if (strcmp(ctl->arguments.options[i].name, "match") == 0 &&
            !gong_ctl_matcher_add(matchers, ctl->arguments.options[i].value)) {
            return gong_ctl_wrong(ctl,
                                  "--match: unit=22015, severity=~\"a|b\"");
        }
    }
    return json_array_size(matchers) > 0
               ? GONG_CTL_OK
               : gong_ctl_wrong(ctl, "--match: unit=22015");
}

static int
make(struct gong_ctl *ctl, const char *path, bool matchers, const char *said)
{
    const char *comment = gong_ctl_option(&ctl->arguments, "comment");
    json_t *body = json_object(), *answer;
    int code = put_times(ctl, body);

    if (comment != NULL) {
        (void)json_object_set_new(body, "comment", json_string(comment));
    }
    if (code == GONG_CTL_OK && matchers) {
        code = put_matchers(ctl, body);
    }
    if (code == GONG_CTL_OK && matchers &&
        json_object_get(body, "until") == NULL) {
        code = gong_ctl_wrong(ctl, "cần --for hoặc --until | how long?");
    }
    if (code != GONG_CTL_OK) {
        json_decref(body);
        return code;
    }
    code = gong_ctl_do(ctl, "POST", path, body, &answer);
    return code != GONG_CTL_OK ? code : gong_ctl_done(ctl, answer, said);
}

int
gong_ctl_silence(struct gong_ctl *ctl)
{
    const char *word = gong_ctl_arg(ctl, 0);
    uint64_t number = gong_ctl_number(word);
    char path[128];

    if (word == NULL) {
        return make(ctl, SILENCES, true, "Đã tạm ngừng báo.");
    }
    if (number == 0) {
        return gong_ctl_wrong(ctl, "silence [N] [--match ...] --for 2h");
    }
    (void)snprintf(path, sizeof path, "/api/gong/v1/incidents/%llu/silence",
                   (unsigned long long)number);
    return make(ctl, path, false, "Đã tạm ngừng báo.");
}

int
gong_ctl_unsilence(struct gong_ctl *ctl)
{
    uint64_t number = gong_ctl_number(gong_ctl_arg(ctl, 0));
    char path[128];
    json_t *answer;
    int code;

    if (number == 0) {
        return gong_ctl_wrong(ctl, "unsilence S");
    }
    (void)snprintf(path, sizeof path, SILENCES "/%llu",
                   (unsigned long long)number);
    code = gong_ctl_do(ctl, "DELETE", path, NULL, &answer);
    return code != GONG_CTL_OK ? code
                               : gong_ctl_done(ctl, answer, "Đã báo trở lại.");
}

int
gong_ctl_maintenance(struct gong_ctl *ctl)
{
    const char *word = gong_ctl_arg(ctl, 0);
    char now[32];

    if (word == NULL) {
        return list(ctl, MAINTENANCE);
    }
    if (strcmp(word, "add") != 0) {
        return gong_ctl_wrong(ctl, "maintenance [add --match ... --from ... "
                                   "--for ...]");
    }
    if (gong_ctl_option(&ctl->arguments, "from") == NULL &&
        ctl->arguments.option_count < GONG_CTL_OPTIONS_MAX) {
        size_t at = ctl->arguments.option_count++;

        (void)snprintf(now, sizeof now, "%lld", (long long)ctl->now_ms);
        ctl->arguments.options[at].name = "from";
        ctl->arguments.options[at].value = now;
    }
    return make(ctl, MAINTENANCE, true, "Đã lên lịch bảo trì.");
}

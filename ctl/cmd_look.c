#include <stdlib.h>
#include <string.h>

#include "ctl/commands.h"
#include "ctl/table.h"
#include "ctl/words.h"

/* --- units and devices --- */

int
gong_ctl_units(struct gong_ctl *ctl)
{
    static const char *const headings[] = {"MÃ", "LOẠI", "THUỘC", "TÊN"};
    struct gong_ctl_table *table;
    json_t *answer, *items;
    int code = gong_ctl_do(ctl, "GET", "/api/gong/v1/units", NULL, &answer);

    if (code != GONG_CTL_OK || ctl->json) {
        return code != GONG_CTL_OK ? code : gong_ctl_print_json(ctl, answer);
    }
    items = json_object_get(answer, "units");
    table = gong_ctl_table_new(headings, 4);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *unit = json_array_get(items, i);

        gong_ctl_table_add(table, gong_ctl_text(unit, "code"));
        gong_ctl_table_add(table, gong_ctl_word(gong_ctl_text(unit, "kind")));
        gong_ctl_table_add(table, gong_ctl_text(unit, "parent"));
        gong_ctl_table_add(table, gong_ctl_text(unit, "name"));
    }
    gong_ctl_table_print(table, gong_ctl_width(ctl->out), ctl->out);
    gong_ctl_table_free(table);
    json_decref(answer);
    return GONG_CTL_OK;
}

int
gong_ctl_devices(struct gong_ctl *ctl)
{
    static const char *const headings[] = {"ĐƠN VỊ", "THIẾT BỊ", "MỖI", "TÊN"};
    const char *unit = gong_ctl_arg(ctl, 0);
    struct gong_ctl_table *table;
    json_t *answer, *items;
    int code = gong_ctl_do(ctl, "GET", "/api/gong/v1/devices", NULL, &answer);

    if (code != GONG_CTL_OK) {
        return code;
    }
    items = json_object_get(answer, "devices");
    for (size_t i = json_array_size(items); unit != NULL && i-- > 0;) {
        if (strcmp(gong_ctl_text(json_array_get(items, i), "unit"), unit) !=
            0) {
            (void)json_array_remove(items, i);
        }
    }
    if (ctl->json) {
        return gong_ctl_print_json(ctl, answer);
    }
    table = gong_ctl_table_new(headings, 4);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *device = json_array_get(items, i);
        int64_t every = gong_ctl_int(device, "every");
        char length[GONG_CTL_TIME_SIZE];

        gong_ctl_table_add(table, gong_ctl_text(device, "unit"));
        gong_ctl_table_add(table, gong_ctl_text(device, "name"));
        gong_ctl_table_add(table,
                           every == 0 ? "" : gong_ctl_length(every, length));
        gong_ctl_table_add(table, gong_ctl_text(device, "label"));
    }
    gong_ctl_table_print(table, gong_ctl_width(ctl->out), ctl->out);
    gong_ctl_table_free(table);
    json_decref(answer);
    return GONG_CTL_OK;
}

/* --- the ledger --- */

/* Sums over a device's epochs. */
static void
add_device(struct gong_ctl_table *table, const json_t *device)
{
    const json_t *epochs = json_object_get(device, "epochs");
    int64_t received = 0, missing = 0, until = 0;
    char text[64];

    for (size_t i = 0; i < json_array_size(epochs); i++) {
        const json_t *epoch = json_array_get(epochs, i);
        int64_t complete = gong_ctl_int(epoch, "complete_until");

        received += gong_ctl_int(epoch, "received");
        missing += gong_ctl_int(epoch, "missing");
        until = complete > until ? complete : until;
    }
    gong_ctl_table_add(table, gong_ctl_text(device, "site"));
    gong_ctl_table_add(table, gong_ctl_text(device, "device"));
    (void)snprintf(text, sizeof text, "%lld", (long long)received);
    gong_ctl_table_add(table, text);
    (void)snprintf(text, sizeof text, "%lld", (long long)missing);
    gong_ctl_table_add(table, text);
    gong_ctl_table_add(table, json_array_size(epochs) == 0
                                  ? "không có số thứ tự"
                                  : gong_ctl_day(until, text));
}

/* All pages; the ledger's `next` is a name. */
static int
read_ledger(struct gong_ctl *ctl, const char *what, json_t **out)
{
    json_t *all = json_array();
    char *prefix = gong_ctl_escape(ctl->client, what), *after = NULL;
    int code = GONG_CTL_OK;

    do {
        char path[2048];
        json_t *answer;

        (void)snprintf(path, sizeof path,
                       "/api/gong/v1/ledger?limit=500&prefix=%s&after=%s",
                       prefix == NULL ? "" : prefix,
                       after == NULL ? "" : after);
        free(after);
        after = NULL;
        code = gong_ctl_do(ctl, "GET", path, NULL, &answer);
        if (code == GONG_CTL_OK) {
            const char *next = gong_ctl_text(answer, "next");

            (void)json_array_extend(all, json_object_get(answer, "devices"));
            after = next[0] == '\0' ? NULL : gong_ctl_escape(ctl->client, next);
            json_decref(answer);
        }
    } while (code == GONG_CTL_OK && after != NULL);
    free(after);
    free(prefix);
    *out = all;
    return code;
}

int
gong_ctl_ledger(struct gong_ctl *ctl)
{
    static const char *const headings[] = {"ĐƠN VỊ", "THIẾT BỊ", "ĐÃ NHẬN",
                                           "THIẾU", "ĐẦY ĐỦ ĐẾN"};
    const char *what = gong_ctl_arg(ctl, 0);
    struct gong_ctl_table *table;
    json_t *items;
    int code = read_ledger(ctl, what == NULL ? "" : what, &items);

    if (code == GONG_CTL_OK && ctl->json) {
        return gong_ctl_print_json(ctl, items);
    }
    if (code == GONG_CTL_OK) {
        table = gong_ctl_table_new(headings, 5);
        for (size_t i = 0; i < json_array_size(items); i++) {
            add_device(table, json_array_get(items, i));
        }
        gong_ctl_table_print(table, gong_ctl_width(ctl->out), ctl->out);
        gong_ctl_table_free(table);
    }
    json_decref(items);
    return code;
}

/* --- rules --- */

/* A rollback lasts until the rule files are read again. */
static const char *
set_state(const json_t *set, char *out, size_t size)
{
    bool now = json_is_true(json_object_get(set, "now"));
    int64_t back = gong_ctl_int(set, "rolled_back");
    int64_t undone = gong_ctl_int(set, "undone");
    char at[GONG_CTL_TIME_SIZE], until[GONG_CTL_TIME_SIZE];

    if (undone != 0 && !now) {
        (void)snprintf(out, size,
                       "đã quay lại %s, bị tệp quy tắc thay thế %s / "
                       "rollback undone",
                       gong_ctl_day(back, at), gong_ctl_day(undone, until));
        return out;
    }
    if (now && back != 0 && undone == 0) {
        (void)snprintf(out, size, "đang dùng, quay lại %s / rolled back",
                       gong_ctl_day(back, at));
        return out;
    }
    return now ? "đang dùng" : "";
}

static int
rules_log(struct gong_ctl *ctl)
{
    static const char *const headings[] = {"LÚC", "", "BỘ QUY TẮC (SHA-256)"};
    struct gong_ctl_table *table;
    json_t *answer, *sets;
    int code = gong_ctl_do(ctl, "GET", "/api/gong/v1/rules/log", NULL, &answer);

    if (code != GONG_CTL_OK || ctl->json) {
        return code != GONG_CTL_OK ? code : gong_ctl_print_json(ctl, answer);
    }
    sets = json_object_get(answer, "sets");
    table = gong_ctl_table_new(headings, 3);
    for (size_t i = 0; i < json_array_size(sets); i++) {
        const json_t *set = json_array_get(sets, i);
        char at[GONG_CTL_TIME_SIZE], text[160];

        gong_ctl_table_add(table, gong_ctl_day(gong_ctl_int(set, "at"), at));
        gong_ctl_table_add(table, set_state(set, text, sizeof text));
        gong_ctl_table_add(table, gong_ctl_text(set, "sha"));
    }
    gong_ctl_table_print(table, 0, ctl->out);
    gong_ctl_table_free(table);
    json_decref(answer);
    return GONG_CTL_OK;
}

int
gong_ctl_rules(struct gong_ctl *ctl)
{
    const char *word = gong_ctl_arg(ctl, 0), *sha = gong_ctl_arg(ctl, 1);
    const char *comment = gong_ctl_option(&ctl->arguments, "comment");
    json_t *body, *answer;
    int code;

    if (word == NULL || strcmp(word, "log") == 0) {
        return rules_log(ctl);
    }
    if (strcmp(word, "rollback") != 0 || sha == NULL) {
        return gong_ctl_wrong(ctl, "rules log | rules rollback SHA");
    }
    body = json_pack("{s:s}", "sha", sha);
    if (comment != NULL) {
        (void)json_object_set_new(body, "comment", json_string(comment));
    }
    code =
        gong_ctl_do(ctl, "POST", "/api/gong/v1/rules/rollback", body, &answer);
    return code != GONG_CTL_OK
               ? code
               : gong_ctl_done(ctl, answer, "Đã quay lại bộ quy tắc đó.");
}

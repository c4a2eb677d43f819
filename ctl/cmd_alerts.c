#include <stdlib.h>
#include <string.h>

#include "ctl/commands.h"
#include "ctl/incident.h"
#include "ctl/table.h"
#include "ctl/words.h"

#define MAX_SHOWN  100000
#define LEGEND_MAX 16

/* What the rows say, each word once; borrowed. */
struct legend {
    const char *names[LEGEND_MAX];
    size_t count;
};

/* --- the list --- */

static void
note_word(struct legend *legend, const char *name)
{
    for (size_t i = 0; i < legend->count; i++) {
        if (strcmp(legend->names[i], name) == 0) {
            return;
        }
    }
    if (legend->count < LEGEND_MAX && name[0] != '\0') {
        legend->names[legend->count++] = name;
    }
}

/* The words of the rows in English, for those who do not read Vietnamese. */
static void
print_legend(const json_t *items, FILE *out)
{
    struct legend legend = {.count = 0};

    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *incident = json_array_get(items, i);
        const char *names[GONG_CTL_MARKS_MAX];
        size_t count = gong_ctl_marks(incident, names);

        note_word(&legend, gong_ctl_text(incident, "severity"));
        note_word(&legend, gong_ctl_text(incident, "state"));
        for (size_t mark = 0; mark < count; mark++) {
            note_word(&legend, names[mark]);
        }
    }
    for (size_t i = 0; i < legend.count; i++) {
        const char *word = gong_ctl_word(legend.names[i]);

        (void)fputs(i == 0 ? "English: " : "; ", out);
        gong_ctl_put(out, word);
        (void)fputs(" = ", out);
        gong_ctl_put(out, legend.names[i]);
    }
    (void)fputc('\n', out);
}

static void
add_row(struct gong_ctl_table *table, const json_t *incident)
{
    const char *unit = gong_ctl_annotation(incident, "unit_name");
    char number[32], since[GONG_CTL_TIME_SIZE], marks[GONG_CTL_MARKS_SIZE];

    (void)snprintf(number, sizeof number, "#%lld",
                   (long long)gong_ctl_int(incident, "number"));
    gong_ctl_table_add(table, number);
    gong_ctl_table_add(table,
                       gong_ctl_word(gong_ctl_text(incident, "severity")));
    gong_ctl_table_add(table, gong_ctl_word(gong_ctl_text(incident, "state")));
    gong_ctl_table_add(table, gong_ctl_marks_text(incident, marks));
    gong_ctl_table_add(
        table, gong_ctl_instant(gong_ctl_int(incident, "since"), since));
    gong_ctl_table_add(
        table, unit[0] != '\0' ? unit : gong_ctl_text(incident, "unit"));
    gong_ctl_table_add(table, gong_ctl_text(incident, "owner"));
    gong_ctl_table_add(table, gong_ctl_title(incident));
}

/* Adds &name=value where the option was given. */
static bool
add_filter(struct gong_ctl *ctl, char *path, size_t size, const char *name)
{
    const char *value = gong_ctl_option(&ctl->arguments, name);
    size_t len = strlen(path);
    char *escaped;

    if (value == NULL) {
        return true;
    }
    escaped = gong_ctl_escape(ctl->client, value);
    if (escaped == NULL || len + strlen(escaped) + 32 > size) {
        free(escaped);
        return false;
    }
    (void)snprintf(path + len, size - len, "&%s=%s", name, escaped);
    free(escaped);
    return true;
}

static int
name_list(struct gong_ctl *ctl, char *path, size_t size)
{
    const char *since = gong_ctl_option(&ctl->arguments, "since");
    int64_t length;

    (void)snprintf(path, size, GONG_CTL_INCIDENTS "?open=%s",
                   gong_ctl_flag(&ctl->arguments, "all") ? "false" : "true");
    if (!add_filter(ctl, path, size, "unit") ||
        !add_filter(ctl, path, size, "severity") ||
        !add_filter(ctl, path, size, "owner")) {
        return gong_ctl_wrong(ctl, "bộ lọc quá dài | a filter is too long");
    }
    if (since != NULL) {
        size_t len = strlen(path);

        if (!gong_ctl_read_length(since, &length)) {
            return gong_ctl_wrong(ctl, "--since: 24h, 7d ...");
        }
        (void)snprintf(path + len, size - len, "&since=%lld",
                       (long long)(ctl->now_ms - length));
    }
    return GONG_CTL_OK;
}

int
gong_ctl_alerts(struct gong_ctl *ctl)
{
    static const char *const headings[] = {
        "SỐ", "MỨC ĐỘ", "TÌNH TRẠNG",  "LƯU Ý",
        "TỪ", "ĐƠN VỊ", "NGƯỜI XỬ LÝ", "CẢNH BÁO"};
    const char *limit = gong_ctl_option(&ctl->arguments, "limit");
    uint64_t max = limit == NULL ? MAX_SHOWN : gong_ctl_number(limit);
    struct gong_ctl_table *table;
    char path[1024];
    json_t *items;
    int code = name_list(ctl, path, sizeof path);

    if (max == 0) {
        return gong_ctl_wrong(ctl, "--limit: N");
    }
    if (code == GONG_CTL_OK) {
        code = gong_ctl_pages(ctl, path, "incidents", (size_t)max, &items);
    }
    if (code != GONG_CTL_OK || ctl->json) {
        return code != GONG_CTL_OK ? code : gong_ctl_print_json(ctl, items);
    }
    table = gong_ctl_table_new(headings, 8);
    for (size_t i = 0; i < json_array_size(items); i++) {
        add_row(table, json_array_get(items, i));
    }
    if (json_array_size(items) == 0) {
        (void)fputs("Không có cảnh báo nào. | No alerts.\n", ctl->out);
    } else {
        gong_ctl_table_print(table, gong_ctl_width(ctl->out), ctl->out);
        print_legend(items, ctl->out);
    }
    gong_ctl_table_free(table);
    json_decref(items);
    return GONG_CTL_OK;
}

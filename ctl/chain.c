#include "ctl/chain.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/commands.h"
#include "ctl/markup.h"
#include "ctl/table.h"
#include "ctl/words.h"

static void
add(json_t *chain, int64_t at, const char *step, const char *who,
    const char *text)
{
    if (at != 0) {
        (void)json_array_append_new(
            chain, json_pack("{s:I,s:s,s:s,s:s}", "at", (json_int_t)at, "step",
                             step, "who", who, "text", text));
    }
}

/* The stamps of the sample that opened it. Later ones are in the decisions. */
static void
add_stamps(json_t *chain, const json_t *decision)
{
    static const char *const stamps[] = {"captured", "published", "received",
                                         "decided", "stored"};

    for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
        add(chain, gong_ctl_int(decision, stamps[i]), stamps[i], "",
            i == 3 ? gong_ctl_text(decision, "expr") : "");
    }
}

static void
add_delivery(json_t *chain, const json_t *delivery)
{
    const char *outcome = gong_ctl_text(delivery, "outcome");
    bool sent = strcmp(outcome, "sent") == 0;
    char text[512];

    (void)snprintf(text, sizeof text, "%s%s%s",
                   gong_ctl_text(delivery, "channel"), sent ? "" : ": ",
                   sent ? "" : gong_ctl_text(delivery, "why"));
    add(chain, gong_ctl_int(delivery, "at"), sent ? "notified" : "untold",
        gong_ctl_text(delivery, "recipient"), text);
}

static int
compare(const void *a, const void *b)
{
    const json_t *const *x = a, *const *y = b;
    int64_t left = gong_ctl_int(*x, "at"), right = gong_ctl_int(*y, "at");

    if (left != right) {
        return left < right ? -1 : 1;
    }
    left = gong_ctl_int(*x, "order");
    right = gong_ctl_int(*y, "order");
    return left < right ? -1 : left > right;
}

/* By time; what is of one instant stays in its order. Takes chain. */
static json_t *
in_order(json_t *chain)
{
    size_t count = json_array_size(chain);
    json_t **items = calloc(count + 1, sizeof(json_t *));
    json_t *sorted = json_array();

    for (size_t i = 0; items != NULL && i < count; i++) {
        items[i] = json_array_get(chain, i);
        (void)json_object_set_new(items[i], "order",
                                  json_integer((json_int_t)i));
    }
    if (items != NULL) {
        qsort(items, count, sizeof(json_t *), compare);
    }
    for (size_t i = 0; items != NULL && i < count; i++) {
        (void)json_object_del(items[i], "order");
        (void)json_array_append(sorted, items[i]);
    }
    free(items);
    json_decref(chain);
    return sorted;
}

json_t *
gong_ctl_chain(const json_t *answer)
{
    const json_t *more = json_object_get(answer, "more");
    const json_t *decisions = json_object_get(more, "decisions");
    const json_t *told = json_object_get(more, "deliveries");
    const json_t *history = json_object_get(answer, "history");
    json_t *chain = json_array();

    if (json_array_size(decisions) > 0) {
        add_stamps(chain, json_array_get(decisions, 0));
    }
    for (size_t i = 0; i < json_array_size(history); i++) {
        const json_t *event = json_array_get(history, i);

        add(chain, gong_ctl_int(event, "at"), gong_ctl_text(event, "event"),
            gong_ctl_text(event, "by"), gong_ctl_text(event, "text"));
    }
    for (size_t i = 0; i < json_array_size(told); i++) {
        add_delivery(chain, json_array_get(told, i));
    }
    return in_order(chain);
}

const json_t *
gong_ctl_why(const json_t *answer)
{
    const json_t *decisions =
        json_object_get(json_object_get(answer, "more"), "decisions");
    size_t count = json_array_size(decisions);

    return count == 0 ? NULL : json_array_get(decisions, count - 1);
}

/* --- for people --- */

static const char *const headings[] = {"LÚC", "SAU", "BƯỚC", "AI", "NỘI DUNG"};

/* "+1,234 s" behind the first; of hours in words. */
static const char *
after(const json_t *chain, size_t i, char out[GONG_CTL_TIME_SIZE])
{
    int64_t ms = gong_ctl_int(json_array_get(chain, i), "at") -
                 gong_ctl_int(json_array_get(chain, 0), "at");

    if (i == 0) {
        out[0] = '\0';
    } else if (ms < 60000) {
        (void)snprintf(out, GONG_CTL_TIME_SIZE, "%lld,%03lld s",
                       (long long)(ms / 1000), (long long)(ms % 1000));
    } else {
        (void)gong_ctl_length(ms, out);
    }
    return out;
}

static void
cells_of(const json_t *chain, size_t i, const char *cells[5],
         char at[GONG_CTL_TIME_SIZE], char since[GONG_CTL_TIME_SIZE])
{
    const json_t *step = json_array_get(chain, i);

    cells[0] = gong_ctl_stamp(gong_ctl_int(step, "at"), at);
    cells[1] = after(chain, i, since);
    cells[2] = gong_ctl_word(gong_ctl_text(step, "step"));
    cells[3] = gong_ctl_text(step, "who");
    cells[4] = gong_ctl_text(step, "text");
}

void
gong_ctl_chain_print(const json_t *chain, size_t width, FILE *out)
{
    struct gong_ctl_table *table = gong_ctl_table_new(headings, 5);

    for (size_t i = 0; i < json_array_size(chain); i++) {
        char at[GONG_CTL_TIME_SIZE], since[GONG_CTL_TIME_SIZE];
        const char *cells[5];

        cells_of(chain, i, cells, at, since);
        for (size_t j = 0; j < 5; j++) {
            gong_ctl_table_add(table, cells[j]);
        }
    }
    gong_ctl_table_print(table, width, out);
    gong_ctl_table_free(table);
}

void
gong_ctl_chain_csv(const json_t *chain, FILE *out)
{
    (void)fputs(GONG_CTL_CSV_MARK "luc,luc_ms,buoc,ai,noi_dung\n", out);
    for (size_t i = 0; i < json_array_size(chain); i++) {
        char at[GONG_CTL_TIME_SIZE], since[GONG_CTL_TIME_SIZE];
        const char *cells[5];

        cells_of(chain, i, cells, at, since);
        gong_ctl_csv(out, cells[0]);
        (void)fprintf(out, ",%lld",
                      (long long)gong_ctl_int(json_array_get(chain, i), "at"));
        for (size_t j = 2; j < 5; j++) {
            (void)fputc(',', out);
            gong_ctl_csv(out, cells[j]);
        }
        (void)fputc('\n', out);
    }
}

void
gong_ctl_chain_html(const json_t *chain, FILE *out)
{
    (void)fputs("<table>\n<tr>", out);
    for (size_t j = 0; j < 5; j++) {
        (void)fprintf(out, "<th>%s</th>", headings[j]);
    }
    (void)fputs("</tr>\n", out);
    for (size_t i = 0; i < json_array_size(chain); i++) {
        char at[GONG_CTL_TIME_SIZE], since[GONG_CTL_TIME_SIZE];
        const char *cells[5];

        cells_of(chain, i, cells, at, since);
        (void)fputs("<tr>", out);
        for (size_t j = 0; j < 5; j++) {
            (void)fputs("<td class=\"text\">", out);
            gong_ctl_html(out, cells[j]);
            (void)fputs("</td>", out);
        }
        (void)fputs("</tr>\n", out);
    }
    (void)fputs("</table>\n", out);
}

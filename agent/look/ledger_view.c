#include "agent/look/ledger_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/receive/receive_epoch.h"

#define NAME_SIZE (2 * GONG_TOPIC_NAME_MAX + 2)

/* The first names that fit the query, in order, and one more if there is. */
struct page {
    const struct gong_ledger_query *query;
    size_t limit;
    size_t count;
    bool more;
    char (*names)[NAME_SIZE];
};

static bool
wanted(const struct page *page, const struct gong_device *device,
       const char *name)
{
    const struct gong_ledger_query *query = page->query;
    struct gong_str site = gong_str_from(device->names, device->site_len);
    struct gong_str own =
        gong_str_from(device->names + device->site_len, device->device_len);

    return (query->site[0] == '\0' || gong_str_is(site, query->site)) &&
           (query->device[0] == '\0' || gong_str_is(own, query->device)) &&
           strncmp(name, query->prefix, strlen(query->prefix)) == 0 &&
           strcmp(name, query->after) > 0;
}

static void
note_name(void *ctx, struct gong_device *device)
{
    struct page *page = ctx;
    char name[NAME_SIZE];
    size_t at = page->count;

    (void)snprintf(name, sizeof name, "%.*s/%.*s", (int)device->site_len,
                   device->names, (int)device->device_len,
                   device->names + device->site_len);
    if (!wanted(page, device, name)) {
        return;
    }
    while (at > 0 && strcmp(page->names[at - 1], name) > 0) {
        at--;
    }
    page->more = page->more || page->count == page->limit;
    if (at == page->limit) {
        return;
    }
    page->count += page->count < page->limit ? 1 : 0;
    memmove(page->names[at + 1], page->names[at],
            (page->count - 1 - at) * sizeof page->names[0]);
    memcpy(page->names[at], name, sizeof name);
}

/* ---- JSON; names and reasons hold nothing to escape ---- */

static void
write_missing(const struct gong_ledger *ledger, FILE *out)
{
    (void)fputs(",\"missing_ranges\":[", out);
    for (uint32_t i = 0; i < ledger->gap_count; i++) {
        (void)fprintf(out, "%s[%" PRIu64 ",%" PRIu64 "]", i == 0 ? "" : ",",
                      ledger->gaps[i].first, ledger->gaps[i].last);
    }
    (void)fputs("],\"lost_ranges\":[", out);
    for (uint32_t i = 0; i < ledger->told_count; i++) {
        const struct gong_ledger_told *told = &ledger->told[i];

        (void)fprintf(out,
                      "%s{\"reason\":\"%s\",\"first\":%" PRIu64
                      ",\"last\":%" PRIu64 ",\"points\":%" PRIu64
                      ",\"samples\":%" PRIu64 "}",
                      i == 0 ? "" : ",", gong_lost_reason_name(told->reason),
                      told->first, told->last, told->points, told->samples);
    }
    (void)fputc(']', out);
}

static void
write_counts(const struct gong_ledger_counts *counts, FILE *out)
{
    const struct {
        const char *name;
        uint64_t value;
    } values[] = {
        {"received", counts->batches},
        {"points", counts->points},
        {"samples", counts->samples},
        {"duplicate", counts->duplicate},
        {"back", counts->back},
        {"placed", counts->placed},
        {"set_aside", counts->aside},
        {"dropped", counts->dropped},
        {"dropped_points", counts->dropped_points},
        {"dropped_samples", counts->dropped_samples},
        {"damaged", counts->damaged},
        {"torn", counts->torn},
        {"missing", counts->missing},
    };

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        (void)fprintf(out, ",\"%s\":%" PRIu64, values[i].name, values[i].value);
    }
}

static void
write_epoch(const struct gong_receive_epoch *epoch, FILE *out)
{
    const struct gong_ledger *ledger = &epoch->ledger;

    (void)fprintf(
        out, "{\"epoch\":\"%016" PRIx64 "\",\"state\":\"%s\"", epoch->epoch,
        gong_ledger_state_name(gong_ledger_state(ledger, &epoch->settled)));
    write_counts(&ledger->counts, out);
    (void)fprintf(out,
                  ",\"outstanding\":%" PRIu64 ",\"first\":%" PRIu64
                  ",\"settled\":%" PRIu64 ",\"expected\":%" PRIu64
                  ",\"reported_lost_points\":%" PRIu64
                  ",\"closed\":%s,\"goodbye\":%s,\"complete_until\":%" PRId64,
                  gong_ledger_outstanding(ledger, &epoch->settled),
                  ledger->base, epoch->settled.cum, ledger->expected,
                  ledger->lost_points, ledger->closed ? "true" : "false",
                  ledger->goodbye != 0 &&
                          ledger->goodbye == ledger->expected + 1
                      ? "true"
                      : "false",
                  ledger->until_ms);
    write_missing(ledger, out);
    (void)fputc('}', out);
}

/* A device may have gone since its name was noted. */
static bool
write_device(struct gong_receive *receive, const char *name, bool first,
             FILE *out)
{
    const char *slash = strchr(name, '/');
    struct gong_device_name names = {
        gong_str_from(name, (size_t)(slash - name)), gong_str_of(slash + 1)};
    const struct gong_device *device;

    (void)pthread_mutex_lock(&receive->lock);
    device = gong_devices_find(&receive->devices, names);
    if (device != NULL) {
        (void)fprintf(
            out, "%s{\"site\":\"%.*s\",\"device\":\"%s\",\"epochs\":[",
            first ? "" : ",", (int)names.site.len, names.site.data, slash + 1);
        for (const struct gong_receive_epoch *epoch = device->state;
             epoch != NULL; epoch = epoch->next) {
            (void)fputs(epoch == device->state ? "" : ",", out);
            write_epoch(epoch, out);
        }
        (void)fputs("]}", out);
    }
    (void)pthread_mutex_unlock(&receive->lock);
    return device != NULL;
}

static void
write_page(struct gong_receive *receive, const struct page *page, FILE *out)
{
    bool first = true;

    (void)fputs("{\"devices\":[", out);
    for (size_t i = 0; i < page->count; i++) {
        first = !write_device(receive, page->names[i], first, out) && first;
    }
    if (page->more) {
        (void)fprintf(out, "],\"next\":\"%s\"}\n",
                      page->names[page->count - 1]);
    } else {
        (void)fputs("],\"next\":null}\n", out);
    }
}

char *
gong_ledger_view_json(struct gong_receive *receive,
                      const struct gong_ledger_query *query, size_t *len)
{
    struct page page = {.query = query, .limit = query->limit};
    size_t place = 0;
    char *text = NULL;
    FILE *out;
    bool failed;

    if (page.limit == 0 || page.limit > GONG_LEDGER_PAGE_MAX) {
        page.limit = page.limit == 0 ? GONG_LEDGER_PAGE : GONG_LEDGER_PAGE_MAX;
    }
    page.names = calloc(page.limit + 1, sizeof page.names[0]);
    out = page.names == NULL ? NULL : open_memstream(&text, len);
    if (out == NULL) {
        free(page.names);
        return NULL;
    }
    while (gong_receive_visit(receive, &place, note_name, &page)) {
    }
    write_page(receive, &page, out);
    free(page.names);
    failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}

#include <stdlib.h>
#include <string.h>

#include "ctl/chain.h"
#include "ctl/commands.h"
#include "ctl/incident.h"
#include "ctl/markup.h"
#include "ctl/output.h"
#include "ctl/report.h"
#include "ctl/words.h"

#define MAX_TOLD 1000000

/* --- the month --- */

static int
read_ledger(struct gong_ctl *ctl, struct gong_ctl_report *report)
{
    char *after = NULL;
    int code = GONG_CTL_OK;

    do {
        char path[1024];
        json_t *answer, *devices;

        (void)snprintf(path, sizeof path,
                       "/api/gong/v1/ledger?limit=500&after=%s",
                       after == NULL ? "" : after);
        free(after);
        after = NULL;
        code = gong_ctl_do(ctl, "GET", path, NULL, &answer);
        if (code == GONG_CTL_OK) {
            const char *next = gong_ctl_text(answer, "next");

            devices = json_object_get(answer, "devices");
            for (size_t i = 0; i < json_array_size(devices); i++) {
                gong_ctl_report_take_device(report, json_array_get(devices, i));
            }
            after = next[0] == '\0' ? NULL : gong_ctl_escape(ctl->client, next);
            json_decref(answer);
        }
    } while (code == GONG_CTL_OK && after != NULL);
    free(after);
    return code;
}

static int
collect(struct gong_ctl *ctl, struct gong_ctl_report *report)
{
    struct gong_ctl_answer units;
    char path[128];
    json_t *items;
    int code;

    (void)snprintf(path, sizeof path, GONG_CTL_INCIDENTS "?since=%lld",
                   (long long)report->from);
    code = gong_ctl_pages(ctl, path, "incidents", MAX_TOLD, &items);
    if (code != GONG_CTL_OK) {
        return code;
    }
    for (size_t i = 0; i < json_array_size(items); i++) {
        gong_ctl_report_take_incident(report, json_array_get(items, i));
    }
    json_decref(items);
    code = read_ledger(ctl, report);
    if (code != GONG_CTL_OK) {
        return code;
    }
    /* Without a city model there are no names. */
    gong_ctl_ask(ctl->client, "GET", "/api/gong/v1/units", NULL, &units);
    gong_ctl_report_finish(report, json_object_get(units.json, "units"));
    gong_ctl_answer_fini(&units);
    if (report->failed) {
        (void)fputs("gongctl: hết bộ nhớ | out of memory\n", ctl->err);
        return GONG_CTL_SOFTWARE;
    }
    return GONG_CTL_OK;
}

/* --- where it goes --- */

static bool
as_csv(const struct gong_ctl *ctl)
{
    const char *as = gong_ctl_option(&ctl->arguments, "as");

    return as != NULL && strcmp(as, "csv") == 0;
}

static int
report_month(struct gong_ctl *ctl, const char *month)
{
    struct gong_ctl_report report = {0};
    FILE *out;
    int code;

    if (month == NULL ||
        !gong_ctl_read_month(month, &report.from, &report.until)) {
        return gong_ctl_wrong(ctl,
                              "report --month 2026-11 | report --incident N");
    }
    code = collect(ctl, &report);
    if (code == GONG_CTL_OK && ctl->json) {
        code = gong_ctl_print_json(ctl, gong_ctl_report_json(&report));
    } else if (code == GONG_CTL_OK) {
        out = gong_ctl_output_open(ctl);
        if (out == NULL) {
            code = GONG_CTL_IO;
        } else {
            if (as_csv(ctl)) {
                gong_ctl_report_csv(&report, out);
            } else {
                gong_ctl_report_html(&report, month, out);
            }
            code = gong_ctl_output_close(ctl, out);
        }
    }
    gong_ctl_report_free(&report);
    return code;
}

/* --- one alert, from measured to closed --- */

static void
write_chain(struct gong_ctl *ctl, const json_t *answer, const json_t *chain,
            FILE *out)
{
    const json_t *incident = json_object_get(answer, "incident");
    char title[256];

    if (as_csv(ctl)) {
        gong_ctl_chain_csv(chain, out);
        return;
    }
    (void)snprintf(title, sizeof title, "Cảnh báo #%lld: %s",
                   (long long)gong_ctl_int(incident, "number"),
                   gong_ctl_title(incident));
    gong_ctl_html_open(out, title);
    (void)fputs("<p>", out);
    gong_ctl_html(out, gong_ctl_annotation(incident, "unit_name"));
    (void)fputs(" (", out);
    gong_ctl_html(out, gong_ctl_text(incident, "unit"));
    (void)fputs("), ", out);
    gong_ctl_html(out, gong_ctl_word(gong_ctl_text(incident, "state")));
    (void)fputs("</p>\n<p>Điều kiện: ", out);
    gong_ctl_html(out, gong_ctl_text(gong_ctl_why(answer), "expr"));
    (void)fputs("</p>\n", out);
    gong_ctl_chain_html(chain, out);
    gong_ctl_html_close(out);
}

static int
report_incident(struct gong_ctl *ctl, uint64_t number)
{
    char path[128];
    json_t *answer, *chain;
    FILE *out;
    int code;

    if (number == 0) {
        return gong_ctl_wrong(ctl, "report --incident N");
    }
    (void)snprintf(path, sizeof path, GONG_CTL_INCIDENTS "/%llu",
                   (unsigned long long)number);
    code = gong_ctl_do(ctl, "GET", path, NULL, &answer);
    if (code != GONG_CTL_OK) {
        return code;
    }
    chain = gong_ctl_chain(answer);
    if (ctl->json) {
        code = gong_ctl_print_json(ctl, json_incref(chain));
    } else {
        out = gong_ctl_output_open(ctl);
        code = GONG_CTL_IO;
        if (out != NULL) {
            write_chain(ctl, answer, chain, out);
            code = gong_ctl_output_close(ctl, out);
        }
    }
    json_decref(chain);
    json_decref(answer);
    return code;
}

int
gong_ctl_report(struct gong_ctl *ctl)
{
    const char *incident = gong_ctl_option(&ctl->arguments, "incident");
    const char *month = gong_ctl_option(&ctl->arguments, "month");
    const char *as = gong_ctl_option(&ctl->arguments, "as");

    if (as != NULL && strcmp(as, "csv") != 0 && strcmp(as, "html") != 0) {
        return gong_ctl_wrong(ctl, "--as html | csv");
    }
    if (incident != NULL && month != NULL) {
        return gong_ctl_wrong(ctl, "--month | --incident");
    }
    return incident != NULL ? report_incident(ctl, gong_ctl_number(incident))
                            : report_month(ctl, month);
}

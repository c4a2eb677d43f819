#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api/api_handlers.h"
#include "agent/api/api_private.h"
#include "rules/desk/desk_text.h"

#define AUDIT_COMMENT_MAX    512 /* bytes: what else was said is not cut */
#define HANDOVER_COMMENT_MAX 256
#define ZONE_MS              INT64_C(25200000) /* Vietnam has no summer time */

/* What a person does goes to the desk, and then into the audit log with what
 * came of it. */
static void
act(struct gong_api_call *call, struct gong_desk_act *what, const char *name)
{
    const struct gong_api_desk *desk = &call->api->options.desk;
    const char *comment = gong_api_body_text(call, "comment", "");
    char why[512] = "", object[64], *text;
    uint64_t number = 0;
    enum gong_err err;

    if (desk->act == NULL) {
        gong_api_not_offered(call);
        return;
    }
    what->by = gong_str_of(call->who.name);
    what->comment = gong_str_of(comment);
    err = desk->act(desk->ctx, what, &number, why, sizeof why);
    (void)snprintf(object, sizeof object, "%s %" PRIu64,
                   what->incident != 0 ? "incident" : "silence",
                   what->incident != 0  ? what->incident
                   : what->silence != 0 ? what->silence
                                        : number);
    text = gong_desk_act_text(what, ZONE_MS, AUDIT_COMMENT_MAX);
    gong_api_audit(call, name, object,
                   err == GONG_OK   ? "ok"
                   : why[0] != '\0' ? why
                                    : gong_err_text(err),
                   text == NULL ? comment : text);
    free(text);
    if (err != GONG_OK) {
        gong_api_failed(call->answer, err, why);
        return;
    }
    gong_api_done(call, number);
}

static void
act_on_incident(struct gong_api_call *call, enum gong_act_kind kind,
                const char *name)
{
    struct gong_desk_act what = {.kind = kind, .incident = call->number};

    act(call, &what, name);
}

void
gong_api_acknowledge(struct gong_api_call *call)
{
    struct gong_desk_act what = {
        .kind = GONG_ACT_ACKNOWLEDGE,
        .incident = call->number,
        .owner = gong_str_of(gong_api_body_text(call, "owner", "")),
        .until_ms = gong_api_body_number(call, "until", 0),
        .sticky = gong_api_body_true(call, "sticky", false),
    };

    if (gong_api_check_owner(call, what.owner.data)) {
        act(call, &what, "acknowledge");
    }
}

void
gong_api_unacknowledge(struct gong_api_call *call)
{
    act_on_incident(call, GONG_ACT_UNACKNOWLEDGE, "unacknowledge");
}

void
gong_api_assign(struct gong_api_call *call)
{
    struct gong_desk_act what = {
        .kind = GONG_ACT_ASSIGN,
        .incident = call->number,
        .owner = gong_str_of(gong_api_body_text(call, "owner", "")),
    };

    if (gong_api_check_owner(call, what.owner.data)) {
        act(call, &what, "assign");
    }
}

void
gong_api_comment(struct gong_api_call *call)
{
    act_on_incident(call, GONG_ACT_COMMENT, "comment");
}

void
gong_api_silence_incident(struct gong_api_call *call)
{
    struct gong_desk_act what = {
        .kind = GONG_ACT_SILENCE,
        .incident = call->number,
        .until_ms = gong_api_body_number(call, "until", 0),
    };

    act(call, &what, "silence");
}

void
gong_api_resolve(struct gong_api_call *call)
{
    act_on_incident(call, GONG_ACT_RESOLVE, "resolve");
}

static enum gong_verdict
verdict_of(const char *text)
{
    for (int i = GONG_VERDICT_NONE; i <= GONG_VERDICT_TEST; i++) {
        if (strcmp(text, gong_api_verdicts[i]) == 0) {
            return (enum gong_verdict)i;
        }
    }
    return GONG_VERDICT_NONE;
}

void
gong_api_outcome(struct gong_api_call *call)
{
    struct gong_desk_act what = {
        .kind = GONG_ACT_OUTCOME,
        .incident = call->number,
        .cause = gong_str_of(gong_api_body_text(call, "cause", "")),
        .verdict = verdict_of(gong_api_body_text(call, "verdict", "none")),
        .cost = gong_api_body_number(call, "cost", 0),
    };

    act(call, &what, "outcome");
}

/* --- by matchers --- */

/* Whether it ends within what a silence may last; else says so. */
static bool
is_short(const struct gong_api_call *call, int64_t from_ms, int64_t until_ms)
{
    int64_t from = from_ms > call->now_ms ? from_ms : call->now_ms;

    if (from - call->now_ms <= GONG_DESK_SILENCE_MS_MAX &&
        until_ms - from <= GONG_DESK_SILENCE_MS_MAX) {
        return true;
    }
    gong_api_problem(call->answer, 400, "Thời gian dài quá 366 ngày",
                     "It is longer than 366 days",
                     until_ms - from > GONG_DESK_SILENCE_MS_MAX ? "until"
                                                                : "from");
    return false;
}

/* Units by their names become codes, which labels have; a site alone is
 * narrowed for whoever may not act everywhere. False with the answer filled. */
static bool
settle_matchers(struct gong_api_call *call, json_t *matchers)
{
    char code[GONG_GRANT_UNIT_SIZE];

    for (size_t i = 0; i < json_array_size(matchers); i++) {
        json_t *matcher = json_array_get(matchers, i);
        const char *text = json_string_value(json_object_get(matcher, "value"));

        if (!gong_api_matcher_names(matcher, "unit") || text[0] == '\0') {
            continue;
        }
        if (!gong_api_check_unit(call, "unit", text, code)) {
            return false;
        }
        if (json_object_set_new(matcher, "value", json_string(code)) != 0) {
            gong_api_no_memory(call->answer);
            return false;
        }
    }
    if (!gong_principal_may(&call->who, &call->api->options.city.tree,
                            call->route->action, gong_str_from(NULL, 0))) {
        gong_api_matchers_narrow(matchers);
    }
    return true;
}

static void
act_on_matchers(struct gong_api_call *call, enum gong_act_kind kind,
                const char *name)
{
    struct gong_desk_act what = {
        .kind = kind,
        .from_ms = gong_api_body_number(call, "from", 0),
        .until_ms = gong_api_body_number(call, "until", 0),
    };
    json_t *matchers = json_object_get(call->body, "matchers");
    char unit[GONG_GRANT_UNIT_SIZE], why[256] = "", *text;

    if (what.until_ms <= call->now_ms ||
        (what.from_ms != 0 && what.until_ms <= what.from_ms)) {
        gong_api_problem(call->answer, 400, "Thời gian kết thúc đã qua",
                         "It would end before it begins", "until");
        return;
    }
    if (!is_short(call, what.from_ms, what.until_ms) ||
        !settle_matchers(call, matchers)) {
        return;
    }
    text = gong_api_matchers_text(matchers, unit, why, sizeof why);
    if (text == NULL) {
        gong_api_problem(call->answer, 400, "Nội dung không hợp lệ",
                         "The body is not as it must be", why);
        return;
    }
    what.matchers = gong_str_of(text);
    if (gong_api_allow_unit(call, gong_str_of(unit))) {
        act(call, &what, name);
    }
    free(text);
}

void
gong_api_silence(struct gong_api_call *call)
{
    act_on_matchers(call, GONG_ACT_SILENCE, "silence");
}

void
gong_api_maintenance(struct gong_api_call *call)
{
    act_on_matchers(call, GONG_ACT_MAINTENANCE, "maintenance");
}

void
gong_api_unsilence(struct gong_api_call *call)
{
    struct gong_desk_act what = {.kind = GONG_ACT_UNSILENCE,
                                 .silence = call->number};

    act(call, &what, "unsilence");
}

/* --- the shift --- */

static bool
is_digest(const char *text)
{
    return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* by="Lan" to="Minh" from=.. until=.. open=3 sha256=.. comment="..": heap, NULL
 * without memory. */
static char *
handover_text(const struct gong_api_call *call, const char *digest)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (out == NULL) {
        return NULL;
    }
    (void)fputs("by=", out);
    gong_desk_text_quote(out, gong_str_of(gong_api_body_text(call, "by", "")));
    (void)fputs(" to=", out);
    gong_desk_text_quote(out, gong_str_of(gong_api_body_text(call, "to", "")));
    (void)fprintf(
        out, " from=%" PRId64 " until=%" PRId64 " open=%" PRId64 " sha256=%s",
        gong_api_body_number(call, "from", 0),
        gong_api_body_number(call, "until", 0),
        gong_api_body_number(call, "open", 0), digest);
    (void)fputs(" comment=", out);
    gong_desk_text_quote(
        out,
        gong_desk_text_cut(gong_str_of(gong_api_body_text(call, "comment", "")),
                           HANDOVER_COMMENT_MAX));
    if (fclose(out) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* The shift log is the staff's; that it was written, by whom and that it is
 * this one stands in the audit log. */
void
gong_api_handover(struct gong_api_call *call)
{
    const char *digest = gong_api_body_text(call, "sha256", "");
    char *text;

    if (!is_digest(digest)) {
        gong_api_problem(call->answer, 400, "Nội dung không hợp lệ",
                         "The body is not as it must be",
                         "sha256: cần 64 chữ số hex | expected 64 hex digits");
        return;
    }
    text = handover_text(call, digest);
    gong_api_audit(call, "handover", "shift", "ok",
                   text == NULL ? digest : text);
    free(text);
    gong_api_done(call, 0);
}

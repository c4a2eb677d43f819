#include "agent/trust/probe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/decide/incidents.h"

static const char rules[] =
    "# The agent's own: what carries proofs and drills (docs/TRUST.md).\n"
    "group = \"gong-probes\";\n"
    "interval = \"0s\";\n"
    "rules = (\n"
    "  { id = \"" GONG_PROOF_NAME "\"; alert = \"GongProof\";\n"
    "    expr = \"gong_proof{site=\\\"" GONG_PROOF_NAME "\\\"} > 0\";\n"
    "    on_missing = \"resolve\";\n"
    "    labels = { severity = \"info\"; service = \"gong\"; };\n"
    "    annotations = { summary = \"Mẫu thử của trạm\";\n"
    "      summary_en = \"A proof of the agent\"; }; },\n"
    "  { id = \"" GONG_DRILL_NAME "\"; alert = \"GongDrill\";\n"
    "    expr = \"gong_drill{site=\\\"" GONG_DRILL_NAME "\\\"} > 0\";\n"
    "    on_missing = \"resolve\";\n"
    "    labels = { unit = \"{{ $labels." GONG_DRILL_UNIT " }}\"; };\n"
    "    annotations = {\n"
    "      summary = \"DIỄN TẬP / DRILL: thử đường báo động, không phải sự "
    "cố thật\";\n"
    "      summary_en = \"DIỄN TẬP / DRILL: a test of the way of alerts, "
    "nothing is wrong\";\n"
    "      action = \"Không phải làm gì; báo lại cho người trực là đã nhận "
    "được tin này\";\n"
    "      action_en = \"Nothing to do; tell who is on duty that this has "
    "arrived\"; }; }\n"
    ");\n";

const char *
gong_probe_rules(void)
{
    return rules;
}

enum gong_probe_kind
gong_probe_of(struct gong_str name)
{
    if (gong_str_is(name, GONG_PROOF_NAME)) {
        return GONG_PROBE_PROOF;
    }
    return gong_str_is(name, GONG_DRILL_NAME) ? GONG_PROBE_DRILL
                                              : GONG_PROBE_NONE;
}

enum gong_probe_kind
gong_probe_of_key(uint64_t rule)
{
    if (rule == gong_incident_rule(GONG_PROOF_NAME)) {
        return GONG_PROBE_PROOF;
    }
    return rule == gong_incident_rule(GONG_DRILL_NAME) ? GONG_PROBE_DRILL
                                                       : GONG_PROBE_NONE;
}

enum gong_probe_hop
gong_probe_hop(const struct gong_trust_probe *probe)
{
    if (probe->told_ms != 0) {
        return GONG_HOP_NONE;
    }
    if (probe->sent_ms == 0) {
        return GONG_HOP_BROKER;
    }
    if (probe->received_ms == 0) {
        return GONG_HOP_RECEIVE;
    }
    if (probe->decided_ms == 0) {
        return GONG_HOP_RULES;
    }
    return probe->desk_ms == 0 || probe->messages == 0 ? GONG_HOP_DESK
                                                       : GONG_HOP_OUTBOX;
}

const char *
gong_probe_hop_text(enum gong_probe_hop hop)
{
    switch (hop) {
    case GONG_HOP_NONE:
        break;
    case GONG_HOP_BROKER:
        return "broker";
    case GONG_HOP_RECEIVE:
        return "receive";
    case GONG_HOP_RULES:
        return "rules";
    case GONG_HOP_DESK:
        return "desk";
    case GONG_HOP_OUTBOX:
        return "outbox";
    }
    return "";
}

static bool
is_given(const char *word)
{
    return word != NULL && word[0] != '\0';
}

static bool
is_word(const char *word)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

    return !is_given(word) || (strlen(word) <= GONG_DRILL_WORD_MAX &&
                               word[strspn(word, allowed)] == '\0');
}

bool
gong_drill_check(const struct gong_drill *drill, const char **why)
{
    if (is_given(drill->receiver) && is_given(drill->contact)) {
        *why =
            "chọn nơi nhận hoặc liên hệ, không chọn cả hai | a receiver or a "
            "contact, not both";
        return false;
    }
    *why = "tên chỉ gồm chữ không dấu, chữ số, _ . và - | names are made of "
           "letters, digits, _ . and -";
    return is_word(drill->receiver) && is_word(drill->contact) &&
           is_word(drill->unit) && is_word(drill->severity) &&
           is_word(drill->service);
}

static size_t
put_series(const struct gong_drill *drill, char *out, size_t size)
{
    const struct {
        const char *name, *value;
    } tags[] = {
        {GONG_DRILL_RECEIVER, drill == NULL ? NULL : drill->receiver},
        {GONG_DRILL_CONTACT, drill == NULL ? NULL : drill->contact},
        {GONG_DRILL_UNIT, drill == NULL ? NULL : drill->unit},
        {"severity", drill == NULL ? NULL : drill->severity},
        {"service", drill == NULL ? NULL : drill->service},
    };
    size_t len = (size_t)snprintf(out, size, "%s",
                                  drill == NULL ? "gong_proof" : "gong_drill");

    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        if (is_given(tags[i].value)) {
            len += (size_t)snprintf(out + len, size - len, ",%s=%.*s",
                                    tags[i].name, GONG_DRILL_WORD_MAX,
                                    tags[i].value);
        }
    }
    return len;
}

size_t
gong_probe_lines(const struct gong_drill *drill, uint64_t number,
                 int64_t now_ns, char out[GONG_PROBE_LINES_MAX])
{
    char series[GONG_PROBE_LINES_MAX / 2 - 64];

    (void)put_series(drill, series, sizeof series);
    return (size_t)snprintf(out, GONG_PROBE_LINES_MAX,
                            "%s value=0 %" PRId64 "\n%s value=%" PRIu64
                            " %" PRId64 "\n",
                            series, now_ns - 1000000, series, number, now_ns);
}

bool
gong_probe_is_in(struct gong_str message, uint64_t number)
{
    char text[40];
    size_t len =
        (size_t)snprintf(text, sizeof text, " value=%" PRIu64 " ", number);

    for (size_t i = 0; i + len <= message.len; i++) {
        if (memcmp(message.data + i, text, len) == 0) {
            return true;
        }
    }
    return false;
}

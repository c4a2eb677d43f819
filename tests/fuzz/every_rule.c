#include "tests/fuzz/every_rule.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

/* On every sample. */
static const char streaming[] =
    "group = \"s\"; lookback = \"5s\";\n"
    "calendars = ( { name = \"even\"; zone = \"+00:00\";\n"
    "  hours = (\"mon-sun 00:00-00:02\", \"mon-sun 00:04-12:00\"); } );\n"
    "rules = (\n"
    "{ alert = \"Above\"; expr = \"m_a > 1\"; },\n"
    "{ alert = \"For\"; expr = \"m_a{k!=\\\"x\\\"} * 2 >= 1\"; for = \"1s\"; "
    "},\n"
    "{ alert = \"Two\"; expr = \"m_a > m_b\"; },\n"
    "{ alert = \"Keep\"; expr = \"m_a > 0 unless m_b > 0\"; for = \"1s\";\n"
    "  keep_firing_for = \"500ms\"; },\n"
    "{ alert = \"Average\"; expr = \"avg_over_time(m_a[3s]) > 1\"; },\n"
    "{ alert = \"Rate\"; expr = \"rate(m_b[4s]) > m_a offset 1s\"; },\n"
    "{ alert = \"Changes\"; expr = \"changes(m_b[2s]) > 1\"; for = \"1s\"; },\n"
    "{ alert = \"Resolve\"; expr = \"m_a > 3\"; resolve = \"m_a < 1\";\n"
    "  on_missing = \"resolve\"; keep_firing_for = \"2s\"; },\n"
    "{ alert = \"Levels\"; expr = \"m_b\"; on_missing = \"fire\"; levels = (\n"
    "  { severity = \"info\"; above = 2; resolve = 1; },\n"
    "  { severity = \"warning\"; above = 4; for = \"1s\"; },\n"
    "  { severity = \"critical\"; at_least = 8; resolve = 7; } ); },\n"
    "{ alert = \"Silent\"; expr = \"m > 5\"; on_missing = \"fire\"; for = "
    "\"2s\"; },\n"
    "{ alert = \"Active\"; expr = \"m_a > 0\"; active = \"even\"; for = "
    "\"1s\"; "
    "},\n"
    "{ alert = \"Trial\"; expr = \"m_a > 2\"; trial = true;\n"
    "  labels = { where = \"{{ $labels.k }}-{{ $labels.device }}\"; }; },\n"
    "{ alert = \"Sum\"; expr = \"sum by (site) (m_a) > 4\";\n"
    "  resolve = \"sum by (site) (m_a) < 2\"; },\n"
    "{ alert = \"Share\"; expr = \"avg without (k) (m_b > 1) > 3\"; for = "
    "\"1s\"; },\n"
    "{ alert = \"Absent\"; expr = \"absent(m_a{k=\\\"y\\\"})\"; },\n"
    "{ alert = \"Joined\"; expr = \"m_a + on (device) group_left () m > 3\"; "
    "},\n"
    "{ alert = \"Subquery\"; expr = \"max_over_time(m_a[4s:1s]) > 5\"; },\n"
    "{ alert = \"Shut\"; expr = \"stddev by (site) (m_a) >= 0\"; active = "
    "\"even\"; on_missing = \"resolve\"; },\n"
    "{ alert = \"Same\"; expr = \"m_a > 1\"; labels = { k = \"z\"; }; },\n"
    "{ alert = \"Many\"; expr = \"m_a + on (site) m_b > 1\"; },\n"
    "{ alert = \"Recorded\"; expr = \"site:m_a:max > 2\"; on_missing = "
    "\"resolve\"; },\n"
    "{ alert = \"Alerts\"; expr = \"count by (alertname) (ALERTS) > 1\"; },\n"
    "{ record = \"site:m_a:max\"; expr = \"max by (site) (m_a)\"; },\n"
    "{ alert = \"Down\"; expr = \"up == 0\"; labels = { severity = "
    "\"warning\"; }; },\n"
    "{ alert = \"Dark\"; expr = \"device_dark == 1\"; for = \"1s\"; },\n"
    "{ alert = \"Unit\"; expr = \"unit_up == 0\"; }\n"
    ");\n";
/* On a grid; look-backs as devices declare them. */
static const char grid[] =
    "group = \"g\"; interval = \"1s\";\n"
    "rules = (\n"
    "{ alert = \"Below\"; expr = \"m < 5\"; for = \"2s\"; },\n"
    "{ alert = \"Value\"; expr = \"m_a > 1\";\n"
    "  labels = { v = \"{{ $value }}\"; }; },\n"
    "{ alert = \"Quantile\"; expr = \"quantile by (k) (0.5, m_b) > 1\"; },\n"
    "{ alert = \"Grouped\"; expr = \"count by (site) (m_a > 0) > 1\"; "
    "keep_firing_for = \"3s\"; },\n"
    "{ alert = \"Since\"; expr = \"ALERTS_FOR_STATE > 0\"; },\n"
    "{ record = \"m_a:rate\"; expr = \"rate(m_a[10s])\"; labels = { r = "
    "\"1\"; }; },\n"
    "{ alert = \"Moving\"; expr = \"time() - timestamp(m_a) > 3\"; },\n"
    "{ alert = \"Unknown\"; expr = \"m_b > 0\"; on_missing = \"unknown\";\n"
    "  resolve = \"m_b < 0\"; }\n"
    ");\n";

/* Hour by hour, so that days cost little; a file's names come in their order.
 * What is read stands before what reads it is over: a third of them end it. */
static const char hours[] =
    "group = \"h\"; interval = \"1h\"; lookback = \"3h\";\n"
    "calendars = ( { name = \"day\"; zone = \"+07:00\";\n"
    "  hours = (\"mon-fri 06:00-18:00\"); } );\n"
    "rules = (\n"
    "{ alert = \"Even\"; expr = \"hour() % 2 == 0\"; },\n"
    "{ alert = \"Old\"; expr = \"time() - up > 5\"; },\n"
    "{ alert = \"Seen\"; expr = \"site:up:sum > 0\"; },\n"
    "{ alert = \"Tops\"; expr = \"m_a:top + 0 > 1\"; for = \"2h\"; },\n"
    "{ alert = \"Open\"; expr = \"count by (alertname) (ALERTS) > 0\"; },\n"
    "{ alert = \"Pairs\"; expr = \"m_a + on (site) m_b > 1\"; },\n"
    "{ alert = \"Ups\"; expr = \"sum by (site) (up) > 0\"; },\n"
    "{ alert = \"Long\"; expr = \"m_a > 1\"; for = \"5h\";\n"
    "  keep_firing_for = \"8h\"; },\n"
    "{ alert = \"Daily\"; expr = \"max by (k) (m_b) > 1\"; active = "
    "\"day\"; },\n"
    "{ record = \"site:up:sum\"; expr = \"sum by (site) (up)\"; },\n"
    "{ record = \"m_a:top\"; expr = \"topk(2, m_a)\"; },\n"
    "{ record = \"hours\"; expr = \"vector(time() / 3600)\"; },\n"
    "{ alert = \"Hours\"; expr = \"delta(hours[5h]) > 3\"; }\n"
    ");\n";
static const char silence[] =
    "group = \"q\"; lookback = \"10m\";\n"
    "rules = (\n"
    "{ alert = \"Above\"; expr = \"m_a > 1\"; on_missing = \"resolve\"; },"
    "\n"
    "{ alert = \"Two\"; expr = \"m_a > m_b\"; on_missing = \"resolve\"; },"
    "\n"
    "{ alert = \"Most\"; expr = \"max_over_time(m_a[90m]) > 3\";\n"
    "  on_missing = \"resolve\"; },\n"
    "{ alert = \"Before\"; expr = \"m_b > m_b offset 2h\";\n"
    "  on_missing = \"resolve\"; },\n"
    "{ alert = \"Lost\"; expr = \"m > 5\"; on_missing = \"fire\"; },\n"
    "{ alert = \"Held\"; expr = \"m_b > 5\"; on_missing = \"unknown\"; },"
    "\n"
    "{ alert = \"Sum\"; expr = \"sum by (site) (m_a) > 4\"; on_missing = "
    "\"resolve\"; },\n"
    "{ alert = \"Down\"; expr = \"up == 0\"; for = \"2h\"; },\n"
    "{ alert = \"Level\"; annotations = { s = \"[[{trend:1}]]\"; }; levels = "
    "(\n"
    "  { severity = \"info\"; expr = \"m_a >= on (site, device) group_left () "
    "param_low\";\n"
    "    resolve = \"m_a < on (site, device) group_left () param_low - 1 or "
    "(m_a unless on (site, device) param_low)\"; },\n"
    "  { severity = \"critical\"; expr = \"m_a >= on (site, device) group_left "
    "() param_top\"; } ); },\n"
    "{ alert = \"Merged\"; expr = \"sum by (k) (m_a) > 0\"; on_missing = "
    "\"resolve\"; labels = { k = \"z\"; }; },\n"
    "{ alert = \"Began\"; expr = \"max_over_time(m_c[20m]) > 3\"; },\n"
    "{ alert = \"Stated\"; expr = \"param_top + 0 > 5\"; on_missing = "
    "\"resolve\"; },\n"
    "{ alert = \"Never\"; expr = \"param_expected unless on (site, device) "
    "m_a\"; on_missing = \"resolve\"; }\n"
    ");\n";
static const char model[] =
    "model = \"m\";\n"
    "units = ( { code = \"66\"; name = \"T\"; kind = \"province\"; },\n"
    "  { code = \"1\"; name = \"M\"; kind = \"ward\"; parent = \"66\";\n"
    "    aliases = ( { code = \"11\"; } ); } );\n"
    "devices = ( { unit = \"1\"; name = \"d\"; every = \"10m\";\n"
    "  params = { low = 2; top = 6; }; },\n"
    "  { unit = \"1\"; name = \"e\"; params = { low = 3; top = 5; }; } );\n";

static void
put_file(FILE *out, const char *name, const char *text)
{
    (void)fprintf(out, "== %s %zu\n%s", name, strlen(text), text);
}

/* Files by name; between them a model, which may be NULL. */
static struct gong_rule_source *
load(const char *first, const char *first_text, const char *second,
     const char *second_text, const char *between)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = NULL;
    char *bundle = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&bundle, &len);

    FUZZ_CHECK(out != NULL);
    put_file(out, first, first_text);
    if (between != NULL) {
        put_file(out, "model.cfg", between);
    }
    put_file(out, second, second_text);
    FUZZ_CHECK(fclose(out) == 0);
    source = gong_rule_bundle_load(gong_str_from(bundle, len), &errors);
    gong_conf_errors_print(&errors, stderr);
    FUZZ_CHECK(source != NULL);
    gong_conf_errors_fini(&errors);
    free(bundle);
    return source;
}

struct gong_rule_source *
every_rule_load(void)
{
    return load("grid.cfg", grid, "streaming.cfg", streaming, NULL);
}

struct gong_rule_source *
every_rule_load_slow(void)
{
    return load("hours.cfg", hours, "silence.cfg", silence, model);
}

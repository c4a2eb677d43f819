/* agent_fixture: rule files, and an engine thread over sink_fixture's logs. */
#ifndef GONG_TESTS_AGENT_FIXTURE_H
#define GONG_TESTS_AGENT_FIXTURE_H

#include "agent/decide/engine_thread.h"
#include "common/conf.h"
#include "sink_fixture.h"

#define RULES_HOT                                                              \
    "group = \"t\"; interval = \"0s\";\n"                                      \
    "rules = ( { alert = \"Hot\"; expr = \"lamp_temp > 70\";\n"                \
    "  labels = { severity = \"critical\"; }; } );\n"
#define RULES_HOTTER                                                           \
    "group = \"t\"; interval = \"0s\";\n"                                      \
    "rules = ( { alert = \"Hot\"; expr = \"lamp_temp > 75\";\n"                \
    "  labels = { severity = \"critical\"; }; } );\n"
#define RULES_HOT_AND_DIM                                                      \
    RULES_HOT_TWO_HEAD                                                         \
    "  { alert = \"Dim\"; expr = \"lamp_lux < 5\"; } );\n"
#define RULES_HOT_TWO_HEAD                                                     \
    "group = \"t\"; interval = \"0s\";\n"                                      \
    "rules = ( { alert = \"Hot\"; expr = \"lamp_temp > 70\";\n"                \
    "  labels = { severity = \"critical\"; }; },\n"

/* Writes dir/name. */
void agent_write(const char *dir, const char *name, const char *text);
/* Writes dir/name and gives it as a list of paths; free it. */
struct gong_strings agent_rules(const char *dir, const char *name,
                                const char *text);
void agent_rules_free(struct gong_strings *paths);

/* The digest in the journal's last CONFIG; "" if there is none. */
const char *agent_last_config(struct gong_journal *journal);
/* Fails unless the bundle can be read back. */
void agent_rule_source_is(const char *dir, const char *sha);

/* Binds the effects to the journal and starts an engine thread on both. With
 * snapshots one is taken as often as can be. */
struct gong_engine_thread *agent_engine(struct sinks *sinks);
struct gong_engine_thread *agent_engine_snapshots(struct sinks *sinks);
/* Waits until the engine has read all of the journal; then its report. */
struct gong_engine_report agent_engine_settled(struct sinks *sinks,
                                               struct gong_engine_thread *t);

/* "Hot lamp-1 inactive>firing; ..." of all effects; static storage. */
const char *agent_effects(struct sinks *sinks);

#endif

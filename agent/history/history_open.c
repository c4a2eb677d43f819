/* history_open: the file and what is made over it, and again where the file
 * turns out damaged. */
#include "agent/history/history_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/history/history_schema.h"
#include "common/log.h"

static void
restore_state(void *ctx, uint32_t series, double value)
{
    struct gong_history *history = ctx;

    if (gong_history_states_set(history->states, series, value, NULL) !=
        GONG_OK) {
        history->reading_ok = false;
    }
}

static enum gong_err
make_parts(struct gong_history *history)
{
    struct gong_history_feed_options options = {
        .file = history->file,
        .head = history->head,
        .state_dir = history->options.state_dir,
        .gaps = gong_history_gap_table(history->gap),
    };

    gong_history_feed_free(history->feed);
    gong_history_states_free(history->states);
    history->feed = NULL;
    history->counted = (struct gong_history_fed){0};
    history->states = gong_history_states_new();
    options.states = history->states;
    if (history->states != NULL) {
        history->feed = gong_history_feed_new(&options);
    }
    return history->feed == NULL ? GONG_ERR_MEMORY : GONG_OK;
}

/* Where the file says, with what stood there. */
static enum gong_err
go_on(struct gong_history *history)
{
    struct gong_history_place place;
    enum gong_err err = make_parts(history);

    if (err == GONG_OK) {
        history->reading_ok = true;
        err = gong_history_file_states(history->file, restore_state, history);
    }
    if (err == GONG_OK && !history->reading_ok) {
        err = GONG_ERR_MEMORY;
    }
    if (err == GONG_OK) {
        err = gong_history_gap_load(history->gap, history->file);
    }
    if (err == GONG_OK) {
        gong_history_states_forget(history->states);
        gong_history_file_place(history->file, &place);
        err = gong_history_feed_rules(history->feed, place.rules);
    }
    if (err == GONG_OK) {
        gong_history_follow_from(history->follow, &place);
    }
    return err;
}

static enum gong_err
set_aside(struct gong_history *history, const char *why)
{
    char aside[4200] = "";
    char found[600];
    enum gong_err err = gong_history_file_set_aside(
        history->path, gong_floor_ms(gong_wall_now().ns) / 1000, aside,
        sizeof aside);

    gong_counter_increase(history->counts.damaged, 1);
    gong_log(GONG_LOG_ERROR, "history_damaged",
             "reason=%s kept_as=\"%s\" next=\"a new one, from the journal\"",
             gong_log_quote(gong_str_of(why), found, sizeof found),
             err == GONG_OK ? aside : gong_err_text(err));
    return err;
}

static enum gong_err
open_file(struct gong_history *history, char *why, size_t why_size)
{
    enum gong_err err =
        gong_history_file_open(history->path, &history->file, why, why_size);

    if (err == GONG_ERR_CORRUPT && set_aside(history, why) == GONG_OK) {
        err = gong_history_file_open(history->path, &history->file, why,
                                     why_size);
    }
    return err;
}

/* A file that turned out damaged: what was heard and is not in the journal any
 * more is lost with it. */
void
gong_history_drop_file(struct gong_history *history)
{
    char why[512];

    (void)snprintf(why, sizeof why, "%s", gong_history_file_why(history->file));
    gong_history_feed_free(history->feed);
    history->feed = NULL;
    gong_history_file_close(history->file);
    history->file = NULL;
    gong_history_head_clear(history->head);
    (void)set_aside(history, why);
}

/* What is missing of file and feed; false: it still is. */
bool
gong_history_mend(struct gong_history *history)
{
    char why[512];

    if (history->file == NULL &&
        open_file(history, why, sizeof why) != GONG_OK) {
        history->file = NULL;
    }
    if (history->file != NULL && history->feed == NULL &&
        go_on(history) != GONG_OK) {
        gong_history_feed_free(history->feed);
        history->feed = NULL;
    }
    return history->feed != NULL;
}

static bool
add_counters(struct gong_history *history)
{
    static const char *const texts[][2] = {
        {"gong_agent_history_samples_total", "Samples put into the history."},
        {"gong_agent_history_duplicates_total",
         "Samples of a stamp that their series had."},
        {"gong_agent_history_refused_total",
         "Lines, records and stamps that the history cannot hold."},
        {"gong_agent_history_too_large_total",
         "Numbers left out for the size of their labels or rows."},
        {"gong_agent_history_commits_total",
         "Transactions that put samples into history.db."},
        {"gong_agent_history_failures_total",
         "Transactions of history.db that failed."},
        {"gong_agent_history_damaged_total",
         "Times that history.db was damaged and begun anew."},
        {"gong_agent_history_gaps_total",
         "Backlogs of devices over which their rules were played again."},
        {"gong_agent_history_known_late_total",
         "Alerts of such times that nobody had known of."},
    };
    gong_counter_t **all[] = {
        &history->counts.samples, &history->counts.duplicates,
        &history->counts.refused, &history->counts.too_large,
        &history->counts.commits, &history->counts.failures,
        &history->counts.damaged, &history->counts.gaps,
        &history->counts.late,
    };
    bool added = true;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        *all[i] = gong_counter_add(history->options.counters, GONG_COUNTER,
                                   texts[i][0], texts[i][1], "");
        added = added && *all[i] != NULL;
    }
    return added;
}

void
gong_history_close_all(struct gong_history *history)
{
    gong_history_feed_free(history->feed);
    gong_history_states_free(history->states);
    gong_history_gap_free(history->gap);
    gong_history_head_free(history->head);
    gong_history_follow_close(history->follow);
    gong_history_file_close(history->file);
    free(history->path);
}

enum gong_err
gong_history_open_all(struct gong_history *history, char *why, size_t why_size)
{
    const struct gong_history_config *config = history->options.config;
    size_t size = strlen(history->options.state_dir) + 32;
    enum gong_err err = GONG_ERR_MEMORY;

    (void)snprintf(why, why_size, "cannot open the history");
    history->limits = (struct gong_history_limits){
        .age_ms = {config->raw.ns / GONG_NS_PER_MS,
                   config->five_minutes.ns / GONG_NS_PER_MS,
                   config->one_hour.ns / GONG_NS_PER_MS},
        .bytes = config->size,
    };
    history->path = malloc(size);
    history->head = gong_history_head_new();
    if (history->path == NULL || history->head == NULL ||
        !add_counters(history)) {
        return GONG_ERR_MEMORY;
    }
    (void)snprintf(history->path, size, "%s/" GONG_HISTORY_FILE,
                   history->options.state_dir);
    history->recent = gong_history_head_recent(history->head);
    history->gap = gong_history_gap_new(history->path, &history->recent);
    if (history->gap == NULL) {
        return GONG_ERR_MEMORY;
    }
    err = gong_history_follow_open(history->options.journal,
                                   history->options.effects, &history->follow);
    if (err == GONG_OK) {
        err = open_file(history, why, why_size);
    }
    return err == GONG_OK ? go_on(history) : err;
}

/*
 * alert_board: where the engine thread puts up its newest alert view, and
 * everybody else finds it. When a new one is due is said here too: soon after a
 * change, now and then while there are alerts, and never so often that making
 * them takes more than a twentieth of the thread's time.
 */
#ifndef GONG_AGENT_DECIDE_ALERT_BOARD_H
#define GONG_AGENT_DECIDE_ALERT_BOARD_H

#include <pthread.h>
#include <stdint.h>

#include "agent/decide/alert_view.h"
#include "common/clock.h"

/* Transparent: embedded. The engine thread's own but for lock and view. */
struct gong_alert_board {
    pthread_mutex_t lock; /* guards what others read */
    struct gong_alert_view *view;
    gong_mono_t viewed;
    int64_t cost_ns;
    uint64_t transitions; /* when the view was made */
};

void gong_alert_board_init(struct gong_alert_board *board);
void gong_alert_board_fini(struct gong_alert_board *board);

/* gong_alert_board_renew: puts up a new view of the engine if one is due at
 * now; stats are the engine's newest. */
void gong_alert_board_renew(struct gong_alert_board *board,
                            struct gong_engine *engine,
                            const struct gong_engine_stats *stats,
                            gong_mono_t now);

/* gong_alert_board_get: any thread; NULL before the first. The caller's to
 * release. */
struct gong_alert_view *gong_alert_board_get(struct gong_alert_board *board);

#endif

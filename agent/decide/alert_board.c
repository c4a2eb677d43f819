#include "agent/decide/alert_board.h"

#define APART_MS   250
#define STALE_MS   5000
#define COST_RATIO 20 /* at most a twentieth of the time */

void
gong_alert_board_init(struct gong_alert_board *board)
{
    *board = (struct gong_alert_board){.view = NULL};
    (void)pthread_mutex_init(&board->lock, NULL);
}

void
gong_alert_board_fini(struct gong_alert_board *board)
{
    gong_alert_view_release(board->view);
    (void)pthread_mutex_destroy(&board->lock);
}

static bool
is_due(const struct gong_alert_board *board,
       const struct gong_engine_stats *stats, gong_mono_t now)
{
    int64_t age = gong_mono_since(now, board->viewed).ns;

    if (age < gong_dur_ms(APART_MS).ns || age < COST_RATIO * board->cost_ns) {
        return false;
    }
    return board->view == NULL || stats->transitions != board->transitions ||
           (stats->pending + stats->firing + stats->unknown + stats->trial >
                0 &&
            age >= gong_dur_ms(STALE_MS).ns);
}

void
gong_alert_board_renew(struct gong_alert_board *board,
                       struct gong_engine *engine,
                       const struct gong_engine_stats *stats, gong_mono_t now)
{
    gong_mono_t before = gong_mono_now();
    struct gong_alert_view *view;
    struct gong_alert_view *old;

    if (!is_due(board, stats, now)) {
        return;
    }
    view = gong_alert_view_new(engine);
    board->viewed = gong_mono_now();
    board->cost_ns = gong_mono_since(board->viewed, before).ns;
    if (view == NULL) {
        return;
    }
    board->transitions = stats->transitions;
    (void)pthread_mutex_lock(&board->lock);
    old = board->view;
    board->view = view;
    (void)pthread_mutex_unlock(&board->lock);
    gong_alert_view_release(old);
}

struct gong_alert_view *
gong_alert_board_get(struct gong_alert_board *board)
{
    struct gong_alert_view *view;

    (void)pthread_mutex_lock(&board->lock);
    view = gong_alert_view_hold(board->view);
    (void)pthread_mutex_unlock(&board->lock);
    return view;
}

#include "agent/decide/alert_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "agent/decide/effect_json.h"
#include "agent/trust/probe.h"

struct listing {
    json_t *alerts;
    bool firing; /* this pass takes open alerts, else pending ones */
    bool failed;
    size_t left_out;
};

/* "2026-01-31T08:00:00.250Z" */
static json_t *
instant(int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    char day[32], text[48];

    if (ms < 0 || gmtime_r(&seconds, &parts) == NULL ||
        strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        return json_string("");
    }
    (void)snprintf(text, sizeof text, "%s.%03dZ", day, (int)(ms % 1000));
    return json_string(text);
}

/* Prometheus knows two of them: what is kept or unknown is firing there. */
static const char *
state_of(const struct gong_effect *effect)
{
    return effect->to == GONG_ALERT_PENDING ? "pending" : "firing";
}

/* An effect's JSON has text made valid; its parts go into the alert. */
static json_t *
to_alert(const struct gong_effect *effect)
{
    char *text = gong_effect_to_json(effect, 0);
    json_t *source = text == NULL ? NULL : json_loads(text, 0, NULL);
    json_t *alert = NULL;

    if (source != NULL) {
        alert =
            json_pack("{s:O,s:O,s:s,s:o,s:O}", "labels",
                      json_object_get(source, "labels"), "annotations",
                      json_object_get(source, "annotations"), "state",
                      state_of(effect), "activeAt", instant(effect->since_ms),
                      "value", json_object_get(source, "value"));
    }
    if (effect->to == GONG_ALERT_UNKNOWN) {
        (void)json_object_set_new(alert, "unknown", json_true());
    }
    json_decref(source);
    free(text);
    return alert;
}

static void
list_alert(void *ctx, const struct gong_effect *effect)
{
    struct listing *listing = ctx;
    bool firing = effect->to != GONG_ALERT_PENDING;
    json_t *alert;

    if (firing != listing->firing || listing->failed ||
        gong_probe_of(gong_str_of(effect->rule->id)) != GONG_PROBE_NONE) {
        return;
    }
    if (json_array_size(listing->alerts) >= GONG_ALERT_VIEW_MAX) {
        listing->left_out++;
        return;
    }
    alert = to_alert(effect);
    listing->failed = json_array_append_new(listing->alerts, alert) != 0;
}

static struct gong_alert_view *
wrap(const char *json)
{
    size_t len = strlen(json);
    struct gong_alert_view *view = malloc(sizeof *view + len + 1);

    if (view != NULL) {
        atomic_init(&view->references, 1);
        view->len = len;
        memcpy(view->json, json, len + 1);
    }
    return view;
}

struct gong_alert_view *
gong_alert_view_new(struct gong_engine *engine)
{
    struct listing listing = {.alerts = json_array(), .firing = true};
    struct gong_alert_view *view = NULL;
    json_t *answer = NULL;
    char *text = NULL;

    if (listing.alerts == NULL) {
        return NULL;
    }
    gong_engine_alerts(engine, list_alert, &listing);
    listing.firing = false;
    gong_engine_alerts(engine, list_alert, &listing);
    if (!listing.failed) {
        answer = json_pack("{s:s,s:{s:O,s:I}}", "status", "success", "data",
                           "alerts", listing.alerts, "truncated",
                           (json_int_t)listing.left_out);
    }
    text = answer == NULL ? NULL : json_dumps(answer, JSON_COMPACT);
    if (text != NULL) {
        view = wrap(text);
    }
    free(text);
    json_decref(answer);
    json_decref(listing.alerts);
    return view;
}

struct gong_alert_view *
gong_alert_view_hold(struct gong_alert_view *view)
{
    if (view != NULL) {
        (void)atomic_fetch_add(&view->references, 1);
    }
    return view;
}

void
gong_alert_view_release(struct gong_alert_view *view)
{
    if (view != NULL && atomic_fetch_sub(&view->references, 1) == 1) {
        free(view);
    }
}

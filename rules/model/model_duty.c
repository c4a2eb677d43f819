/*
 * model_duty: who is on duty: roles, duty lists, whose week it is.
 */
#include "rules/model/model_private.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS INT64_C(86400000)

void
gong_duty_fini(struct gong_duty *duty)
{
    for (size_t i = 0; i < duty->shift_count; i++) {
        gong_calendar_fini(&duty->shifts[i].hours);
        free(duty->shifts[i].contacts);
    }
    free(duty->shifts);
    free(duty->id);
    *duty = (struct gong_duty){0};
}

static int
compare_roles(const void *a, const void *b)
{
    const struct gong_role *x = a;
    const struct gong_role *y = b;

    if (x->unit != y->unit) {
        return x->unit < y->unit ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

void
gong_model_sort_roles(struct gong_model *model)
{
    if (model->role_count > 1) {
        qsort(model->roles, model->role_count, sizeof *model->roles,
              compare_roles);
    }
}

static const struct gong_role *
find_role(const struct gong_model *model, size_t unit, struct gong_str name)
{
    size_t low = 0;
    size_t high = model->role_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct gong_role *role = &model->roles[middle];

        if (role->unit < unit ||
            (role->unit == unit &&
             gong_str_compare(gong_str_of(role->name), name) < 0)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == model->role_count || model->roles[low].unit != unit ||
        !gong_str_is(name, model->roles[low].name)) {
        return NULL;
    }
    return &model->roles[low];
}

/* What was found so far; more than fits is counted all the same. */
struct found {
    const struct gong_model *model;
    const struct gong_contact **out;
    size_t max;
    size_t count;
};

static void
take(struct found *found, size_t contact)
{
    const struct gong_contact *c = &found->model->contacts[contact];
    size_t filled = found->count < found->max ? found->count : found->max;

    for (size_t i = 0; i < filled; i++) {
        if (found->out[i] == c) {
            return;
        }
    }
    if (found->count < found->max) {
        found->out[found->count] = c;
    }
    found->count++;
}

/* Weeks begin at midnight; before the first one the list goes backwards. */
static size_t
turn_of(const struct gong_model *model, const struct gong_shift *shift,
        int64_t ms)
{
    int64_t local = ms + model->zone_ms;
    int64_t days = local / DAY_MS - (local % DAY_MS < 0) - shift->from_day;
    int64_t weeks = days / 7 - (days % 7 < 0);
    int64_t count = (int64_t)shift->contact_count;

    return (size_t)((weeks % count + count) % count);
}

static void
take_duty(struct found *found, const struct gong_duty *duty, int64_t ms)
{
    for (size_t i = 0; i < duty->shift_count; i++) {
        const struct gong_shift *shift = &duty->shifts[i];

        if (!gong_calendar_is_open(&shift->hours, ms)) {
            continue;
        }
        if (shift->weekly) {
            take(found, shift->contacts[turn_of(found->model, shift, ms)]);
            continue;
        }
        for (size_t c = 0; c < shift->contact_count; c++) {
            take(found, shift->contacts[c]);
        }
    }
}

size_t
gong_model_on_duty(const struct gong_model *model, const struct gong_unit *unit,
                   struct gong_str role, int64_t ms,
                   const struct gong_contact **out, size_t max)
{
    struct found found = {model, out, max, 0};
    int64_t far = INT64_MAX / 4;

    ms = ms > far ? far : ms < -far ? -far : ms;
    for (;;) {
        const struct gong_role *r =
            find_role(model, gong_model_unit_index(model, unit), role);

        for (size_t i = 0; r != NULL && i < r->holder_count; i++) {
            const struct gong_holder *holder = &r->holders[i];

            if (holder->duty) {
                take_duty(&found, &model->duties[holder->index], ms);
            } else {
                take(&found, holder->index);
            }
        }
        if (found.count > 0 || &model->units[unit->parent] == unit) {
            return found.count;
        }
        unit = &model->units[unit->parent];
    }
}

bool
gong_model_role_known(const struct gong_model *model, struct gong_str role)
{
    for (size_t i = 0; i < model->role_count; i++) {
        if (gong_str_is(role, model->roles[i].name)) {
            return true;
        }
    }
    return false;
}

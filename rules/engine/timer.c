#include "rules/engine/timer.h"

static struct gong_clock *
clock_at(const struct gong_timers *timers, uint32_t clock)
{
    return gong_arena_at(&timers->clocks, clock);
}

static struct gong_timer *
timer_at(const struct gong_timers *timers, uint32_t timer)
{
    return gong_arena_at(&timers->timers, timer);
}

static uint32_t *
heap_at(const struct gong_timers *timers, uint32_t place)
{
    return gong_arena_at(&timers->heap, place);
}

void
gong_timers_init(struct gong_timers *timers, struct gong_budget *budget)
{
    gong_arena_init(&timers->clocks, budget, sizeof(struct gong_clock));
    gong_arena_init(&timers->timers, budget, sizeof(struct gong_timer));
    gong_arena_init(&timers->heap, budget, sizeof(uint32_t));
    timers->free = 0;
}

void
gong_timers_fini(struct gong_timers *timers)
{
    gong_arena_fini(&timers->clocks);
    gong_arena_fini(&timers->timers);
    gong_arena_fini(&timers->heap);
    timers->free = 0;
}

bool
gong_timers_copy_clocks(struct gong_timers *to, const struct gong_timers *from)
{
    if (!gong_arena_copy(&to->clocks, &from->clocks)) {
        return false;
    }
    for (uint32_t i = 1; i < to->clocks.count; i++) {
        clock_at(to, i)->first = 0;
        clock_at(to, i)->place = 0;
    }
    return true;
}

uint32_t
gong_timers_add_clock(struct gong_timers *timers)
{
    uint32_t clock = gong_arena_add(&timers->clocks, 1);

    if (clock == GONG_CLOCK_JOURNAL) {
        clock_at(timers, clock)->floor = GONG_CLOCK_NEVER;
    } else if (clock != 0) {
        clock_at(timers, clock)->newest = GONG_CLOCK_NEVER;
        clock_at(timers, clock)->floor = GONG_CLOCK_NEVER;
    }
    return clock;
}

int64_t
gong_timers_clock_now(const struct gong_timers *timers, uint32_t clock,
                      int64_t now)
{
    const struct gong_clock *c = clock_at(timers, clock);
    int64_t shown = 0;

    if (c->newest == GONG_CLOCK_NEVER) {
        return GONG_CLOCK_NEVER;
    }
    shown = c->newest + (now - c->arrival);
    return shown > c->floor ? shown : c->floor;
}

/* When clock shows due. What it had shown already was due on arrival. */
static int64_t
journal_due(const struct gong_clock *c, int64_t due)
{
    return due <= c->floor ? c->arrival : due - c->newest + c->arrival;
}

/* The total order of timers at equal clocks. */
static bool
tie_before(const struct gong_timer *a, const struct gong_timer *b)
{
    return a->rule != b->rule ? a->rule < b->rule : a->instance < b->instance;
}

static bool
timer_before(const struct gong_timer *a, const struct gong_timer *b)
{
    return a->due != b->due ? a->due < b->due : tie_before(a, b);
}

static bool
clock_before(const struct gong_timers *timers, uint32_t a, uint32_t b)
{
    const struct gong_clock *ca = clock_at(timers, a);
    const struct gong_clock *cb = clock_at(timers, b);
    const struct gong_timer *ta = timer_at(timers, ca->first);
    const struct gong_timer *tb = timer_at(timers, cb->first);
    int64_t ja = journal_due(ca, ta->due);
    int64_t jb = journal_due(cb, tb->due);

    return ja != jb ? ja < jb : tie_before(ta, tb);
}

static void
heap_set(const struct gong_timers *timers, uint32_t place, uint32_t clock)
{
    *heap_at(timers, place) = clock;
    clock_at(timers, clock)->place = place;
}

static void
heap_up(const struct gong_timers *timers, uint32_t place)
{
    uint32_t clock = *heap_at(timers, place);

    while (place > 1 &&
           clock_before(timers, clock, *heap_at(timers, place / 2))) {
        heap_set(timers, place, *heap_at(timers, place / 2));
        place /= 2;
    }
    heap_set(timers, place, clock);
}

static void
heap_down(const struct gong_timers *timers, uint32_t place)
{
    uint32_t clock = *heap_at(timers, place);
    uint32_t count = timers->heap.count;

    while (place * 2 < count) {
        uint32_t child = place * 2;

        if (child + 1 < count &&
            clock_before(timers, *heap_at(timers, child + 1),
                         *heap_at(timers, child))) {
            child++;
        }
        if (!clock_before(timers, *heap_at(timers, child), clock)) {
            break;
        }
        heap_set(timers, place, *heap_at(timers, child));
        place = child;
    }
    heap_set(timers, place, clock);
}

static void
heap_remove(struct gong_timers *timers, uint32_t clock)
{
    uint32_t place = clock_at(timers, clock)->place;
    uint32_t last = *heap_at(timers, timers->heap.count - 1);

    timers->heap.count--;
    clock_at(timers, clock)->place = 0;
    if (last != clock) {
        heap_set(timers, place, last);
        heap_up(timers, place);
        heap_down(timers, clock_at(timers, last)->place);
    }
}

/* The clock's first timer, or its pace, changed. */
static void
heap_update(struct gong_timers *timers, uint32_t clock)
{
    const struct gong_clock *c = clock_at(timers, clock);

    if (c->place == 0) {
        return;
    }
    if (c->first == 0) {
        heap_remove(timers, clock);
        return;
    }
    heap_up(timers, c->place);
    heap_down(timers, c->place);
}

void
gong_timers_clock_hear(struct gong_timers *timers, uint32_t clock,
                       int64_t stamp, int64_t seen, int64_t now)
{
    struct gong_clock *c = clock_at(timers, clock);
    int64_t shown = gong_timers_clock_now(timers, clock, seen);

    if (stamp <= c->newest) {
        return;
    }
    c->newest = stamp;
    c->arrival = now;
    c->floor = shown > stamp ? shown : stamp;
    heap_update(timers, clock);
}

void
gong_timers_clock_set(struct gong_timers *timers, uint32_t clock, int64_t stamp,
                      int64_t now)
{
    gong_timers_clock_hear(timers, clock, stamp, now, now);
}

static void
hold_back(struct gong_timers *timers, uint32_t clock, int64_t seen, int64_t now,
          int64_t blind)
{
    struct gong_clock *c = clock_at(timers, clock);
    int64_t shown = gong_timers_clock_now(timers, clock, seen);

    if (c->newest == GONG_CLOCK_NEVER || clock == GONG_CLOCK_JOURNAL) {
        return;
    }
    c->floor = shown > c->floor ? shown : c->floor;
    c->arrival += blind < now - c->arrival ? blind : now - c->arrival;
}

void
gong_timers_stand(struct gong_timers *timers, int64_t seen)
{
    for (uint32_t clock = 1; clock < timers->clocks.count; clock++) {
        clock_at(timers, clock)->stood =
            gong_timers_clock_now(timers, clock, seen);
    }
}

void
gong_timers_resume(struct gong_timers *timers, int64_t seen, int64_t now,
                   int64_t blind)
{
    for (uint32_t clock = 1; clock < timers->clocks.count; clock++) {
        hold_back(timers, clock, seen, now, blind);
    }
    /* Not all moved by as much: the heap over them is made anew. */
    for (uint32_t place = timers->heap.count / 2; place > 0; place--) {
        if (place < timers->heap.count) {
            heap_down(timers, place);
        }
    }
}

/* Joins two heaps; either may be 0. */
static uint32_t
meld(const struct gong_timers *timers, uint32_t a, uint32_t b)
{
    uint32_t child = 0;

    if (a == 0 || b == 0) {
        return a == 0 ? b : a;
    }
    if (timer_before(timer_at(timers, b), timer_at(timers, a))) {
        uint32_t swap = a;

        a = b;
        b = swap;
    }
    child = timer_at(timers, a)->child;
    timer_at(timers, b)->next = child;
    timer_at(timers, b)->prev = a;
    if (child != 0) {
        timer_at(timers, child)->prev = b;
    }
    timer_at(timers, a)->child = b;
    timer_at(timers, a)->next = 0;
    timer_at(timers, a)->prev = 0;
    return a;
}

/* Joins siblings two by two on the way there, into one on the way back. */
static uint32_t
meld_siblings(const struct gong_timers *timers, uint32_t first)
{
    uint32_t pairs = 0; /* joined so far, the last one first, by next */
    uint32_t root = 0;

    while (first != 0) {
        uint32_t second = timer_at(timers, first)->next;
        uint32_t rest = second == 0 ? 0 : timer_at(timers, second)->next;
        uint32_t pair = 0;

        timer_at(timers, first)->next = 0;
        timer_at(timers, first)->prev = 0;
        if (second != 0) {
            timer_at(timers, second)->next = 0;
            timer_at(timers, second)->prev = 0;
        }
        pair = meld(timers, first, second);
        timer_at(timers, pair)->next = pairs;
        pairs = pair;
        first = rest;
    }
    while (pairs != 0) {
        uint32_t rest = timer_at(timers, pairs)->next;

        timer_at(timers, pairs)->next = 0;
        root = meld(timers, root, pairs);
        pairs = rest;
    }
    return root;
}

static uint32_t
take_timer(struct gong_timers *timers)
{
    uint32_t timer = timers->free;

    if (timer == 0) {
        return gong_arena_add(&timers->timers, 1);
    }
    timers->free = timer_at(timers, timer)->next;
    return timer;
}

uint32_t
gong_timer_arm(struct gong_timers *timers, uint32_t clock, int64_t due,
               uint32_t rule, uint32_t instance)
{
    uint32_t timer = take_timer(timers);
    struct gong_clock *c = clock_at(timers, clock);

    if (timer == 0) {
        return 0;
    }
    if (c->place == 0) {
        uint32_t place = gong_arena_add(&timers->heap, 1);

        if (place == 0) {
            timer_at(timers, timer)->next = timers->free;
            timers->free = timer;
            return 0;
        }
        *heap_at(timers, place) = clock;
        c->place = place;
    }
    *timer_at(timers, timer) = (struct gong_timer){
        .due = due,
        .rule = rule,
        .instance = instance,
    };
    c->first = meld(timers, c->first, timer);
    heap_update(timers, clock);
    return timer;
}

static void
cut(const struct gong_timers *timers, uint32_t timer)
{
    struct gong_timer *t = timer_at(timers, timer);
    struct gong_timer *before = timer_at(timers, t->prev);

    if (before->child == timer) {
        before->child = t->next;
    } else {
        before->next = t->next;
    }
    if (t->next != 0) {
        timer_at(timers, t->next)->prev = t->prev;
    }
    t->next = 0;
    t->prev = 0;
}

void
gong_timer_hasten(struct gong_timers *timers, uint32_t clock, uint32_t timer,
                  int64_t due)
{
    struct gong_clock *c = clock_at(timers, clock);

    timer_at(timers, timer)->due = due;
    if (timer != c->first) {
        cut(timers, timer);
        c->first = meld(timers, c->first, timer);
    }
    heap_update(timers, clock);
}

static void
pop_first(struct gong_timers *timers, uint32_t clock,
          struct gong_timer_event *out)
{
    struct gong_clock *c = clock_at(timers, clock);
    uint32_t timer = c->first;
    struct gong_timer *t = timer_at(timers, timer);

    out->instance = t->instance;
    out->due = t->due;
    out->journal_ms = journal_due(c, t->due);
    c->first = meld_siblings(timers, t->child);
    t->child = 0;
    t->next = timers->free;
    timers->free = timer;
    heap_update(timers, clock);
}

bool
gong_timers_pop(struct gong_timers *timers, int64_t limit,
                struct gong_timer_event *out)
{
    if (gong_timers_next(timers) >= limit) {
        return false;
    }
    pop_first(timers, *heap_at(timers, 1), out);
    return true;
}

bool
gong_timers_pop_clock(struct gong_timers *timers, uint32_t clock, int64_t limit,
                      struct gong_timer_event *out)
{
    const struct gong_clock *c = clock_at(timers, clock);

    if (c->first == 0 || timer_at(timers, c->first)->due >= limit) {
        return false;
    }
    pop_first(timers, clock, out);
    return true;
}

int64_t
gong_timers_next(const struct gong_timers *timers)
{
    const struct gong_clock *c = NULL;

    if (timers->heap.count < 2) {
        return INT64_MAX;
    }
    c = clock_at(timers, *heap_at(timers, 1));
    return journal_due(c, timer_at(timers, c->first)->due);
}

/* engine_snapshot_restore: reads sections into an empty engine, then has them
 * looked at, then compiles nothing but the rules. */
#include "common/crc32c.h"
#include "common/le.h"
#include "rules/engine/engine_presence.h"
#include "rules/engine/engine_snapshot_private.h"
#include "rules/engine/engine_live.h"
#include "rules/engine/engine_hold.h"

struct reader {
    const struct gong_snapshot_source *source;
    uint64_t left;
    const char **why;
};

static enum gong_err
refuse(const struct reader *reader, enum gong_err err, const char *why)
{
    *reader->why = why;
    return err;
}

static enum gong_err
get(struct reader *reader, void *out, uint64_t len)
{
    if (len > reader->left) {
        return refuse(reader, GONG_ERR_CORRUPT, "it is too short");
    }
    if (len > 0 &&
        !reader->source->read(reader->source->ctx, out, (size_t)len)) {
        return refuse(reader, GONG_ERR_IO, "it cannot be read");
    }
    reader->left -= len;
    return GONG_OK;
}

static bool
length_sound(const struct gong_section *section, uint64_t count, uint32_t used)
{
    if (section->arena != NULL) {
        return used >= count && used <= GONG_ARENA_SLACK(count);
    }
    return section->index != NULL || (count == 1 && used == 0);
}

/* Room for what the section's header promises; *at is where it goes. A table
 * gets all the room that it had, so that it grows when the other one would. */
static enum gong_err
make_room(const struct reader *reader, const struct gong_section *section,
          uint64_t count, uint32_t used, void **at)
{
    *at = section->plain;
    if (count > UINT32_MAX || count > reader->left / section->stride ||
        !length_sound(section, count, used)) {
        return refuse(reader, GONG_ERR_CORRUPT, "a section's length is wrong");
    }
    if (section->arena != NULL && used > 0) {
        if (!gong_arena_reserve(section->arena, used)) {
            return refuse(reader, GONG_ERR_MEMORY, "out of memory");
        }
        section->arena->count = (uint32_t)count;
        *at = section->arena->data;
    }
    if (section->index != NULL && count > 0) {
        if (count < 2 || (count & (count - 1)) != 0) {
            return refuse(reader, GONG_ERR_CORRUPT, "an index has a bad size");
        }
        if (!gong_index_make(section->index, count)) {
            return refuse(reader, GONG_ERR_MEMORY, "out of memory");
        }
        section->index->used = used;
        *at = section->index->slots;
    }
    return GONG_OK;
}

static enum gong_err
read_section(struct reader *reader, const struct gong_section *section,
             uint32_t number)
{
    uint8_t header[GONG_SECTION_HEADER];
    uint8_t trailer[GONG_SECTION_TRAILER];
    uint64_t count = 0;
    uint32_t crc = 0;
    void *at = NULL;
    enum gong_err err = get(reader, header, sizeof header);

    if (err != GONG_OK) {
        return err;
    }
    crc = gong_crc32c(0, header, 20);
    if (gong_le_get32(header + 20) != crc || gong_le_get32(header) != number ||
        gong_le_get32(header + 4) != section->stride) {
        return refuse(reader, GONG_ERR_CORRUPT, "a section is damaged");
    }
    count = gong_le_get64(header + 8);
    err = make_room(reader, section, count, gong_le_get32(header + 16), &at);
    if (err == GONG_OK) {
        err = get(reader, at, count * section->stride);
    }
    if (err == GONG_OK) {
        err = get(reader, trailer, sizeof trailer);
    }
    if (err == GONG_OK &&
        (gong_le_get32(trailer) !=
             gong_crc32c(crc, at, (size_t)count * section->stride) ||
         gong_le_get32(trailer + 4) != 0)) {
        return refuse(reader, GONG_ERR_CORRUPT, "a section is damaged");
    }
    if (err == GONG_OK && section->arena != NULL && count > 0) {
        memset(at, 0, section->stride); /* element 0 is none */
    }
    return err;
}

static enum gong_err
read_sections(struct reader *reader, struct gong_engine *engine,
              const uint8_t header[GONG_SNAPSHOT_HEADER])
{
    struct gong_section all[GONG_SECTIONS];
    enum gong_err err = GONG_OK;

    gong_sections(engine, all);
    if (gong_le_get32(header + 8) != gong_snapshot_layout(all) ||
        gong_le_get32(header + 12) != GONG_SECTIONS) {
        return refuse(reader, GONG_ERR_INVALID,
                      "another program or machine wrote it");
    }
    gong_arena_clear(&engine->live->timers.clocks);
    for (uint32_t i = 0; i < GONG_SECTIONS && err == GONG_OK; i++) {
        err = read_section(reader, &all[i], i);
    }
    if (err == GONG_OK && reader->left != 0) {
        return refuse(reader, GONG_ERR_CORRUPT, "something follows its end");
    }
    return err;
}

/* An instant of journal time, or GONG_NEVER. */
static bool
is_past(const struct gong_engine *engine, int64_t t)
{
    return t == GONG_NEVER || (t >= 0 && t <= engine->journal_ms);
}

static const char *
check_times(const struct gong_engine *engine)
{
    static const char *const wrong = "its time is wrong";
    int64_t ran = gong_engine_ran_until(engine);

    if (engine->journal_ms < 0 || engine->journal_ms > GONG_INSTANT_MAX ||
        !is_past(engine, engine->blind_from) ||
        !is_past(engine, engine->resumed_ms) || engine->expire.looked_ms < 0 ||
        engine->expire.looked_ms > engine->journal_ms ||
        engine->expire.held > INT64_MAX ||
        (engine->settle_ms != GONG_NEVER &&
         (engine->settle_ms < 0 || engine->settle_ms > 2 * GONG_INSTANT_MAX))) {
        return wrong;
    }
    /* What ran in a past that is forged would run through all instants since.
     */
    return engine->ran_ms < ran || engine->ran_ms > ran + 1 ||
                   engine->live->heard_ms < 0 ||
                   engine->live->heard_ms > engine->journal_ms
               ? wrong
               : NULL;
}

static enum gong_err
fit(const struct reader *reader, struct gong_engine *engine,
    const uint8_t header[GONG_SNAPSHOT_HEADER])
{
    const char *wrong = NULL;

    if (gong_le_get64(header + 120) != gong_snapshot_limits(engine)) {
        return refuse(reader, GONG_ERR_INVALID, "its limits were others");
    }
    if (gong_le_get64(header + 128) != gong_snapshot_key(engine)) {
        return refuse(reader, GONG_ERR_INVALID, "its hash key was another");
    }
    engine->journal_ms = (int64_t)gong_le_get64(header + 136);
    engine->ran_ms = (int64_t)gong_le_get64(header + 144);
    engine->blind_from = (int64_t)gong_le_get64(header + 152);
    engine->resumed_ms = (int64_t)gong_le_get64(header + 160);
    engine->settle_ms = (int64_t)gong_le_get64(header + 168);
    engine->position = gong_le_get64(header + 176);
    engine->live->alerts.free = gong_le_get32(header + 184);
    engine->live->binds.groups.free = gong_le_get32(header + 188);
    engine->live->heard_ms = (int64_t)gong_le_get64(header + 192);
    engine->live->resting = header[200] != 0;
    engine->expire.looked_ms = (int64_t)gong_le_get64(header + 208);
    engine->expire.held = gong_le_get64(header + 216);
    engine->live->outputs.free = gong_le_get32(header + 224);
    wrong = check_times(engine);
    return wrong == NULL ? GONG_OK : refuse(reader, GONG_ERR_CORRUPT, wrong);
}

/* The symbols must be there before the rules are compiled, and sound before
 * that; all the rest needs the rules. */
static enum gong_err
fill(struct reader *reader, struct gong_engine *engine,
     const struct gong_ruleset *set)
{
    uint8_t header[GONG_SNAPSHOT_HEADER];
    struct gong_snapshot_place place;
    const char *wrong = NULL;
    enum gong_err err = get(reader, header, sizeof header);

    if (err == GONG_OK) {
        err = gong_snapshot_place(header, &place, reader->why);
    }
    if (err == GONG_OK) {
        err = fit(reader, engine, header);
    }
    if (err == GONG_OK) {
        err = read_sections(reader, engine, header);
    }
    if (err != GONG_OK) {
        return err;
    }
    wrong = gong_snapshot_check_symbols(engine);
    if (wrong != NULL) {
        return refuse(reader, GONG_ERR_CORRUPT, wrong);
    }
    err = gong_engine_name_presence(engine);
    if (err != GONG_OK) {
        return refuse(reader, err, "out of memory");
    }
    err = gong_book_compile(&engine->live->book, set, &engine->symbols);
    if (err != GONG_OK) {
        return refuse(reader, err, "its rules cannot be compiled");
    }
    engine->registry.city = engine->live->book.city;
    if (gong_le_get64(header + 112) !=
        gong_book_identity(&engine->live->book)) {
        return refuse(reader, GONG_ERR_INVALID, "its rules were others");
    }
    err = gong_live_prepare(engine, engine->live);
    if (err != GONG_OK) {
        return refuse(reader, err, "its rules cannot be prepared");
    }
    wrong = gong_snapshot_check(engine);
    return wrong == NULL ? GONG_OK : refuse(reader, GONG_ERR_CORRUPT, wrong);
}

enum gong_err
gong_engine_restore(const struct gong_snapshot_start *start,
                    const struct gong_snapshot_source *source,
                    struct gong_engine **out, const char **why)
{
    struct reader reader = {source, source->size, why};
    struct gong_engine *engine =
        gong_engine_new(start->limits, start->emit, start->ctx);
    enum gong_err err = GONG_OK;

    *out = NULL;
    if (engine == NULL) {
        return refuse(&reader, GONG_ERR_MEMORY, "out of memory");
    }
    err = fill(&reader, engine, start->set);
    if (err != GONG_OK) {
        gong_engine_free(engine);
        return err;
    }
    *out = engine;
    return GONG_OK;
}

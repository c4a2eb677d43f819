#include "rules/engine/engine_snapshot.h"

#include "common/crc32c.h"
#include "common/le.h"
#include "rules/engine/engine_snapshot_private.h"

#define MAGIC   0x504e5347u
#define VERSION 8
#define CHUNK   ((size_t)256 << 10)

static struct gong_section
of_arena(struct gong_arena *arena)
{
    return (struct gong_section){.arena = arena, .stride = arena->stride};
}

static struct gong_section
of_index(struct gong_index *index)
{
    return (struct gong_section){.index = index,
                                 .stride = sizeof(struct gong_slot)};
}

void
gong_sections(struct gong_engine *engine,
              struct gong_section out[GONG_SECTIONS])
{
    struct gong_registry *registry = &engine->registry;
    struct gong_binds *binds = &engine->live->binds;
    const struct gong_section all[GONG_SECTIONS] = {
        {.plain = &engine->stats, .stride = sizeof engine->stats},
        of_arena(&engine->symbols.bytes),
        of_arena(&engine->symbols.symbols),
        of_index(&engine->symbols.index),
        of_arena(&engine->labelsets.sets),
        of_arena(&engine->labelsets.pairs),
        of_index(&engine->labelsets.index),
        of_arena(&registry->devices),
        of_arena(&registry->rows),
        of_arena(&registry->columns),
        of_arena(&registry->keys),
        of_index(&registry->device_index),
        of_index(&registry->row_index),
        of_arena(&binds->series),
        of_arena(&binds->instances),
        of_arena(&binds->bindings),
        of_arena(&binds->leaves),
        of_arena(&binds->attachments),
        of_arena(&binds->entries),
        of_index(&binds->series_index),
        of_index(&binds->attachment_index),
        of_index(&binds->joint_index),
        of_arena(&engine->live->timers.clocks),
        of_arena(&engine->live->timers.timers),
        of_arena(&engine->live->alerts.arena),
        of_arena(&engine->presences.devices),
        of_arena(&engine->presences.sites),
        of_index(&engine->presences.site_index),
        of_arena(&engine->declareds.arena),
        of_arena(&engine->live->general_states),
        of_arena(&engine->live->outputs.arena),
        of_arena(&binds->groups.members),
        of_arena(&binds->groups.groups),
        of_arena(&binds->groups.slots),
        of_arena(&binds->windows.windows),
        of_arena(&binds->windows.chunks),
        of_arena(&binds->windows.sinces),
    };

    memcpy(out, all, sizeof all);
}

uint32_t
gong_snapshot_layout(const struct gong_section all[GONG_SECTIONS])
{
    uint32_t order = 0x01020304;
    uint32_t crc = gong_crc32c(0, &order, sizeof order);

    for (size_t i = 0; i < GONG_SECTIONS; i++) {
        crc = gong_crc32c(crc, &all[i].stride, sizeof all[i].stride);
    }
    return crc;
}

uint64_t
gong_snapshot_limits(const struct gong_engine *engine)
{
    uint32_t words[3] = {engine->limits.devices, engine->limits.rows_per_device,
                         engine->limits.instances};

    return gong_fnv1a(GONG_FNV1A_START, words, sizeof words);
}

/* The key itself stays secret. */
uint64_t
gong_snapshot_key(const struct gong_engine *engine)
{
    return gong_hash(&engine->key, "snapshot", 8);
}

static uint64_t
elements(const struct gong_section *section)
{
    if (section->arena != NULL) {
        return section->arena->count;
    }
    if (section->index != NULL) {
        return section->index->slots == NULL
                   ? 0
                   : (uint64_t)section->index->mask + 1;
    }
    return 1;
}

static const void *
bytes_of(const struct gong_section *section)
{
    if (section->arena != NULL) {
        return section->arena->data;
    }
    return section->index != NULL ? section->index->slots : section->plain;
}

/* In pieces, so that they are still in the cache when they are written. */
static bool
write_payload(const struct gong_section *section, uint32_t crc,
              const struct gong_snapshot_sink *sink)
{
    const unsigned char *bytes = bytes_of(section);
    size_t left = (size_t)elements(section) * section->stride;
    uint8_t trailer[GONG_SECTION_TRAILER] = {0};

    while (left > 0) {
        size_t len = left < CHUNK ? left : CHUNK;

        crc = gong_crc32c(crc, bytes, len);
        if (!sink->write(sink->ctx, bytes, len)) {
            return false;
        }
        bytes += len;
        left -= len;
    }
    gong_le_put32(trailer, crc);
    return sink->write(sink->ctx, trailer, sizeof trailer);
}

static bool
write_section(const struct gong_section *section, uint32_t number,
              const struct gong_snapshot_sink *sink)
{
    uint8_t header[GONG_SECTION_HEADER];
    uint32_t crc = 0;

    gong_le_put32(header, number);
    gong_le_put32(header + 4, section->stride);
    gong_le_put64(header + 8, elements(section));
    gong_le_put32(header + 16, section->index != NULL ? section->index->used
                               : section->arena != NULL
                                   ? section->arena->capacity
                                   : 0);
    crc = gong_crc32c(0, header, 20);
    gong_le_put32(header + 20, crc);
    return sink->write(sink->ctx, header, sizeof header) &&
           write_payload(section, crc, sink);
}

static void
encode_header(const struct gong_engine *engine,
              const struct gong_snapshot_place *place, uint32_t layout,
              uint8_t out[GONG_SNAPSHOT_HEADER])
{
    memset(out, 0, GONG_SNAPSHOT_HEADER);
    gong_le_put32(out, MAGIC);
    gong_le_put32(out + 4, VERSION);
    gong_le_put32(out + 8, layout);
    gong_le_put32(out + 12, GONG_SECTIONS);
    memcpy(out + 16, place->journal_id, sizeof place->journal_id);
    gong_le_put64(out + 32, place->generation);
    gong_le_put64(out + 40, place->position);
    memcpy(out + 48, place->rules, GONG_SNAPSHOT_RULES);
    gong_le_put64(out + 112, gong_book_identity(&engine->live->book));
    gong_le_put64(out + 120, gong_snapshot_limits(engine));
    gong_le_put64(out + 128, gong_snapshot_key(engine));
    gong_le_put64(out + 136, (uint64_t)engine->journal_ms);
    gong_le_put64(out + 144, (uint64_t)engine->ran_ms);
    gong_le_put64(out + 152, (uint64_t)engine->blind_from);
    gong_le_put64(out + 160, (uint64_t)engine->resumed_ms);
    gong_le_put64(out + 168, (uint64_t)engine->settle_ms);
    gong_le_put64(out + 176, engine->position);
    gong_le_put32(out + 184, engine->live->alerts.free);
    gong_le_put32(out + 188, engine->live->binds.groups.free);
    gong_le_put64(out + 192, (uint64_t)engine->live->heard_ms);
    out[200] = engine->live->resting;
    gong_le_put64(out + 208, (uint64_t)engine->expire.looked_ms);
    gong_le_put64(out + 216, engine->expire.held);
    gong_le_put32(out + 224, engine->live->outputs.free);
    gong_le_put32(out + GONG_SNAPSHOT_HEADER - 4,
                  gong_crc32c(0, out, GONG_SNAPSHOT_HEADER - 4));
}

/* Nothing is changed: the table of sections serves both directions. */
static void
sections_of(const struct gong_engine *engine,
            struct gong_section out[GONG_SECTIONS])
{
    gong_sections((struct gong_engine *)(uintptr_t)engine, out);
}

bool
gong_engine_save(const struct gong_engine *engine,
                 const struct gong_snapshot_place *place,
                 const struct gong_snapshot_sink *sink)
{
    struct gong_section all[GONG_SECTIONS];
    uint8_t header[GONG_SNAPSHOT_HEADER];

    sections_of(engine, all);
    encode_header(engine, place, gong_snapshot_layout(all), header);
    if (!sink->write(sink->ctx, header, sizeof header)) {
        return false;
    }
    for (uint32_t i = 0; i < GONG_SECTIONS; i++) {
        if (!write_section(&all[i], i, sink)) {
            return false;
        }
    }
    return true;
}

uint64_t
gong_engine_save_size(const struct gong_engine *engine)
{
    struct gong_section all[GONG_SECTIONS];
    uint64_t size = GONG_SNAPSHOT_HEADER;

    sections_of(engine, all);
    for (size_t i = 0; i < GONG_SECTIONS; i++) {
        size += GONG_SECTION_HEADER + GONG_SECTION_TRAILER +
                elements(&all[i]) * all[i].stride;
    }
    return size;
}

_Static_assert(GONG_SECTIONS <= GONG_SNAPSHOT_BLOCKS, "a block a section");

size_t
gong_engine_blocks(const struct gong_engine *engine,
                   struct gong_snapshot_block out[GONG_SNAPSHOT_BLOCKS])
{
    struct gong_section all[GONG_SECTIONS];
    size_t count = 0;

    sections_of(engine, all);
    for (size_t i = 0; i < GONG_SECTIONS; i++) {
        if (elements(&all[i]) > 0) {
            out[count++] = (struct gong_snapshot_block){
                (void *)(uintptr_t)bytes_of(&all[i]),
                (size_t)elements(&all[i]) * all[i].stride};
        }
    }
    return count;
}

enum gong_err
gong_snapshot_place(const uint8_t header[GONG_SNAPSHOT_HEADER],
                    struct gong_snapshot_place *out, const char **why)
{
    *why = "its header is damaged";
    if (gong_le_get32(header) != MAGIC ||
        gong_le_get32(header + GONG_SNAPSHOT_HEADER - 4) !=
            gong_crc32c(0, header, GONG_SNAPSHOT_HEADER - 4)) {
        return GONG_ERR_CORRUPT;
    }
    if (gong_le_get32(header + 4) != VERSION) {
        *why = "it is of another version";
        return GONG_ERR_INVALID;
    }
    memcpy(out->journal_id, header + 16, sizeof out->journal_id);
    out->generation = gong_le_get64(header + 32);
    out->position = gong_le_get64(header + 40);
    memcpy(out->rules, header + 48, GONG_SNAPSHOT_RULES);
    out->rules[GONG_SNAPSHOT_RULES] = '\0';
    return GONG_OK;
}

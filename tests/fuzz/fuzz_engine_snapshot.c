/*
 * A snapshot with bytes of the fuzzer's choice, its CRCs right: it is refused,
 * or gives an engine that goes on without stepping out of its memory.
 *
 *   input: u8 how, then   0: the snapshot itself
 *                         1: patches {u24 place, u8 value}
 *                         2: patches {u24 place / 4, u8 word's value}
 *                         3: patches {u8 section, u16 element, u8 byte,
 *                            u32 value} from that byte of that element on;
 *                            section 255: the snapshot's header, 254: that of
 *                            the section with the element's number
 *                         4: as 3, in a snapshot whose engine has got more
 *                            rules and forgotten a device
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "rules/engine/engine_snapshot.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/every_rule.h"
#include "tests/unit/snapshot_bytes.h"

#define SECTION_HEADER 24
#define SECTION_AROUND 32 /* with what follows the elements */
#define PATCH_SIZE     8
#define GOOD_MS        112300 /* when good was taken */
#define AGED_MS        704000

static struct gong_rule_source *source;
static struct bytes good;
static struct bytes aged;

static void
on_effect(void *ctx, const struct gong_effect *effect)
{
    uint64_t *sum = ctx;

    for (size_t i = 0; i < effect->label_count; i++) {
        for (size_t c = 0; c < effect->labels[i].value.len; c++) {
            *sum += (unsigned char)effect->labels[i].value.data[c];
        }
    }
}

/* Data of d0 and d1, and of d2 on another site, as bits, with what the engine
 * knows and what it does not. */
static void
drive(struct gong_engine *engine, int64_t ms, unsigned int devices)
{
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_DATA,
                 .journal_ms = ms,
                 .wall_ns = ms * 1000000},
    };

    for (size_t i = 0; i < 3; i++) {
        char payload[128];
        long long at = (long long)ms;
        int len = snprintf(payload, sizeof payload,
                           "\1\2%cd%zum,k=x a=%zu,b=1 %lld000000\n"
                           "m,k=%zu a=%d,b=7 %lld000000\n",
                           i < 2 ? 's' : 't', i, 2 - 2 * (i % 2), at, i,
                           i < 2 ? 5 : 0, at);

        if ((devices >> i & 1) == 0) {
            continue;
        }
        FUZZ_CHECK(len > 0 && (size_t)len < sizeof payload);
        record.payload = gong_str_from(payload, (size_t)len);
        FUZZ_CHECK(gong_engine_apply(engine, &record) == GONG_OK);
    }
}

/* d0 tells how far apart its samples lie. */
static void
declare(struct gong_engine *engine, int64_t ms)
{
    static const char birth[] =
        "\1\2sd0{\"state\":\"online\",\"every\":{\"m\":600,\"x\":900}}";
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_PRESENCE,
                 .journal_ms = ms,
                 .wall_ns = ms * 1000000},
        .payload = gong_str_from(birth, sizeof birth - 1),
    };

    FUZZ_CHECK(gong_engine_apply(engine, &record) == GONG_OK);
}

/* What is said of a snapshot is so, and a full disk is noticed anywhere. */
static void
check_sizes(const struct gong_engine *engine,
            const struct gong_snapshot_place *place)
{
    struct gong_snapshot_block blocks[GONG_SNAPSHOT_BLOCKS];
    struct bytes cut = {0};

    FUZZ_CHECK(gong_engine_save_size(engine) == good.len);
    FUZZ_CHECK(gong_engine_blocks(engine, blocks) <= GONG_SNAPSHOT_BLOCKS);
    for (cut.limit = 1; cut.limit < good.len; cut.limit += 97) {
        FUZZ_CHECK(!bytes_save(&cut, engine, place));
    }
    bytes_free(&cut);
}

static void
make_good(void)
{
    struct gong_snapshot_place place = {.position = 1};
    uint64_t sum = 0;
    struct gong_engine *engine = gong_engine_new(NULL, on_effect, &sum);

    FUZZ_CHECK(engine != NULL);
    FUZZ_CHECK(gong_engine_set_rules(engine, source->set, 0, 0, NULL) ==
               GONG_OK);
    drive(engine, 100000, 3);
    declare(engine, 100100);
    drive(engine, 100700, 3);
    drive(engine, 102900, 3); /* the recordings, and what reads them */
    drive(engine, 110100, 3);
    drive(engine, GOOD_MS, 3);
    FUZZ_CHECK(bytes_save(&good, engine, &place));
    check_sizes(engine, &place);
    gong_engine_free(engine);
}

/* What is free, given back, and known since lately only. */
static void
make_aged(void)
{
    struct gong_snapshot_place place = {.position = 1};
    uint64_t sum = 0;
    struct gong_engine *engine = gong_engine_new(NULL, on_effect, &sum);
    struct gong_ruleset few = *source->set;

    few.count = 1;
    FUZZ_CHECK(engine != NULL);
    FUZZ_CHECK(gong_engine_set_rules(engine, &few, 0, 0, NULL) == GONG_OK);
    drive(engine, 100000, 7);
    FUZZ_CHECK(gong_engine_set_rules(engine, source->set, 0, 100100, NULL) ==
               GONG_OK);
    drive(engine, 100700, 7);
    drive(engine, 102900, 7);
    for (int64_t ms = 104000; ms <= AGED_MS; ms += 6000) {
        drive(engine, ms, 1);
    }
    FUZZ_CHECK(bytes_save(&aged, engine, &place));
    gong_engine_free(engine);
}

/* The place of a section, and how many bytes its elements have. */
static size_t
find_section(const struct bytes *bytes, uint32_t number, uint64_t *stride,
             uint64_t *count)
{
    size_t at = GONG_SNAPSHOT_HEADER;

    *stride = 0;
    *count = 0;
    for (uint32_t i = 0; at + SECTION_AROUND <= bytes->len; i++) {
        *stride = gong_le_get32(bytes->data + at + 4);
        *count = gong_le_get64(bytes->data + at + 8);
        if (i == number) {
            return at;
        }
        at += SECTION_AROUND + (size_t)(*stride * *count);
    }
    return bytes->len;
}

static size_t
find_word(const struct bytes *bytes, const uint8_t *said)
{
    size_t element = said[1] | (size_t)said[2] << 8;
    uint64_t stride = 0;
    uint64_t count = 0;
    size_t at = 0;

    if (said[0] == 255) {
        return element + said[3];
    }
    if (said[0] == 254) {
        return find_section(bytes, (uint32_t)element, &stride, &count) +
               said[3];
    }
    at = find_section(bytes, said[0], &stride, &count);
    if (count == 0) {
        return bytes->len;
    }
    return at + SECTION_HEADER + (size_t)(element % count * stride) + said[3];
}

/* The places are those of the snapshot as it was. */
static void
patch_elements(struct bytes *bytes, const struct bytes *as, const uint8_t *data,
               size_t size)
{
    for (; size >= PATCH_SIZE; data += PATCH_SIZE, size -= PATCH_SIZE) {
        size_t at = find_word(as, data);

        if (at + 4 <= bytes->len) {
            memcpy(bytes->data + at, data + 4, 4);
        }
    }
}

static void
patch(struct bytes *bytes, const uint8_t *data, size_t size, bool words)
{
    for (; size >= 4; data += 4, size -= 4) {
        size_t place = data[0] | (size_t)data[1] << 8 | (size_t)data[2] << 16;

        if (words && place * 4 + 4 <= bytes->len) {
            gong_le_put32(bytes->data + place * 4, data[3]);
        } else if (!words && place < bytes->len) {
            bytes->data[place] = data[3];
        }
    }
}

/* ms: when it was taken. */
static void
try_it(struct bytes *bytes, int64_t ms)
{
    uint64_t sum = 0;
    struct gong_snapshot_start start = {
        .emit = on_effect, .ctx = &sum, .set = source->set};
    struct gong_engine *engine = NULL;
    struct gong_record clock = {.meta = {.type = GONG_RECORD_CLOCK}};
    const char *why = NULL;

    if (bytes_restore(bytes, &start, &engine, &why) != GONG_OK) {
        FUZZ_CHECK(why != NULL && engine == NULL);
        return;
    }
    drive(engine, ms + 500, 3);
    drive(engine, ms + 1700, 3);
    gong_engine_alerts(engine, on_effect, &sum);
    FUZZ_CHECK(gong_engine_set_rules(engine, source->set, 9, ms + 2200, NULL) ==
               GONG_OK);
    drive(engine, ms + 2700, 3);
    clock.meta.journal_ms = ms + 591700;
    FUZZ_CHECK(gong_engine_apply(engine, &clock) == GONG_OK);
    gong_engine_free(engine);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = {0};
    const struct bytes *from = &good;

    if (good.len == 0) {
        source = every_rule_load();
        make_good();
        make_aged();
    }
    /* A patch that is cut off changes nothing. */
    if (size == 0 || (data[0] >= 3 && (size - 1) % PATCH_SIZE != 0)) {
        return 0;
    }
    from = data[0] == 4 ? &aged : &good;
    bytes.len = data[0] == 0 ? size - 1 : from->len;
    bytes.data = malloc(bytes.len + 1);
    FUZZ_CHECK(bytes.data != NULL);
    memcpy(bytes.data, data[0] == 0 ? data + 1 : from->data, bytes.len);
    if (data[0] == 3 || data[0] == 4) {
        patch_elements(&bytes, from, data + 1, size - 1);
    } else if (data[0] != 0) {
        patch(&bytes, data + 1, size - 1, data[0] == 2);
    }
    bytes_seal(&bytes);
    try_it(&bytes, data[0] == 4 ? AGED_MS : GOOD_MS);
    bytes_free(&bytes);
    return 0;
}

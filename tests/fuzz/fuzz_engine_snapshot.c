/*
 * A snapshot with bytes of the fuzzer's choice, its CRCs right: it is refused,
 * or gives an engine that goes on without stepping out of its memory.
 *
 *   input: u8 how, then   0: the snapshot itself
 *                         1: patches {u24 place, u8 value}
 *                         2: patches {u24 place / 4, u8 word's value}
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/le.h"
#include "rules/engine/engine_snapshot.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/every_rule.h"
#include "tests/unit/snapshot_bytes.h"

static struct gong_rule_source *source;
static struct bytes good;

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

/* Data of device d0 and d1 with what the engine knows and what it does not. */
static void
drive(struct gong_engine *engine, int64_t ms)
{
    struct gong_record record = {
        .meta = {.type = GONG_RECORD_DATA,
                 .journal_ms = ms,
                 .wall_ns = ms * 1000000},
    };

    for (size_t i = 0; i < 2; i++) {
        char payload[128];
        long long at = (long long)ms;
        int len = snprintf(payload, sizeof payload,
                           "\1\2sd%zum,k=x a=%zu,b=1 %lld000000\n"
                           "m,k=%zu a=5,b=7 %lld000000\n",
                           i, 2 - 2 * i, at, i, at);

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
    drive(engine, 100000);
    declare(engine, 100100);
    drive(engine, 100700);
    drive(engine, 102900); /* the recordings, and what reads them */
    drive(engine, 110100);
    drive(engine, 112300);
    FUZZ_CHECK(bytes_save(&good, engine, &place));
    check_sizes(engine, &place);
    gong_engine_free(engine);
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

static void
try_it(struct bytes *bytes)
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
    drive(engine, 112800);
    drive(engine, 114000);
    gong_engine_alerts(engine, on_effect, &sum);
    FUZZ_CHECK(gong_engine_set_rules(engine, source->set, 9, 114500, NULL) ==
               GONG_OK);
    drive(engine, 115000);
    clock.meta.journal_ms = 704000;
    FUZZ_CHECK(gong_engine_apply(engine, &clock) == GONG_OK);
    gong_engine_free(engine);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes bytes = {0};

    if (good.len == 0) {
        source = every_rule_load();
        make_good();
    }
    if (size == 0) {
        return 0;
    }
    bytes.len = data[0] == 0 ? size - 1 : good.len;
    bytes.data = malloc(bytes.len + 1);
    FUZZ_CHECK(bytes.data != NULL);
    memcpy(bytes.data, data[0] == 0 ? data + 1 : good.data, bytes.len);
    if (data[0] != 0) {
        patch(&bytes, data + 1, size - 1, data[0] == 2);
    }
    bytes_seal(&bytes);
    try_it(&bytes);
    bytes_free(&bytes);
    return 0;
}

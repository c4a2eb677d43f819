/* A whole life of the agent's journal and effects log on a disk whose n-th call
 * fails: what was journaled or kept is there after the next start, once. */
#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/decide/effects.h"
#include "agent/journal/journal.h"
#include "agent/receive/receive.h"
#include "common/batch.h"
#include "common/crc32c.h"
#include "common/log.h"
#include "disk_shim.h"

#define BATCHES 40
#define PADDING 5000
#define EPOCH   0xaaULL

static char folder[64];
static char journal_dir[80];
static char effects_dir[80];

/* What the parts said of each batch; its number is its sequence number. */
struct book {
    bool journaled[BATCHES + 1];
    bool held[BATCHES + 1];
    bool kept[BATCHES + 1]; /* its effect */
    uint64_t last;
};

struct parts {
    struct gong_counters *counters;
    struct gong_receive *receive;
    struct gong_journal *journal;
    struct gong_effects *effects;
    struct gong_spool_cursor *store; /* they hold what they have not taken */
    struct gong_spool_cursor *receiver;
};

static struct gong_spool_options
log_options(const char *dir)
{
    return (struct gong_spool_options){.dir = dir,
                                       .segment_size = 65536,
                                       .segments_max = 8,
                                       .policy = GONG_SPOOL_BLOCK,
                                       .memory_max = 1 << 20};
}

static void
seen(void *ctx, const struct gong_record *record)
{
    gong_receive_learn(ctx, record);
}

static bool
open_parts(struct parts *parts)
{
    struct gong_receive_options ledger = {
        .devices_max = 10, .rate = 1, .burst = 1, .ack_interval = {1}};
    struct gong_journal_options journal = {.spool = log_options(journal_dir),
                                           .commit_interval = gong_dur_s(3600),
                                           .seen = seen};
    struct gong_spool_options effects = log_options(effects_dir);
    char why[256];
    uint8_t id[16];
    struct gong_journal_health health;

    *parts = (struct parts){.counters = gong_counters_new(),
                            .receive = gong_receive_new(&ledger)};
    assert_non_null(parts->counters);
    assert_non_null(parts->receive);
    journal.seen_ctx = parts->receive;
    if (gong_journal_open(&journal, parts->counters, &parts->journal, why,
                          sizeof why) != GONG_OK ||
        gong_effects_open(&effects, parts->counters, &parts->effects, why,
                          sizeof why) != GONG_OK) {
        return false;
    }
    gong_spool_id(gong_journal_spool(parts->journal), id);
    gong_journal_health(parts->journal, &health);
    return gong_spool_cursor_open(gong_journal_spool(parts->journal), "store",
                                  &parts->store) == GONG_OK &&
           gong_spool_cursor_open(gong_effects_spool(parts->effects),
                                  "receiver", &parts->receiver) == GONG_OK &&
           gong_effects_bind(parts->effects, id, health.end) == GONG_OK;
}

static void
close_parts(struct parts *parts)
{
    gong_spool_cursor_close(parts->store);
    gong_spool_cursor_close(parts->receiver);
    gong_effects_close(parts->effects);
    gong_journal_close(parts->journal);
    gong_receive_free(parts->receive);
    gong_counters_free(parts->counters);
}

static struct gong_device_name
device(void)
{
    return (struct gong_device_name){gong_str_of("22015"),
                                     gong_str_of("lamp-1")};
}

static bool
put_batch(struct parts *parts, uint64_t seq, uint64_t *position)
{
    static char body[PADDING];
    char prefix[GONG_BATCH_PREFIX_SIZE];
    char text[GONG_BATCH_HEADER_SIZE];
    struct gong_batch_header header = {
        .epoch = EPOCH, .seq = seq, .low = 1, .points = 1};
    struct iovec iov[3];

    memset(body, 'x', sizeof body);
    (void)snprintf(body, sizeof body, "lamp temp=%" PRIu64 " ", seq);
    header.crc = gong_crc32c(0, body, sizeof body);
    iov[0] = (struct iovec){
        prefix, gong_batch_prefix(device().site, device().device, prefix)};
    iov[1] = (struct iovec){text, gong_batch_header_format(&header, text)};
    iov[2] = (struct iovec){body, sizeof body};
    return gong_journal_append(parts->journal, GONG_RECORD_DATA, iov, 3, 0,
                               position) == GONG_OK;
}

static bool
put_effect(struct parts *parts, uint64_t position)
{
    static char id[] = "hot";
    static char alert[] = "Hot";
    struct gong_rule rule = {.id = id, .alert = alert};
    struct gong_effect effect = {.rule = &rule,
                                 .from = GONG_ALERT_INACTIVE,
                                 .to = GONG_ALERT_FIRING,
                                 .position = position,
                                 .ordinal = 1,
                                 .fingerprint = position,
                                 .journal_ms = (int64_t)position};

    return gong_effects_put(parts->effects, &effect, 1) == GONG_OK;
}

static void
live(struct book *book)
{
    for (int life = 0; life < 2; life++) {
        struct parts parts;

        bool opened = open_parts(&parts);

        for (int i = 0; opened && i < BATCHES / 2; i++) {
            uint64_t seq = ++book->last;
            uint64_t position = 0;
            bool taken = put_batch(&parts, seq, &position);

            book->held[seq] =
                taken && gong_journal_held(parts.journal, position);
            book->journaled[seq] = taken && !book->held[seq];
            if (taken) {
                struct gong_spool *effects = gong_effects_spool(parts.effects);
                struct gong_spool_stats stats;

                book->kept[seq] = put_effect(&parts, position);
                gong_spool_stats(effects, &stats);
                book->kept[seq] &= stats.memory_records == 0;
            }
            if (i % 5 == 4) {
                (void)!gong_spool_sync(gong_journal_spool(parts.journal));
                (void)!gong_spool_sync(gong_effects_spool(parts.effects));
            }
        }
        close_parts(&parts);
    }
}

static unsigned
count_effects(struct parts *parts)
{
    struct gong_spool_cursor *cursor = NULL;
    struct gong_record record;
    unsigned count = 0;

    assert_int_equal(gong_spool_cursor_open(gong_effects_spool(parts->effects),
                                            NULL, &cursor),
                     GONG_OK);
    while (gong_spool_cursor_next(cursor, UINT64_MAX, &record) == GONG_OK) {
        count += record.meta.type == GONG_RECORD_EFFECT;
    }
    gong_spool_cursor_close(cursor);
    return count;
}

/* The ledger learned from the journal is what was said: a batch that was
 * journaled is a duplicate now, one that was not is new. */
static void
check(const struct book *book)
{
    struct parts parts;
    unsigned kept = 0;
    unsigned most = 0;

    assert_true(open_parts(&parts));
    for (uint64_t seq = 1; seq <= book->last; seq++) {
        struct gong_batch_header header = {
            .epoch = EPOCH, .seq = seq, .low = 1, .points = 1};
        enum gong_receive_verdict verdict = gong_receive_check(
            parts.receive, device(), &header, gong_mono_now());

        assert_true(!book->journaled[seq] || verdict == GONG_RECEIVE_DUPLICATE);
        assert_true(book->journaled[seq] || book->held[seq] ||
                    verdict == GONG_RECEIVE_NEW);
        kept += book->kept[seq];
        most += book->journaled[seq] || book->held[seq];
    }
    assert_true(count_effects(&parts) >= kept);
    assert_true(count_effects(&parts) <= most);
    close_parts(&parts);
}

static void
remove_log(const char *dir)
{
    DIR *entries = opendir(dir);
    const struct dirent *entry;

    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (entry->d_name[0] != '.') {
            (void)unlinkat(dirfd(entries), entry->d_name, 0);
        }
    }
    if (entries != NULL) {
        (void)closedir(entries);
        (void)rmdir(dir);
    }
}

static void
every_call_fails_once(void **state)
{
    (void)state;
    for (int fault = 0; fault < SHIM_FAULTS; fault++) {
        unsigned n = 0;
        bool struck;

        if (fault == SHIM_SHORT_END) {
            continue; /* the spool's own test has it */
        }
        do {
            struct book book = {.last = 0};

            (void)snprintf(folder, sizeof folder, "/tmp/gong-agent-XXXXXX");
            assert_non_null(mkdtemp(folder));
            (void)snprintf(journal_dir, sizeof journal_dir, "%s/j", folder);
            (void)snprintf(effects_dir, sizeof effects_dir, "%s/e", folder);
            shim_arm((enum shim_fault)fault, ++n);
            live(&book);
            struck = shim_struck();
            shim_arm((enum shim_fault)fault, 0);
            check(&book);
            shim_disarm();
            remove_log(journal_dir);
            remove_log(effects_dir);
            assert_int_equal(rmdir(folder), 0);
        } while (struck);
        print_message("%s: %u calls\n", shim_name((enum shim_fault)fault),
                      n - 1);
        assert_true(n > 50);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_fails_once),
    };

    gong_log_init("test", GONG_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "agent/receive/receive_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/fd_bytes.h"
#include "agent/receive/receive_epoch.h"
#include "agent/receive/receive_format.h"
#include "common/crc32c.h"
#include "common/le.h"
#include "common/log.h"

#define FILE_MAX (UINT64_C(1) << 34)

/* What is left of the bytes. */
struct scan {
    const uint8_t *at;
    size_t left;
};

static const uint8_t *
take(struct scan *scan, size_t len)
{
    const uint8_t *at = scan->at;

    if (len > scan->left) {
        return NULL;
    }
    scan->at += len;
    scan->left -= len;
    return at;
}

static void
get_counts(const uint8_t *at, struct gong_ledger_counts *counts)
{
    uint64_t values[GONG_LEDGER_COUNTS];

    for (size_t i = 0; i < GONG_LEDGER_COUNTS; i++) {
        values[i] = gong_le_get64(at + 8 * i);
    }
    memcpy(counts, values, sizeof values);
}

static bool
get_range(struct scan *scan, struct gong_range *out)
{
    const uint8_t *at = take(scan, GONG_RECEIVE_RANGE_SIZE);

    if (at == NULL) {
        return false;
    }
    out->first = gong_le_get64(at);
    out->last = gong_le_get64(at + 8);
    return out->first > 0 && out->first <= out->last;
}

/* Ranges lie above cum, ascend, and never touch. */
static bool
get_ranges(struct scan *scan, uint8_t count, struct gong_ranges *ranges)
{
    uint64_t below = ranges->cum;

    for (uint8_t i = 0; i < count; i++) {
        struct gong_range range;

        if (!get_range(scan, &range) || below >= UINT64_MAX - 1 ||
            range.first <= below + 1 ||
            gong_ranges_add_run(ranges, range.first, range.last) != GONG_OK) {
            return false;
        }
        below = range.last;
    }
    return true;
}

static bool
get_gaps(struct scan *scan, uint8_t count, struct gong_ledger *ledger)
{
    for (uint8_t i = 0; i < count; i++) {
        struct gong_range gap;

        if (!get_range(scan, &gap) || !gong_ledger_add_gap(ledger, gap)) {
            return false;
        }
    }
    return true;
}

static bool
get_told(struct scan *scan, uint8_t count, struct gong_ledger *ledger)
{
    for (uint8_t i = 0; i < count; i++) {
        const uint8_t *at = take(scan, GONG_RECEIVE_TOLD_SIZE);
        struct gong_ledger_told told;

        if (at == NULL || gong_le_get64(at + 32) > GONG_LOST_TORN) {
            return false;
        }
        told = (struct gong_ledger_told){
            .first = gong_le_get64(at),
            .last = gong_le_get64(at + 8),
            .reason = (enum gong_lost_reason)gong_le_get64(at + 32),
            .points = gong_le_get64(at + 16),
            .samples = gong_le_get64(at + 24),
        };
        if (!gong_ledger_add_told(ledger, &told)) {
            return false;
        }
    }
    return true;
}

static void
get_epoch_head(const uint8_t *head, struct gong_receive_epoch *epoch)
{
    struct gong_ledger *ledger = &epoch->ledger;

    epoch->low = gong_le_get64(head + 8);
    epoch->position = gong_le_get64(head + 16);
    epoch->settled.cum = gong_le_get64(head + 24);
    ledger->base = gong_le_get64(head + 32);
    ledger->highest = gong_le_get64(head + 40);
    ledger->expected = gong_le_get64(head + 48);
    ledger->goodbye = gong_le_get64(head + GONG_RECEIVE_AT_DEVICES);
    ledger->lost_points = gong_le_get64(head + 64);
    ledger->highest_ms = (int64_t)gong_le_get64(head + 72);
    ledger->until_ms = (int64_t)gong_le_get64(head + 80);
    get_counts(head + 88, &ledger->counts);
}

static const char *
read_epoch(struct gong_device *device, struct scan *scan)
{
    const uint8_t *head = take(scan, GONG_RECEIVE_EPOCH_HEAD);
    struct gong_receive_epoch *epoch;

    if (head == NULL) {
        return "it ends within an epoch";
    }
    epoch = gong_receive_append_epoch(device, gong_le_get64(head));
    if (epoch == NULL) {
        return "it has an epoch twice, or there is no memory for it";
    }
    get_epoch_head(head, epoch);
    if (!get_ranges(scan, head[GONG_RECEIVE_EPOCH_HEAD - 4], &epoch->settled) ||
        !get_gaps(scan, head[GONG_RECEIVE_EPOCH_HEAD - 3], &epoch->ledger) ||
        !get_told(scan, head[GONG_RECEIVE_EPOCH_HEAD - 1], &epoch->ledger) ||
        !gong_ledger_sound(&epoch->ledger)) {
        return "its ranges are wrong";
    }
    epoch->ledger.closed = head[GONG_RECEIVE_EPOCH_HEAD - 2] != 0;
    return NULL;
}

static const char *
read_device(struct gong_receive *receive, struct scan *scan, gong_mono_t now)
{
    const uint8_t *head = take(scan, GONG_RECEIVE_DEVICE_HEAD);
    struct gong_device_name name;
    struct gong_device *device = NULL;
    const uint8_t *names;
    const char *why = NULL;

    names = head == NULL ? NULL : take(scan, (size_t)head[0] + head[1]);
    if (names == NULL) {
        return "it ends within a device";
    }
    name.site = gong_str_from((const char *)names, head[0]);
    name.device = gong_str_from((const char *)names + head[0], head[1]);
    if (!gong_topic_name_valid(name.site) ||
        !gong_topic_name_valid(name.device) ||
        head[2] > GONG_RECEIVE_EPOCHS_MAX) {
        return "it names what is no device";
    }
    if (gong_devices_get(&receive->devices, name, now, &device) != GONG_OK) {
        return "it has more devices than are allowed";
    }
    if (device->state != NULL) {
        return "it has a device twice";
    }
    for (uint8_t i = 0; i < head[2] && why == NULL; i++) {
        why = read_epoch(device, scan);
    }
    return why;
}

static const char *
check_head(struct gong_str bytes, struct gong_receive_place *out)
{
    const uint8_t *head = (const uint8_t *)bytes.data;
    size_t len = bytes.len;

    if (len < GONG_RECEIVE_HEAD + 8) {
        return "it is too short";
    }
    if (gong_le_get32(head) != GONG_RECEIVE_MAGIC ||
        gong_le_get32(head + 4) != GONG_RECEIVE_VERSION) {
        return "it is of another version";
    }
    if (gong_le_get64(head + GONG_RECEIVE_AT_BYTES) != len ||
        gong_le_get32(head + len - 4) !=
            gong_crc32c(0, head, GONG_RECEIVE_HEAD) ||
        gong_le_get32(head + len - 8) !=
            gong_crc32c(0, head + GONG_RECEIVE_HEAD,
                        len - GONG_RECEIVE_HEAD - 8)) {
        return "it is damaged";
    }
    memcpy(out->journal_id, head + 8, sizeof out->journal_id);
    out->generation = gong_le_get32(head + 24);
    out->from = gong_le_get64(head + GONG_RECEIVE_AT_FROM);
    out->through = gong_le_get64(head + GONG_RECEIVE_AT_THROUGH);
    return out->from <= out->through ? NULL : "its places are wrong";
}

static void
forget_all(struct gong_receive *receive)
{
    gong_devices_clear(&receive->devices);
    receive->forgotten = (struct gong_ledger_counts){0};
}

static const char *
decode_locked(struct gong_receive *receive, struct gong_str bytes)
{
    const uint8_t *head = (const uint8_t *)bytes.data;
    struct scan scan = {head + GONG_RECEIVE_HEAD,
                        bytes.len - GONG_RECEIVE_HEAD - 8};
    uint64_t devices = gong_le_get64(head + GONG_RECEIVE_AT_DEVICES);
    gong_mono_t now = gong_mono_now();
    const char *why = NULL;

    while (scan.left > 0 && why == NULL) {
        why = devices == 0 ? "it has more devices than it says"
                           : read_device(receive, &scan, now);
        devices--;
    }
    if (why == NULL && devices != 0) {
        why = "it has fewer devices than it says";
    }
    if (why != NULL) {
        forget_all(receive);
    } else {
        get_counts(head + GONG_RECEIVE_AT_COUNTS, &receive->forgotten);
    }
    return why;
}

enum gong_err
gong_receive_decode(struct gong_receive *receive, struct gong_str bytes,
                    struct gong_receive_place *out, const char **why)
{
    *why = check_head(bytes, out);
    if (*why == NULL) {
        (void)pthread_mutex_lock(&receive->lock);
        *why = decode_locked(receive, bytes);
        (void)pthread_mutex_unlock(&receive->lock);
    }
    return *why == NULL ? GONG_OK : GONG_ERR_CORRUPT;
}

/* The whole file on the heap; NULL with why, "" where there is none. */
static char *
slurp(const char *path, size_t *len, const char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    char *bytes = NULL;
    struct stat st;

    if (fd < 0) {
        *why = errno == ENOENT ? "" : strerror(errno);
        return NULL;
    }
    *why = "it cannot be read";
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 &&
        (uint64_t)st.st_size <= FILE_MAX) {
        *len = (size_t)st.st_size;
        bytes = malloc(*len + 1);
    }
    if (bytes != NULL && !gong_fd_read_all(fd, bytes, *len)) {
        free(bytes);
        bytes = NULL;
    }
    (void)close(fd);
    return bytes;
}

#define OF_ANOTHER "it is of another journal"
#define CUT_BEFORE "the journal was cut before it"

enum gong_err
gong_receive_peek(struct gong_receive *receive, const char *path,
                  const struct gong_spool_meta *journal,
                  struct gong_receive_place *out, const char **why)
{
    size_t len = 0;
    char *bytes = slurp(path, &len, why);
    enum gong_err err = GONG_ERR_CORRUPT;

    if (bytes == NULL) {
        return **why == '\0' ? GONG_ERR_NOT_FOUND : GONG_ERR_IO;
    }
    *why = check_head(gong_str_from(bytes, len), out);
    if (*why == NULL &&
        memcmp(journal->log_id, out->journal_id, sizeof out->journal_id) != 0) {
        *why = OF_ANOTHER;
        err = GONG_ERR_INVALID;
    } else if (*why == NULL &&
               !gong_spool_meta_holds(journal, out->generation, out->through)) {
        *why = CUT_BEFORE;
        err = GONG_ERR_INVALID;
    } else if (*why == NULL) {
        err = gong_receive_decode(receive, gong_str_from(bytes, len), out, why);
    }
    free(bytes);
    return err;
}

/* Why the state is not one of this journal; NULL where it is. */
static const char *
misfit(struct gong_spool *journal, const struct gong_receive_place *place)
{
    uint8_t id[16];

    gong_spool_id(journal, id);
    if (memcmp(id, place->journal_id, sizeof id) != 0) {
        return OF_ANOTHER;
    }
    return gong_spool_position_holds(journal, place->generation, place->through)
               ? NULL
               : CUT_BEFORE;
}

void
gong_receive_load(struct gong_receive *receive, const char *path,
                  struct gong_spool *journal, uint64_t *from)
{
    struct gong_receive_place place = {0};
    const char *why = "";
    size_t len = 0;
    char *bytes = slurp(path, &len, &why);

    *from = 0;
    if (bytes != NULL) {
        why = check_head(gong_str_from(bytes, len), &place);
        if (why == NULL) {
            why = misfit(journal, &place);
        }
        if (why == NULL) {
            (void)!gong_receive_decode(receive, gong_str_from(bytes, len),
                                       &place, &why);
        }
        free(bytes);
    }
    if (why == NULL) {
        *from = place.from;
        gong_log(GONG_LOG_INFO, "receive_restored",
                 "devices=%zu from=%" PRIu64 " bytes=%zu",
                 gong_receive_devices(receive), place.from, len);
    } else if (*why != '\0') {
        gong_log(GONG_LOG_WARNING, "receive_refused",
                 "reason=\"%s\" instead=\"the whole journal is read\"", why);
    }
}

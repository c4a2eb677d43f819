#include "agent/decide/snapshot_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/fd_bytes.h"
#include "common/log.h"

#define PREFIX     "snapshot."
#define DIGITS_MAX 15
#define NUMBER_MAX UINT64_C(999000000000000) /* leaves room for those after */
#define PATH_SIZE  4096

const char *
gong_snapshot_name(uint64_t n, char out[GONG_SNAPSHOT_NAME])
{
    (void)snprintf(out, GONG_SNAPSHOT_NAME, PREFIX "%" PRIu64, n);
    return out;
}

/* A number as gong_snapshot_name writes it, or 0. */
static uint64_t
number_of(const char *name)
{
    const char *digits = name + strlen(PREFIX);
    uint64_t n = 0;

    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 || *digits == '0' ||
        strlen(digits) > DIGITS_MAX) {
        return 0;
    }
    for (; *digits != '\0'; digits++) {
        if (*digits < '0' || *digits > '9') {
            return 0;
        }
        n = n * 10 + (uint64_t)(*digits - '0');
    }
    return n;
}

static void
insert(uint64_t *numbers, size_t *count, size_t max, uint64_t n)
{
    size_t at = *count;

    if (*count == max) {
        if (n < numbers[max - 1]) {
            return;
        }
        at = max - 1;
    } else {
        ++*count;
    }
    for (; at > 0 && numbers[at - 1] < n; at--) {
        numbers[at] = numbers[at - 1];
    }
    numbers[at] = n;
}

size_t
gong_snapshot_list(const char *state_dir, uint64_t out[GONG_SNAPSHOTS_MAX])
{
    DIR *folder = opendir(state_dir);
    const struct dirent *entry;
    size_t count = 0;

    if (folder == NULL) {
        return 0;
    }
    while ((entry = readdir(folder)) != NULL) {
        uint64_t n = number_of(entry->d_name);

        if (n != 0) {
            insert(out, &count, GONG_SNAPSHOTS_MAX, n);
        }
    }
    (void)closedir(folder);
    return count;
}

static bool
path_of(const char *state_dir, uint64_t n, char out[PATH_SIZE])
{
    char name[GONG_SNAPSHOT_NAME];
    int len = snprintf(out, PATH_SIZE, "%s/%s", state_dir,
                       gong_snapshot_name(n, name));

    return len > 0 && len < PATH_SIZE;
}

static bool
remove_one(const char *state_dir, uint64_t n)
{
    char path[PATH_SIZE];

    if (!path_of(state_dir, n, path)) {
        return false;
    }
    if (unlink(path) != 0) {
        gong_log(GONG_LOG_WARNING, "snapshot_not_removed",
                 "number=%" PRIu64 " reason=\"%s\"", n, strerror(errno));
        return false;
    }
    return true;
}

uint64_t
gong_snapshot_next(const char *state_dir)
{
    uint64_t numbers[GONG_SNAPSHOTS_MAX];
    size_t count;
    size_t at;
    bool removed;

    do {
        count = gong_snapshot_list(state_dir, numbers);
        removed = false;
        for (at = 0; at < count && numbers[at] > NUMBER_MAX; at++) {
            removed = remove_one(state_dir, numbers[at]) || removed;
        }
    } while (removed);
    return at < count ? numbers[at] + 1 : 1;
}

void
gong_snapshot_prune(const char *state_dir, size_t keep)
{
    uint64_t numbers[GONG_SNAPSHOTS_MAX];
    size_t count = gong_snapshot_list(state_dir, numbers);

    for (size_t i = keep; i < count; i++) {
        (void)remove_one(state_dir, numbers[i]);
    }
}

/* --- reading one --- */

static bool
read_all(void *ctx, void *out, size_t len)
{
    return gong_fd_read_all(*(const int *)ctx, out, len);
}

/* Whether the journal still has all that came after the snapshot. */
static const char *
misfit(struct gong_spool *journal, const struct gong_snapshot_place *place)
{
    struct gong_spool_stats stats;
    uint8_t id[16];

    gong_spool_id(journal, id);
    gong_spool_stats(journal, &stats);
    if (memcmp(id, place->journal_id, sizeof id) != 0) {
        return "it is of another journal";
    }
    if (place->generation > UINT32_MAX ||
        !gong_spool_position_holds(journal, (uint32_t)place->generation,
                                   place->position)) {
        return "the journal was cut before it";
    }
    return place->position < stats.begin ? "the journal begins after it" : NULL;
}

/* NULL, and why there are none. */
static struct gong_rule_source *
load_rules(const struct gong_snapshot_load *load, const char *sha,
           const char **why)
{
    struct gong_conf_errors errors = {0};
    struct gong_rule_source *source = NULL;

    if (gong_rule_sha_valid(gong_str_of(sha))) {
        source = gong_rule_store_get(load->state_dir, sha, &errors);
    }
    *why = errors.no_memory ? "no memory for its rules" : "its rules are gone";
    gong_conf_errors_fini(&errors);
    return source;
}

static const char *
restore(const struct gong_snapshot_load *load, int fd,
        struct gong_snapshot_found *out)
{
    static const struct gong_ruleset no_rules = {0};
    struct gong_snapshot_source source = {read_all, &fd, out->bytes};
    struct gong_snapshot_start start = {.limits = load->limits,
                                        .emit = load->emit,
                                        .ctx = load->ctx,
                                        .set = &no_rules};
    const char *why = NULL;

    if (out->place.rules[0] != '\0') {
        out->rules = load_rules(load, out->place.rules, &why);
        if (out->rules == NULL) {
            return why;
        }
        why = NULL;
        start.set = out->rules->set;
    }
    if (gong_engine_restore(&start, &source, &out->engine, &why) == GONG_OK) {
        return NULL;
    }
    gong_rule_source_free(out->rules);
    out->rules = NULL;
    return why;
}

static const char *
load_open(const struct gong_snapshot_load *load, int fd,
          struct gong_snapshot_found *out)
{
    uint8_t header[GONG_SNAPSHOT_HEADER];
    struct stat st;
    const char *why = NULL;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return "it is no file";
    }
    out->bytes = (uint64_t)st.st_size;
    if (!read_all(&fd, header, sizeof header)) {
        return "it is too short";
    }
    if (gong_snapshot_place(header, &out->place, &why) != GONG_OK) {
        return why;
    }
    why = misfit(load->journal, &out->place);
    if (why == NULL && lseek(fd, 0, SEEK_SET) != 0) {
        why = "it cannot be read";
    }
    return why == NULL ? restore(load, fd, out) : why;
}

static const char *
load_one(const struct gong_snapshot_load *load, struct gong_snapshot_found *out)
{
    char path[PATH_SIZE];
    const char *why = NULL;
    int fd;

    if (!path_of(load->state_dir, out->number, path)) {
        return "its path is too long";
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return strerror(errno);
    }
    why = load_open(load, fd, out);
    (void)close(fd);
    return why;
}

bool
gong_snapshot_load(const struct gong_snapshot_load *load,
                   struct gong_snapshot_found *out)
{
    uint64_t numbers[GONG_SNAPSHOTS_MAX];
    size_t count = gong_snapshot_list(load->state_dir, numbers);

    for (size_t i = 0; i < count; i++) {
        const char *why = NULL;

        *out = (struct gong_snapshot_found){.number = numbers[i]};
        why = load_one(load, out);
        if (why == NULL) {
            gong_log(GONG_LOG_INFO, "snapshot_restored",
                     "number=%" PRIu64 " position=%" PRIu64 " bytes=%" PRIu64,
                     out->number, out->place.position, out->bytes);
            return true;
        }
        gong_log(GONG_LOG_WARNING, "snapshot_refused",
                 "number=%" PRIu64 " reason=\"%s\"", numbers[i], why);
    }
    return false;
}

#include "disk_recorder.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "disk_calls.h"

#define PAGE       4096
#define NAME_SIZE  40
#define FILES_MAX  256
#define EVENTS_MAX 20000
#define NONE       SIZE_MAX

enum event_kind {
    EVENT_LINK, /* the name is the file's from now on */
    EVENT_UNLINK,
    EVENT_RENAME,
    EVENT_FOLDER_SYNC,
    EVENT_WRITE,
    EVENT_LENGTH,
    EVENT_SYNC,
};

struct event {
    enum event_kind kind;
    size_t file;
    char name[NAME_SIZE];
    char to[NAME_SIZE];
    uint64_t at; /* or the new length */
    size_t len;
    uint8_t *bytes;
};

static struct {
    struct event *events;
    size_t count;
    uint64_t inodes[FILES_MAX]; /* 0: gone */
    uint64_t lengths[FILES_MAX];
    size_t files;
    int dir_fd;
} tape;

/* --- writing down --- */

static struct event *
add(enum event_kind kind, size_t file)
{
    struct event *event;

    assert_true(tape.count < EVENTS_MAX);
    event = &tape.events[tape.count++];
    *event = (struct event){.kind = kind, .file = file};
    return event;
}

static size_t
file_of(uint64_t inode)
{
    for (size_t i = tape.files; i-- > 0;) {
        if (tape.inodes[i] == inode) {
            return i;
        }
    }
    return NONE;
}

static uint64_t
inode_of(int fd, bool *folder)
{
    struct stat st;

    assert_int_equal(fstat(fd, &st), 0);
    *folder = S_ISDIR(st.st_mode);
    return (uint64_t)st.st_ino;
}

static void
set_length(size_t file, uint64_t length)
{
    if (tape.lengths[file] != length) {
        tape.lengths[file] = length;
        add(EVENT_LENGTH, file)->at = length;
    }
}

static void
on_create(const struct disk_call *call, int fd)
{
    bool folder;
    uint64_t inode = inode_of(fd, &folder);
    size_t file = file_of(inode);

    if (file == NONE) {
        assert_true(tape.files < FILES_MAX);
        file = tape.files++;
        tape.inodes[file] = inode;
        tape.lengths[file] = 0;
        (void)snprintf(add(EVENT_LINK, file)->name, NAME_SIZE, "%s",
                       call->name);
    } else if ((call->flags & O_TRUNC) != 0) {
        set_length(file, 0);
    }
}

static void
on_write(const struct disk_call *call, size_t file, size_t len)
{
    struct event *event = add(EVENT_WRITE, file);
    size_t done = 0;

    event->at = call->at;
    event->len = len;
    event->bytes = malloc(len + 1);
    assert_non_null(event->bytes);
    for (int i = 0; i < call->part_count && done < len; i++) {
        size_t part = call->parts[i].iov_len;

        part = part < len - done ? part : len - done;
        if (part > 0) {
            memcpy(event->bytes + done, call->parts[i].iov_base, part);
        }
        done += part;
    }
    if (call->at + len > tape.lengths[file]) {
        set_length(file, call->at + len);
    }
}

static uint64_t
inode_named(const char *name)
{
    struct stat st;

    return fstatat(tape.dir_fd, name, &st, 0) == 0 ? (uint64_t)st.st_ino : 0;
}

static void
forget(uint64_t inode)
{
    size_t file = inode == 0 ? NONE : file_of(inode);

    if (file != NONE) {
        tape.inodes[file] = 0;
    }
}

static struct disk_order
before(void *ctx, const struct disk_call *call)
{
    (void)ctx;
    /* What a name stands for is known before it is gone. */
    if (call->op == DISK_UNLINK) {
        forget(inode_named(call->name));
    } else if (call->op == DISK_RENAME) {
        forget(inode_named(call->to));
    }
    return (struct disk_order){.pretend = call->op == DISK_SYNC ||
                                          call->op == DISK_DATA_SYNC};
}

static void
on_name(const struct disk_call *call)
{
    struct event *event =
        add(call->op == DISK_UNLINK ? EVENT_UNLINK : EVENT_RENAME, NONE);

    (void)snprintf(event->name, NAME_SIZE, "%s", call->name);
    if (call->to != NULL) {
        (void)snprintf(event->to, NAME_SIZE, "%s", call->to);
    }
}

static void
on_file(const struct disk_call *call, int64_t result)
{
    bool folder;
    size_t file = file_of(inode_of(call->fd, &folder));

    if (folder) {
        (void)add(EVENT_FOLDER_SYNC, NONE);
        return;
    }
    assert_true(file != NONE);
    if (call->op == DISK_WRITE) {
        on_write(call, file, (size_t)result);
    } else if (call->op == DISK_ALLOCATE) {
        if (call->at + call->len > tape.lengths[file]) {
            set_length(file, call->at + call->len);
        }
    } else if (call->op == DISK_TRUNCATE) {
        set_length(file, call->len);
    } else {
        (void)add(EVENT_SYNC, file);
    }
}

static void
after(void *ctx, const struct disk_call *call, int64_t result)
{
    (void)ctx;
    if (result < 0 || (call->op == DISK_ALLOCATE && result != 0) ||
        call->op == DISK_MKDIR) {
        return;
    }
    if (call->op == DISK_CREATE) {
        on_create(call, (int)result);
    } else if (call->op == DISK_UNLINK || call->op == DISK_RENAME) {
        on_name(call);
    } else {
        on_file(call, result);
    }
}

void
recorder_start(const char *dir)
{
    struct disk_watch watch = {.before = before, .after = after};

    recorder_fini();
    tape.dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
    assert_true(tape.dir_fd >= 0);
    tape.events = calloc(EVENTS_MAX, sizeof tape.events[0]);
    assert_non_null(tape.events);
    disk_watch(&watch);
}

void
recorder_stop(void)
{
    disk_watch(NULL);
    (void)close(tape.dir_fd);
}

void
recorder_fini(void)
{
    for (size_t i = 0; i < tape.count; i++) {
        free(tape.events[i].bytes);
    }
    free(tape.events);
    memset(&tape, 0, sizeof tape);
}

size_t
recorder_events(void)
{
    return tape.count;
}

/* --- building --- */

/* xorshift*: the same seed gives the same folder. */
static uint64_t
draw(uint64_t *state, uint64_t bound)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (*state * UINT64_C(2685821657736338717) >> 33) % bound;
}

/* After the last event of that kind and file before count; 0: none. */
static size_t
after_last(enum event_kind kind, size_t file, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        if (tape.events[i].kind == kind && tape.events[i].file == file) {
            return i + 1;
        }
    }
    return 0;
}

/* Some moment from first to last, both included. */
static size_t
moment(size_t first, size_t last, uint64_t *random)
{
    return first + (size_t)draw(random, last - first + 1);
}

struct names {
    char name[FILES_MAX][NAME_SIZE]; /* by file; "": has none */
};

static void
drop_name(struct names *names, const char *name)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        if (strcmp(names->name[i], name) == 0) {
            names->name[i][0] = '\0';
        }
    }
}

static void
apply_names(struct names *names, size_t count)
{
    memset(names, 0, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        const struct event *event = &tape.events[i];

        if (event->kind == EVENT_LINK) {
            memcpy(names->name[event->file], event->name, NAME_SIZE);
        } else if (event->kind == EVENT_UNLINK) {
            drop_name(names, event->name);
        } else if (event->kind == EVENT_RENAME) {
            drop_name(names, event->to);
            for (size_t f = 0; f < FILES_MAX; f++) {
                if (strcmp(names->name[f], event->name) == 0) {
                    memcpy(names->name[f], event->to, NAME_SIZE);
                }
            }
        }
    }
}

static uint64_t
length_at(size_t file, size_t count)
{
    size_t last = after_last(EVENT_LENGTH, file, count);

    return last == 0 ? 0 : tape.events[last - 1].at;
}

/* The page as it was after the first count events. */
static void
read_page(size_t file, uint64_t at, size_t count, uint8_t page[PAGE])
{
    memset(page, 0, PAGE);
    for (size_t i = 0; i < count; i++) {
        const struct event *event = &tape.events[i];

        if (event->file != file) {
            continue;
        }
        if (event->kind == EVENT_LENGTH && event->at <= at) {
            memset(page, 0, PAGE);
        }
        if (event->kind == EVENT_WRITE && event->at < at + PAGE &&
            event->at + event->len > at) {
            uint64_t from = event->at > at ? event->at : at;
            uint64_t to = event->at + event->len;

            to = to < at + PAGE ? to : at + PAGE;
            memcpy(page + (from - at), event->bytes + (from - event->at),
                   (size_t)(to - from));
        }
    }
}

struct plan {
    size_t count;
    enum recorder_cut cut;
    uint64_t random;
    size_t prefix; /* CUT_PREFIX: nothing after it happened, if unsynced */
};

/* How many of the events count for what was safe at safe. */
static size_t
choose(struct plan *plan, size_t safe, bool length)
{
    switch (plan->cut) {
    case CUT_ALL:
        return plan->count;
    case CUT_NOTHING:
        return safe;
    case CUT_LENGTHS:
        return length ? plan->count : safe;
    case CUT_PREFIX:
        return plan->prefix > safe ? plan->prefix : safe;
    case CUT_PAGES:
        break;
    }
    /* The ends are what matters most. */
    switch (draw(&plan->random, 3)) {
    case 0:
        return safe;
    case 1:
        return plan->count;
    default:
        return moment(safe, plan->count, &plan->random);
    }
}

static void
build_file(struct plan *plan, size_t file, const char *path)
{
    size_t safe = after_last(EVENT_SYNC, file, plan->count);
    uint64_t length = length_at(file, choose(plan, safe, true));
    FILE *out = fopen(path, "w");
    uint8_t page[PAGE];

    assert_non_null(out);
    for (uint64_t at = 0; at < length; at += PAGE) {
        size_t len = length - at < PAGE ? (size_t)(length - at) : PAGE;

        read_page(file, at, choose(plan, safe, false), page);
        assert_true(fwrite(page, 1, len, out) == len);
    }
    assert_int_equal(fclose(out), 0);
}

void
recorder_build(size_t count, enum recorder_cut cut, uint64_t seed,
               const char *into)
{
    static struct names names;
    struct plan plan = {.count = count,
                        .cut = cut,
                        .random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
    size_t safe = after_last(EVENT_FOLDER_SYNC, NONE, count);
    char path[160];

    plan.prefix = moment(0, count, &plan.random);
    apply_names(&names, choose(&plan, safe, true));
    for (size_t file = 0; file < tape.files; file++) {
        if (names.name[file][0] != '\0') {
            (void)snprintf(path, sizeof path, "%s/%s", into, names.name[file]);
            build_file(&plan, file, path);
        }
    }
}

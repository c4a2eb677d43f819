#include "tests/unit/history_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rules/engine/labelset.h"

#define SAMPLES_MAX 100000

void
history_fixture_open(struct history_fixture *fixture)
{
    char why[200] = "";

    (void)snprintf(fixture->folder, sizeof fixture->folder,
                   "/tmp/gong-history-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/history.db",
                   fixture->folder);
    if (gong_history_file_open(fixture->path, &fixture->file, why,
                               sizeof why) != GONG_OK) {
        fail_msg("%s", why);
    }
}

void
history_fixture_close(struct history_fixture *fixture)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[sizeof fixture->path + 8];

    gong_history_file_close(fixture->file);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", fixture->path, ends[i]);
        (void)unlink(name);
    }
    assert_int_equal(rmdir(fixture->folder), 0);
}

static int
compare_labels(const void *a, const void *b)
{
    const struct gong_label_view *x = a;
    const struct gong_label_view *y = b;

    return gong_str_compare(x->name, y->name);
}

/* Cuts name{a="1",b="2"}, sorted; views into text. */
static size_t
cut_labels(char *text, struct gong_label_view *labels)
{
    size_t count = 1;
    char *brace = strchr(text, '{');
    char *at = brace;

    labels[0].name = gong_str_of("__name__");
    if (brace != NULL) {
        *brace = '\0';
        at = brace + 1;
    }
    labels[0].value = gong_str_of(text);
    while (at != NULL && *at != '}' && *at != '\0') {
        size_t name = strcspn(at, "=");
        size_t value = strcspn(at + name + 2, "\"");

        labels[count].name = gong_str_from(at, name);
        labels[count].value = gong_str_from(at + name + 2, value);
        count++;
        at += name + 2 + value + 1;
        at += *at == ',';
    }
    qsort(labels, count, sizeof *labels, compare_labels);
    return count;
}

void
history_fixture_put(struct history_fixture *fixture, const char *series,
                    int64_t from_ms, int64_t step_ms, const double *values,
                    size_t count)
{
    static struct gong_sample samples[SAMPLES_MAX];
    struct gong_history_place place = {.rules = ""};
    struct gong_label_view labels[GONG_LABELSET_MAX];
    char *text = strdup(series);
    size_t label_count = cut_labels(text, labels);
    uint32_t number = 0;

    assert_true(count <= SAMPLES_MAX);
    for (size_t i = 0; i < count; i++) {
        samples[i].ms = from_ms + (int64_t)i * step_ms;
        samples[i].value = values[i];
    }
    assert_int_equal(gong_history_file_begin(fixture->file), GONG_OK);
    assert_int_equal(
        gong_history_file_series(fixture->file, labels, label_count, &number),
        GONG_OK);
    assert_int_equal(
        gong_history_file_put(fixture->file, number, samples, count), GONG_OK);
    assert_int_equal(gong_history_file_commit(fixture->file, &place), GONG_OK);
    free(text);
}

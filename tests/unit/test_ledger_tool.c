/* Unit tests of agent/look/ledger_tool.c where no agent answers: what was saved
 * counts only with the journal that it belongs to. */
#include "agent/look/ledger_tool.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "receive_fixture.h"

static struct {
    char *text;
    char *errors;
    bool lost;
} told;

static enum gong_err
ask(struct received *world, const char *what)
{
    struct gong_agent_config config = {
        .state = world->sinks->dir,
        .http = {.listen = (char[]){""}},
        .ingest = {.devices_max = 1000},
    };
    size_t len = 0;
    enum gong_err err;
    FILE *out;
    FILE *errors;

    free(told.text);
    free(told.errors);
    out = open_memstream(&told.text, &len);
    errors = open_memstream(&told.errors, &len);
    assert_non_null(out);
    assert_non_null(errors);
    err = gong_ledger_tool(&config, what, out, errors, &told.lost);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(fclose(errors), 0);
    return err;
}

static void
says(const char *part)
{
    if (strstr(told.text, part) == NULL) {
        fail_msg("no \"%s\" in:\n%s", part, told.text);
    }
}

static void
says_not(const char *part)
{
    if (strstr(told.text, part) != NULL) {
        fail_msg("\"%s\" in:\n%s", part, told.text);
    }
}

/* Number 1 is in the saved state only: its record is not read again. */
static void
save_some(struct received *world)
{
    received_send(world, 1, 7, 1, 1);
    received_save(world);
    received_send(world, 1, 7, 2, 1);
}

static void
what_was_saved_counts_with_its_journal(void **state)
{
    struct received *world = *state;

    save_some(world);
    assert_int_equal(ask(world, "22015/lamp-1"), GONG_OK);
    says("from the saved state and the journal");
    says("22015/lamp-1");
    says("received: 2");
    says_not("not used");
    assert_false(told.lost);
    assert_int_equal(ask(world, "22015/nobody"), GONG_ERR_NOT_FOUND);
    assert_int_equal(ask(world, "22015/No Name"), GONG_ERR_INVALID);
}

static void
without_a_saved_state_the_journal_tells(void **state)
{
    struct received *world = *state;

    received_send(world, 1, 7, 1, 1);
    assert_int_equal(ask(world, ""), GONG_OK);
    says("from the journal alone");
    says("received: 1");
    says_not("not used");
}

static void
remove_journal(struct received *world)
{
    char path[512];
    char dir[96];
    const struct dirent *entry;
    DIR *folder;

    (void)snprintf(dir, sizeof dir, "%s/journal", world->sinks->dir);
    folder = opendir(dir);
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, entry->d_name);
        (void)unlink(path);
    }
    (void)closedir(folder);
}

static void
the_state_of_another_journal_does_not_count(void **state)
{
    struct received *world = *state;

    received_send(world, 2, 7, 1, 1);
    save_some(world);
    gong_ingest_free(world->ingest);
    sinks_close(world->sinks);
    remove_journal(world);
    sinks_open(world->sinks);
    world->ingest = NULL;
    assert_int_equal(
        sinks_put_data(world->sinks, "22015", "lamp-9", "lamp temp=1") > 0, 1);
    assert_int_equal(ask(world, ""), GONG_OK);
    says("from the journal alone");
    says("it is of another journal");
    says("/receive");
    says_not("lamp-2");
}

static void
the_state_behind_a_cut_journal_does_not_count(void **state)
{
    struct received *world = *state;
    struct gong_receive_place place;

    received_send(world, 2, 7, 1, 1);
    place = received_place(world);
    place.through += 4096;
    received_save_at(world, &place);
    assert_int_equal(ask(world, ""), GONG_OK);
    says("the journal ends before it");
    says("from the journal alone");
    says("received: 1");
    place.through = place.from;
    place.generation += 3;
    received_save_at(world, &place);
    assert_int_equal(ask(world, ""), GONG_OK);
    says("the journal was cut before it");
}

static void
a_damaged_state_does_not_count(void **state)
{
    struct received *world = *state;
    FILE *file;

    save_some(world);
    file = fopen(world->path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, 180, SEEK_SET), 0);
    assert_int_not_equal(fputs("rubbish", file), EOF);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(ask(world, ""), GONG_OK);
    says("it is damaged");
    says("received: 2");
}

static void
without_a_journal_it_says_which(void **state)
{
    struct received *world = *state;

    gong_ingest_free(world->ingest);
    world->ingest = NULL;
    sinks_close(world->sinks);
    remove_journal(world);
    assert_int_equal(ask(world, ""), GONG_ERR_NOT_FOUND);
    assert_non_null(strstr(told.errors, "/journal"));
    sinks_open(world->sinks);
}

static int
forget(void **state)
{
    (void)state;
    free(told.text);
    free(told.errors);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, received_setup, received_teardown)
        CASE(what_was_saved_counts_with_its_journal),
        CASE(without_a_saved_state_the_journal_tells),
        CASE(the_state_of_another_journal_does_not_count),
        CASE(the_state_behind_a_cut_journal_does_not_count),
        CASE(a_damaged_state_does_not_count),
        CASE(without_a_journal_it_says_which),
    };

    return cmocka_run_group_tests(tests, NULL, forget);
}

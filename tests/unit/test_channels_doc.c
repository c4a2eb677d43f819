/* docs/CHANNELS.md says of each channel's keys what the program says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/tell/channel.h"

static char *
read_page(void)
{
    FILE *file = fopen(GONG_SOURCE_DIR "/docs/CHANNELS.md", "r");
    char *page = calloc(1, 262144);

    assert_non_null(file);
    assert_non_null(page);
    assert_true(fread(page, 1, 262143, file) > 0);
    (void)fclose(file);
    return page;
}

static void
every_key_is_described(void **state)
{
    static const struct gong_channel_kind *const kinds[] = {
        &gong_channel_email, &gong_channel_zalo_bot, &gong_channel_zalo_oa,
        &gong_channel_zns, &gong_channel_exec};
    char *page = read_page();

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char *table = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&table, &size);

        assert_non_null(out);
        gong_conf_manual(kinds[i]->options, out);
        assert_int_equal(fclose(out), 0);
        if (strstr(page, table) == NULL) {
            fail_msg("%s: the page does not hold\n%s", kinds[i]->type, table);
        }
        free(table);
    }
    free(page);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_described),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Unit tests of agent/tell/link_sign.c and agent/tell/link_key.c: one link, one
 * person, one incident, until it expires. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/tell/link_key.h"
#include "agent/tell/link_sign.h"
#include "message_fixture.h"

#define DAY_MS INT64_C(86400000)

static const uint8_t key[GONG_LINK_KEY_SIZE] = {1, 2, 3};

static struct gong_link
make(uint64_t incident, const char *contact)
{
    struct gong_link link = {.incident = incident, .expires_ms = DAY_MS};

    (void)snprintf(link.contact, sizeof link.contact, "%s", contact);
    return link;
}

static void
what_was_signed_is_read(void **state)
{
    static const uint64_t numbers[] = {1, 127, 128, 16384, UINT64_MAX};
    static const char *const contacts[] = {
        "a", "cs-duty-1", "trực-ban",
        "0123456789012345678901234567890123456789012345678901234567890123"};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        for (size_t c = 0; c < 4; c++) {
            struct gong_link link = make(numbers[i], contacts[c]);
            struct gong_link read;
            char token[GONG_LINK_TOKEN_SIZE];

            assert_int_equal(gong_link_sign(key, &link, token), GONG_OK);
            assert_int_equal(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghi"
                                           "jklmnopqrstuvwxyz0123456789-_"),
                             strlen(token));
            assert_int_equal(
                gong_link_verify(key, gong_str_of(token), DAY_MS - 1, &read),
                GONG_OK);
            assert_int_equal(read.incident, numbers[i]);
            assert_string_equal(read.contact, contacts[c]);
            assert_int_equal(read.expires_ms, DAY_MS);
        }
    }
}

static void
it_expires(void **state)
{
    struct gong_link link = make(17, "cs-duty-1");
    char token[GONG_LINK_TOKEN_SIZE];

    (void)state;
    assert_int_equal(gong_link_sign(key, &link, token), GONG_OK);
    assert_int_equal(gong_link_verify(key, gong_str_of(token), DAY_MS, &link),
                     GONG_ERR_TIMEOUT);
    assert_int_equal(link.incident, 17);
    assert_int_equal(
        gong_link_verify(key, gong_str_of(token), DAY_MS - 1, &link), GONG_OK);
}

/* No other text than the one that was given out is taken. */
static void
any_change_is_refused(void **state)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. ";
    struct gong_link link = make(17, "cs-duty-1");
    char token[GONG_LINK_TOKEN_SIZE];
    uint8_t other[GONG_LINK_KEY_SIZE] = {1, 2, 4};
    size_t len;

    (void)state;
    assert_int_equal(gong_link_sign(key, &link, token), GONG_OK);
    len = strlen(token);
    assert_int_equal(gong_link_verify(other, gong_str_of(token), 0, &link),
                     GONG_ERR_INVALID);
    for (size_t i = 0; i < len; i++) {
        char was = token[i];

        assert_int_equal(
            gong_link_verify(key, gong_str_from(token, i), 0, &link),
            GONG_ERR_INVALID);
        for (size_t l = 0; l < sizeof letters; l++) {
            token[i] = letters[l];
            if (token[i] != was) {
                assert_int_equal(
                    gong_link_verify(key, gong_str_from(token, len), 0, &link),
                    GONG_ERR_INVALID);
            }
        }
        token[i] = was;
    }
}

static void
what_cannot_be_signed(void **state)
{
    const struct gong_link_signer signer = message_signer();
    struct gong_link_signer none = signer;
    struct gong_link link = make(0, "a");
    char token[GONG_LINK_TOKEN_SIZE];
    char url[GONG_LINK_SIZE];

    (void)state;
    assert_int_equal(gong_link_sign(key, &link, token), GONG_ERR_INVALID);
    link = make(1, "");
    assert_int_equal(gong_link_sign(key, &link, token), GONG_ERR_INVALID);
    link = make(1, "a\nb");
    assert_int_equal(gong_link_sign(key, &link, token), GONG_ERR_INVALID);
    link = make(1, "\xff");
    assert_int_equal(gong_link_sign(key, &link, token), GONG_ERR_INVALID);
    link = make(1, "a");
    link.expires_ms = -1;
    assert_int_equal(gong_link_sign(key, &link, token), GONG_ERR_INVALID);
    link.expires_ms = INT64_MAX;
    assert_int_equal(gong_link_sign(key, &link, token), GONG_ERR_INVALID);
    gong_link_url(&signer, 17, "cs-duty-1", MESSAGE_AT_MS, url);
    assert_string_equal(url, MESSAGE_LINK);
    gong_link_url(&signer, 17, "", MESSAGE_AT_MS, url);
    assert_string_equal(url, "");
    none.base = "";
    gong_link_url(&none, 17, "cs-duty-1", MESSAGE_AT_MS, url);
    assert_string_equal(url, "");
}

static void
a_key_is_made_once(void **state)
{
    char folder[] = "/tmp/gong-key-XXXXXX";
    char path[64];
    uint8_t first[GONG_LINK_KEY_SIZE] = {0};
    uint8_t second[GONG_LINK_KEY_SIZE] = {0};
    const uint8_t zeros[GONG_LINK_KEY_SIZE] = {0};
    struct stat about;
    char why[256] = "";

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/link.key", folder);
    assert_int_equal(gong_link_key_load(path, first, why, sizeof why), GONG_OK);
    assert_int_equal(gong_link_key_load(path, second, why, sizeof why),
                     GONG_OK);
    assert_memory_equal(first, second, sizeof first);
    assert_memory_not_equal(first, zeros, sizeof first);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    assert_int_equal(about.st_size, GONG_LINK_KEY_SIZE);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(gong_link_key_load(path, first, why, sizeof why),
                     GONG_ERR_INVALID);
    assert_non_null(strstr(why, "others may read"));
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(truncate(path, 31), 0);
    assert_int_equal(gong_link_key_load(path, first, why, sizeof why),
                     GONG_ERR_INVALID);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); /* nothing is left beside it */
    assert_int_not_equal(gong_link_key_load(path, first, why, sizeof why),
                         GONG_OK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_signed_is_read),
        cmocka_unit_test(it_expires),
        cmocka_unit_test(any_change_is_refused),
        cmocka_unit_test(what_cannot_be_signed),
        cmocka_unit_test(a_key_is_made_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

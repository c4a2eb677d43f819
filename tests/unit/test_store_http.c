/* Unit tests of agent/store/store_http.c, http_client.c and gzip.c: what is
 * pure, and compression there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <zlib.h>

#include "agent/store/gzip.h"
#include "agent/store/store_http.h"

static void
dedup_flag(void **state)
{
    static const struct {
        const char *text;
        bool set;
    } cases[] = {
        {"", false},
        {"-dedup.minScrapeInterval=\"1ms\"\n", true},
        {"-httpListenAddr=\"127.0.0.1:8428\"\n", false},
        {"-dedup.minScrapeInterval=\"0s\"\n-retentionPeriod=\"1\"\n", false},
        {"-a=\"1\"\n-dedup.minScrapeInterval=\"60s\"\n", true},
        {"flag{name=\"dedup.minScrapeInterval\", value=\"1ms\", "
         "is_set=\"true\"} 1\n",
         true},
        {"flag{name=\"dedup.minScrapeInterval\", value=\"0s\", "
         "is_set=\"false\"} 1\n",
         false},
        {"dedup.minScrapeInterval", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (gong_store_http_dedup_set(gong_str_of(cases[i].text)) !=
            cases[i].set) {
            fail_msg("%s", cases[i].text);
        }
    }
}

static void
started(void **state)
{
    static const struct {
        const char *text;
        uint64_t seconds;
    } cases[] = {
        {"", 0},
        {"a 1\nvm_app_start_timestamp 1795312864\nb 2\n", 1795312864},
        {"a 1\nvm_app_start_timestamp ", 0},
        {"a 1\nvm_app_start_timestamp x\n", 0},
        {"a 1\nnot_vm_app_start_timestamp 7\n", 0},
        {"a 1\nvm_app_start_timestamp 7", 7},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(gong_store_http_started(gong_str_of(cases[i].text)),
                         cases[i].seconds);
    }
}

static void
fresh(void **state)
{
    static const struct {
        const char *text;
        bool fresh;
    } cases[] = {
        {"", false},
        {"a 1\nvm_app_uptime_seconds 0\nb 2\n", true},
        {"a 1\nvm_app_uptime_seconds 1\n", false},
        {"a 1\nvm_app_uptime_seconds 10\n", false},
        {"a 1\nvm_app_uptime_seconds ", false},
        {"a 1\nvm_app_uptime_seconds x\n", false},
        {"a 1\nnot_vm_app_uptime_seconds 0\n", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(gong_store_http_fresh(gong_str_of(cases[i].text)),
                         cases[i].fresh);
    }
}

static void
urls(void **state)
{
    static const struct {
        const char *url;
        bool valid;
        bool loopback;
    } cases[] = {
        {"http://127.0.0.1:8428", true, true},
        {"HTTP://localhost/x", true, true},
        {"https://[::1]:8086/", true, true},
        {"http://127.evil.example/", true, false},
        {"http://localhost.example/", true, false},
        {"http://127.0.0.1:80@evil.example/", true, false},
        {"http://localhost:80@evil.example/", true, false},
        {"http://[::1].evil.example/", true, false},
        {"https://store.example:8086", true, false},
        {"http://", false, false},
        {"http:///x", false, false},
        {"ftp://x", false, false},
        {"store:8086", false, false},
        {"", false, false},
        {"http://a b/", false, false},
        {"http://a\r\nX: y/", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(gong_http_url_valid(cases[i].url), cases[i].valid);
        assert_int_equal(gong_http_url_loopback(cases[i].url),
                         cases[i].loopback);
    }
    assert_false(gong_http_url_valid(NULL));
}

static void
check_gzip(struct gong_gzip *gzip, struct gong_str text)
{
    struct gong_buffer packed = {0};
    z_stream stream = {0};
    unsigned char *out = malloc(text.len + 1);

    assert_non_null(out);
    assert_int_equal(gong_gzip_pack(gzip, text, &packed), GONG_OK);
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = (unsigned char *)packed.data;
    stream.avail_in = (unsigned)packed.len;
    stream.next_out = out;
    stream.avail_out = (unsigned)text.len + 1;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, text.len);
    assert_int_equal(stream.avail_in, 0);
    if (text.len > 0) {
        assert_memory_equal(out, text.data, text.len);
    }
    assert_int_equal(inflateEnd(&stream), Z_OK);
    free(out);
    gong_buffer_fini(&packed);
}

static void
gzip_there_and_back(void **state)
{
    struct gong_gzip *gzip = gong_gzip_new(1);
    size_t size = 1 << 20;
    char *text = malloc(size);
    uint32_t random = 1;

    (void)state;
    assert_non_null(gzip);
    assert_non_null(text);
    for (size_t i = 0; i < size; i++) { /* hardly to be compressed */
        random = random * 1664525u + 1013904223u;
        text[i] = (char)(random >> 24);
    }
    check_gzip(gzip, gong_str_of(""));
    check_gzip(gzip, gong_str_of("m v=1 1\n"));
    check_gzip(gzip, gong_str_from(text, size));
    check_gzip(gzip, gong_str_of("again\n"));
    free(text);
    gong_gzip_free(gzip);
    gong_gzip_free(NULL);
    assert_null(gong_gzip_new(99));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dedup_flag),
        cmocka_unit_test(started),
        cmocka_unit_test(fresh),
        cmocka_unit_test(urls),
        cmocka_unit_test(gzip_there_and_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

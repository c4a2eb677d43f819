#include "rule_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct gong_rule_source *
rule_load(const char *file, struct gong_str text,
          struct gong_conf_errors *errors)
{
    struct gong_rule_source *source;
    char *bundle = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bundle, &size);

    assert_non_null(out);
    (void)fprintf(out, "== %s %zu\n", file, text.len);
    (void)fwrite(text.data, 1, text.len, out);
    assert_int_equal(fclose(out), 0);
    source = gong_rule_bundle_load(gong_str_from(bundle, size), errors);
    free(bundle);
    return source;
}

void
rule_refused(const struct conf_golden *goldens, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct gong_conf_errors errors = {0};

        assert_null(rule_load("f", gong_str_of(goldens[i].text), &errors));
        conf_expect(&errors, goldens[i].messages);
    }
}

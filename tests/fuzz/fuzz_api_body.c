/* Any bytes as the body of an endpoint: the first says which of those that take
 * one. What passes is as its schema says and stays so when written and read
 * again. Matchers that pass are matchers to the desk too; whoever may silence
 * one unit silences no other. */
#include <string.h>

#include "agent/api/api_private.h"
#include "agent/api/api_schema.h"
#include "rules/desk/desk_config.h"
#include "tests/fuzz/fuzz.h"

#define WHY_SIZE 256

static const struct gong_api_schema *
schema_of(uint8_t choice)
{
    const struct gong_api_schema *found = NULL;

    for (size_t i = 0, taken = 0; found == NULL || taken <= choice; i++) {
        const struct gong_api_schema *body =
            gong_api_routes[i % gong_api_route_count].body;

        if (body != NULL && body != &gong_api_form_body) {
            found = body;
            taken++;
        }
    }
    return found;
}

static void
check_why(const char *why)
{
    json_t *text = json_string(why); /* NULL where it is no UTF-8 */

    FUZZ_CHECK(why[0] != '\0' && strlen(why) < WHY_SIZE);
    for (const char *c = why; *c != '\0'; c++) {
        FUZZ_CHECK((unsigned char)*c >= ' ' && *c != 0x7f);
    }
    json_decref(text);
}

/* Of an alert in another unit. */
static void
check_bound(struct gong_desk_matchers *matchers, const char *unit)
{
    const struct gong_label_view labels[] = {
        {gong_str_of("site"), gong_str_of("another")},
        {gong_str_of("unit"), gong_str_of("another")},
    };
    const struct gong_label_view there[] = {
        {gong_str_of("site"), gong_str_of(unit)},
        {gong_str_of("unit"), gong_str_of("another")},
    };

    FUZZ_CHECK(strcmp(unit, "another") == 0 ||
               (!gong_desk_matchers_take(matchers, NULL, labels, 2) &&
                !gong_desk_matchers_take(matchers, NULL, there, 2)));
}

static void
check_matchers(const json_t *list)
{
    char unit[GONG_GRANT_UNIT_SIZE];
    char again[GONG_GRANT_UNIT_SIZE];
    char why[WHY_SIZE] = "";
    struct gong_expr_error error;
    struct gong_desk_matchers *matchers;
    char *text = gong_api_matchers_text(list, unit, why, sizeof why);

    if (text == NULL) {
        check_why(why);
        return;
    }
    gong_api_matchers_unit(gong_str_of(text), again);
    FUZZ_CHECK(strcmp(unit, again) == 0);
    /* A pattern or a length may still be wrong. */
    matchers = gong_desk_matchers_read(gong_str_of(text), &error);
    if (matchers != NULL) {
        gong_api_matchers_unit(gong_str_of(gong_desk_matchers_text(matchers)),
                               again);
        FUZZ_CHECK(strcmp(unit, again) == 0);
        if (unit[0] != '\0') {
            check_bound(matchers, unit);
        }
    }
    gong_desk_matchers_free(matchers);
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct gong_api_schema *schema =
        schema_of(size == 0 ? 0 : (uint8_t)(data[0] - '0'));
    struct gong_str text = gong_str_from(
        size == 0 ? "" : (const char *)data + 1, size == 0 ? 0 : size - 1);
    char why[WHY_SIZE] = "";
    json_t *body = gong_api_read(text, why, sizeof why);

    if (body == NULL) {
        check_why(why);
    } else if (!gong_api_check(body, schema, why, sizeof why)) {
        check_why(why);
    } else {
        char *written = json_dumps(body, JSON_COMPACT);
        json_t *read = written == NULL ? NULL
                                       : gong_api_read(gong_str_of(written),
                                                       why, sizeof why);

        FUZZ_CHECK(read != NULL &&
                   gong_api_check(read, schema, why, sizeof why));
        json_decref(read);
        free(written);
        if (json_is_array(json_object_get(body, "matchers"))) {
            check_matchers(json_object_get(body, "matchers"));
        }
    }
    json_decref(body);
    return 0;
}

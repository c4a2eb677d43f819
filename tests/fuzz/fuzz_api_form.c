/* Any bytes as a form: what is taken lies within the form's bytes, ends, holds
 * no NUL but its ends, and is what it was when written and read again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api/api_form.h"
#include "tests/fuzz/fuzz.h"

static void
put(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        (void)fprintf(out, "%%%02x", (unsigned char)*text);
    }
}

static void
check_again(const struct gong_api_form *form)
{
    struct gong_api_form again;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    FUZZ_CHECK(out != NULL);
    for (size_t i = 0; i < form->count; i++) {
        (void)fputs(i == 0 ? "" : "&", out);
        put(out, form->pairs[i].name);
        (void)fputc('=', out);
        put(out, form->pairs[i].value);
    }
    FUZZ_CHECK(fclose(out) == 0);
    FUZZ_CHECK(gong_api_form_read(gong_str_from(text, len), &again) == GONG_OK);
    FUZZ_CHECK(again.count == form->count);
    for (size_t i = 0; i < form->count; i++) {
        FUZZ_CHECK(strcmp(again.pairs[i].name, form->pairs[i].name) == 0);
        FUZZ_CHECK(strcmp(again.pairs[i].value, form->pairs[i].value) == 0);
    }
    gong_api_form_fini(&again);
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gong_api_form form;
    enum gong_err err =
        gong_api_form_read(gong_str_from((const char *)data, size), &form);
    size_t bytes = 0;

    FUZZ_CHECK(err == GONG_OK || err == GONG_ERR_INVALID ||
               err == GONG_ERR_TOO_LARGE);
    FUZZ_CHECK(form.count <= GONG_API_QUERY_MAX);
    for (size_t i = 0; i < form.count; i++) {
        bytes += strlen(form.pairs[i].name) + strlen(form.pairs[i].value);
    }
    FUZZ_CHECK(bytes <= size);
    if (err == GONG_OK) {
        check_again(&form);
    }
    gong_api_form_fini(&form);
    return 0;
}

#include "rules/engine/template_function.h"

#define ELEMENTS_MAX 1000

bool
gong_tfn_query(struct gong_trender *render, const struct gong_tvalue *args,
               size_t count, struct gong_tvalue *out)
{
    const struct gong_template_context *context = render->context;
    const struct gong_template_sample *samples = NULL;
    const struct gong_template_sample **list = NULL;
    struct gong_expr_error error = {.message = "no answer"};
    size_t found = 0;

    (void)count;
    if (context->query == NULL) {
        return gong_trender_fail(render,
                                 "error calling query: nobody answers it here");
    }
    if (context->query(context->query_ctx, args[0].as.text, &samples, &found,
                       &error) != GONG_OK) {
        return gong_trender_fail(render, "error calling query: %s",
                                 error.message);
    }
    if (found > ELEMENTS_MAX) {
        return gong_trender_fail(render,
                                 "error calling query: too many elements");
    }
    list = gong_trender_take(render, found * sizeof(void *));
    if (list == NULL) {
        return false;
    }
    for (size_t i = 0; i < found; i++) {
        list[i] = &samples[i];
    }
    *out = (struct gong_tvalue){.kind = GONG_TKIND_VECTOR,
                                .as.vector = {list, found}};
    return true;
}

bool
gong_tfn_first(struct gong_trender *render, const struct gong_tvalue *args,
               size_t count, struct gong_tvalue *out)
{
    (void)count;
    if (args[0].as.vector.count == 0) {
        return gong_trender_fail(render, "error calling first: first() called "
                                         "on vector with no elements");
    }
    *out = (struct gong_tvalue){.kind = GONG_TKIND_SAMPLE,
                                .as.sample = args[0].as.vector.list[0]};
    return true;
}

static struct gong_str
label_of(const struct gong_template_sample *sample, struct gong_str name)
{
    for (size_t i = 0; i < sample->label_count; i++) {
        if (gong_str_equal(sample->labels[i].name, name)) {
            return sample->labels[i].value;
        }
    }
    return gong_str_from("", 0);
}

bool
gong_tfn_label(struct gong_trender *render, const struct gong_tvalue *args,
               size_t count, struct gong_tvalue *out)
{
    (void)render;
    (void)count;
    *out = gong_tvalue_text(label_of(args[1].as.sample, args[0].as.text));
    return true;
}

bool
gong_tfn_value(struct gong_trender *render, const struct gong_tvalue *args,
               size_t count, struct gong_tvalue *out)
{
    (void)render;
    (void)count;
    *out = gong_tvalue_float(args[0].as.sample->value);
    return true;
}

bool
gong_tfn_strvalue(struct gong_trender *render, const struct gong_tvalue *args,
                  size_t count, struct gong_tvalue *out)
{
    (void)render;
    (void)count;
    *out =
        gong_tvalue_text(label_of(args[0].as.sample, gong_str_of("__value__")));
    return true;
}

/* By insertion: equal ones keep their order. */
bool
gong_tfn_sort_by_label(struct gong_trender *render,
                       const struct gong_tvalue *args, size_t count,
                       struct gong_tvalue *out)
{
    const struct gong_tvalue *vector = &args[1];
    size_t size = vector->as.vector.count;
    const struct gong_template_sample **list =
        gong_trender_take(render, size * sizeof(void *));

    (void)count;
    for (size_t i = 0; list != NULL && i < size; i++) {
        const struct gong_template_sample *sample = vector->as.vector.list[i];
        struct gong_str label = label_of(sample, args[0].as.text);
        size_t at = i;

        while (at > 0 &&
               gong_str_compare(label,
                                label_of(list[at - 1], args[0].as.text)) < 0) {
            list[at] = list[at - 1];
            at--;
        }
        list[at] = sample;
    }
    *out = (struct gong_tvalue){.kind = GONG_TKIND_VECTOR,
                                .as.vector = {list, size}};
    return list != NULL;
}

bool
gong_tfn_args(struct gong_trender *render, const struct gong_tvalue *args,
              size_t count, struct gong_tvalue *out)
{
    struct gong_tvalue *list =
        gong_trender_take(render, (count + 1) * sizeof *list);

    for (size_t i = 0; list != NULL && i < count; i++) {
        list[i] = args[i];
    }
    *out =
        (struct gong_tvalue){.kind = GONG_TKIND_ARGS, .as.args = {list, count}};
    return list != NULL;
}

#include "rules/engine/template_function.h"

/* What can be compared with what, as Go sees it. */
enum group {
    GROUP_NIL,
    GROUP_BOOL,
    GROUP_INT,
    GROUP_FLOAT,
    GROUP_TEXT,
    GROUP_POINTER, /* equal if it is the same */
    GROUP_NONE,    /* maps and lists are never equal to anything */
};

static enum group
group_of(const struct gong_tvalue *value)
{
    switch (value->kind) {
    case GONG_TKIND_NIL:
        return GROUP_NIL;
    case GONG_TKIND_BOOL:
        return GROUP_BOOL;
    case GONG_TKIND_INT:
    case GONG_TKIND_BYTE:
        return GROUP_INT;
    case GONG_TKIND_FLOAT:
        return GROUP_FLOAT;
    case GONG_TKIND_STRING:
    case GONG_TKIND_HTML:
        return GROUP_TEXT;
    case GONG_TKIND_SAMPLE:
        return GROUP_POINTER;
    case GONG_TKIND_LABELS:
    case GONG_TKIND_VECTOR:
    case GONG_TKIND_ARGS:
    case GONG_TKIND_ROOT:
        return GROUP_NONE;
    }
    return GROUP_NONE;
}

static bool
fail_comparison(struct gong_trender *render, const char *name, const char *why)
{
    return gong_trender_fail(render, "error calling %s: %s", name, why);
}

static bool
same(const struct gong_tvalue *a, const struct gong_tvalue *b)
{
    switch (group_of(a)) {
    case GROUP_NIL:
        return true;
    case GROUP_BOOL:
        return a->as.boolean == b->as.boolean;
    case GROUP_INT:
        return a->as.integer == b->as.integer;
    case GROUP_FLOAT:
        return a->as.number == b->as.number;
    case GROUP_TEXT:
        return gong_str_equal(a->as.text, b->as.text);
    case GROUP_POINTER:
        return a->as.sample == b->as.sample;
    case GROUP_NONE:
        return false;
    }
    return false;
}

static bool
equal(struct gong_trender *render, const char *name,
      const struct gong_tvalue *a, const struct gong_tvalue *b, bool *out)
{
    enum group x = group_of(a);
    enum group y = group_of(b);

    *out = false;
    if (x == GROUP_NONE || y == GROUP_NONE) {
        return gong_trender_fail(render,
                                 "error calling %s: uncomparable type %s", name,
                                 gong_tvalue_type(x == GROUP_NONE ? a : b));
    }
    if (x != y && x != GROUP_NIL && y != GROUP_NIL) {
        return fail_comparison(render, name,
                               "incompatible types for comparison");
    }
    *out = x == y && same(a, b);
    return true;
}

bool
gong_tfn_eq(struct gong_trender *render, const struct gong_tvalue *args,
            size_t count, struct gong_tvalue *out)
{
    bool found = false;

    if (count < 2) {
        return fail_comparison(render, "eq", "missing argument for comparison");
    }
    for (size_t i = 1; i < count && !found; i++) {
        if (!equal(render, "eq", &args[0], &args[i], &found)) {
            return false;
        }
    }
    *out = gong_tvalue_bool(found);
    return true;
}

bool
gong_tfn_ne(struct gong_trender *render, const struct gong_tvalue *args,
            size_t count, struct gong_tvalue *out)
{
    bool found = false;

    (void)count;
    if (!equal(render, "ne", &args[0], &args[1], &found)) {
        return false;
    }
    *out = gong_tvalue_bool(!found);
    return true;
}

/* Whether a < b, or with also a <= b. */
static bool
less(struct gong_trender *render, const char *name,
     const struct gong_tvalue *args, bool also, bool *out)
{
    const struct gong_tvalue *a = &args[0];
    const struct gong_tvalue *b = &args[1];
    enum group x = group_of(a);
    bool ordered = x == GROUP_INT || x == GROUP_FLOAT || x == GROUP_TEXT;

    if (x == GROUP_NIL || x == GROUP_NONE || x == GROUP_POINTER ||
        group_of(b) == GROUP_NIL || group_of(b) == GROUP_NONE) {
        return fail_comparison(render, name, "invalid type for comparison");
    }
    if (x != group_of(b)) {
        return fail_comparison(render, name,
                               "incompatible types for comparison");
    }
    if (!ordered) {
        return fail_comparison(render, name, "invalid type for comparison");
    }
    if (x == GROUP_INT) {
        *out = a->as.integer < b->as.integer;
    } else if (x == GROUP_FLOAT) {
        *out = a->as.number < b->as.number;
    } else {
        *out = gong_str_compare(a->as.text, b->as.text) < 0;
    }
    *out = *out || (also && same(a, b));
    return true;
}

/* gt is what is not le, ge what is not lt: of NaN, both are true. */
static bool
order(struct gong_trender *render, const char *name,
      const struct gong_tvalue *args, struct gong_tvalue *out)
{
    bool also = name[0] == 'l' ? name[1] == 'e' : name[1] == 't';
    bool found = false;

    if (!less(render, name, args, also, &found)) {
        return false;
    }
    *out = gong_tvalue_bool(name[0] == 'l' ? found : !found);
    return true;
}

bool
gong_tfn_lt(struct gong_trender *render, const struct gong_tvalue *args,
            size_t count, struct gong_tvalue *out)
{
    (void)count;
    return order(render, "lt", args, out);
}

bool
gong_tfn_le(struct gong_trender *render, const struct gong_tvalue *args,
            size_t count, struct gong_tvalue *out)
{
    (void)count;
    return order(render, "le", args, out);
}

bool
gong_tfn_gt(struct gong_trender *render, const struct gong_tvalue *args,
            size_t count, struct gong_tvalue *out)
{
    (void)count;
    return order(render, "gt", args, out);
}

bool
gong_tfn_ge(struct gong_trender *render, const struct gong_tvalue *args,
            size_t count, struct gong_tvalue *out)
{
    (void)count;
    return order(render, "ge", args, out);
}

bool
gong_tfn_all_true(struct gong_trender *render, const struct gong_tvalue *args,
                  size_t count, struct gong_tvalue *out)
{
    size_t i = 0;

    (void)render;
    while (i + 1 < count && gong_tvalue_true(&args[i])) {
        i++;
    }
    *out = args[i];
    return true;
}

bool
gong_tfn_any_true(struct gong_trender *render, const struct gong_tvalue *args,
                  size_t count, struct gong_tvalue *out)
{
    size_t i = 0;

    (void)render;
    while (i + 1 < count && !gong_tvalue_true(&args[i])) {
        i++;
    }
    *out = args[i];
    return true;
}

bool
gong_tfn_negate(struct gong_trender *render, const struct gong_tvalue *args,
                size_t count, struct gong_tvalue *out)
{
    (void)render;
    (void)count;
    *out = gong_tvalue_bool(!gong_tvalue_true(&args[0]));
    return true;
}

/* How many there are to index; false: not a list, map or text. */
static bool
size_of(const struct gong_tvalue *value, size_t *out)
{
    *out = 0;
    switch (value->kind) {
    case GONG_TKIND_STRING:
    case GONG_TKIND_HTML:
        *out = value->as.text.len;
        return true;
    case GONG_TKIND_LABELS:
        *out = value->as.labels.count;
        return true;
    case GONG_TKIND_VECTOR:
        *out = value->as.vector.count;
        return true;
    case GONG_TKIND_ARGS:
        *out = value->as.args.count;
        return true;
    case GONG_TKIND_NIL:
    case GONG_TKIND_BOOL:
    case GONG_TKIND_INT:
    case GONG_TKIND_BYTE:
    case GONG_TKIND_FLOAT:
    case GONG_TKIND_SAMPLE:
    case GONG_TKIND_ROOT:
        break;
    }
    return false;
}

bool
gong_tfn_len(struct gong_trender *render, const struct gong_tvalue *args,
             size_t count, struct gong_tvalue *out)
{
    size_t size = 0;

    (void)count;
    if (!size_of(&args[0], &size)) {
        return gong_trender_fail(render, "error calling len: len of type %s",
                                 gong_tvalue_type(&args[0]));
    }
    *out = gong_tvalue_int((int64_t)size);
    return true;
}

static bool
check_index(struct gong_trender *render, const char *name,
            const struct gong_tvalue *index, size_t bound)
{
    if (index->kind != GONG_TKIND_INT && index->kind != GONG_TKIND_BYTE) {
        return gong_trender_fail(
            render, "error calling %s: cannot index slice/array with type %s",
            name, gong_tvalue_type(index));
    }
    if (index->as.integer < 0 || (uint64_t)index->as.integer >= bound) {
        return gong_trender_fail(render,
                                 "error calling %s: index out of range: %lld",
                                 name, (long long)index->as.integer);
    }
    return true;
}

static bool
index_one(struct gong_trender *render, const struct gong_tvalue *item,
          const struct gong_tvalue *index, struct gong_tvalue *out)
{
    size_t size = 0;

    if (!size_of(item, &size)) {
        return gong_trender_fail(render,
                                 "error calling index: can't index item of "
                                 "type %s",
                                 gong_tvalue_type(item));
    }
    if (item->kind == GONG_TKIND_LABELS || item->kind == GONG_TKIND_ARGS) {
        if (index->kind != GONG_TKIND_STRING) {
            return gong_trender_fail(
                render,
                "error calling index: value has type %s; should be string",
                gong_tvalue_type(index));
        }
        return gong_tvalue_field(render, item, index->as.text, out);
    }
    if (!check_index(render, "index", index, size)) {
        return false;
    }
    if (item->kind == GONG_TKIND_VECTOR) {
        *out = (struct gong_tvalue){
            .kind = GONG_TKIND_SAMPLE,
            .as.sample = item->as.vector.list[index->as.integer]};
    } else {
        *out = gong_tvalue_int(
            (unsigned char)item->as.text.data[index->as.integer]);
        out->kind = GONG_TKIND_BYTE;
    }
    return true;
}

bool
gong_tfn_index(struct gong_trender *render, const struct gong_tvalue *args,
               size_t count, struct gong_tvalue *out)
{
    *out = args[0];
    for (size_t i = 1; i < count; i++) {
        const struct gong_tvalue item = *out;

        if (!index_one(render, &item, &args[i], out)) {
            return false;
        }
    }
    return true;
}

bool
gong_tfn_slice(struct gong_trender *render, const struct gong_tvalue *args,
               size_t count, struct gong_tvalue *out)
{
    size_t bounds[2] = {0, 0};
    bool text = gong_tvalue_is_text(&args[0]);

    *out = args[0];
    if ((!text && args[0].kind != GONG_TKIND_VECTOR) ||
        !size_of(&args[0], &bounds[1]) || count > 3) {
        return gong_trender_fail(
            render, "error calling slice: can't slice item of type %s",
            gong_tvalue_type(&args[0]));
    }
    size_t size = bounds[1];
    for (size_t i = 1; i < count; i++) {
        if (!check_index(render, "slice", &args[i], size + 1)) {
            return false;
        }
        bounds[i - 1] = (size_t)args[i].as.integer;
    }
    if (bounds[0] > bounds[1]) {
        return gong_trender_fail(
            render, "error calling slice: invalid slice index: %zu > %zu",
            bounds[0], bounds[1]);
    }
    if (text) {
        out->as.text = gong_str_from(args[0].as.text.data + bounds[0],
                                     bounds[1] - bounds[0]);
        return true;
    }
    out->as.vector.list += bounds[0];
    out->as.vector.count = bounds[1] - bounds[0];
    return true;
}

#include "rules/engine/template_run.h"

#include <stdio.h>
#include <string.h>

#include "rules/engine/template_call.h"
#include "rules/engine/template_format.h"
#include "rules/engine/template_tree.h"

#define DEPTH_MAX 100 /* nodes inside each other, over all templates */

/* One template that is being executed. */
struct run {
    struct gong_trender *render;
    struct gong_toutput *output;
    struct gong_tvalue vars[GONG_TEMPLATE_SLOTS];
    bool remembered; /* a variable was set since it was last cleared */
};

enum flow {
    FLOW_NEXT,
    FLOW_BREAK,
    FLOW_CONTINUE,
    FLOW_FAILED,
};

static bool eval_pipe(struct run *run, uint32_t pipe,
                      const struct gong_tvalue *dot, struct gong_tvalue *out);
static enum flow exec_list(struct run *run, uint32_t list,
                           const struct gong_tvalue *dot);

static const struct gong_tnode *
node_of(const struct run *run, uint32_t node)
{
    return &run->render->tmpl->nodes[node];
}

/* Counts a node; the last one counted is where an error is. */
static bool
step(struct run *run, const struct gong_tnode *node)
{
    struct gong_trender *render = run->render;

    if (render->failed) {
        return false;
    }
    render->at = node->at;
    if (++render->steps > GONG_TEMPLATE_STEPS_MAX) {
        return gong_trender_fail(render, "it takes too many steps");
    }
    return true;
}

static bool
enter(struct run *run)
{
    if (run->render->depth == DEPTH_MAX) {
        return gong_trender_fail(run->render, "it is nested too deep");
    }
    run->render->depth++;
    return true;
}

/* .a.b.c of a value; fields is "a.b.c". */
static bool
eval_fields(struct run *run, struct gong_str fields, struct gong_tvalue *value)
{
    while (fields.len > 0) {
        const char *dot = memchr(fields.data, '.', fields.len);
        size_t len = dot == NULL ? fields.len : (size_t)(dot - fields.data);
        const struct gong_tvalue from = *value;

        if (!gong_tvalue_field(run->render, &from,
                               gong_str_from(fields.data, len), value)) {
            return false;
        }
        len += dot == NULL ? 0 : 1;
        fields = gong_str_from(fields.data + len, fields.len - len);
    }
    return true;
}

static bool
eval_operand(struct run *run, uint32_t index, const struct gong_tvalue *dot,
             struct gong_tvalue *out)
{
    const struct gong_tnode *node = node_of(run, index);

    if (!step(run, node)) {
        return false;
    }
    *out = (struct gong_tvalue){.kind = GONG_TKIND_NIL};
    switch (node->kind) {
    case GONG_TNODE_DOT:
        *out = *dot;
        return true;
    case GONG_TNODE_BOOL:
        *out = gong_tvalue_bool(node->integer != 0);
        return true;
    case GONG_TNODE_INT:
        *out = gong_tvalue_int(node->integer);
        return true;
    case GONG_TNODE_FLOAT:
        *out = gong_tvalue_float(node->number);
        return true;
    case GONG_TNODE_STRING:
        *out = gong_tvalue_text(node->text);
        return true;
    case GONG_TNODE_FIELD:
        *out = *dot;
        return eval_fields(run, node->text, out);
    case GONG_TNODE_VARIABLE:
        *out = run->vars[node->slot];
        return eval_fields(run, node->text, out);
    case GONG_TNODE_CHAIN:
        return eval_operand(run, node->child, dot, out) &&
               eval_fields(run, node->text, out);
    case GONG_TNODE_IDENT:
        return gong_tcall_run(run->render, (int)node->integer, out, 0, out);
    case GONG_TNODE_PIPE:
        return eval_pipe(run, index, dot, out);
    case GONG_TNODE_NIL:
    case GONG_TNODE_LIST:
    case GONG_TNODE_TEXT:
    case GONG_TNODE_ACTION:
    case GONG_TNODE_IF:
    case GONG_TNODE_RANGE:
    case GONG_TNODE_WITH:
    case GONG_TNODE_TEMPLATE:
    case GONG_TNODE_BREAK:
    case GONG_TNODE_CONTINUE:
    case GONG_TNODE_COMMAND:
        break;
    }
    return true;
}

/* Whether a value holds nothing of what lies from mark on. */
static bool
is_apart(const struct gong_trender *render, const struct gong_tvalue *value,
         size_t mark)
{
    const uintptr_t from = (uintptr_t)render->memory + mark;
    const uintptr_t to = (uintptr_t)render->memory + render->used;

    switch (value->kind) {
    case GONG_TKIND_NIL:
    case GONG_TKIND_BOOL:
    case GONG_TKIND_INT:
    case GONG_TKIND_BYTE:
    case GONG_TKIND_FLOAT:
        return true;
    case GONG_TKIND_STRING:
    case GONG_TKIND_HTML:
        return (uintptr_t)value->as.text.data < from ||
               (uintptr_t)value->as.text.data >= to;
    case GONG_TKIND_LABELS:
    case GONG_TKIND_VECTOR:
    case GONG_TKIND_SAMPLE:
    case GONG_TKIND_ARGS:
    case GONG_TKIND_ROOT:
        break;
    }
    return false;
}

/* A function with what is written behind it and what is piped into it. */
static bool
eval_function(struct run *run, const struct gong_tnode *function,
              const struct gong_tvalue *dot, const struct gong_tvalue *piped,
              struct gong_tvalue *out)
{
    const struct gong_tnode *nodes = run->render->tmpl->nodes;
    struct gong_tvalue *args = NULL;
    size_t count = piped == NULL ? 0 : 1;
    size_t used = 0;

    for (uint32_t i = function->next; i != 0; i = nodes[i].next) {
        count++;
    }
    args = gong_trender_take(run->render, (count + 1) * sizeof *args);
    if (args == NULL) {
        return false;
    }
    for (uint32_t i = function->next; i != 0; i = nodes[i].next) {
        if (!eval_operand(run, i, dot, &args[used])) {
            return false;
        }
        used++;
        if (gong_tcall_stops((int)function->integer, &args[used - 1])) {
            *out = args[used - 1];
            return true;
        }
    }
    if (piped != NULL) {
        args[used++] = *piped;
    }
    run->render->at = function->at;
    return gong_tcall_run(run->render, (int)function->integer, args, used, out);
}

/* What its arguments took is free again where its result has no part of it: a
 * long range asks many questions. */
static bool
eval_call(struct run *run, const struct gong_tnode *function,
          const struct gong_tvalue *dot, const struct gong_tvalue *piped,
          struct gong_tvalue *out)
{
    size_t mark = run->render->used;
    bool ok = eval_function(run, function, dot, piped, out);

    if (ok && !run->remembered && is_apart(run->render, out, mark)) {
        run->render->used = mark;
    }
    return ok;
}

static bool
eval_command(struct run *run, uint32_t command, const struct gong_tvalue *dot,
             const struct gong_tvalue *piped, struct gong_tvalue *out)
{
    uint32_t first = node_of(run, command)->child;
    const struct gong_tnode *node = node_of(run, first);

    if (node->kind == GONG_TNODE_IDENT) {
        return step(run, node) && eval_call(run, node, dot, piped, out);
    }
    return eval_operand(run, first, dot, out);
}

/* Of a range's two variables, the second is the element. */
static void
set_variables(struct run *run, const struct gong_tnode *pipe,
              const struct gong_tvalue *key, const struct gong_tvalue *value)
{
    run->remembered |= pipe->count > 0;
    if (pipe->count == 1) {
        run->vars[pipe->slot] = *value;
    } else if (pipe->count == 2) {
        run->vars[pipe->slot] = *key;
        run->vars[pipe->other] = *value;
    }
}

static bool
eval_pipe(struct run *run, uint32_t pipe, const struct gong_tvalue *dot,
          struct gong_tvalue *out)
{
    const struct gong_tnode *node = node_of(run, pipe);
    struct gong_tvalue value = {.kind = GONG_TKIND_NIL};
    bool ok = enter(run);

    for (uint32_t i = node->child; ok && i != 0; i = node_of(run, i)->next) {
        struct gong_tvalue piped = value;

        ok =
            eval_command(run, i, dot, i == node->child ? NULL : &piped, &value);
    }
    if (!ok) {
        return false;
    }
    run->render->depth--;
    *out = value;
    set_variables(run, node, &value, &value);
    return true;
}

static void
put_value(struct run *run, const struct gong_tvalue *value)
{
    struct gong_tbuilder text = {.render = run->render};

    if (gong_tvalue_is_text(value)) {
        gong_toutput_put(run->output, value->as.text);
    } else if (value->kind == GONG_TKIND_NIL) {
        gong_toutput_put(run->output, gong_str_of("<no value>"));
    } else {
        gong_tformat_plain(&text, value);
        gong_toutput_put(run->output, gong_tbuilder_text(&text));
    }
}

static enum flow
exec_action(struct run *run, const struct gong_tnode *node,
            const struct gong_tvalue *dot)
{
    size_t used = run->render->used;
    bool silent = node_of(run, node->pipe)->count > 0;
    struct gong_tvalue value;

    run->remembered = false;
    if (!eval_pipe(run, node->pipe, dot, &value)) {
        return FLOW_FAILED;
    }
    if (silent) {
        return FLOW_NEXT;
    }
    put_value(run, &value);
    /* Nothing remembers what was made for an output, but for variables that are
     * set in brackets. */
    if (!run->remembered) {
        run->render->used = used;
    }
    return run->render->failed ? FLOW_FAILED : FLOW_NEXT;
}

static enum flow
exec_branch(struct run *run, const struct gong_tnode *node,
            const struct gong_tvalue *dot)
{
    struct gong_tvalue value;
    bool with = node->kind == GONG_TNODE_WITH;

    if (!eval_pipe(run, node->pipe, dot, &value)) {
        return FLOW_FAILED;
    }
    if (gong_tvalue_true(&value)) {
        return exec_list(run, node->child, with ? &value : dot);
    }
    return node->other == 0 ? FLOW_NEXT : exec_list(run, node->other, dot);
}

/* How many elements there are; false where it is nothing to range over. */
static bool
range_size(struct run *run, const struct gong_tvalue *value, size_t *size)
{
    *size = 0;
    if (value->kind == GONG_TKIND_VECTOR) {
        *size = value->as.vector.count;
    } else if (value->kind == GONG_TKIND_LABELS) {
        *size = value->as.labels.count;
    } else if (value->kind == GONG_TKIND_ARGS) {
        *size = value->as.args.count;
    } else if (value->kind != GONG_TKIND_NIL) {
        return gong_trender_fail(run->render,
                                 "range can't iterate over a value of type %s",
                                 gong_tvalue_type(value));
    }
    return true;
}

/* The nth key and element; label is the one before, for maps. */
static bool
range_element(struct run *run, const struct gong_tvalue *value, size_t n,
              const struct gong_label_view **label, struct gong_tvalue *pair)
{
    if (value->kind == GONG_TKIND_LABELS) {
        *label = gong_tvalue_label(value->as.labels.list,
                                   value->as.labels.count, *label);
        if (*label == NULL) {
            return false;
        }
        pair[0] = gong_tvalue_text((*label)->name);
        pair[1] = gong_tvalue_text((*label)->value);
        return true;
    }
    if (value->kind == GONG_TKIND_VECTOR) {
        pair[0] = gong_tvalue_int((int64_t)n);
        pair[1] = (struct gong_tvalue){.kind = GONG_TKIND_SAMPLE,
                                       .as.sample = value->as.vector.list[n]};
        return true;
    }
    char *name = gong_trender_take(run->render, 32);
    if (name == NULL) {
        return false;
    }
    int len = snprintf(name, 32, "arg%zu", n);
    pair[0] = gong_tvalue_text(gong_str_from(name, (size_t)len));
    pair[1] = value->as.args.list[n];
    return true;
}

static enum flow
exec_range(struct run *run, const struct gong_tnode *node,
           const struct gong_tvalue *dot)
{
    const struct gong_tnode *pipe = node_of(run, node->pipe);
    const struct gong_label_view *label = NULL;
    struct gong_tvalue value;
    enum flow flow = FLOW_NEXT;
    size_t size = 0;

    if (!eval_pipe(run, node->pipe, dot, &value) ||
        !range_size(run, &value, &size)) {
        return FLOW_FAILED;
    }
    if (size == 0) {
        return node->other == 0 ? FLOW_NEXT : exec_list(run, node->other, dot);
    }
    for (size_t i = 0; i < size; i++) {
        struct gong_tvalue pair[2];

        if (!step(run, node)) {
            return FLOW_FAILED;
        }
        if (!range_element(run, &value, i, &label, pair)) {
            break;
        }
        set_variables(run, pipe, &pair[0], &pair[1]);
        flow = exec_list(run, node->child, &pair[1]);
        if (flow == FLOW_BREAK || flow == FLOW_FAILED) {
            break;
        }
    }
    return flow == FLOW_FAILED || run->render->failed ? FLOW_FAILED : FLOW_NEXT;
}

/* A template sees nothing of who calls it but its dot, which is its $. */
static bool
run_template(struct gong_trender *render, struct gong_toutput *output,
             uint32_t list, const struct gong_tvalue *dot)
{
    struct run run = {.render = render, .output = output};

    run.vars[0] = *dot;
    return exec_list(&run, list, dot) != FLOW_FAILED;
}

static enum flow
exec_template(struct run *run, const struct gong_tnode *node,
              const struct gong_tvalue *dot)
{
    const struct gong_tdefine *define =
        gong_tdefine_find(run->render->tmpl, node->text);
    struct gong_tvalue value = {.kind = GONG_TKIND_NIL};

    if ((node->pipe != 0 && !eval_pipe(run, node->pipe, dot, &value)) ||
        define == NULL) {
        return FLOW_FAILED;
    }
    return run_template(run->render, run->output, define->list, &value)
               ? FLOW_NEXT
               : FLOW_FAILED;
}

static enum flow
exec_node(struct run *run, const struct gong_tnode *node,
          const struct gong_tvalue *dot)
{
    switch (node->kind) {
    case GONG_TNODE_TEXT:
        gong_toutput_put(run->output, node->text);
        return FLOW_NEXT;
    case GONG_TNODE_ACTION:
        return exec_action(run, node, dot);
    case GONG_TNODE_IF:
    case GONG_TNODE_WITH:
        return exec_branch(run, node, dot);
    case GONG_TNODE_RANGE:
        return exec_range(run, node, dot);
    case GONG_TNODE_TEMPLATE:
        return exec_template(run, node, dot);
    case GONG_TNODE_BREAK:
        return FLOW_BREAK;
    case GONG_TNODE_CONTINUE:
        return FLOW_CONTINUE;
    case GONG_TNODE_LIST:
    case GONG_TNODE_PIPE:
    case GONG_TNODE_COMMAND:
    case GONG_TNODE_DOT:
    case GONG_TNODE_NIL:
    case GONG_TNODE_BOOL:
    case GONG_TNODE_INT:
    case GONG_TNODE_FLOAT:
    case GONG_TNODE_STRING:
    case GONG_TNODE_FIELD:
    case GONG_TNODE_VARIABLE:
    case GONG_TNODE_IDENT:
    case GONG_TNODE_CHAIN:
        break;
    }
    return FLOW_NEXT;
}

static enum flow
exec_list(struct run *run, uint32_t list, const struct gong_tvalue *dot)
{
    enum flow flow = enter(run) ? FLOW_NEXT : FLOW_FAILED;

    for (uint32_t i = node_of(run, list)->child; flow == FLOW_NEXT && i != 0;
         i = node_of(run, i)->next) {
        const struct gong_tnode *node = node_of(run, i);

        flow = step(run, node) ? exec_node(run, node, dot) : FLOW_FAILED;
    }
    run->render->depth--;
    return run->render->failed ? FLOW_FAILED : flow;
}

bool
gong_trun(struct gong_trender *render, struct gong_toutput *output)
{
    struct run run = {.render = render, .output = output};
    const struct gong_tvalue root = {.kind = GONG_TKIND_ROOT,
                                     .as.root = render->context};
    static const char *const fields[] = {"Labels", "ExternalLabels",
                                         "ExternalURL", "Value"};

    /* $, $labels, $externalLabels, $externalURL, $value: as the parser has
     * them. */
    run.vars[0] = root;
    for (uint32_t i = 0; i < 4; i++) {
        (void)gong_tvalue_field(render, &root, gong_str_of(fields[i]),
                                &run.vars[i + 1]);
    }
    return exec_list(&run, render->tmpl->defines[0].list, &root) != FLOW_FAILED;
}

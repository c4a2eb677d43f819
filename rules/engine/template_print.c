#include "rules/engine/template_format.h"
#include "rules/engine/template_function.h"
#include "rules/engine/template_quote.h"

bool
gong_tfn_print(struct gong_trender *render, const struct gong_tvalue *args,
               size_t count, struct gong_tvalue *out)
{
    struct gong_tbuilder text = {.render = render};

    gong_tformat_sprint(&text, args, count, false);
    return gong_tbuilder_finish(&text, out);
}

bool
gong_tfn_println(struct gong_trender *render, const struct gong_tvalue *args,
                 size_t count, struct gong_tvalue *out)
{
    struct gong_tbuilder text = {.render = render};

    gong_tformat_sprint(&text, args, count, true);
    return gong_tbuilder_finish(&text, out);
}

bool
gong_tfn_printf(struct gong_trender *render, const struct gong_tvalue *args,
                size_t count, struct gong_tvalue *out)
{
    struct gong_tbuilder text = {.render = render};

    gong_tformat_sprintf(&text, args[0].as.text, args + 1, count - 1);
    return gong_tbuilder_finish(&text, out);
}

typedef void quoter(struct gong_tbuilder *out, struct gong_str text);

static bool
quote(struct gong_trender *render, quoter *write,
      const struct gong_tvalue *args, size_t count, struct gong_tvalue *out)
{
    struct gong_tbuilder plain = {.render = render};
    struct gong_tbuilder text = {.render = render};

    for (size_t i = 0; i < count; i++) {
        struct gong_tvalue arg = args[i];

        if (arg.kind == GONG_TKIND_NIL) {
            arg = gong_tvalue_text(gong_str_of("<no value>"));
        }
        if (i > 0 && !gong_tvalue_is_text(&arg) &&
            !gong_tvalue_is_text(&args[i - 1])) {
            gong_tbuilder_putc(&plain, ' ');
        }
        gong_tformat_plain(&plain, &arg);
    }
    if (!render->failed) {
        write(&text, gong_tbuilder_text(&plain));
    }
    return gong_tbuilder_finish(&text, out);
}

bool
gong_tfn_html(struct gong_trender *render, const struct gong_tvalue *args,
              size_t count, struct gong_tvalue *out)
{
    return quote(render, gong_tquote_html, args, count, out);
}

bool
gong_tfn_js(struct gong_trender *render, const struct gong_tvalue *args,
            size_t count, struct gong_tvalue *out)
{
    return quote(render, gong_tquote_js, args, count, out);
}

bool
gong_tfn_urlquery(struct gong_trender *render, const struct gong_tvalue *args,
                  size_t count, struct gong_tvalue *out)
{
    return quote(render, gong_tquote_url, args, count, out);
}

static bool
link_to(struct gong_trender *render, struct gong_str expr, const char *tab,
        struct gong_tvalue *out)
{
    struct gong_tbuilder text = {.render = render};

    gong_tbuilder_put(&text, gong_str_of("/graph?g0.expr="));
    gong_tquote_url(&text, expr);
    gong_tbuilder_put(&text, gong_str_of("&g0.tab="));
    gong_tbuilder_put(&text, gong_str_of(tab));
    return gong_tbuilder_finish(&text, out);
}

bool
gong_tfn_graph_link(struct gong_trender *render, const struct gong_tvalue *args,
                    size_t count, struct gong_tvalue *out)
{
    (void)count;
    return link_to(render, args[0].as.text, "0", out);
}

bool
gong_tfn_table_link(struct gong_trender *render, const struct gong_tvalue *args,
                    size_t count, struct gong_tvalue *out)
{
    (void)count;
    return link_to(render, args[0].as.text, "1", out);
}

#include "rules/engine/template_tree.h"

#include <stdlib.h>

uint32_t
gong_tnode_push(struct gong_template *tmpl, enum gong_tnode_kind kind,
                size_t at)
{
    if (tmpl->count == tmpl->room) {
        uint32_t room = tmpl->room == 0 ? 16 : tmpl->room * 2;
        struct gong_tnode *more =
            realloc(tmpl->nodes, room * sizeof *tmpl->nodes);

        if (more == NULL) {
            return 0;
        }
        tmpl->nodes = more;
        tmpl->room = room;
    }
    if (tmpl->count == 0) {
        tmpl->nodes[tmpl->count++] = (struct gong_tnode){.at = 0};
    }
    tmpl->nodes[tmpl->count] =
        (struct gong_tnode){.kind = kind, .at = (uint32_t)at};
    return tmpl->count++;
}

const struct gong_tdefine *
gong_tdefine_find(const struct gong_template *tmpl, struct gong_str name)
{
    for (uint32_t i = 1; i < tmpl->define_count; i++) {
        if (gong_str_equal(tmpl->defines[i].name, name)) {
            return &tmpl->defines[i];
        }
    }
    return NULL;
}

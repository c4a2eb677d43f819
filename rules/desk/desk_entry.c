#include "rules/desk/desk_entry.h"

#include <stdlib.h>
#include <string.h>

#include "rules/desk/desk_group.h"
#include "rules/desk/desk_hold.h"
#include "rules/desk/desk_merged.h"
#include "rules/desk/desk_private.h"

static struct gong_str
number_key(const struct gong_desk_entry *entry)
{
    return gong_str_from((const char *)&entry->is.number,
                         sizeof entry->is.number);
}

static void
put_key(unsigned char out[16], uint64_t rule, uint64_t fingerprint)
{
    memcpy(out, &rule, sizeof rule);
    memcpy(out + 8, &fingerprint, sizeof fingerprint);
}

static struct gong_str
alert_key(const unsigned char key[16])
{
    return gong_str_from((const char *)key, 16);
}

struct gong_desk_entry *
gong_desk_entry_new(struct gong_desk *desk, uint64_t number, uint64_t rule,
                    uint64_t fingerprint)
{
    struct gong_desk_entry *entry = calloc(1, sizeof *entry);
    struct gong_desk_entry *other = NULL;

    if (entry == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return NULL;
    }
    entry->is.number = number;
    entry->is.rule = rule;
    entry->is.fingerprint = fingerprint;
    entry->escalation = GONG_DESK_NONE;
    entry->timer = (struct gong_desk_timer){
        .kind = GONG_DESK_TIMER_INCIDENT, .number = number, .owner = entry};
    put_key(entry->alert_key, rule, fingerprint);
    entry->place = desk->entry_list.count;
    if (!gong_desk_list_add(desk, &desk->entry_list, entry)) {
        free(entry);
        return NULL;
    }
    other = gong_desk_table_find(&desk->alerts, alert_key(entry->alert_key));
    entry->current = other == NULL || other->is.number < number;
    if (other != NULL && entry->current) {
        gong_desk_entry_detach(desk, other);
    }
    if (!gong_desk_table_put(&desk->numbers, number_key(entry), entry) ||
        (entry->current &&
         !gong_desk_table_put(&desk->alerts, alert_key(entry->alert_key),
                              entry))) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
    }
    return entry;
}

void
gong_desk_entry_free(struct gong_desk_entry *entry)
{
    if (entry == NULL) {
        return;
    }
    free(entry->text);
    free(entry->views);
    free(entry->owner);
    free(entry->acked_by);
    free(entry->ack_comment);
    free(entry->cause);
    free(entry->members);
    free(entry->seats);
    free(entry);
}

struct gong_desk_entry *
gong_desk_entry_find(const struct gong_desk *desk, uint64_t number)
{
    return gong_desk_table_find(
        &desk->numbers, gong_str_from((const char *)&number, sizeof number));
}

struct gong_desk_entry *
gong_desk_entry_of(const struct gong_desk *desk, uint64_t rule,
                   uint64_t fingerprint)
{
    unsigned char key[16];

    put_key(key, rule, fingerprint);
    return gong_desk_table_find(&desk->alerts, alert_key(key));
}

/* Each text ends with a NUL in the block, for what reads C strings. */
static struct gong_str
place_text(char **at, struct gong_str text)
{
    struct gong_str copy = {*at, text.len};

    if (text.len > 0) {
        memcpy(*at, text.data, text.len);
    }
    (*at)[text.len] = '\0';
    *at += text.len + 1;
    return copy;
}

static void
place_views(char **at, struct gong_label_view *out,
            const struct gong_label_view *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        out[i].name = place_text(at, from[i].name);
        out[i].value = place_text(at, from[i].value);
    }
}

static size_t
size_of_views(const struct gong_label_view *views, size_t count)
{
    size_t size = 0;

    for (size_t i = 0; i < count; i++) {
        size += views[i].name.len + views[i].value.len + 2;
    }
    return size;
}

static bool
same_labels(const struct gong_desk_incident *is,
            const struct gong_desk_texts *texts)
{
    if (is->label_count != texts->label_count) {
        return false;
    }
    for (size_t i = 0; i < is->label_count; i++) {
        if (!gong_str_equal(is->labels[i].name, texts->labels[i].name) ||
            !gong_str_equal(is->labels[i].value, texts->labels[i].value)) {
            return false;
        }
    }
    return true;
}

bool
gong_desk_entry_text(struct gong_desk *desk, struct gong_desk_entry *entry,
                     const struct gong_desk_texts *texts)
{
    bool same = entry->text != NULL && same_labels(&entry->is, texts);
    size_t count = texts->label_count + texts->annotation_count;
    size_t size = texts->rule_id.len + 1 +
                  size_of_views(texts->labels, texts->label_count) +
                  size_of_views(texts->annotations, texts->annotation_count);
    char *block = malloc(size);
    struct gong_label_view *views = calloc(count + 1, sizeof *views);
    char *at = block;

    if (block == NULL || views == NULL) {
        free(block);
        free(views);
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return false;
    }
    entry->is.rule_id = place_text(&at, texts->rule_id);
    place_views(&at, views, texts->labels, texts->label_count);
    place_views(&at, views + texts->label_count, texts->annotations,
                texts->annotation_count);
    entry->is.labels = views;
    entry->is.label_count = texts->label_count;
    entry->is.annotations = views + texts->label_count;
    entry->is.annotation_count = texts->annotation_count;
    free(entry->text);
    free(entry->views);
    entry->text = block;
    entry->views = views;
    if (!same) {
        gong_desk_alike_take(desk, entry);
    }
    return !same;
}

void
gong_desk_entry_word(struct gong_desk *desk, char **own, struct gong_str *field,
                     struct gong_str text)
{
    char *copy = gong_str_copy(text);

    if (copy == NULL) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
        return;
    }
    free(*own);
    *own = copy;
    *field = gong_str_from(copy, text.len);
}

struct gong_str
gong_desk_entry_label(const struct gong_desk_entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->is.label_count; i++) {
        if (gong_str_is(entry->is.labels[i].name, name)) {
            return entry->is.labels[i].value;
        }
    }
    return gong_str_from("", 0);
}

void
gong_desk_entry_dirty(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    if (!entry->dirty) {
        entry->dirty = gong_desk_list_add(desk, &desk->dirty_entries, entry);
    }
}

void
gong_desk_entry_detach(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    if (entry->current) {
        gong_desk_table_remove(&desk->alerts, alert_key(entry->alert_key),
                               entry);
        entry->current = false;
    }
}

void
gong_desk_entry_rekey(struct gong_desk *desk, struct gong_desk_entry *entry,
                      uint64_t fingerprint)
{
    gong_desk_entry_detach(desk, entry);
    entry->is.fingerprint = fingerprint;
    put_key(entry->alert_key, entry->is.rule, fingerprint);
    entry->current = true;
    if (!gong_desk_table_put(&desk->alerts, alert_key(entry->alert_key),
                             entry)) {
        gong_desk_fail(desk, GONG_ERR_MEMORY);
    }
}

/* Out of everything but what is dirty. */
static void
unlink_entry(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    struct gong_desk_list *list = &desk->entry_list;
    struct gong_desk_entry *last = list->items[list->count - 1];

    gong_desk_entry_detach(desk, entry);
    gong_desk_alike_leave(desk, entry);
    gong_desk_table_remove(&desk->numbers, number_key(entry), entry);
    gong_desk_set_timer(desk, &entry->timer, GONG_DESK_NEVER);
    gong_desk_inhibit_unseat(desk, entry);
    while (entry->member_count > 0) {
        gong_desk_member_remove(entry->members[entry->member_count - 1]);
    }
    list->items[entry->place] = last;
    last->place = entry->place;
    list->count--;
}

void
gong_desk_entry_release(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    if (gong_desk_entry_open(entry) || entry->member_count > 0 ||
        (entry->current && gong_alert_state_open(entry->is.alert))) {
        return;
    }
    unlink_entry(desk, entry);
    entry->leaving = true;
    /* That it no longer waits is to be kept, too. */
    entry->dirty =
        entry->dirty || gong_desk_list_add(desk, &desk->dirty_entries, entry);
}

void
gong_desk_entry_drop(struct gong_desk *desk, struct gong_desk_entry *entry)
{
    unlink_entry(desk, entry);
    gong_desk_entry_free(entry);
}

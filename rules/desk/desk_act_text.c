/* What an act says, in one line for the record: its comment, and in brackets
 * what else it sets. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rules/desk/desk.h"
#include "rules/desk/desk_text.h"

struct line {
    FILE *out;
    int64_t zone_ms;
    size_t count; /* of what is in the brackets */
    bool any;     /* a comment goes before them */
};

static FILE *
field(struct line *line)
{
    (void)fputs(line->count++ > 0 ? " " : line->any ? " [" : "[", line->out);
    return line->out;
}

static void
put_text(struct line *line, const char *name, struct gong_str text)
{
    if (text.len > 0) {
        (void)fprintf(field(line), "%s=", name);
        gong_desk_text_quote(line->out, text);
    }
}

/* Whoever acts may send any number. */
static int64_t
local_s(int64_t ms, int64_t zone_ms)
{
    return ms / 1000 + zone_ms / 1000;
}

/* 2026-11-22T08:15:00+07:00 */
static void
put_time(struct line *line, const char *name, int64_t ms)
{
    time_t seconds = (time_t)local_s(ms, line->zone_ms);
    int64_t zone = line->zone_ms / 60000;
    int64_t minutes = zone < 0 ? -zone : zone;
    struct tm parts;

    if (ms == 0 || gmtime_r(&seconds, &parts) == NULL) {
        return;
    }
    (void)fprintf(field(line), "%s=%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d",
                  name, parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                  parts.tm_hour, parts.tm_min, parts.tm_sec,
                  zone < 0 ? '-' : '+', (int)(minutes / 60),
                  (int)(minutes % 60));
}

static void
put_outcome(struct line *line, const struct gong_desk_act *act)
{
    static const char *const verdicts[] = {"none", "real", "false", "late",
                                           "test"};

    if (act->verdict != GONG_VERDICT_NONE) {
        (void)fprintf(field(line), "verdict=%s", verdicts[act->verdict]);
    }
    if (act->cost != 0) {
        (void)fprintf(field(line), "cost=%lld", (long long)act->cost);
    }
    put_text(line, "cause", act->cause);
}

static void
put_facts(struct line *line, const struct gong_desk_act *act)
{
    put_text(line, "matchers", act->matchers);
    put_text(line, "owner", act->owner);
    put_time(line, "from", act->from_ms);
    put_time(line, "until", act->until_ms);
    if (act->sticky) {
        (void)fputs("sticky", field(line));
    }
    put_outcome(line, act);
    if (line->count > 0) {
        (void)fputc(']', line->out);
    }
}

static void
put_comment(struct line *line, struct gong_str comment, size_t max)
{
    struct gong_str cut = gong_desk_text_cut(comment, max);

    if (cut.len > 0) {
        (void)fwrite(cut.data, 1, cut.len, line->out);
    }
    if (cut.len < comment.len) {
        (void)fputs("...", line->out);
    }
}

char *
gong_desk_act_text(const struct gong_desk_act *act, int64_t zone_ms,
                   size_t comment_max)
{
    char *text = NULL;
    size_t len = 0;
    struct line line = {.zone_ms = zone_ms, .any = act->comment.len > 0};
    bool bad;

    line.out = open_memstream(&text, &len);
    if (line.out == NULL) {
        return NULL;
    }
    put_comment(&line, act->comment, comment_max);
    put_facts(&line, act);
    bad = ferror(line.out) != 0;
    if (fclose(line.out) != 0 || bad) {
        free(text);
        return NULL;
    }
    return text;
}

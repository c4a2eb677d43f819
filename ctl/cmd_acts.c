#include <string.h>

#include "ctl/commands.h"
#include "ctl/when.h"

/* The body takes what options say. */
static void
put_text(const struct gong_ctl *ctl, json_t *body, const char *name)
{
    const char *text = gong_ctl_option(&ctl->arguments, name);

    if (text != NULL) {
        (void)json_object_set_new(body, name, json_string(text));
    }
}

/* body is taken. */
static int
act(struct gong_ctl *ctl, uint64_t number, const char *what, json_t *body,
    const char *said)
{
    char path[128];
    json_t *answer;
    int code;

    if (number == 0) {
        json_decref(body);
        return gong_ctl_wrong(ctl, "cần số của cảnh báo | a number is missing");
    }
    (void)snprintf(path, sizeof path, "/api/gong/v1/incidents/%llu/%s",
                   (unsigned long long)number, what);
    code = gong_ctl_do(ctl, "POST", path, body, &answer);
    return code != GONG_CTL_OK ? code : gong_ctl_done(ctl, answer, said);
}

static int
simple(struct gong_ctl *ctl, const char *what, const char *said)
{
    json_t *body = json_object();

    put_text(ctl, body, "comment");
    return act(ctl, gong_ctl_number(gong_ctl_arg(ctl, 0)), what, body, said);
}

int
gong_ctl_ack(struct gong_ctl *ctl)
{
    json_t *body;
    int64_t instant = 0;
    int code = gong_ctl_when_until(ctl, "until", &instant);

    if (code != GONG_CTL_OK) {
        return code;
    }
    body = json_object();
    put_text(ctl, body, "comment");
    put_text(ctl, body, "owner");
    if (instant != 0) {
        (void)json_object_set_new(body, "until", json_integer(instant));
    }
    if (gong_ctl_flag(&ctl->arguments, "sticky")) {
        (void)json_object_set_new(body, "sticky", json_true());
    }
    for (size_t i = 0; i == 0 || i < ctl->arguments.word_count; i++) {
        int one = act(ctl, gong_ctl_number(gong_ctl_arg(ctl, i)), "acknowledge",
                      json_incref(body), "Đã tiếp nhận.");

        code = code == GONG_CTL_OK ? one : code;
    }
    json_decref(body);
    return code;
}

int
gong_ctl_unack(struct gong_ctl *ctl)
{
    return simple(ctl, "unacknowledge", "Đã thôi tiếp nhận.");
}

int
gong_ctl_resolve(struct gong_ctl *ctl)
{
    return simple(ctl, "resolve", "Đã đóng sự cố.");
}

int
gong_ctl_assign(struct gong_ctl *ctl)
{
    const char *owner = gong_ctl_arg(ctl, 1);
    json_t *body;

    if (owner == NULL) {
        return gong_ctl_wrong(ctl, "assign N OWNER");
    }
    body = json_pack("{s:s}", "owner", owner);
    put_text(ctl, body, "comment");
    return act(ctl, gong_ctl_number(gong_ctl_arg(ctl, 0)), "assign", body,
               "Đã giao người xử lý.");
}

int
gong_ctl_comment(struct gong_ctl *ctl)
{
    const char *text = gong_ctl_arg(ctl, 1);

    if (text == NULL) {
        return gong_ctl_wrong(ctl, "comment N TEXT");
    }
    return act(ctl, gong_ctl_number(gong_ctl_arg(ctl, 0)), "comment",
               json_pack("{s:s}", "comment", text), "Đã ghi chú.");
}

int
gong_ctl_outcome(struct gong_ctl *ctl)
{
    const char *cost = gong_ctl_option(&ctl->arguments, "cost");
    json_t *body = json_object();

    put_text(ctl, body, "verdict");
    put_text(ctl, body, "cause");
    put_text(ctl, body, "comment");
    if (cost != NULL) {
        uint64_t dong = gong_ctl_number(cost);

        if (dong == 0 && strcmp(cost, "0") != 0) {
            json_decref(body);
            return gong_ctl_wrong(ctl, "--cost: DONG");
        }
        (void)json_object_set_new(body, "cost", json_integer((json_int_t)dong));
    }
    return act(ctl, gong_ctl_number(gong_ctl_arg(ctl, 0)), "outcome", body,
               "Đã ghi kết quả.");
}

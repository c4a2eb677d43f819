#include <stdlib.h>
#include <string.h>

#include "ctl/commands.h"
#include "ctl/table.h"
#include "ctl/words.h"
#include "common/wipe.h"

#define USERS     "/api/gong/v1/users"
#define TOKENS    "/api/gong/v1/tokens"
#define AUDIT     "/api/gong/v1/audit"
#define AUDIT_MAX 1000000

/* --- users --- */

static void
add_user(struct gong_ctl_table *table, const json_t *user)
{
    const json_t *grants = json_object_get(user, "grants");
    char text[1024] = "";

    for (size_t i = 0; i < json_array_size(grants); i++) {
        const json_t *grant = json_array_get(grants, i);
        size_t len = strlen(text);

        (void)snprintf(text + len, sizeof text - len, "%s%s@%s",
                       i == 0 ? "" : " ", gong_ctl_text(grant, "role"),
                       gong_ctl_text(grant, "unit"));
    }
    gong_ctl_table_add(table, gong_ctl_text(user, "name"));
    gong_ctl_table_add(table, gong_ctl_text(user, "full_name"));
    gong_ctl_table_add(
        table, json_is_true(json_object_get(user, "disabled")) ? "khóa" : "");
    gong_ctl_table_add(table, text);
}

static int
list_users(struct gong_ctl *ctl)
{
    static const char *const headings[] = {"TÊN", "HỌ TÊN", "", "QUYỀN"};
    struct gong_ctl_table *table;
    json_t *answer, *items;
    int code = gong_ctl_do(ctl, "GET", USERS, NULL, &answer);

    if (code != GONG_CTL_OK || ctl->json) {
        return code != GONG_CTL_OK ? code : gong_ctl_print_json(ctl, answer);
    }
    items = json_object_get(answer, "users");
    table = gong_ctl_table_new(headings, 4);
    for (size_t i = 0; i < json_array_size(items); i++) {
        add_user(table, json_array_get(items, i));
    }
    gong_ctl_table_print(table, gong_ctl_width(ctl->out), ctl->out);
    gong_ctl_table_free(table);
    json_decref(answer);
    return GONG_CTL_OK;
}

/* "operator@22015" of each --grant. */
static int
put_grants(struct gong_ctl *ctl, json_t *body)
{
    json_t *grants = json_array();

    for (size_t i = 0; i < ctl->arguments.option_count; i++) {
        const char *text = ctl->arguments.options[i].value;
        const char *at = strchr(text, '@');

        if (strcmp(ctl->arguments.options[i].name, "grant") != 0) {
            continue;
        }
        if (at == NULL || at == text || at[1] == '\0') {
            json_decref(grants);
            return gong_ctl_wrong(ctl, "--grant: operator@22015, admin@*");
        }
        (void)json_array_append_new(grants, json_pack("{s:s%,s:s}", "role",
                                                      text, (size_t)(at - text),
                                                      "unit", at + 1));
    }
    if (json_array_size(grants) > 0 ||
        json_object_get(body, "password") != NULL) {
        (void)json_object_set_new(body, "grants", grants);
    } else {
        json_decref(grants);
    }
    return GONG_CTL_OK;
}

static int
put_password(struct gong_ctl *ctl, json_t *body)
{
    char *password =
        gong_ctl_secret(ctl, "Mật khẩu / password",
                        gong_ctl_option(&ctl->arguments, "password-file"));

    if (password == NULL) {
        return GONG_CTL_USAGE;
    }
    (void)json_object_set_new(body, "password", json_string(password));
    gong_wipe(password, strlen(password));
    free(password);
    return GONG_CTL_OK;
}

static int
put_name(struct gong_ctl *ctl, json_t *body)
{
    const char *full = gong_ctl_option(&ctl->arguments, "name");

    if (full != NULL) {
        (void)json_object_set_new(body, "full_name", json_string(full));
    }
    return GONG_CTL_OK;
}

static int
add_one(struct gong_ctl *ctl, const char *name)
{
    json_t *body = json_pack("{s:s}", "name", name), *answer;
    int code = put_password(ctl, body);

    if (code == GONG_CTL_OK) {
        code = put_grants(ctl, body);
    }
    if (code != GONG_CTL_OK) {
        json_decref(body);
        return code;
    }
    (void)put_name(ctl, body);
    code = gong_ctl_do(ctl, "POST", USERS, body, &answer);
    return code != GONG_CTL_OK ? code : gong_ctl_done(ctl, answer, "Đã tạo.");
}

static int
change_one(struct gong_ctl *ctl, const char *path)
{
    json_t *body = json_object(), *answer;
    bool disable = gong_ctl_flag(&ctl->arguments, "disable");
    int code = put_name(ctl, body);

    if (gong_ctl_flag(&ctl->arguments, "grant")) {
        code = put_grants(ctl, body);
    }
    if (code == GONG_CTL_OK &&
        (gong_ctl_flag(&ctl->arguments, "password") ||
         gong_ctl_flag(&ctl->arguments, "password-file"))) {
        code = put_password(ctl, body);
    }
    if (code != GONG_CTL_OK) {
        json_decref(body);
        return code;
    }
    if (disable || gong_ctl_flag(&ctl->arguments, "enable")) {
        (void)json_object_set_new(body, "disabled", json_boolean(disable));
    }
    code = gong_ctl_do(ctl, "PATCH", path, body, &answer);
    return code != GONG_CTL_OK ? code
                               : gong_ctl_done(ctl, answer, "Đã thay đổi.");
}

static int
remove_one(struct gong_ctl *ctl, const char *path, const char *said)
{
    json_t *answer;
    int code = gong_ctl_do(ctl, "DELETE", path, NULL, &answer);

    return code != GONG_CTL_OK ? code : gong_ctl_done(ctl, answer, said);
}

int
gong_ctl_users(struct gong_ctl *ctl)
{
    const char *word = gong_ctl_arg(ctl, 0), *name = gong_ctl_arg(ctl, 1);
    char path[512], *escaped;
    int code;

    if (word == NULL || strcmp(word, "list") == 0) {
        return list_users(ctl);
    }
    if (name == NULL) {
        return gong_ctl_wrong(ctl, "users add|change|remove NAME");
    }
    if (strcmp(word, "add") == 0) {
        return add_one(ctl, name);
    }
    escaped = gong_ctl_escape(ctl->client, name);
    (void)snprintf(path, sizeof path, USERS "/%s",
                   escaped == NULL ? "" : escaped);
    free(escaped);
    if (strcmp(word, "change") == 0) {
        code = change_one(ctl, path);
    } else if (strcmp(word, "remove") == 0) {
        code = remove_one(ctl, path, "Đã xóa.");
    } else {
        code = gong_ctl_wrong(ctl, "users add|change|remove NAME");
    }
    return code;
}

/* --- tokens --- */

static int
list_tokens(struct gong_ctl *ctl)
{
    static const char *const headings[] = {
        "SỐ", "CỦA", "QUYỀN", "ĐƠN VỊ", "HẾT HẠN", "DÙNG LẦN CUỐI", "TÊN"};
    struct gong_ctl_table *table;
    json_t *answer, *items;
    int code = gong_ctl_do(ctl, "GET", TOKENS, NULL, &answer);

    if (code != GONG_CTL_OK || ctl->json) {
        return code != GONG_CTL_OK ? code : gong_ctl_print_json(ctl, answer);
    }
    items = json_object_get(answer, "tokens");
    table = gong_ctl_table_new(headings, 7);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *token = json_array_get(items, i);
        char text[GONG_CTL_TIME_SIZE];

        (void)snprintf(text, sizeof text, "%lld",
                       (long long)gong_ctl_int(token, "id"));
        gong_ctl_table_add(table, text);
        gong_ctl_table_add(table, gong_ctl_text(token, "user"));
        gong_ctl_table_add(table, gong_ctl_text(token, "role"));
        gong_ctl_table_add(table, gong_ctl_text(token, "unit"));
        gong_ctl_table_add(table,
                           gong_ctl_day(gong_ctl_int(token, "expires"), text));
        gong_ctl_table_add(table,
                           gong_ctl_day(gong_ctl_int(token, "used"), text));
        gong_ctl_table_add(table, gong_ctl_text(token, "name"));
    }
    gong_ctl_table_print(table, gong_ctl_width(ctl->out), ctl->out);
    gong_ctl_table_free(table);
    json_decref(answer);
    return GONG_CTL_OK;
}

static int
add_token(struct gong_ctl *ctl, const char *name)
{
    const char *role = gong_ctl_option(&ctl->arguments, "role");
    const char *unit = gong_ctl_option(&ctl->arguments, "unit");
    const char *length = gong_ctl_option(&ctl->arguments, "for");
    int64_t ms;
    json_t *answer;
    int code;

    if (role == NULL || unit == NULL || length == NULL ||
        !gong_ctl_read_length(length, &ms)) {
        return gong_ctl_wrong(ctl, "tokens add NAME --role viewer --unit 22015 "
                                   "--for 90d");
    }
    code = gong_ctl_do(ctl, "POST", TOKENS,
                       json_pack("{s:s,s:s,s:s,s:I}", "name", name, "role",
                                 role, "unit", unit, "expires",
                                 (json_int_t)ctl->now_ms + ms),
                       &answer);
    if (code != GONG_CTL_OK || ctl->json) {
        return code != GONG_CTL_OK ? code : gong_ctl_print_json(ctl, answer);
    }
    (void)fprintf(ctl->out, "%s\n", gong_ctl_text(answer, "token"));
    (void)fputs("Chỉ hiện một lần: hãy cất giữ | shown this once\n", ctl->err);
    json_decref(answer);
    return GONG_CTL_OK;
}

int
gong_ctl_tokens(struct gong_ctl *ctl)
{
    const char *word = gong_ctl_arg(ctl, 0), *name = gong_ctl_arg(ctl, 1);
    char path[128];

    if (word == NULL || strcmp(word, "list") == 0) {
        return list_tokens(ctl);
    }
    if (name != NULL && strcmp(word, "add") == 0) {
        return add_token(ctl, name);
    }
    if (gong_ctl_number(name) == 0 || strcmp(word, "remove") != 0) {
        return gong_ctl_wrong(ctl, "tokens add NAME | tokens remove ID");
    }
    (void)snprintf(path, sizeof path, TOKENS "/%llu",
                   (unsigned long long)gong_ctl_number(name));
    return remove_one(ctl, path, "Đã xóa.");
}

/* --- the audit log --- */

static int
verify_audit(struct gong_ctl *ctl)
{
    json_t *answer;
    int64_t broken;
    int code = gong_ctl_do(ctl, "GET", AUDIT "/verify", NULL, &answer);

    if (code != GONG_CTL_OK) {
        return code;
    }
    broken = gong_ctl_int(answer, "broken");
    if (ctl->json) {
        (void)gong_ctl_print_json(ctl, json_incref(answer));
    } else if (broken != 0) {
        (void)fprintf(ctl->out,
                      "Nhật ký đã bị sửa, từ mục %lld | the log was changed, "
                      "from entry %lld on\n",
                      (long long)broken, (long long)broken);
    } else {
        (void)fprintf(ctl->out, "%lld mục, nguyên vẹn | unbroken, head ",
                      (long long)gong_ctl_int(answer, "entries"));
        gong_ctl_put(ctl->out, gong_ctl_text(answer, "head"));
        (void)fputc('\n', ctl->out);
    }
    json_decref(answer);
    return broken != 0 ? GONG_CTL_BROKEN : GONG_CTL_OK;
}

int
gong_ctl_audit(struct gong_ctl *ctl)
{
    static const char *const headings[] = {
        "LÚC", "AI", "TỪ", "VIỆC", "KẾT QUẢ", "ĐỐI TƯỢNG", "NỘI DUNG"};
    static const char *const names[] = {"who",    "address", "action",
                                        "result", "object",  "text"};
    const char *word = gong_ctl_arg(ctl, 0);
    const char *limit = gong_ctl_option(&ctl->arguments, "limit");
    uint64_t max = limit == NULL ? 100 : gong_ctl_number(limit);
    struct gong_ctl_table *table;
    json_t *items;
    int code;

    if (word != NULL) {
        return strcmp(word, "verify") == 0
                   ? verify_audit(ctl)
                   : gong_ctl_wrong(ctl, "audit [verify]");
    }
    if (max == 0 || max > AUDIT_MAX) {
        return gong_ctl_wrong(ctl, "--limit: N");
    }
    code = gong_ctl_pages(ctl, AUDIT, "entries", (size_t)max, &items);
    if (code != GONG_CTL_OK || ctl->json) {
        return code != GONG_CTL_OK ? code : gong_ctl_print_json(ctl, items);
    }
    table = gong_ctl_table_new(headings, 7);
    for (size_t i = 0; i < json_array_size(items); i++) {
        const json_t *entry = json_array_get(items, i);
        char at[GONG_CTL_TIME_SIZE];

        gong_ctl_table_add(table, gong_ctl_day(gong_ctl_int(entry, "at"), at));
        for (size_t j = 0; j < 6; j++) {
            gong_ctl_table_add(table, gong_ctl_text(entry, names[j]));
        }
    }
    gong_ctl_table_print(table, gong_ctl_width(ctl->out), ctl->out);
    gong_ctl_table_free(table);
    json_decref(items);
    return GONG_CTL_OK;
}

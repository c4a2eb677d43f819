#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "agent/api/api_handlers.h"
#include "agent/api/api_private.h"
#include "agent/backup/backup.h"

#define CHUNK    ((size_t)192 << 10) /* of an answer */
#define WHY_SIZE 512

/* Whoever asks wants to know exactly what is wrong. */
static void
fail(struct gong_api_call *call, enum gong_err err, const char *why)
{
    static const struct {
        enum gong_err err;
        unsigned status;
        const char *vi;
        const char *en;
    } problems[] = {
        {GONG_ERR_CORRUPT, 409, "Bản sao lưu không dùng được",
         "The backup cannot be used"},
        {GONG_ERR_INVALID, 409, "Bản sao lưu không dùng được",
         "The backup cannot be used"},
        {GONG_ERR_UNSUPPORTED, 409, "Bản sao lưu không dùng được",
         "The backup cannot be used"},
        {GONG_ERR_NOT_FOUND, 404, "Không có bản sao lưu", "There is no backup"},
        {GONG_ERR_NO_SPACE, 503, "Ổ đĩa của máy chủ không đủ chỗ",
         "The agent's disk has not enough room"},
        {GONG_ERR_TIMEOUT, 503, "Đang gửi tin, hãy thử lại",
         "Messages are being sent, try again"},
        {GONG_ERR_CLOSED, 503, "Máy chủ đang dừng", "The agent is stopping"},
        {GONG_ERR_AGAIN, 503, "Đang sao lưu hoặc khôi phục",
         "A backup or a restore is under way"},
    };
    size_t i = 0, count = sizeof problems / sizeof problems[0];
    char detail[WHY_SIZE + 64];

    (void)snprintf(detail, sizeof detail, "%s%s%s", gong_err_text(err),
                   why[0] == '\0' ? "" : ": ", why);
    while (i < count && problems[i].err != err) {
        i++;
    }
    if (i < count) {
        gong_api_problem(call->answer, problems[i].status, problems[i].vi,
                         problems[i].en, detail);
    } else {
        gong_api_problem(call->answer, 503, "Máy chủ không thực hiện được",
                         "The agent cannot do it", detail);
    }
}

static json_t *
manifest_json(const struct gong_backup_manifest *manifest, uint64_t size)
{
    json_t *parts = json_array();

    for (size_t i = 0; i < manifest->count; i++) {
        const struct gong_backup_part *part = &manifest->parts[i];

        (void)json_array_append_new(
            parts, json_pack("{s:s,s:I,s:s}", "name", part->name, "size",
                             (json_int_t)part->size, "sha256", part->sha256));
    }
    return json_pack("{s:s,s:s,s:I,s:I,s:I,s:I,s:o}", "id", manifest->id,
                     "version", manifest->version, "made",
                     (json_int_t)manifest->made_ms, "position",
                     (json_int_t)manifest->position, "ordinal",
                     (json_int_t)manifest->ordinal, "size", (json_int_t)size,
                     "parts", parts);
}

/* NULL with the answer filled. */
static struct gong_backup *
offered(struct gong_api_call *call)
{
    struct gong_backup *backup = call->api->options.backup;

    /* It holds hashes of passwords, and who may do what. */
    if (!gong_api_is_person(call)) {
        return NULL;
    }
    if (backup == NULL) {
        gong_api_not_offered(call);
    }
    return backup;
}

void
gong_api_backup_make(struct gong_api_call *call)
{
    struct gong_backup *backup = offered(call);
    struct gong_backup_manifest manifest;
    char why[WHY_SIZE] = "";
    uint64_t size = 0;
    enum gong_err err;

    if (backup == NULL) {
        return;
    }
    err = gong_backup_make(backup, call->now_ms, &manifest, &size, why,
                           sizeof why);
    gong_api_audit(call, "backup.make", "",
                   err == GONG_OK ? "ok" : gong_err_text(err), why);
    if (err != GONG_OK) {
        fail(call, err, why);
        return;
    }
    gong_api_json(call->answer, 200, manifest_json(&manifest, size));
}

static json_t *
chunk_json(const char *id, uint64_t offset, const unsigned char *bytes,
           size_t len)
{
    size_t room =
        sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
    char *text = malloc(room);
    json_t *json = NULL;

    if (text != NULL) {
        (void)sodium_bin2base64(text, room, bytes, len,
                                sodium_base64_VARIANT_ORIGINAL);
        json = json_pack("{s:s,s:I,s:s}", "id", id, "offset",
                         (json_int_t)offset, "data", text);
    }
    free(text);
    return json;
}

void
gong_api_backup_read(struct gong_api_call *call)
{
    struct gong_backup *backup = offered(call);
    uint64_t offset = gong_api_query_number(call, "offset", 0);
    unsigned char *bytes;
    size_t len = CHUNK;
    enum gong_err err = GONG_ERR_MEMORY;
    char object[40], id[GONG_BACKUP_SHA_SIZE];

    if (backup == NULL) {
        return;
    }
    bytes = malloc(CHUNK);
    if (bytes != NULL) {
        err = gong_backup_get(backup, offset, bytes, &len, id);
    }
    (void)snprintf(object, sizeof object, "offset %" PRIu64, offset);
    gong_api_audit(call, "backup.read", object,
                   err == GONG_OK ? "ok" : gong_err_text(err), "");
    if (err == GONG_OK) {
        gong_api_json(call->answer, 200, chunk_json(id, offset, bytes, len));
    } else {
        fail(call, err, "");
    }
    free(bytes);
}

void
gong_api_restore_send(struct gong_api_call *call)
{
    struct gong_backup *backup = offered(call);
    const char *text = gong_api_body_text(call, "data", "");
    int64_t offset = gong_api_body_number(call, "offset", 0);
    size_t room = strlen(text), len = 0;
    char why[WHY_SIZE] = "";
    unsigned char *bytes;
    enum gong_err err = GONG_ERR_MEMORY;

    if (backup == NULL) {
        return;
    }
    bytes = malloc(room + 1);
    if (bytes != NULL) {
        err = offset < 0 || sodium_base642bin(
                                bytes, room + 1, text, room, NULL, &len, NULL,
                                sodium_base64_VARIANT_ORIGINAL) != 0
                  ? GONG_ERR_INVALID
                  : gong_backup_put(backup, (uint64_t)offset, bytes, len, why,
                                    sizeof why);
    }
    free(bytes);
    if (err != GONG_OK) {
        fail(call, err, why);
        return;
    }
    gong_api_done(call, 0);
}

static void
check(struct gong_api_call *call, struct gong_backup *backup)
{
    struct gong_restored restored = {.desk = false};
    const struct gong_backup_manifest *manifest = &restored.manifest;
    char why[WHY_SIZE] = "", text[WHY_SIZE + 64] = "";
    bool only = gong_api_body_true(call, "check", true);
    enum gong_err err =
        only ? gong_backup_check(backup, &restored.manifest, why, sizeof why)
             : gong_backup_restore(backup, call->api->options.users, &restored,
                                   why, sizeof why);
    uint64_t size = 0;

    if (!only) {
        (void)snprintf(text, sizeof text, "desk=%d users=%d %s",
                       (int)restored.desk, (int)restored.users, why);
        gong_api_audit(call, "backup.restore", "",
                       err == GONG_OK ? "ok" : gong_err_text(err), text);
    }
    if (err != GONG_OK) {
        fail(call, err, why);
        return;
    }
    for (size_t i = 0; i < manifest->count; i++) {
        size += manifest->parts[i].size;
    }
    gong_api_json(call->answer, 200,
                  json_pack("{s:o,s:b,s:b,s:b,s:s,s:s}", "backup",
                            manifest_json(manifest, size), "desk",
                            (int)restored.desk, "users", (int)restored.users,
                            "rules", (int)restored.rules, "desk_before",
                            restored.desk_aside, "users_before",
                            restored.users_aside));
}

void
gong_api_restore(struct gong_api_call *call)
{
    struct gong_backup *backup = offered(call);

    if (backup != NULL) {
        check(call, backup);
    }
}

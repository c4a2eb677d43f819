#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/base64.h"
#include "ctl/commands.h"
#include "ctl/output.h"
#include "ctl/words.h"

#define BACKUP    "/api/gong/v1/backup"
#define RESTORE   "/api/gong/v1/restore"
#define PIECE     30000 /* of a body */
#define PATIENCE  600   /* seconds, for what reads or writes all of it */
#define PATH_SIZE 4096

/* --- from the agent --- */

/* No bytes where another backup was made meanwhile. */
static int
read_piece(struct gong_ctl *ctl, const char *id, int64_t offset,
           unsigned char **bytes, size_t *len)
{
    char path[128];
    json_t *answer;
    const char *text;
    int code;

    (void)snprintf(path, sizeof path, BACKUP "?offset=%lld", (long long)offset);
    code = gong_ctl_do(ctl, "GET", path, NULL, &answer);
    if (code != GONG_CTL_OK) {
        return code;
    }
    text = strcmp(gong_ctl_text(answer, "id"), id) == 0
               ? gong_ctl_text(answer, "data")
               : "";
    *bytes = malloc(strlen(text) + 1);
    if (*bytes == NULL || !gong_ctl_base64_decode(text, *bytes, len)) {
        (void)fputs("gongctl: câu trả lời không đọc được | the answer cannot "
                    "be read\n",
                    ctl->err);
        free(*bytes);
        *bytes = NULL;
        code = GONG_CTL_SOFTWARE;
    }
    json_decref(answer);
    return code;
}

static int
write_all(int fd, const unsigned char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, bytes, len);

        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return -1;
        }
        bytes += done;
        len -= (size_t)done;
    }
    return 0;
}

/* All of it into fd. */
static int
read_backup(struct gong_ctl *ctl, const json_t *made, int fd, const char *path)
{
    int64_t offset = 0, size = gong_ctl_int(made, "size");
    int code = GONG_CTL_OK;

    while (offset < size && code == GONG_CTL_OK) {
        unsigned char *bytes = NULL;
        size_t len = 0;

        code = read_piece(ctl, gong_ctl_text(made, "id"), offset, &bytes, &len);
        if (code == GONG_CTL_OK && len == 0) {
            (void)fputs("gongctl: máy chủ đã làm bản sao lưu khác | another "
                        "backup was made meanwhile\n",
                        ctl->err);
            code = GONG_CTL_UNAVAILABLE;
        } else if (code == GONG_CTL_OK && write_all(fd, bytes, len) != 0) {
            code = gong_ctl_failed(ctl, path);
        }
        offset += (int64_t)len;
        free(bytes);
    }
    if (code == GONG_CTL_OK && fsync(fd) != 0) {
        code = gong_ctl_failed(ctl, path);
    }
    return code;
}

/* So that a power cut leaves the new name. */
static bool
sync_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_SIZE];
    bool ok;
    int fd;

    (void)snprintf(folder, sizeof folder, "%.*s",
                   slash == NULL ? 1 : (int)(slash - path) + 1,
                   slash == NULL ? "." : path);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return ok;
}

/* Whole or not at all: under another name until it is there. */
static int
save(struct gong_ctl *ctl, const json_t *made, const char *path)
{
    char part[PATH_SIZE];
    int fd, code;

    (void)snprintf(part, sizeof part, "%s.part", path);
    fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return gong_ctl_failed(ctl, part);
    }
    code = read_backup(ctl, made, fd, part);
    if (close(fd) != 0 && code == GONG_CTL_OK) {
        code = gong_ctl_failed(ctl, part);
    }
    if (code == GONG_CTL_OK &&
        (link(part, path) != 0 || !sync_folder_of(path))) {
        code = gong_ctl_failed(ctl, path);
    }
    (void)unlink(part);
    return code;
}

int
gong_ctl_backup(struct gong_ctl *ctl)
{
    const char *path = gong_ctl_arg(ctl, 0);
    json_t *answer;
    int64_t size;
    int code;

    if (path == NULL || strlen(path) + 6 > PATH_SIZE) {
        return gong_ctl_wrong(ctl, "backup FILE");
    }
    if (access(path, F_OK) == 0) {
        (void)fprintf(ctl->err,
                      "gongctl: %s: tệp đã có | the file is there already\n",
                      path);
        return GONG_CTL_REFUSED;
    }
    gong_ctl_client_patience(ctl->client, PATIENCE);
    code = gong_ctl_do(ctl, "POST", BACKUP, NULL, &answer);
    if (code != GONG_CTL_OK) {
        return code;
    }
    size = gong_ctl_int(answer, "size");
    code = save(ctl, answer, path);
    if (code != GONG_CTL_OK || ctl->json) {
        if (code == GONG_CTL_OK) {
            return gong_ctl_print_json(ctl, answer);
        }
        json_decref(answer);
        return code;
    }
    json_decref(answer);
    (void)fprintf(ctl->out, "Đã sao lưu vào %s (%lld byte).\n", path,
                  (long long)size);
    return GONG_CTL_OK;
}

/* --- to the agent --- */

static int
send_piece(struct gong_ctl *ctl, int64_t offset, const unsigned char *bytes,
           size_t len)
{
    char text[GONG_CTL_BASE64_SIZE(PIECE)];

    gong_ctl_base64_encode(bytes, len, text);
    return gong_ctl_do(
        ctl, "PUT", RESTORE,
        json_pack("{s:I,s:s}", "offset", (json_int_t)offset, "data", text),
        NULL);
}

static int
send_file(struct gong_ctl *ctl, const char *path)
{
    FILE *file = fopen(path, "rb");
    unsigned char bytes[PIECE];
    int64_t offset = 0;
    size_t len;
    int code = GONG_CTL_OK;

    if (file == NULL) {
        return gong_ctl_failed(ctl, path);
    }
    do {
        errno = 0;
        len = fread(bytes, 1, sizeof bytes, file);
        if (ferror(file) != 0) {
            code = gong_ctl_failed(ctl, path);
        } else if (len > 0 || offset == 0) {
            code = send_piece(ctl, offset, bytes, len);
        }
        offset += (int64_t)len;
    } while (code == GONG_CTL_OK && len == sizeof bytes);
    (void)fclose(file);
    return code;
}

static void
tell(struct gong_ctl *ctl, const json_t *answer, bool done)
{
    const json_t *backup = json_object_get(answer, "backup");
    const char *desk = gong_ctl_text(answer, "desk_before");
    const char *users = gong_ctl_text(answer, "users_before");
    char made[GONG_CTL_TIME_SIZE];

    (void)fprintf(ctl->out, "Bản sao lưu lúc %s, gong %s, %lld byte.\n",
                  gong_ctl_day(gong_ctl_int(backup, "made"), made),
                  gong_ctl_text(backup, "version"),
                  (long long)gong_ctl_int(backup, "size"));
    if (!done) {
        (void)fputs("Nguyên vẹn. Để khôi phục hãy thêm --yes | sound; add "
                    "--yes to restore it\n",
                    ctl->out);
        return;
    }
    (void)fprintf(
        ctl->out, "Đã khôi phục:%s%s%s.\n",
        json_is_true(json_object_get(answer, "desk")) ? " bàn trực" : "",
        json_is_true(json_object_get(answer, "users")) ? " người dùng" : "",
        json_is_true(json_object_get(answer, "rules"))
            ? " bộ quy tắc (chưa đưa vào dùng)"
            : "");
    if (desk[0] != '\0' || users[0] != '\0') {
        (void)fputs("Dữ liệu trước đó được giữ ở | what was there before:\n",
                    ctl->out);
    }
    (void)fprintf(ctl->out, "%s%s%s%s%s%s", desk[0] == '\0' ? "" : "  ", desk,
                  desk[0] == '\0' ? "" : "\n", users[0] == '\0' ? "" : "  ",
                  users, users[0] == '\0' ? "" : "\n");
}

int
gong_ctl_restore(struct gong_ctl *ctl)
{
    const char *path = gong_ctl_arg(ctl, 0);
    bool yes = gong_ctl_flag(&ctl->arguments, "yes");
    json_t *answer;
    int code;

    if (path == NULL) {
        return gong_ctl_wrong(ctl, "restore FILE");
    }
    gong_ctl_client_patience(ctl->client, PATIENCE);
    code = send_file(ctl, path);
    if (code == GONG_CTL_OK) {
        code = gong_ctl_do(ctl, "POST", RESTORE,
                           json_pack("{s:b}", "check", (int)!yes), &answer);
    }
    if (code != GONG_CTL_OK) {
        return code;
    }
    if (ctl->json) {
        return gong_ctl_print_json(ctl, answer);
    }
    tell(ctl, answer, yes);
    json_decref(answer);
    return GONG_CTL_OK;
}

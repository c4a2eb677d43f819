#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ctl/commands.h"
#include "ctl/output.h"
#include "ctl/table.h"
#include "ctl/token_file.h"
#include "ctl/words.h"
#include "common/wipe.h"

#define SECRET_MAX 4096
#define WHY_SIZE   4200

/* --- secrets --- */

/* The first line, without its end; heap. NULL with errno. */
static char *
read_line(int fd)
{
    char *line = calloc(1, SECRET_MAX);
    size_t len = 0;
    ssize_t got = 0;

    if (line == NULL) {
        return NULL;
    }
    while (len + 1 < SECRET_MAX && (got = read(fd, line + len, 1)) == 1 &&
           line[len] != '\n') {
        len++;
    }
    if (got < 0) {
        free(line);
        return NULL;
    }
    line[len] = '\0';
    if (len > 0 && line[len - 1] == '\r') {
        line[len - 1] = '\0';
    }
    return line;
}

static char *
ask_terminal(struct gong_ctl *ctl, const char *prompt)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios before, silent;
    char *line;

    if (fd < 0 || tcgetattr(fd, &before) != 0) {
        (void)fputs("gongctl: không có thiết bị đầu cuối, dùng "
                    "--password-file | no terminal: use --password-file\n",
                    ctl->err);
        if (fd >= 0) {
            (void)close(fd);
        }
        return NULL;
    }
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(fd, TCSAFLUSH, &silent);
    (void)dprintf(fd, "%s: ", prompt);
    line = read_line(fd);
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    (void)dprintf(fd, "\n");
    (void)close(fd);
    return line;
}

static void
refuse_empty(struct gong_ctl *ctl, const char *path)
{
    (void)fputs("gongctl: ", ctl->err);
    gong_ctl_put(ctl->err, path);
    (void)fputs(": dòng đầu trống; hãy ghi mã truy cập hoặc mật khẩu vào dòng "
                "đầu | its first line is empty: put the token or password "
                "there\n",
                ctl->err);
}

char *
gong_ctl_secret(struct gong_ctl *ctl, const char *prompt, const char *path)
{
    bool piped = path != NULL && strcmp(path, "-") == 0;
    char *line;
    int fd;

    if (path == NULL) {
        return ask_terminal(ctl, prompt);
    }
    fd = piped ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    line = fd < 0 ? NULL : read_line(fd);
    if (line == NULL) {
        (void)gong_ctl_failed(ctl, path);
    } else if (line[0] == '\0') {
        refuse_empty(ctl, piped ? "đầu vào chuẩn | standard input" : path);
        free(line);
        line = NULL;
    }
    if (fd >= 0 && !piped) {
        (void)close(fd);
    }
    return line;
}

/* --- login --- */

static int
refuse_session(struct gong_ctl *ctl, const char *why)
{
    (void)fprintf(ctl->err,
                  "gongctl: không ghi được phiên đăng nhập | cannot keep the "
                  "session: %s\n",
                  why);
    return GONG_CTL_IO;
}

int
gong_ctl_login(struct gong_ctl *ctl)
{
    const char *user = gong_ctl_option(&ctl->arguments, "user");
    const char *login = getenv("USER");
    char *password;
    json_t *answer = NULL;
    char until[GONG_CTL_TIME_SIZE], why[WHY_SIZE];
    int code;

    user = user != NULL ? user : login;
    if (user == NULL) {
        return gong_ctl_wrong(ctl, "login: --user NAME");
    }
    password =
        gong_ctl_secret(ctl, "Mật khẩu / password",
                        gong_ctl_option(&ctl->arguments, "password-file"));
    if (password == NULL) {
        return GONG_CTL_USAGE;
    }
    code = gong_ctl_do(ctl, "POST", "/api/gong/v1/login",
                       json_pack("{s:s,s:s,s:b}", "user", user, "password",
                                 password, "cookie", 0),
                       &answer);
    gong_wipe(password, strlen(password));
    free(password);
    if (code != GONG_CTL_OK) {
        return code;
    }
    if (gong_ctl_token_save(ctl->agent, gong_ctl_text(answer, "token"), why,
                            sizeof why) != GONG_OK) {
        code = refuse_session(ctl, why);
    } else if (!ctl->json) {
        (void)fprintf(ctl->out, "Xin chào %s. Phiên đến %s.\n",
                      gong_ctl_text(answer, "full_name")[0] != '\0'
                          ? gong_ctl_text(answer, "full_name")
                          : user,
                      gong_ctl_instant(gong_ctl_int(answer, "expires"), until));
    }
    json_decref(answer);
    return code;
}

int
gong_ctl_logout(struct gong_ctl *ctl)
{
    int code = gong_ctl_do(ctl, "POST", "/api/gong/v1/logout", NULL, NULL);
    char why[WHY_SIZE];

    if (gong_ctl_token_save(ctl->agent, NULL, why, sizeof why) != GONG_OK) {
        return refuse_session(ctl, why);
    }
    if (code == GONG_CTL_OK && !ctl->json) {
        (void)fputs("Đã đăng xuất.\n", ctl->out);
    }
    return code;
}

int
gong_ctl_whoami(struct gong_ctl *ctl)
{
    json_t *answer;
    const json_t *grants;
    int code = gong_ctl_do(ctl, "GET", "/api/gong/v1/session", NULL, &answer);

    if (code != GONG_CTL_OK || ctl->json) {
        return code != GONG_CTL_OK ? code : gong_ctl_print_json(ctl, answer);
    }
    gong_ctl_put(ctl->out, gong_ctl_text(answer, "user"));
    (void)fputs("  ", ctl->out);
    gong_ctl_put(ctl->out, gong_ctl_text(answer, "full_name"));
    (void)fputc('\n', ctl->out);
    grants = json_object_get(answer, "grants");
    for (size_t i = 0; i < json_array_size(grants); i++) {
        const json_t *grant = json_array_get(grants, i);

        (void)fprintf(ctl->out, "  %s (%s) @ ",
                      gong_ctl_word(gong_ctl_text(grant, "role")),
                      gong_ctl_text(grant, "role"));
        gong_ctl_put(ctl->out, gong_ctl_text(grant, "unit"));
        (void)fputc('\n', ctl->out);
    }
    json_decref(answer);
    return GONG_CTL_OK;
}

int
gong_ctl_passwd(struct gong_ctl *ctl)
{
    char *old = gong_ctl_secret(ctl, "Mật khẩu cũ / old password", NULL);
    char *fresh =
        old == NULL ? NULL
                    : gong_ctl_secret(ctl, "Mật khẩu mới / new password", NULL);
    char *again =
        fresh == NULL ? NULL : gong_ctl_secret(ctl, "Lần nữa / again", NULL);
    int code = GONG_CTL_USAGE;

    if (again != NULL && strcmp(fresh, again) != 0) {
        code = gong_ctl_wrong(ctl, "hai lần không giống nhau | they differ");
    } else if (again != NULL) {
        json_t *answer = NULL;

        code = gong_ctl_do(ctl, "PUT", "/api/gong/v1/session/password",
                           json_pack("{s:s,s:s}", "old", old, "new", fresh),
                           &answer);
        if (code == GONG_CTL_OK) {
            code = gong_ctl_done(ctl, answer,
                                 "Đã đổi mật khẩu; hãy đăng nhập lại.");
        }
    }
    free(old);
    free(fresh);
    free(again);
    return code;
}

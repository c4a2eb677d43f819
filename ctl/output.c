#include "ctl/output.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STDOUT_NAME "đầu ra chuẩn | standard output"

int
gong_ctl_failed(struct gong_ctl *ctl, const char *path)
{
    int number = errno;

    (void)fputs("gongctl: ", ctl->err);
    gong_ctl_put(ctl->err, path);
    (void)fprintf(ctl->err, ": %s\n", strerror(number == 0 ? EIO : number));
    return number == EACCES || number == EPERM ? GONG_CTL_NO_PERMISSION
                                               : GONG_CTL_IO;
}

FILE *
gong_ctl_output_open(struct gong_ctl *ctl)
{
    const char *path = gong_ctl_option(&ctl->arguments, "output");
    FILE *out = path == NULL ? ctl->out : fopen(path, "w");

    if (out == NULL) {
        (void)gong_ctl_failed(ctl, path);
    }
    return out;
}

/* On the disk, where it is a file; 0, or errno's reason. */
static int
settle(FILE *out)
{
    bool bad = ferror(out) != 0;
    struct stat about;

    errno = 0;
    if (fflush(out) != 0) {
        return errno == 0 ? EIO : errno;
    }
    if (bad) {
        return EIO;
    }
    if (fileno(out) >= 0 && fstat(fileno(out), &about) == 0 &&
        S_ISREG(about.st_mode) && fsync(fileno(out)) != 0) {
        return errno;
    }
    return 0;
}

int
gong_ctl_output_close(struct gong_ctl *ctl, FILE *out)
{
    const char *path = gong_ctl_option(&ctl->arguments, "output");
    int number;

    if (path == NULL) {
        return GONG_CTL_OK; /* gong_ctl_output_end sees to it */
    }
    number = settle(out);
    if (fclose(out) != 0 && number == 0) {
        number = errno;
    }
    errno = number;
    return number == 0 ? GONG_CTL_OK : gong_ctl_failed(ctl, path);
}

int
gong_ctl_output_end(struct gong_ctl *ctl, int code)
{
    bool bad = ferror(ctl->out) != 0;

    errno = 0;
    if (fflush(ctl->out) == 0 && !bad) {
        return code;
    }
    (void)gong_ctl_failed(ctl, STDOUT_NAME);
    return code == GONG_CTL_OK ? GONG_CTL_IO : code;
}

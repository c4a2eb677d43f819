#include "common/err.h"

#include <errno.h>

const char *
gong_err_text(enum gong_err err)
{
    switch (err) {
    case GONG_OK:
        return "ok";
    case GONG_ERR_MEMORY:
        return "out of memory";
    case GONG_ERR_INVALID:
        return "invalid input";
    case GONG_ERR_IO:
        return "input/output error";
    case GONG_ERR_NO_SPACE:
        return "no space left";
    case GONG_ERR_READ_ONLY:
        return "read-only file system";
    case GONG_ERR_CORRUPT:
        return "corrupt data";
    case GONG_ERR_TOO_LARGE:
        return "too large";
    case GONG_ERR_AGAIN:
        return "nothing yet";
    case GONG_ERR_CLOSED:
        return "closed";
    case GONG_ERR_NOT_FOUND:
        return "not found";
    case GONG_ERR_TIMEOUT:
        return "timed out";
    case GONG_ERR_UNSUPPORTED:
        return "not supported";
    }
    return "unknown error";
}

const char *
gong_err_todo(enum gong_err err)
{
    switch (err) {
    case GONG_OK:
        return "nothing";
    case GONG_ERR_MEMORY:
        return "give it more memory, or lower the limits in the configuration";
    case GONG_ERR_INVALID:
        return "correct the configuration; --check names what is wrong";
    case GONG_ERR_IO:
        return "look at its owner, its permissions, and the disk";
    case GONG_ERR_NO_SPACE:
        return "free space there, or make the configured sizes smaller";
    case GONG_ERR_READ_ONLY:
        return "mount the file system writable, or configure another folder";
    case GONG_ERR_CORRUPT:
        return "move it away and start again; what it held is lost";
    case GONG_ERR_TOO_LARGE:
        return "choose a shorter path, or a smaller file";
    case GONG_ERR_AGAIN:
        return "stop the other process, or configure another folder";
    case GONG_ERR_NOT_FOUND:
        return "make the missing file or folder, or correct its path in the "
               "configuration";
    case GONG_ERR_CLOSED:
    case GONG_ERR_TIMEOUT:
        return "start it again";
    case GONG_ERR_UNSUPPORTED:
        return "install what is missing, or configure it otherwise";
    }
    return "start it again";
}

enum gong_err
gong_err_from_errno(int error_number)
{
    switch (error_number) {
    case 0:
        return GONG_OK;
    case ENOMEM:
        return GONG_ERR_MEMORY;
    case ENOSPC:
    case EDQUOT:
        return GONG_ERR_NO_SPACE;
    case EROFS:
        return GONG_ERR_READ_ONLY;
    case ENOENT:
        return GONG_ERR_NOT_FOUND;
    case EAGAIN:
        return GONG_ERR_AGAIN;
    case ETIMEDOUT:
        return GONG_ERR_TIMEOUT;
    case EINVAL:
        return GONG_ERR_INVALID;
    case EPIPE:
        return GONG_ERR_CLOSED;
    default:
        return GONG_ERR_IO;
    }
}

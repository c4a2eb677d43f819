/* err: the one error type of the project. */
#ifndef GONG_COMMON_ERR_H
#define GONG_COMMON_ERR_H

/* Every fallible function returns one and must be checked. */
#define GONG_MUST_CHECK __attribute__((warn_unused_result))
#define GONG_PRINTF(format_index, first_argument)                              \
    __attribute__((format(printf, format_index, first_argument)))

enum gong_err {
    GONG_OK = 0,
    GONG_ERR_MEMORY,    /* an allocation failed */
    GONG_ERR_INVALID,   /* input does not fit its grammar or range */
    GONG_ERR_IO,        /* a system call failed; errno says which way */
    GONG_ERR_NO_SPACE,  /* the disk or a bounded store is full */
    GONG_ERR_READ_ONLY, /* the file system is read-only */
    GONG_ERR_CORRUPT,   /* stored bytes fail their check */
    GONG_ERR_TOO_LARGE, /* over a stated limit */
    GONG_ERR_AGAIN,     /* nothing now, ask later */
    GONG_ERR_CLOSED,    /* the other side, or this object, has stopped */
    GONG_ERR_NOT_FOUND,
    GONG_ERR_TIMEOUT,
    GONG_ERR_UNSUPPORTED, /* understood, but not offered here */
};

/* gong_err_text: a short English phrase for err; static storage. */
const char *gong_err_text(enum gong_err err);

/* gong_err_todo: what whoever started a program does about err, in English, for
 * the log; static storage. */
const char *gong_err_todo(enum gong_err err);

/* gong_err_from_errno: the project's word for a system call's errno. */
enum gong_err gong_err_from_errno(int error_number);

#endif

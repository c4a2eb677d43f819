#include "agent/decide/rule_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#define FOLDER    "rules"
#define SUFFIX    ".bundle"
#define NAME_SIZE (GONG_RULE_SHA_SIZE + sizeof SUFFIX)

enum gong_err
gong_rule_sha(struct gong_str bytes, char out[GONG_RULE_SHA_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    if (EVP_Digest(bytes.data == NULL ? "" : bytes.data, bytes.len, digest,
                   &len, EVP_sha256(), NULL) != 1 ||
        len != (GONG_RULE_SHA_SIZE - 1) / 2) {
        return GONG_ERR_MEMORY;
    }
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[GONG_RULE_SHA_SIZE - 1] = '\0';
    return GONG_OK;
}

bool
gong_rule_sha_valid(struct gong_str text)
{
    if (text.len != GONG_RULE_SHA_SIZE - 1) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];

        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
            return false;
        }
    }
    return true;
}

static enum gong_err
open_folder(const char *state_dir, int *out)
{
    int state = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum gong_err err = GONG_OK;

    if (state < 0) {
        return gong_err_from_errno(errno);
    }
    if (mkdirat(state, FOLDER, 0700) != 0 && errno != EEXIST) {
        err = gong_err_from_errno(errno);
    } else {
        *out = openat(state, FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        err = *out < 0 ? gong_err_from_errno(errno) : GONG_OK;
    }
    (void)close(state);
    return err;
}

static void
file_name(const char *sha, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "%.64s" SUFFIX, sha);
}

static enum gong_err
read_fd(int fd, char *bytes, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t got = read(fd, bytes + done, len - done);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return got < 0 ? gong_err_from_errno(errno) : GONG_ERR_CORRUPT;
        }
        done += (size_t)got;
    }
    return GONG_OK;
}

/* The whole file, *out on the heap; at most GONG_RULE_BUNDLE_MAX bytes. */
static enum gong_err
read_file(int folder, const char *name, char **out, size_t *len)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    struct stat status;
    enum gong_err err;

    if (fd < 0) {
        return gong_err_from_errno(errno);
    }
    if (fstat(fd, &status) != 0) {
        err = gong_err_from_errno(errno);
    } else if (status.st_size < 0 ||
               (uint64_t)status.st_size > GONG_RULE_BUNDLE_MAX) {
        err = GONG_ERR_TOO_LARGE;
    } else {
        *len = (size_t)status.st_size;
        *out = malloc(*len + 1);
        err = *out == NULL ? GONG_ERR_MEMORY : read_fd(fd, *out, *len);
        if (err != GONG_OK) {
            free(*out);
            *out = NULL;
        }
    }
    (void)close(fd);
    return err;
}

/* The bundle named sha, checked against its name. */
static enum gong_err
read_bundle(int folder, const char *sha, char **out, size_t *len)
{
    char name[NAME_SIZE];
    char found[GONG_RULE_SHA_SIZE];
    enum gong_err err;

    *out = NULL;
    file_name(sha, name);
    err = read_file(folder, name, out, len);
    if (err != GONG_OK) {
        return err;
    }
    err = gong_rule_sha(gong_str_from(*out, *len), found);
    if (err == GONG_OK && strcmp(found, sha) != 0) {
        err = GONG_ERR_CORRUPT;
    }
    if (err != GONG_OK) {
        free(*out);
        *out = NULL;
    }
    return err;
}

static enum gong_err
write_fd(int fd, struct gong_str bytes)
{
    size_t done = 0;

    while (done < bytes.len) {
        ssize_t put = write(fd, bytes.data + done, bytes.len - done);

        if (put < 0 && errno != EINTR) {
            return gong_err_from_errno(errno);
        }
        done += put < 0 ? 0 : (size_t)put;
    }
    return fsync(fd) == 0 ? GONG_OK : gong_err_from_errno(errno);
}

/* Writes beside and renames, so that a name never has half its bytes. */
static enum gong_err
write_bundle(int folder, const char *sha, struct gong_str bytes)
{
    static const char beside[] = "new.bundle";
    char name[NAME_SIZE];
    int fd =
        openat(folder, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    enum gong_err err;

    if (fd < 0) {
        return gong_err_from_errno(errno);
    }
    err = write_fd(fd, bytes);
    if (close(fd) != 0 && err == GONG_OK) {
        err = gong_err_from_errno(errno);
    }
    file_name(sha, name);
    if (err == GONG_OK &&
        (renameat(folder, beside, folder, name) != 0 || fsync(folder) != 0)) {
        err = gong_err_from_errno(errno);
    }
    if (err != GONG_OK) {
        (void)unlinkat(folder, beside, 0);
    }
    return err;
}

enum gong_err
gong_rule_store_put(const char *state_dir, struct gong_str bundle,
                    const char *sha)
{
    char *kept = NULL;
    size_t len = 0;
    int folder = -1;
    enum gong_err err = open_folder(state_dir, &folder);

    if (err != GONG_OK) {
        return err;
    }
    if (bundle.len > GONG_RULE_BUNDLE_MAX) {
        err = GONG_ERR_TOO_LARGE;
    } else if (read_bundle(folder, sha, &kept, &len) != GONG_OK) {
        err = write_bundle(folder, sha, bundle);
    }
    free(kept);
    (void)close(folder);
    return err;
}

/* The digest in a bundle's file name; empty if it is another file's. */
static struct gong_str
sha_of(const char *name)
{
    struct gong_str sha = gong_str_from(name, 0);

    if (strlen(name) == GONG_RULE_SHA_SIZE - 1 + sizeof SUFFIX - 1 &&
        strcmp(name + GONG_RULE_SHA_SIZE - 1, SUFFIX) == 0) {
        sha.len = GONG_RULE_SHA_SIZE - 1;
    }
    return gong_rule_sha_valid(sha) ? sha : gong_str_from(name, 0);
}

enum gong_err
gong_rule_store_prune(const char *state_dir,
                      bool (*needed)(void *ctx, struct gong_str sha), void *ctx,
                      size_t *removed)
{
    const struct dirent *entry;
    int folder = -1;
    DIR *dir;
    enum gong_err err = open_folder(state_dir, &folder);

    *removed = 0;
    if (err != GONG_OK) {
        return err;
    }
    dir = fdopendir(folder);
    if (dir == NULL) {
        err = gong_err_from_errno(errno);
        (void)close(folder);
        return err;
    }
    while ((entry = readdir(dir)) != NULL) {
        struct gong_str sha = sha_of(entry->d_name);

        if (sha.len == 0 || needed(ctx, sha)) {
            continue;
        }
        if (unlinkat(folder, entry->d_name, 0) == 0) {
            (*removed)++;
        } else {
            err = gong_err_from_errno(errno);
        }
    }
    (void)closedir(dir);
    return err;
}

enum gong_err
gong_rule_store_read(const char *state_dir, const char *sha, char **out,
                     size_t *len)
{
    int folder = -1;
    enum gong_err err = open_folder(state_dir, &folder);

    *out = NULL;
    if (err == GONG_OK) {
        err = read_bundle(folder, sha, out, len);
        (void)close(folder);
    }
    return err;
}

struct gong_rule_source *
gong_rule_store_get(const char *state_dir, const char *sha,
                    struct gong_conf_errors *errors)
{
    struct gong_rule_source *source = NULL;
    char *bytes = NULL;
    size_t len = 0;
    enum gong_err err = gong_rule_store_read(state_dir, sha, &bytes, &len);

    if (err == GONG_OK) {
        source = gong_rule_bundle_load(gong_str_from(bytes, len), errors);
    } else {
        gong_conf_errors_add(errors, "%s/" FOLDER "/%s" SUFFIX ": %s",
                             state_dir, sha, gong_err_text(err));
        errors->no_memory |= err == GONG_ERR_MEMORY;
    }
    free(bytes);
    return source;
}

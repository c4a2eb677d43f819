#include "agent/backup/backup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/evp.h>

#include "agent/fd_bytes.h"

#define MAGIC        "gong-backup 1 "
#define MAGIC_LEN    (sizeof MAGIC - 1)
#define HEAD_LEN     (MAGIC_LEN + GONG_BACKUP_SHA_SIZE) /* with its line end */
#define MANIFEST_MAX 8192
#define CHUNK        65536

static enum gong_err
fail(enum gong_err err, const char *path, const char *what,
     const struct gong_file_job *job)
{
    (void)snprintf(job->why, job->why_size, "%s: %s", path, what);
    return err;
}

static enum gong_err
fail_errno(const char *path, const struct gong_file_job *job)
{
    int error = errno;

    return fail(gong_err_from_errno(error), path, strerror(error), job);
}

/* Who cancelled has said why. */
static enum gong_err
fail_err(enum gong_err err, const char *path, const struct gong_file_job *job)
{
    return err == GONG_OK || err == GONG_ERR_CLOSED
               ? err
               : fail(err, path, gong_err_text(err), job);
}

/* --- digests --- */

static void
to_hex(const unsigned char *digest, char out[GONG_BACKUP_SHA_SIZE])
{
    for (size_t i = 0; i < (GONG_BACKUP_SHA_SIZE - 1) / 2; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
    }
}

static bool
digest_text(const char *text, size_t len, char out[GONG_BACKUP_SHA_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (EVP_Digest(text, len, digest, NULL, EVP_sha256(), NULL) != 1) {
        return false;
    }
    to_hex(digest, out);
    return true;
}

/* Reads size bytes of from, gives them to `to` (-1: to nobody), and their
 * digest. NOT_FOUND: from ended before. */
static enum gong_err
pass(int from, int to, uint64_t size, char sha[GONG_BACKUP_SHA_SIZE],
     const struct gong_file_job *job)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char *bytes = malloc(CHUNK);
    enum gong_err err = GONG_OK;

    if (context == NULL || bytes == NULL ||
        EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
        err = GONG_ERR_MEMORY;
    }
    while (err == GONG_OK && size > 0) {
        size_t len = size < CHUNK ? (size_t)size : CHUNK;

        if (!gong_fd_read_all(from, bytes, len)) {
            err = GONG_ERR_NOT_FOUND;
        } else if (EVP_DigestUpdate(context, bytes, len) != 1) {
            err = GONG_ERR_MEMORY;
        } else if (to >= 0) {
            err = gong_fd_write_all(to, bytes, len);
        }
        if (err == GONG_OK) {
            err = gong_file_job_goes_on(job);
        }
        size -= len;
    }
    if (err == GONG_OK) {
        err = EVP_DigestFinal_ex(context, digest, NULL) == 1 ? GONG_OK
                                                             : GONG_ERR_MEMORY;
        to_hex(digest, sha);
    }
    EVP_MD_CTX_free(context);
    free(bytes);
    return err;
}

/* --- writing --- */

static json_t *
manifest_json(const struct gong_backup_manifest *manifest)
{
    json_t *parts = json_array();

    for (size_t i = 0; i < manifest->count; i++) {
        const struct gong_backup_part *part = &manifest->parts[i];

        (void)json_array_append_new(
            parts, json_pack("{s:s,s:I,s:s}", "name", part->name, "size",
                             (json_int_t)part->size, "sha256", part->sha256));
    }
    return json_pack("{s:i,s:s,s:I,s:I,s:I,s:o}", "format", 1, "version",
                     manifest->version, "made", (json_int_t)manifest->made_ms,
                     "position", (json_int_t)manifest->position, "ordinal",
                     (json_int_t)manifest->ordinal, "parts", parts);
}

static enum gong_err
write_head(int fd, struct gong_backup_manifest *manifest)
{
    char line[HEAD_LEN + 1];
    json_t *json = manifest_json(manifest);
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    enum gong_err err = GONG_ERR_MEMORY;

    json_decref(json);
    if (text != NULL && digest_text(text, strlen(text), manifest->id)) {
        (void)snprintf(line, sizeof line, MAGIC "%s\n", manifest->id);
        err = gong_fd_write_all(fd, line, HEAD_LEN);
        if (err == GONG_OK) {
            err = gong_fd_write_all(fd, text, strlen(text));
        }
        if (err == GONG_OK) {
            err = gong_fd_write_all(fd, "\n", 1);
        }
    }
    free(text);
    return err;
}

static enum gong_err
measure(const char *file, struct gong_backup_part *part,
        const struct gong_file_job *job)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    struct stat status;
    enum gong_err err;

    if (fd < 0 || fstat(fd, &status) != 0) {
        err = fail_errno(file, job);
    } else if (status.st_size <= 0) {
        err = fail(GONG_ERR_CORRUPT, file, "it is empty", job);
    } else {
        part->size = (uint64_t)status.st_size;
        err = fail_err(pass(fd, -1, part->size, part->sha256, job), file, job);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return err;
}

static enum gong_err
append(int to, const char *file, const struct gong_backup_part *part,
       const struct gong_file_job *job)
{
    char sha[GONG_BACKUP_SHA_SIZE];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    enum gong_err err;

    if (fd < 0) {
        return fail_errno(file, job);
    }
    err = pass(fd, to, part->size, sha, job);
    (void)close(fd);
    return err == GONG_OK && strcmp(sha, part->sha256) != 0 ? GONG_ERR_CORRUPT
                                                            : err;
}

static enum gong_err
write_all(int fd, struct gong_backup_manifest *manifest,
          const char *const *files, const struct gong_file_job *job)
{
    enum gong_err err = write_head(fd, manifest);

    for (size_t i = 0; i < manifest->count && err == GONG_OK; i++) {
        err = append(fd, files[i], &manifest->parts[i], job);
    }
    if (err == GONG_OK && fsync(fd) != 0) {
        err = gong_err_from_errno(errno);
    }
    return err;
}

enum gong_err
gong_backup_write(const char *path, struct gong_backup_manifest *manifest,
                  const char *const *files, const struct gong_file_job *job)
{
    enum gong_err err = GONG_OK;
    int fd;

    if (manifest->count == 0) {
        return fail(GONG_ERR_CORRUPT, path, "there is nothing to back up", job);
    }
    for (size_t i = 0; i < manifest->count && err == GONG_OK; i++) {
        err = measure(files[i], &manifest->parts[i], job);
    }
    if (err != GONG_OK) {
        return err;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return fail_errno(path, job);
    }
    err = write_all(fd, manifest, files, job);
    (void)close(fd);
    if (err != GONG_OK) {
        (void)unlink(path);
    }
    return fail_err(err, path, job);
}

/* --- reading --- */

static bool
read_part(const json_t *json, struct gong_backup_part *out)
{
    const char *name = json_string_value(json_object_get(json, "name"));
    const char *sha = json_string_value(json_object_get(json, "sha256"));
    const json_t *size = json_object_get(json, "size");

    if (name == NULL || strlen(name) >= sizeof out->name || sha == NULL ||
        strlen(sha) != GONG_BACKUP_SHA_SIZE - 1 || !json_is_integer(size) ||
        json_integer_value(size) <= 0 ||
        (strcmp(name, GONG_BACKUP_DESK) != 0 &&
         strcmp(name, GONG_BACKUP_USERS) != 0 &&
         strncmp(name, GONG_BACKUP_RULES, strlen(GONG_BACKUP_RULES)) != 0)) {
        return false;
    }
    (void)snprintf(out->name, sizeof out->name, "%s", name);
    (void)snprintf(out->sha256, sizeof out->sha256, "%s", sha);
    out->size = (uint64_t)json_integer_value(size);
    return true;
}

/* Whether one before it has its name. */
static bool
is_named(const struct gong_backup_manifest *manifest, size_t part)
{
    for (size_t i = 0; i < part; i++) {
        if (strcmp(manifest->parts[i].name, manifest->parts[part].name) == 0) {
            return true;
        }
    }
    return false;
}

static bool
read_manifest(const json_t *json, struct gong_backup_manifest *out)
{
    const json_t *parts = json_object_get(json, "parts");
    const char *version = json_string_value(json_object_get(json, "version"));

    memset(out, 0, sizeof *out);
    out->count = json_array_size(parts);
    if (version == NULL || out->count == 0 ||
        out->count > GONG_BACKUP_PARTS_MAX) {
        return false;
    }
    (void)snprintf(out->version, sizeof out->version, "%s", version);
    out->made_ms = json_integer_value(json_object_get(json, "made"));
    out->position =
        (uint64_t)json_integer_value(json_object_get(json, "position"));
    out->ordinal =
        (uint32_t)json_integer_value(json_object_get(json, "ordinal"));
    for (size_t i = 0; i < out->count; i++) {
        if (!read_part(json_array_get(parts, i), &out->parts[i]) ||
            is_named(out, i)) {
            return false;
        }
    }
    return true;
}

enum gong_err
gong_backup_id(int fd, char out[GONG_BACKUP_SHA_SIZE])
{
    char head[HEAD_LEN];
    ssize_t got = pread(fd, head, sizeof head, 0);

    if (got < 0) {
        return gong_err_from_errno(errno);
    }
    if ((size_t)got != sizeof head || memcmp(head, MAGIC, MAGIC_LEN) != 0 ||
        head[HEAD_LEN - 1] != '\n') {
        return GONG_ERR_CORRUPT;
    }
    memcpy(out, head + MAGIC_LEN, GONG_BACKUP_SHA_SIZE - 1);
    out[GONG_BACKUP_SHA_SIZE - 1] = '\0';
    return GONG_OK;
}

/* Both lines; the file then stands at the first part. */
static enum gong_err
read_head(int fd, struct gong_backup_manifest *out)
{
    char head[HEAD_LEN], text[MANIFEST_MAX], sha[GONG_BACKUP_SHA_SIZE];
    size_t len = 0;
    json_t *json;
    bool sound;

    if (!gong_fd_read_all(fd, head, HEAD_LEN) ||
        memcmp(head, "gong-backup ", strlen("gong-backup ")) != 0) {
        return GONG_ERR_INVALID;
    }
    if (memcmp(head, MAGIC, MAGIC_LEN) != 0) {
        return GONG_ERR_UNSUPPORTED;
    }
    while (len < sizeof text && gong_fd_read_all(fd, &text[len], 1) &&
           text[len] != '\n') {
        len++;
    }
    if (len == sizeof text || !digest_text(text, len, sha) ||
        memcmp(sha, head + MAGIC_LEN, GONG_BACKUP_SHA_SIZE - 1) != 0) {
        return GONG_ERR_CORRUPT;
    }
    json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    sound = read_manifest(json, out);
    memcpy(out->id, sha, sizeof out->id);
    json_decref(json);
    return sound ? GONG_OK : GONG_ERR_CORRUPT;
}

static enum gong_err
open_backup(const char *path, int *fd, struct gong_backup_manifest *out,
            const struct gong_file_job *job)
{
    enum gong_err err;

    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) {
        return fail_errno(path, job);
    }
    err = read_head(*fd, out);
    if (err == GONG_OK) {
        return GONG_OK;
    }
    (void)close(*fd);
    *fd = -1;
    return fail(err, "file",
                err == GONG_ERR_INVALID       ? "it is no backup"
                : err == GONG_ERR_UNSUPPORTED ? "a backup of another version"
                                              : "its manifest is damaged",
                job);
}

static enum gong_err
verify_part(int fd, const struct gong_backup_part *part,
            const struct gong_file_job *job)
{
    char sha[GONG_BACKUP_SHA_SIZE];
    enum gong_err err = pass(fd, -1, part->size, sha, job);

    if (err == GONG_ERR_NOT_FOUND) {
        return fail(GONG_ERR_CORRUPT, part->name,
                    "the file ends before it does", job);
    }
    if (err == GONG_OK && strcmp(sha, part->sha256) != 0) {
        return fail(GONG_ERR_CORRUPT, part->name, "its digest is another one",
                    job);
    }
    return fail_err(err, part->name, job);
}

enum gong_err
gong_backup_verify(const char *path, struct gong_backup_manifest *out,
                   const struct gong_file_job *job)
{
    char more;
    int fd;
    enum gong_err err = open_backup(path, &fd, out, job);

    if (err != GONG_OK) {
        return err;
    }
    for (size_t i = 0; i < out->count && err == GONG_OK; i++) {
        err = verify_part(fd, &out->parts[i], job);
    }
    if (err == GONG_OK && read(fd, &more, 1) == 1) {
        err = fail(GONG_ERR_CORRUPT, "file", "there is more behind it", job);
    }
    (void)close(fd);
    return err;
}

static enum gong_err
skip_to(int fd, const struct gong_backup_manifest *manifest, size_t part)
{
    for (size_t i = 0; i < part; i++) {
        if (lseek(fd, (off_t)manifest->parts[i].size, SEEK_CUR) < 0) {
            return gong_err_from_errno(errno);
        }
    }
    return GONG_OK;
}

static enum gong_err
write_part(int from, const struct gong_backup_part *part, const char *to,
           const struct gong_file_job *job)
{
    char sha[GONG_BACKUP_SHA_SIZE];
    int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    enum gong_err err;

    if (fd < 0) {
        return fail_errno(to, job);
    }
    err = pass(from, fd, part->size, sha, job);
    if (err == GONG_OK && fsync(fd) != 0) {
        err = gong_err_from_errno(errno);
    }
    (void)close(fd);
    if (err == GONG_OK && strcmp(sha, part->sha256) != 0) {
        err = GONG_ERR_CORRUPT;
    }
    if (err != GONG_OK) {
        (void)unlink(to);
    }
    return fail_err(err, to, job);
}

enum gong_err
gong_backup_extract(const char *path,
                    const struct gong_backup_manifest *manifest, size_t part,
                    const char *to, const struct gong_file_job *job)
{
    struct gong_backup_manifest found;
    int fd;
    enum gong_err err = open_backup(path, &fd, &found, job);

    if (err != GONG_OK) {
        return err;
    }
    err = fail_err(skip_to(fd, manifest, part), path, job);
    if (err == GONG_OK) {
        err = write_part(fd, &manifest->parts[part], to, job);
    }
    (void)close(fd);
    return err;
}

#include "common/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf_private.h"
#include "common/conf_scan.h"
#include "common/conf_shape.h"

/* One byte more than a file may have, so that the excess is seen. */
#define READ_MAX ((size_t)4 * 1024 * 1024 + 1)

/* Fills buffer up to READ_MAX bytes. False with errno where the file fails. */
static bool
read_whole(const char *path, char *buffer, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = 1;
    int saved;

    *len = 0;
    if (fd < 0) {
        return false;
    }
    while (*len < READ_MAX && got != 0) {
        got = read(fd, buffer + *len, READ_MAX - *len);
        if (got < 0 && errno != EINTR) {
            break;
        }
        *len += got > 0 ? (size_t)got : 0;
    }
    saved = errno;
    (void)close(fd);
    errno = saved;
    return got >= 0;
}

static void
report_unreadable(const char *path, int error_number,
                  struct gong_conf_errors *errors)
{
    char reason[128] = "";

    if (strerror_r(error_number, reason, sizeof reason) != 0) {
        (void)snprintf(reason, sizeof reason, "error %d", error_number);
    }
    gong_conf_errors_add(errors, "%s: cannot be read: %s", path, reason);
}

char *
gong_conf_load_bytes(const char *path, size_t *len,
                     struct gong_conf_errors *errors)
{
    char *buffer = malloc(READ_MAX + 1);
    char *exact;

    *len = 0;
    if (buffer == NULL) {
        gong_conf_errors_no_memory(errors, path);
        return NULL;
    }
    if (!read_whole(path, buffer, len)) {
        report_unreadable(path, errno, errors);
        free(buffer);
        return NULL;
    }
    buffer[*len] = '\0';
    exact = realloc(buffer, *len + 1);
    return exact == NULL ? buffer : exact;
}

struct gong_conf *
gong_conf_open(const char *path, struct gong_conf_errors *errors)
{
    struct gong_conf *conf;
    size_t len;
    char *bytes = gong_conf_load_bytes(path, &len, errors);

    if (bytes == NULL) {
        return NULL;
    }
    conf = gong_conf_open_text(path, gong_str_from(bytes, len), errors);
    free(bytes);
    return conf;
}

/* Whether setting is what the text has at this node. */
static bool
same_name(const struct gong_conf_node *node, const config_setting_t *setting)
{
    const char *name = config_setting_name(setting);

    if (name == NULL) {
        return node->name_len == 0;
    }
    return strlen(name) == node->name_len &&
           memcmp(name, node->conf->source.text + node->name_at,
                  node->name_len) == 0;
}

/* Joins the tree below setting with the nodes from *next on; both are in the
 * order of the text. */
static bool
join(struct gong_conf *conf, config_setting_t *setting, size_t *next)
{
    struct gong_conf_node *node;

    if (*next == conf->nodes.count) {
        return false;
    }
    node = &conf->nodes.items[(*next)++];
    if (!same_name(node, setting)) {
        return false;
    }
    node->setting = setting;
    config_setting_set_hook(setting, node);
    for (size_t i = 0; i < gong_conf_count(node); i++) {
        config_setting_t *child = config_setting_get_elem(setting, (unsigned)i);

        if (child == NULL || !join(conf, child, next)) {
            return false;
        }
    }
    return true;
}

static bool
parse(struct gong_conf *conf, struct gong_conf_errors *errors)
{
    size_t next = 0;

    if (!gong_conf_shape_read(conf, errors)) {
        return false;
    }
    if (config_read_string(&conf->config, conf->source.text) != CONFIG_TRUE) {
        gong_conf_errors_add(
            errors, "%s:%d: libconfig refuses it: %s", conf->source.name,
            config_error_line(&conf->config), config_error_text(&conf->config));
        return false;
    }
    if (!join(conf, config_root_setting(&conf->config), &next) ||
        next != conf->nodes.count) {
        gong_conf_errors_add(errors, "%s: libconfig reads it differently",
                             conf->source.name);
        return false;
    }
    return true;
}

struct gong_conf *
gong_conf_open_text(const char *name, struct gong_str text,
                    struct gong_conf_errors *errors)
{
    struct gong_conf *conf = calloc(1, sizeof *conf);

    if (conf == NULL) {
        gong_conf_errors_no_memory(errors, name);
        return NULL;
    }
    config_init(&conf->config);
    if (!gong_conf_source_init(&conf->source, name, text, errors) ||
        !parse(conf, errors)) {
        gong_conf_close(conf);
        return NULL;
    }
    return conf;
}

void
gong_conf_close(struct gong_conf *conf)
{
    if (conf == NULL) {
        return;
    }
    config_destroy(&conf->config);
    free(conf->nodes.items);
    gong_conf_source_fini(&conf->source);
    free(conf);
}

const struct gong_conf_node *
gong_conf_root(const struct gong_conf *conf)
{
    return &conf->nodes.items[0];
}

const struct gong_conf_node *
gong_conf_child(const struct gong_conf_node *node, const char *name)
{
    const config_setting_t *child =
        gong_conf_is_group(node)
            ? config_setting_get_member(node->setting, name)
            : NULL;

    return child == NULL ? NULL : config_setting_get_hook(child);
}

size_t
gong_conf_count(const struct gong_conf_node *node)
{
    return config_setting_is_aggregate(node->setting)
               ? (size_t)config_setting_length(node->setting)
               : 0;
}

const struct gong_conf_node *
gong_conf_at(const struct gong_conf_node *node, size_t index)
{
    const config_setting_t *child =
        index < gong_conf_count(node)
            ? config_setting_get_elem(node->setting, (unsigned)index)
            : NULL;

    return child == NULL ? NULL : config_setting_get_hook(child);
}

bool
gong_conf_is_group(const struct gong_conf_node *node)
{
    return config_setting_is_group(node->setting);
}

bool
gong_conf_is_list(const struct gong_conf_node *node)
{
    return config_setting_is_list(node->setting) ||
           config_setting_is_array(node->setting);
}

const char *
gong_conf_name(const struct gong_conf_node *node)
{
    const char *name = config_setting_name(node->setting);

    return name == NULL ? "" : name;
}

const char *
gong_conf_string(const struct gong_conf_node *node)
{
    const char *text;

    if (config_setting_type(node->setting) != CONFIG_TYPE_STRING) {
        return NULL;
    }
    text = config_setting_get_string(node->setting);
    return text == NULL ? "" : text;
}

const char *
gong_conf_file(const struct gong_conf_node *node)
{
    return node->conf->source.name;
}

size_t
gong_conf_line(const struct gong_conf_node *node)
{
    return gong_conf_source_line(&node->conf->source, node->name_at);
}

void
gong_conf_error(const struct gong_conf_node *node,
                struct gong_conf_errors *errors, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    gong_conf_source_verror(&node->conf->source, node->name_at, errors, format,
                            args);
    va_end(args);
}

void
gong_conf_error_in(const struct gong_conf_node *node, size_t at,
                   struct gong_conf_errors *errors, const char *format, ...)
{
    const struct gong_conf_source *source = &node->conf->source;
    size_t place = node->value_at;
    va_list args;

    if (gong_conf_string(node) != NULL) {
        place = gong_conf_scan_string_at(source, node->value_at, at);
    }
    va_start(args, format);
    gong_conf_source_verror(source, place, errors, format, args);
    va_end(args);
}

#include "agent/tell/channel_zns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/tell/utf16.h"

#define NAME_SIZE    64
#define PHONE_DIGITS 11 /* 84 and nine more; fixed lines have ten */
#define TRACKING_MAX 48
#define BLOCK_MAX    400 /* of all values together: a template's block */
#define VALUE_MIN    30  /* no value is cut shorter for that */
#define LINK         "link"
#define DEFAULT_PARAMS                                                         \
    "so:code=number,don_vi:name=unit_name,tinh_trang:status=status,"           \
    "noi_dung:address=summary,viec:address=action,thoi_gian:status=since,"     \
    "lien_ket:address=" LINK

struct zns {
    const struct gong_zns_config *config;
    struct gong_zalo_token *token;
    enum gong_message_language language;
};

/* How long a parameter of a type may be. */
static const struct {
    const char *type;
    size_t max;
} types[] = {
    {"name", 30},     {"status", 30}, {"code", 30},
    {"address", 200}, {"number", 20},
};

#define TYPES (sizeof types / sizeof types[0])

/* NAME:TYPE=VARIABLE, taken apart. */
struct param {
    char name[NAME_SIZE];
    char variable[NAME_SIZE];
    size_t max;
};

#define AT(member) offsetof(struct gong_zns_config, member)

/* -115 is "out of quota" by its place in the list, -1472 the day's limit; -101
 * to -105 the application, -131, -132 the template: nobody is reached. -124 is
 * the token. */
static const struct gong_option options[] = {
    {"template_id", GONG_OPTION_STRING, AT(template_id), NULL, 0, 0, NULL, "",
     "Number of the approved template."},
    {"params", GONG_OPTION_STRINGS, AT(params), DEFAULT_PARAMS, 0, 0, NULL, "",
     "Parameters of the template: NAME:TYPE=VARIABLE; TYPE (name, status, "
     "code, "
     "address, number) says how long it may be, VARIABLE is one of messages."},
    {"development", GONG_OPTION_BOOL, AT(development), "false", 0, 0, NULL, "",
     "Mode for tests: only administrators of the application get it."},
    GONG_ZALO_OPTIONS("https://business.openapi.zalo.me", "-32,-100,-200",
                      "-101,-102,-103,-104,-105,-109,-115,-131,-132,-1472"),
    GONG_ZALO_OA_OPTIONS("-124"),
};

static const struct gong_option_table table = {
    .name = "channels.zns",
    .help =
        "Approved templates of the Zalo Notification Service; addresses are "
        "phone numbers. Not tried against the live service.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

bool
gong_zns_phone(const char *text, char out[GONG_ZNS_PHONE_SIZE])
{
    char digits[GONG_ZNS_PHONE_SIZE];
    size_t count = 0;
    const char *local = digits;

    for (const char *c = text; *c != '\0'; c++) {
        bool sign = strchr(" .-()", *c) != NULL || (*c == '+' && c == text);

        if (*c >= '0' && *c <= '9') {
            if (count + 1 == sizeof digits) {
                return false;
            }
            digits[count++] = *c;
        } else if (!sign) {
            return false;
        }
    }
    digits[count] = '\0';
    if (count >= PHONE_DIGITS && strncmp(digits, "84", 2) == 0) {
        local += 2;
    } else if (digits[0] == '0') {
        local += 1;
    }
    if (strlen(local) < PHONE_DIGITS - 2 || strlen(local) > PHONE_DIGITS - 1 ||
        local[0] == '0') {
        return false;
    }
    out[0] = '8';
    out[1] = '4';
    memcpy(out + 2, local, strlen(local) + 1);
    return true;
}

static bool
copy_word(const char *from, const char *to, char out[NAME_SIZE])
{
    size_t len = (size_t)(to - from);

    if (len == 0 || len >= NAME_SIZE) {
        return false;
    }
    memcpy(out, from, len);
    out[len] = '\0';
    return true;
}

static bool
read_param(const char *text, struct param *out)
{
    const char *colon = strchr(text, ':');
    const char *equals = colon == NULL ? NULL : strchr(colon, '=');
    char type[NAME_SIZE];

    if (equals == NULL || !copy_word(text, colon, out->name) ||
        !copy_word(colon + 1, equals, type) ||
        !copy_word(equals + 1, text + strlen(text), out->variable)) {
        return false;
    }
    for (size_t i = 0; i < TYPES; i++) {
        if (strcmp(type, types[i].type) == 0) {
            out->max = types[i].max;
            return true;
        }
    }
    return false;
}

static void
zns_close(void *state)
{
    struct zns *zns = state;

    gong_zalo_token_close(zns->token);
    free(zns);
}

static bool
params_valid(const struct gong_zns_config *config, char *why, size_t why_size)
{
    struct param param;

    for (size_t i = 0; i < config->params.count; i++) {
        if (!read_param(config->params.items[i], &param)) {
            (void)snprintf(why, why_size,
                           "params: found %.64s, expected NAME:TYPE=VARIABLE, "
                           "TYPE one of name, status, code, address, number",
                           config->params.items[i]);
            return false;
        }
    }
    if (!gong_channel_line_valid(config->template_id)) {
        (void)snprintf(why, why_size, "template_id: found none");
        return false;
    }
    return true;
}

static enum gong_err
zns_open(const void *config, void **state, char *why, size_t why_size)
{
    const struct gong_zns_config *mine = config;
    struct zns *zns = calloc(1, sizeof *zns);

    if (zns == NULL) {
        return GONG_ERR_MEMORY;
    }
    zns->config = mine;
    zns->language = gong_message_files_language(&mine->oa.zalo.languages);
    if (params_valid(mine, why, why_size)) {
        zns->token = gong_zalo_oa_open(&mine->oa, why, why_size);
    }
    if (zns->token == NULL) {
        zns_close(zns);
        return GONG_ERR_INVALID;
    }
    *state = zns;
    return GONG_OK;
}

static json_t *
cut_text(struct gong_str text, size_t units)
{
    return json_stringn(text.data, gong_utf16_cut(text, units));
}

/* A parameter may be neither empty nor too long; half a link is none. */
static json_t *
param_value(const struct gong_message_vars *vars, const struct param *param)
{
    struct gong_str text =
        gong_str_of(gong_message_vars_find(vars, param->variable));
    bool fits = gong_utf16_units(text) <= param->max;

    if (text.len == 0 || (!fits && strcmp(param->variable, LINK) == 0)) {
        return json_string("-");
    }
    return cut_text(text, param->max);
}

static size_t
units_of(const json_t *value)
{
    return gong_utf16_units(gong_str_of(json_string_value(value)));
}

/* The parameter with the longest value that may be cut; -1: none. */
static int
find_longest(const struct zns *zns, const json_t *data, size_t *all)
{
    size_t longest = VALUE_MIN;
    int found = -1;

    *all = 0;
    for (size_t i = 0; i < zns->config->params.count; i++) {
        struct param param;
        size_t units = 0;

        if (read_param(zns->config->params.items[i], &param)) {
            units = units_of(json_object_get(data, param.name));
            *all += units;
        }
        if (units > longest && strcmp(param.variable, LINK) != 0) {
            longest = units;
            found = (int)i;
        }
    }
    return found;
}

/* The longest are cut until all of them have room in a block. */
static bool
fit_block(const struct zns *zns, json_t *data)
{
    size_t all = 0;
    int longest = find_longest(zns, data, &all);

    while (all > BLOCK_MAX && longest >= 0) {
        struct param param;
        struct gong_str text;
        size_t units;
        size_t less;

        if (!read_param(zns->config->params.items[longest], &param)) {
            return false;
        }
        text =
            gong_str_of(json_string_value(json_object_get(data, param.name)));
        units = gong_utf16_units(text);
        /* In steps, so that the two longest become alike. */
        less = (all - BLOCK_MAX + 1) / 2;
        less = less < units - VALUE_MIN ? less : units - VALUE_MIN;
        if (json_object_set_new(data, param.name,
                                cut_text(text, units - less)) != 0) {
            return false;
        }
        longest = find_longest(zns, data, &all);
    }
    return true;
}

static json_t *
template_data(const struct zns *zns, const struct gong_channel_send *send)
{
    const struct gong_message_view view = {send->message, send->contact,
                                           send->signer};
    const struct gong_message_vars_options wanted = {
        .language = zns->language, .text_max = GONG_ZALO_TEXT_MAX};
    struct gong_message_vars *vars = gong_message_vars_new(&view, &wanted);
    json_t *data = vars == NULL ? NULL : json_object();

    for (size_t i = 0; data != NULL && i < zns->config->params.count; i++) {
        struct param param;

        if (!read_param(zns->config->params.items[i], &param) ||
            json_object_set_new(data, param.name, param_value(vars, &param)) !=
                0) {
            json_decref(data);
            data = NULL;
        }
    }
    gong_message_vars_free(vars);
    if (data != NULL && !fit_block(zns, data)) {
        json_decref(data);
        data = NULL;
    }
    return data;
}

/* The number of a message is the same when it is tried again, so that a lost
 * answer does not become a second message; of a long key the end, which differs
 * most. */
static json_t *
body_of(const struct zns *zns, const struct gong_channel_send *send,
        const char *phone)
{
    size_t key = strlen(send->key);
    json_t *body =
        json_pack("{s:s, s:s, s:o, s:s}", "phone", phone, "template_id",
                  zns->config->template_id, "template_data",
                  template_data(zns, send), "tracking_id",
                  send->key + (key > TRACKING_MAX ? key - TRACKING_MAX : 0));

    if (body != NULL && zns->config->development &&
        json_object_set_new(body, "mode", json_string("development")) != 0) {
        json_decref(body);
        return NULL;
    }
    return body;
}

static enum gong_err
zns_begin(void *state, const struct gong_channel_send *send,
          struct gong_channel_try *attempt)
{
    const struct zns *zns = state;
    char phone[GONG_ZNS_PHONE_SIZE];
    json_t *body;
    char *bytes;

    if (!gong_zns_phone(send->address, phone)) {
        attempt->outcome = GONG_CHANNEL_REFUSE;
        (void)snprintf(attempt->why, sizeof attempt->why, "no phone number");
        return GONG_OK;
    }
    body = body_of(zns, send, phone);
    bytes = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return gong_zalo_oa_post(&zns->config->oa, zns->token, "/message/template",
                             bytes, attempt);
}

static enum gong_channel_outcome
zns_judge(void *state, struct gong_channel_try *attempt, CURLcode code,
          long status)
{
    const struct zns *zns = state;

    return gong_zalo_oa_judge(&zns->config->oa, zns->token, attempt, code,
                              status);
}

const struct gong_channel_kind gong_channel_zns = {
    .type = "zns",
    .options = &table,
    .config_size = sizeof(struct gong_zns_config),
    .open = zns_open,
    .begin = zns_begin,
    .judge = zns_judge,
    .close = zns_close,
    .rate = 5,
    .burst = 20,
};

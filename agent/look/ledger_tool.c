#include "agent/look/ledger_tool.h"

#include <stdlib.h>
#include <string.h>

#include "agent/store/http_client.h"
#include "agent/journal/journal_tool.h"
#include "agent/look/ledger_text.h"
#include "agent/look/ledger_view.h"
#include "agent/receive/receive_file.h"
#include "agent/state_dir.h"
#include "common/log.h"
#include "common/topic.h"

#define URL_SIZE   1024
#define QUOTE_SIZE 512
#define PAGE_HTTP  10 /* devices: fits what the client keeps of an answer */
#define TIMEOUT    gong_dur_s(10)

struct tool {
    const struct gong_agent_config *config;
    struct gong_ledger_query query;
    char site[GONG_TOPIC_NAME_MAX + 1];
    char device[GONG_TOPIC_NAME_MAX + 1];
    FILE *out;
    FILE *errors;
    struct gong_ledger_text told;
};

static bool
copy_name(struct gong_str name, char out[GONG_TOPIC_NAME_MAX + 1])
{
    if (!gong_topic_name_valid(name)) {
        return false;
    }
    memcpy(out, name.data, name.len);
    out[name.len] = '\0';
    return true;
}

static bool
read_what(struct tool *tool, const char *what)
{
    const char *slash = strchr(what, '/');
    size_t len = slash == NULL ? strlen(what) : (size_t)(slash - what);

    tool->query = (struct gong_ledger_query){
        .site = tool->site, .device = tool->device, .prefix = "", .after = ""};
    return what[0] == '\0' ||
           (copy_name(gong_str_from(what, len), tool->site) &&
            (slash == NULL || copy_name(gong_str_of(slash + 1), tool->device)));
}

/* ---- from the agent ---- */

static enum gong_err
ask_page(struct tool *tool, struct gong_http *http)
{
    char url[URL_SIZE];
    struct gong_http_request request = {.url = url};
    struct gong_http_answer answer;

    (void)snprintf(url, sizeof url,
                   "http://%s/ledger?site=%s&device=%s&after=%s&limit=%d",
                   tool->config->http.listen, tool->site, tool->device,
                   tool->told.next, PAGE_HTTP);
    gong_http_do(http, &request, &answer);
    if (answer.status != 200) {
        return GONG_ERR_NOT_FOUND;
    }
    if (tool->told.devices == 0) {
        (void)fprintf(tool->out, "# nguồn: gong-agent đang chạy | from the "
                                 "running agent\n");
    }
    return gong_ledger_text_write(answer.body, tool->out, &tool->told);
}

/* NOT_FOUND: nobody answers there. */
static enum gong_err
ask_agent(struct tool *tool)
{
    struct gong_http_options options = {.timeout = TIMEOUT};
    struct gong_http *http = NULL;
    enum gong_err err;

    if (tool->config->http.listen[0] == '\0') {
        return GONG_ERR_NOT_FOUND;
    }
    err = gong_http_open(&options, &http);
    if (err != GONG_OK) {
        return err;
    }
    do {
        err = ask_page(tool, http);
    } while (err == GONG_OK && tool->told.next[0] != '\0');
    gong_http_close(http);
    return err;
}

/* ---- from the disk ---- */

struct learner {
    struct gong_receive *receive;
    struct gong_spool_meta journal;
    struct gong_receive_place saved;
    const char *refused; /* why the saved state is not used; NULL: it is, ""
                            there is none */
    uint64_t end;        /* of the records that were read */
};

static void
learn(void *ctx, const struct gong_record *record)
{
    struct learner *learner = ctx;

    learner->end = record->next;
    if (learner->refused != NULL || record->offset >= learner->saved.from) {
        gong_receive_learn(learner->receive, record);
    }
}

static enum gong_err
write_pages(struct tool *tool, struct gong_receive *receive)
{
    enum gong_err err = GONG_OK;

    do {
        size_t len = 0;
        char *json;

        tool->query.after = tool->told.next;
        json = gong_ledger_view_json(receive, &tool->query, &len);
        if (json == NULL) {
            return GONG_ERR_MEMORY;
        }
        err = gong_ledger_text_write(gong_str_from(json, len), tool->out,
                                     &tool->told);
        free(json);
    } while (err == GONG_OK && tool->told.next[0] != '\0');
    return err;
}

/* A new segment without a record is an end, too. */
static bool
reaches(const struct learner *learner)
{
    return learner->end >= learner->saved.through ||
           learner->saved.through % learner->journal.segment_size ==
               GONG_SPOOL_HEADER_SIZE;
}

/* As the agent does at its start: what was saved, if it is of this journal, and
 * the records behind it; else all of them. */
static enum gong_err
learn_all(const struct tool *tool, const struct gong_state_dir *dir,
          struct learner *learner)
{
    struct gong_receive_options options = {
        .devices_max = (size_t)tool->config->ingest.devices_max,
        .rate = 1,
        .burst = 1};

    learner->end = 0;
    gong_receive_free(learner->receive);
    learner->receive = gong_receive_new(&options);
    if (learner->receive == NULL) {
        return GONG_ERR_MEMORY;
    }
    if (learner->refused == NULL) {
        (void)!gong_receive_peek(learner->receive, dir->receive,
                                 &learner->journal, &learner->saved,
                                 &learner->refused);
    }
    return gong_journal_walk(dir->journal, learn, learner, tool->errors);
}

static void
say_source(const struct tool *tool, const char *path, const char *refused)
{
    (void)fprintf(tool->out,
                  "# nguồn: đĩa, gong-agent không trả lời | from %s, for no "
                  "agent answers\n",
                  refused == NULL ? "the saved state and the journal"
                                  : "the journal alone");
    if (refused != NULL && refused[0] != '\0') {
        char quoted[QUOTE_SIZE];

        (void)fprintf(tool->out,
                      "# không dùng %s: không thuộc nhật ký này hoặc hỏng, số "
                      "liệu cũ hơn nhật ký không tính | not used: %s; what "
                      "is older than the journal does not count\n",
                      gong_log_quote(gong_str_of(path), quoted, sizeof quoted),
                      refused);
    }
}

static enum gong_err
read_disk(struct tool *tool)
{
    struct learner learner = {.receive = NULL};
    struct gong_state_dir dir;
    enum gong_err err = gong_state_dir_name(tool->config->state, &dir);

    if (err == GONG_OK) {
        err = gong_journal_look(dir.journal, &learner.journal, tool->errors);
    }
    if (err == GONG_OK) {
        err = learn_all(tool, &dir, &learner);
    }
    if (err == GONG_OK && learner.refused == NULL && !reaches(&learner)) {
        learner.refused = "the journal ends before it";
        err = learn_all(tool, &dir, &learner);
    }
    if (err == GONG_OK) {
        say_source(tool, dir.receive, learner.refused);
        err = write_pages(tool, learner.receive);
    }
    gong_receive_free(learner.receive);
    return err;
}

enum gong_err
gong_ledger_tool(const struct gong_agent_config *config, const char *what,
                 FILE *out, FILE *errors, bool *lost)
{
    struct tool tool = {.config = config, .out = out, .errors = errors};
    enum gong_err err;

    *lost = false;
    if (!read_what(&tool, what)) {
        (void)fputs("expected SITE or SITE/DEVICE of [a-z0-9_-]\n", errors);
        return GONG_ERR_INVALID;
    }
    err = ask_agent(&tool);
    if (err == GONG_ERR_NOT_FOUND && tool.told.devices == 0) {
        err = read_disk(&tool);
    }
    *lost = tool.told.lost;
    return err == GONG_OK && tool.told.devices == 0 && what[0] != '\0'
               ? GONG_ERR_NOT_FOUND
               : err;
}

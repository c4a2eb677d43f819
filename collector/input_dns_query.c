/*
 * Asks one name server one question over UDP (RFC 1035), so that the check
 * tells about that server and not about this machine's own resolver.
 */
#include "collector/input_dns_query.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collector/net_address.h"

#define PACKET_MAX 1232 /* what one UDP answer may hold everywhere */

/* As Telegraf numbers them. */
enum result {
    RESULT_SUCCESS = 0,
    RESULT_TIMEOUT = 1,
    RESULT_ERROR = 2,
};

static const char *const record_types[] = {"A",   "AAAA",  "MX",  "NS", "TXT",
                                           "SOA", "CNAME", "PTR", NULL};
static const int record_codes[] = {ns_t_a,   ns_t_aaaa, ns_t_mx,    ns_t_ns,
                                   ns_t_txt, ns_t_soa,  ns_t_cname, ns_t_ptr};

struct config {
    char *server;
    char *domain;
    int record_type;
};

static const struct gong_option options[] = {
    {.name = "server",
     .type = GONG_OPTION_STRING,
     .offset = offsetof(struct config, server),
     .unit = "",
     .help = "Name server to ask: address or address:port."},
    {.name = "domain",
     .type = GONG_OPTION_STRING,
     .offset = offsetof(struct config, domain),
     .unit = "",
     .help = "Name to ask for."},
    {.name = "record_type",
     .type = GONG_OPTION_CHOICE,
     .offset = offsetof(struct config, record_type),
     .default_value = "A",
     .choices = record_types,
     .unit = "",
     .help = "Kind of record to ask for."},
};
static const struct gong_option_table table = {
    .name = "inputs.dns_query",
    .help = "Does a name server answer.",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
};

struct state {
    const struct config *config;
    struct gong_net_address server;
    uint16_t last_id;
};

static enum gong_err
dns_open(const void *config, const char *proc_root, void **out, char *why,
         size_t why_size)
{
    const struct config *mine = config;
    struct state *state = calloc(1, sizeof *state);

    (void)proc_root;
    if (state == NULL) {
        return GONG_ERR_MEMORY;
    }
    if (!gong_net_address_parse(mine->server, "53", &state->server)) {
        (void)snprintf(why, why_size,
                       "found server %s, expected address or address:port",
                       mine->server);
        free(state);
        return GONG_ERR_INVALID;
    }
    state->config = mine;
    state->last_id = (uint16_t)gong_mono_now().ns;
    *out = state;
    return GONG_OK;
}

/* The question's length, 0 where the name is no domain name. */
static size_t
write_question(struct state *state, unsigned char *out, size_t size)
{
    struct __res_state resolver;
    int len;

    memset(&resolver, 0, sizeof resolver);
    if (res_ninit(&resolver) != 0) {
        return 0;
    }
    len = res_nmkquery(&resolver, ns_o_query, state->config->domain, ns_c_in,
                       record_codes[state->config->record_type], NULL, 0, NULL,
                       out, (int)size);
    res_nclose(&resolver);
    if (len < NS_HFIXEDSZ) {
        return 0;
    }
    state->last_id = (uint16_t)(state->last_id * 25173u + 13849u);
    out[0] = (unsigned char)(state->last_id >> 8);
    out[1] = (unsigned char)state->last_id;
    return (size_t)len;
}

/* A connected UDP socket: answers from elsewhere never arrive. */
static int
open_socket(const struct gong_net_address *server)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM,
                                   .ai_flags = AI_NUMERICHOST};
    struct addrinfo *list = NULL;
    int fd = -1;

    if (getaddrinfo(server->host, server->port, &hints, &list) != 0) {
        return -1;
    }
    fd = socket(list->ai_family, list->ai_socktype, list->ai_protocol);
    if (fd >= 0 && (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
                    fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
                    connect(fd, list->ai_addr, list->ai_addrlen) != 0)) {
        (void)close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}

/* Waits for the answer to our question; *rcode is its response code. */
static enum result
read_answer(int fd, const unsigned char *question, gong_mono_t deadline,
            int *rcode)
{
    unsigned char answer[PACKET_MAX];

    for (;;) {
        ns_msg message;
        ssize_t len;

        if (!gong_net_wait(fd, POLLIN, deadline)) {
            return RESULT_TIMEOUT;
        }
        len = recv(fd, answer, sizeof answer, 0);
        if (len < 0 && errno != EAGAIN && errno != EINTR) {
            return RESULT_ERROR; /* ICMP says that nobody listens */
        }
        if (len < NS_HFIXEDSZ || memcmp(answer, question, 2) != 0) {
            continue;
        }
        if (ns_initparse(answer, (int)len, &message) != 0 ||
            ns_msg_getflag(message, ns_f_qr) == 0) {
            return RESULT_ERROR;
        }
        *rcode = ns_msg_getflag(message, ns_f_rcode);
        return *rcode == ns_r_noerror ? RESULT_SUCCESS : RESULT_ERROR;
    }
}

static enum result
ask(struct state *state, gong_mono_t deadline, int *rcode)
{
    unsigned char question[NS_PACKETSZ];
    size_t len = write_question(state, question, sizeof question);
    enum result result = RESULT_ERROR;
    int fd;

    if (len == 0) {
        return RESULT_ERROR;
    }
    fd = open_socket(&state->server);
    if (fd < 0) {
        return RESULT_ERROR;
    }
    if (send(fd, question, len, MSG_NOSIGNAL) == (ssize_t)len) {
        result = read_answer(fd, question, deadline, rcode);
    }
    (void)close(fd);
    return result;
}

static enum gong_err
dns_gather(void *opaque, struct gong_points *points, gong_dur_t timeout,
           char *why, size_t why_size)
{
    struct state *state = opaque;
    gong_mono_t began = gong_mono_now();
    int rcode = -1;
    enum result result = ask(state, gong_mono_add(began, timeout), &rcode);
    gong_dur_t took = gong_mono_since(gong_mono_now(), began);

    (void)why;
    (void)why_size;
    gong_points_begin(points, "dns_query");
    gong_points_tag(points, "server", state->server.host);
    gong_points_tag(points, "domain", state->config->domain);
    gong_points_tag(points, "record_type",
                    record_types[state->config->record_type]);
    gong_points_int(points, "result_code", (int64_t)result);
    if (rcode >= 0) {
        gong_points_int(points, "rcode_value", rcode);
        gong_points_float(points, "query_time_ms",
                          (double)took.ns / (double)GONG_NS_PER_MS);
    }
    gong_points_end(points);
    return GONG_OK;
}

const struct gong_input_kind gong_input_dns_query = {
    .type = "dns_query",
    .help = "Does a name server answer for a name, and how fast.",
    .options = &table,
    .config_size = sizeof(struct config),
    .slow = true,
    .open = dns_open,
    .gather = dns_gather,
    .close = free,
};

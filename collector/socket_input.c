#include "collector/socket_input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "collector/thread.h"
#include "common/log.h"

#define STACK_SIZE (128u << 10)
#define READ_SIZE  (16u << 10)
#define FULL       "accepted=0 refused=0 reason=too_many_clients\n"

struct peer {
    int fd;
    struct gong_socket_client client;
    gong_mono_t heard;
};

/* polled[0] is the listener, polled[1] the pipe's end, then peers in order. */
struct gong_socket {
    struct gong_socket_options options;
    struct gong_socket_desk desk;
    struct gong_buffer answers;
    int listener;
    int stop_pipe[2];
    struct peer *peers;
    size_t peer_count;
    struct pollfd *polled;
    char *input;  /* READ_SIZE */
    bool crowded; /* logged that somebody was turned away */
    bool bound;
    bool started;
    pthread_t thread;
};

static bool
set_flags(int fd)
{
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
           fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

static void
close_peer(struct gong_socket *sock, size_t i)
{
    struct peer *peer = &sock->peers[i];

    (void)close(peer->fd);
    gong_socket_client_fini(&peer->client);
    sock->peer_count--;
    sock->peers[i] = sock->peers[sock->peer_count];
    if (sock->peer_count == 0) {
        /* Idle for hours: the reader's 80 KiB need not stay. */
        gong_lp_reader_free(sock->desk.reader);
        sock->desk.reader = NULL;
        gong_buffer_fini(&sock->desk.lines);
        gong_buffer_fini(&sock->answers);
    }
}

static bool
send_answers(struct gong_socket *sock, int fd)
{
    size_t len = sock->answers.len;

    sock->answers.len = 0;
    return len == 0 || send(fd, sock->answers.data, len,
                            MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

/* False when the peer is to be closed. */
static bool
serve(struct gong_socket *sock, struct peer *peer)
{
    ssize_t got = read(peer->fd, sock->input, READ_SIZE);
    int64_t now_ns = gong_wall_now().ns;
    enum gong_err err;
    bool sent;

    if (got < 0) {
        return errno == EAGAIN || errno == EINTR;
    }
    peer->heard = gong_mono_now();
    if (got == 0) {
        err = gong_socket_client_end(&peer->client, &sock->desk, now_ns,
                                     &sock->answers);
    } else {
        err = gong_socket_client_feed(&peer->client, &sock->desk,
                                      gong_str_from(sock->input, (size_t)got),
                                      now_ns, &sock->answers);
    }
    sent = send_answers(sock, peer->fd);
    return got > 0 && err == GONG_OK && sent;
}

static void
turn_away(struct gong_socket *sock, int fd)
{
    if (!sock->crowded) {
        gong_log(GONG_LOG_WARNING, "socket_crowded", "clients=%zu",
                 sock->peer_count);
    }
    sock->crowded = true;
    (void)send(fd, FULL, sizeof FULL - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)close(fd);
}

static void
welcome(struct gong_socket *sock)
{
    int fd = accept(sock->listener, NULL, NULL);

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
            /* The listener stays readable: do not spin on it. */
            gong_clock_sleep(gong_dur_ms(100));
        }
        return;
    }
    if (!set_flags(fd)) {
        (void)close(fd);
        return;
    }
    if (sock->peer_count == sock->options.clients) {
        turn_away(sock, fd);
        return;
    }
    if (sock->desk.reader == NULL) {
        sock->desk.reader = gong_lp_reader_new(false);
    }
    if (sock->desk.reader == NULL) {
        (void)close(fd);
        return;
    }
    sock->crowded = false;
    sock->peers[sock->peer_count++] =
        (struct peer){.fd = fd, .heard = gong_mono_now()};
}

/* How long until a peer has been silent for too long, in ms. */
static int
patience(const struct gong_socket *sock, gong_mono_t now)
{
    int64_t least = sock->options.idle.ns;

    if (sock->peer_count == 0) {
        return -1;
    }
    for (size_t i = 0; i < sock->peer_count; i++) {
        int64_t left = sock->options.idle.ns -
                       gong_mono_since(now, sock->peers[i].heard).ns;

        least = left < least ? left : least;
    }
    least = least < 0 ? 0 : least / GONG_NS_PER_MS + 1;
    return least < 3600000 ? (int)least : 3600000;
}

static void
poll_all(struct gong_socket *sock)
{
    sock->polled[0] = (struct pollfd){.fd = sock->listener, .events = POLLIN};
    sock->polled[1] =
        (struct pollfd){.fd = sock->stop_pipe[0], .events = POLLIN};
    for (size_t i = 0; i < sock->peer_count; i++) {
        sock->polled[2 + i] =
            (struct pollfd){.fd = sock->peers[i].fd, .events = POLLIN};
    }
    if (poll(sock->polled, (nfds_t)(2 + sock->peer_count),
             patience(sock, gong_mono_now())) < 0) {
        for (size_t i = 0; i < 2 + sock->peer_count; i++) {
            sock->polled[i].revents = 0;
        }
    }
}

static void *
run(void *ctx)
{
    struct gong_socket *sock = ctx;

    for (;;) {
        gong_mono_t now;

        poll_all(sock);
        if (sock->polled[1].revents != 0) {
            return NULL;
        }
        now = gong_mono_now();
        /* Backwards: closing moves the last peer into the gap. */
        for (size_t i = sock->peer_count; i > 0; i--) {
            struct peer *peer = &sock->peers[i - 1];
            bool stays =
                gong_mono_since(now, peer->heard).ns < sock->options.idle.ns;

            if (sock->polled[1 + i].revents != 0) {
                stays = serve(sock, peer);
            }
            if (!stays) {
                close_peer(sock, i - 1);
            }
        }
        if (sock->polled[0].revents != 0) {
            welcome(sock);
        }
    }
}

/* Removes a socket left behind by a crash, but nothing else: only where the
 * kernel says that nobody listens. A full queue, other rights or another type
 * mean that somebody may. */
static bool
clear_path(const struct sockaddr_un *address)
{
    struct stat info;
    int fd;
    int error;

    if (lstat(address->sun_path, &info) != 0) {
        return errno == ENOENT;
    }
    if (!S_ISSOCK(info.st_mode)) {
        errno = EEXIST;
        return false;
    }
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0) {
        return false;
    }
    /* Does not wait for a place in somebody's queue. */
    error = EADDRINUSE;
    if (set_flags(fd) &&
        connect(fd, (const struct sockaddr *)address, sizeof *address) != 0) {
        error = errno;
    }
    (void)close(fd);
    if (error != ECONNREFUSED) {
        errno = error;
        return false;
    }
    return unlink(address->sun_path) == 0;
}

static enum gong_err
bind_listener(struct gong_socket *sock, char *why, size_t why_size)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(sock->options.path);

    if (len >= sizeof address.sun_path) {
        (void)snprintf(why, why_size, "socket path %s is longer than %zu bytes",
                       sock->options.path, sizeof address.sun_path - 1);
        return GONG_ERR_TOO_LARGE;
    }
    memcpy(address.sun_path, sock->options.path, len + 1);
    sock->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    /* The mode is set before the name exists, so nobody slips in between. */
    if (sock->listener < 0 || !set_flags(sock->listener) ||
        fchmod(sock->listener, 0660) != 0 || !clear_path(&address) ||
        bind(sock->listener, (const struct sockaddr *)&address,
             sizeof address) != 0) {
        (void)snprintf(why, why_size, "cannot make the socket %s: %s",
                       sock->options.path, strerror(errno));
        return gong_err_from_errno(errno);
    }
    sock->bound = true;
    if (chmod(sock->options.path, 0660) != 0 ||
        listen(sock->listener, 16) != 0) {
        (void)snprintf(why, why_size, "cannot listen on %s: %s",
                       sock->options.path, strerror(errno));
        return gong_err_from_errno(errno);
    }
    return GONG_OK;
}

enum gong_err
gong_socket_new(const struct gong_socket_options *options,
                const struct gong_socket_sink *sink, struct gong_socket **out,
                char *why, size_t why_size)
{
    struct gong_socket *sock = calloc(1, sizeof *sock);
    enum gong_err err = GONG_ERR_MEMORY;

    *out = NULL;
    if (sock == NULL) {
        (void)snprintf(why, why_size, "%s", gong_err_text(err));
        return err;
    }
    sock->options = *options;
    sock->desk.sink = *sink;
    sock->listener = -1;
    sock->stop_pipe[0] = -1;
    sock->stop_pipe[1] = -1;
    sock->peers = calloc(options->clients, sizeof sock->peers[0]);
    sock->polled = calloc(options->clients + 2, sizeof sock->polled[0]);
    sock->input = malloc(READ_SIZE);
    if (sock->peers == NULL || sock->polled == NULL || sock->input == NULL ||
        pipe(sock->stop_pipe) != 0 || !set_flags(sock->stop_pipe[0]) ||
        !set_flags(sock->stop_pipe[1])) {
        (void)snprintf(why, why_size, "%s", gong_err_text(err));
    } else {
        err = bind_listener(sock, why, why_size);
    }
    if (err != GONG_OK) {
        gong_socket_free(sock);
        return err;
    }
    *out = sock;
    return GONG_OK;
}

enum gong_err
gong_socket_start(struct gong_socket *sock)
{
    enum gong_err err = gong_thread_start(&sock->thread, STACK_SIZE, run, sock);

    sock->started = err == GONG_OK;
    return err;
}

void
gong_socket_stop(struct gong_socket *sock)
{
    if (sock == NULL || !sock->started) {
        return;
    }
    while (write(sock->stop_pipe[1], "", 1) < 0 && errno == EINTR) {
    }
    (void)pthread_join(sock->thread, NULL);
    sock->started = false;
    while (sock->peer_count > 0) {
        close_peer(sock, sock->peer_count - 1);
    }
}

static void
close_fd(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}

void
gong_socket_free(struct gong_socket *sock)
{
    if (sock == NULL) {
        return;
    }
    gong_socket_stop(sock);
    if (sock->bound) {
        (void)unlink(sock->options.path);
    }
    close_fd(sock->listener);
    close_fd(sock->stop_pipe[0]);
    close_fd(sock->stop_pipe[1]);
    gong_lp_reader_free(sock->desk.reader);
    gong_buffer_fini(&sock->desk.lines);
    gong_buffer_fini(&sock->answers);
    free(sock->peers);
    free(sock->polled);
    free(sock->input);
    free(sock);
}

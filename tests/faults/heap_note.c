/*
 * Tells a judge how much memory a program holds, without asking the program:
 * with this library in LD_PRELOAD a thread of its own writes the bytes that
 * malloc has given out and not got back to the file GONG_HEAP_NOTE, each
 * second. Under AddressSanitizer these are its bytes: what is in quarantine
 * does not count.
 */
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

__attribute__((weak)) size_t
__sanitizer_get_current_allocated_bytes(void); /* NOLINT(*reserved-id*) */

static size_t
allocated(void)
{
    struct mallinfo2 info;

    if (__sanitizer_get_current_allocated_bytes != NULL) {
        return __sanitizer_get_current_allocated_bytes();
    }
    info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void *
note(void *path)
{
    const struct timespec second = {1, 0};

    for (;;) {
        char text[32];
        int len = snprintf(text, sizeof text, "%20zu\n", allocated());
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        if (fd >= 0) {
            (void)!pwrite(fd, text, (size_t)len, 0);
            (void)close(fd);
        }
        (void)nanosleep(&second, NULL);
    }
    return NULL;
}

__attribute__((constructor)) static void
start(void)
{
    const char *path = getenv("GONG_HEAP_NOTE");
    pthread_t thread;
    sigset_t all;
    sigset_t before;

    if (path == NULL) {
        return;
    }
    /* The program's signals are not for this thread. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, note, (void *)(size_t)path) == 0) {
        (void)pthread_detach(thread);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

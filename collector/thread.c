#include "collector/thread.h"

enum gong_err
gong_thread_start(pthread_t *thread, size_t stack, void *(*run)(void *),
                  void *ctx)
{
    pthread_attr_t attributes;
    int rc;

    if (pthread_attr_init(&attributes) != 0) {
        return GONG_ERR_MEMORY;
    }
    rc = pthread_attr_setstacksize(&attributes, stack);
    if (rc == 0) {
        rc = pthread_create(thread, &attributes, run, ctx);
    }
    (void)pthread_attr_destroy(&attributes);
    return rc == 0 ? GONG_OK : GONG_ERR_MEMORY;
}

#include "common/mqtt_paho.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* Guards loaded and the lives of handles. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct gong_paho table;
static bool loaded;

/* ISO C has no cast from an object pointer to a function's, so the address is
 * copied into the member at its offset. */
static const struct {
    const char *name;
    size_t offset;
} symbols[] = {
    {"MQTTAsync_createWithOptions", offsetof(struct gong_paho, create)},
    {"MQTTAsync_destroy", offsetof(struct gong_paho, destroy)},
    {"MQTTAsync_setCallbacks", offsetof(struct gong_paho, set_callbacks)},
    {"MQTTAsync_connect", offsetof(struct gong_paho, connect)},
    {"MQTTAsync_disconnect", offsetof(struct gong_paho, disconnect)},
    {"MQTTAsync_subscribeMany", offsetof(struct gong_paho, subscribe_many)},
    {"MQTTAsync_send", offsetof(struct gong_paho, send)},
    {"MQTTAsync_freeMessage", offsetof(struct gong_paho, free_message)},
    {"MQTTAsync_free", offsetof(struct gong_paho, free)},
    {"MQTTAsync_strerror", offsetof(struct gong_paho, strerror)},
};

static enum gong_err
load(bool tls, char *why, size_t why_size)
{
    const char *file = tls ? "libpaho-mqtt3as.so.1" : "libpaho-mqtt3a.so.1";
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL) {
        (void)snprintf(why, why_size,
                       "cannot load %s (package "
                       "libpaho-mqtt1.3): %s",
                       file, dlerror());
        return GONG_ERR_NOT_FOUND;
    }
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        void *address = dlsym(library, symbols[i].name);

        if (address == NULL) {
            (void)snprintf(why, why_size, "%s has no %s", file,
                           symbols[i].name);
            (void)dlclose(library);
            return GONG_ERR_UNSUPPORTED;
        }
        memcpy((char *)&table + symbols[i].offset, &address, sizeof address);
    }
    table.tls = tls;
    loaded = true;
    return GONG_OK;
}

enum gong_err
gong_paho_load(bool tls, const struct gong_paho **out, char *why,
               size_t why_size)
{
    enum gong_err err = GONG_OK;

    (void)pthread_mutex_lock(&lock);
    if (!loaded) {
        err = load(tls, why, why_size);
    } else if (tls && !table.tls) {
        (void)snprintf(why, why_size,
                       "TLS was asked for after a connection "
                       "without it; start the TLS connection first");
        err = GONG_ERR_UNSUPPORTED;
    }
    (void)pthread_mutex_unlock(&lock);
    *out = err == GONG_OK ? &table : NULL;
    return err;
}

int
gong_paho_create(const struct gong_paho *paho, MQTTAsync *handle,
                 const char *uri, const char *client_id)
{
    MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer;
    int rc;

    options.MQTTVersion = MQTTVERSION_3_1_1;
    options.maxBufferedMessages = 65535;
    (void)pthread_mutex_lock(&lock);
    rc = paho->create(handle, uri, client_id, MQTTCLIENT_PERSISTENCE_NONE, NULL,
                      &options);
    (void)pthread_mutex_unlock(&lock);
    return rc;
}

void
gong_paho_destroy(const struct gong_paho *paho, MQTTAsync *handle)
{
    if (*handle == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&lock);
    paho->destroy(handle);
    (void)pthread_mutex_unlock(&lock);
}

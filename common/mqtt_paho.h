/*
 * mqtt_paho: the functions of libpaho-mqtt3a or 3as, loaded at run time.
 *
 * The two libraries share internal symbols and must never meet in one process,
 * so the first caller decides which it is, for good. Loading at run time keeps
 * OpenSSL out of a process that speaks no TLS. The table is the project's one
 * piece of process-wide state besides the log: Paho itself is process-wide.
 */
#ifndef GONG_COMMON_MQTT_PAHO_H
#define GONG_COMMON_MQTT_PAHO_H

#include <stdbool.h>
#include <stddef.h>

#include <MQTTAsync.h>

#include "common/err.h"

/* Transparent: a table of functions, named and used as in MQTTAsync.h. */
struct gong_paho {
    bool tls;
    int (*create)(MQTTAsync *handle, const char *uri, const char *client_id,
                  int persistence, void *persistence_context,
                  MQTTAsync_createOptions *options);
    void (*destroy)(MQTTAsync *handle);
    int (*set_callbacks)(MQTTAsync handle, void *context,
                         MQTTAsync_connectionLost *lost,
                         MQTTAsync_messageArrived *arrived,
                         MQTTAsync_deliveryComplete *delivered);
    int (*connect)(MQTTAsync handle, const MQTTAsync_connectOptions *options);
    int (*disconnect)(MQTTAsync handle,
                      const MQTTAsync_disconnectOptions *options);
    int (*subscribe_many)(MQTTAsync handle, int count, char *const *topics,
                          const int *qos, MQTTAsync_responseOptions *response);
    int (*send)(MQTTAsync handle, const char *topic, int len,
                const void *payload, int qos, int retained,
                MQTTAsync_responseOptions *response);
    void (*free_message)(MQTTAsync_message **message);
    void (*free)(void *memory);
    const char *(*strerror)(int code);
};

/* gong_paho_load: the table, static storage. GONG_ERR_UNSUPPORTED when TLS is
 * asked for after the plain library was loaded; GONG_ERR_NOT_FOUND when the
 * library is not installed. Any thread. */
enum gong_err gong_paho_load(bool tls, const struct gong_paho **out, char *why,
                             size_t why_size) GONG_MUST_CHECK;

/* gong_paho_create and gong_paho_destroy: MQTTAsync_create and _destroy, one
 * at a time in the process: the end of the last handle frees what the start of
 * the next one is about to use. Never from a callback. */
int gong_paho_create(const struct gong_paho *paho, MQTTAsync *handle,
                     const char *uri, const char *client_id);
void gong_paho_destroy(const struct gong_paho *paho, MQTTAsync *handle);

#endif

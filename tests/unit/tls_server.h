/*
 * tls_server: an HTTPS server inside a test, with a certificate of its own for
 * 127.0.0.1 that ends in so many days. Every request is answered with 200 and
 * "well".
 */
#ifndef GONG_TESTS_TLS_SERVER_H
#define GONG_TESTS_TLS_SERVER_H

struct tls_server;

/* ca_file gets the certificate: who trusts this file trusts the server. Fails
 * the test where it cannot start. */
struct tls_server *tls_server_start(int days, const char *ca_file);
void tls_server_stop(struct tls_server *server);
unsigned tls_server_port(const struct tls_server *server);

#endif

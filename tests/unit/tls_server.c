#include "tls_server.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <microhttpd.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define PEM_SIZE 4096

struct tls_server {
    struct MHD_Daemon *daemon;
    unsigned port;
    char key[PEM_SIZE];
    char certificate[PEM_SIZE];
};

static void
add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* Valid since 30 days ago, signed by itself. */
static X509 *
make_certificate(EVP_PKEY *key, int days)
{
    static const unsigned char name[] = "gong test";
    X509 *certificate = X509_new();
    X509_NAME *subject;

    assert_non_null(certificate);
    assert_int_equal(X509_set_version(certificate, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 17),
                     1);
    assert_non_null(
        X509_time_adj_ex(X509_getm_notBefore(certificate), -30, 0, NULL));
    assert_non_null(
        X509_time_adj_ex(X509_getm_notAfter(certificate), days, 0, NULL));
    subject = X509_get_subject_name(certificate);
    assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                                name, -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(certificate, subject), 1);
    assert_int_equal(X509_set_pubkey(certificate, key), 1);
    add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, NID_subject_alt_name, "IP:127.0.0.1");
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

static void
take_text(BIO *bio, char out[PEM_SIZE])
{
    int len = BIO_read(bio, out, PEM_SIZE - 1);

    assert_true(len > 0 && len < PEM_SIZE - 1);
    out[len] = '\0';
    BIO_free(bio);
}

static void
make_identity(struct tls_server *server, int days)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate;
    BIO *key_bio = BIO_new(BIO_s_mem());
    BIO *certificate_bio = BIO_new(BIO_s_mem());

    assert_non_null(key);
    certificate = make_certificate(key, days);
    assert_int_equal(
        PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(PEM_write_bio_X509(certificate_bio, certificate), 1);
    take_text(key_bio, server->key);
    take_text(certificate_bio, server->certificate);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static enum MHD_Result
/* The library's callback type has so many parameters. NOLINTNEXTLINE */
on_request(void *ctx, struct MHD_Connection *connection, const char *url,
           const char *method, const char *version, const char *data,
           size_t *len, void **request_ctx)
{
    static char body[] = "well";
    struct MHD_Response *response;
    enum MHD_Result result;

    (void)ctx;
    (void)url;
    (void)method;
    (void)version;
    (void)data;
    (void)len;
    (void)request_ctx;
    response = MHD_create_response_from_buffer(sizeof body - 1, body,
                                               MHD_RESPMEM_PERSISTENT);
    result = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

struct tls_server *
tls_server_start(int days, const char *ca_file)
{
    struct tls_server *server = calloc(1, sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET};
    const union MHD_DaemonInfo *info;
    FILE *file;

    assert_non_null(server);
    make_identity(server, days);
    file = fopen(ca_file, "w");
    assert_non_null(file);
    assert_true(fputs(server->certificate, file) >= 0);
    assert_int_equal(fclose(file), 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL,
        on_request, NULL, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_HTTPS_MEM_KEY, server->key, MHD_OPTION_HTTPS_MEM_CERT,
        server->certificate, MHD_OPTION_END);
    assert_non_null(server->daemon);
    info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    assert_non_null(info);
    server->port = info->port;
    return server;
}

void
tls_server_stop(struct tls_server *server)
{
    MHD_stop_daemon(server->daemon);
    free(server);
}

unsigned
tls_server_port(const struct tls_server *server)
{
    return server->port;
}

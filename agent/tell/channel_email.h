/* channel_email: mail over SMTP, in text and HTML. */
#ifndef GONG_AGENT_TELL_CHANNEL_EMAIL_H
#define GONG_AGENT_TELL_CHANNEL_EMAIL_H

#include "agent/tell/channel_easy.h"

enum gong_email_tls {
    GONG_EMAIL_TLS_AUTO,     /* required, on loopback where it is offered */
    GONG_EMAIL_TLS_REQUIRED, /* STARTTLS, or the mail is not sent */
    GONG_EMAIL_TLS_NONE,     /* loopback only */
};

struct gong_email_config {
    char *url;
    char *from;
    char *from_name;
    char *user;
    char *password_file;
    int tls; /* enum gong_email_tls */
    char *ca_file;
    gong_dur_t timeout;
    char *templates;
    struct gong_strings languages;
};

/* gong_email_judge: what libcurl's code and the server's last reply mean. */
enum gong_channel_outcome gong_email_judge(CURLcode code, long status);

#endif

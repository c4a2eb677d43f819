/*
 * gongctl: the alert desk on a terminal. gongctl --help lists the commands;
 * docs/man/gongctl.1.
 */
#include <stdio.h>

#include <curl/curl.h>

#include "ctl/commands.h"

int
main(int argc, char **argv)
{
    int code;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        (void)fputs("gongctl: curl\n", stderr);
        return GONG_CTL_SOFTWARE;
    }
    code = gong_ctl_run(argc, argv, stdout, stderr);
    curl_global_cleanup();
    return code;
}

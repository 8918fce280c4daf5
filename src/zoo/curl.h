/* libcurl, opened when it is first needed: linking it would cost every start of
 * the program about 4 ms of loading some thirty libraries, and downloads are rare.
 */
#ifndef CLEARCUT_ZOO_CURL_H
#define CLEARCUT_ZOO_CURL_H

#include "core/status.h"

#ifdef CLEARCUT_HAVE_CURL
#include <curl/curl.h>

/* The functions used, under their own names without the prefix. */
typedef struct cc_curl {
    CURLcode (*global_init)(long flags);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *handle, CURLoption option, ...);
    CURLcode (*easy_perform)(CURL *handle);
    CURLcode (*easy_getinfo)(CURL *handle, CURLINFO info, ...);
    void (*easy_cleanup)(CURL *handle);
    const char *(*easy_strerror)(CURLcode code);
} cc_curl;

/* The opened library; static, stays open. CC_UNSUPPORTED with the package to
 * install if it is not on this machine. Any thread. */
cc_status cc_curl_open(const cc_curl **curl, cc_error *error);
#endif

#endif

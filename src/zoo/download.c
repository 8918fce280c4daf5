#include "zoo/download.h"

#include <stdio.h>
#include <string.h>

#include "zoo/curl.h"
#include "zoo/partial.h"
#include "zoo/store.h"

/* ---- addresses ---- */

cc_status cc_model_address(const cc_model *model, const char *from, char *url, size_t size,
                           cc_error *error)
{
    const char *slash = strrchr(model->url, '/');
    int length;

    if (slash == NULL) {
        return cc_fail(error, CC_UNSUPPORTED, "model %s: there is nothing to fetch; %s",
                       model->name, model->embedded ? "it is built in" : model->remark);
    }
    if (from == NULL || from[0] == '\0') {
        length = snprintf(url, size, "%s", model->url);
    } else {
        bool ends = from[strlen(from) - 1] == '/';
        length = snprintf(url, size, "%s%s", from, ends ? slash + 1 : slash);
    }
    if (length < 0 || (size_t)length >= size) {
        return cc_fail(error, CC_LIMIT, "the address of %s is longer than %zu bytes", model->name,
                       size - 1);
    }
    return CC_OK;
}

#ifndef CLEARCUT_HAVE_CURL

cc_status cc_download_possible(cc_error *error)
{
    return cc_fail(error, CC_UNSUPPORTED,
                   "this build cannot download (it was made without libcurl)");
}

cc_status cc_download_file(const cc_download *wanted, cc_error *error)
{
    (void)wanted;
    return cc_download_possible(error);
}

#else

cc_status cc_download_possible(cc_error *error)
{
    const cc_curl *curl;
    return cc_curl_open(&curl, error);
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* http:// to this machine: what a test's server is reached by. */
static bool is_local_http(const char *url)
{
    static const char *const hosts[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};

    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        size_t length = strlen(hosts[i]);
        if (begins(url, hosts[i]) && (url[length] == ':' || url[length] == '/') &&
            strchr(url, '@') == NULL) {
            return true;
        }
    }
    return false;
}

/* Protocols that a fetch of `url` and its redirections may use; NULL = refuse. */
static const char *allowed_protocols(const char *url)
{
    if (begins(url, "https://")) {
        return "https";
    }
    if (begins(url, "file://")) {
        return "file";
    }
    return is_local_http(url) ? "http,https" : NULL;
}

/* ---- one transfer ---- */

typedef struct transfer {
    const cc_curl *curl;
    const cc_download *wanted;
    const char *protocols;
    cc_partial partial;
    CURL *handle;
    uint64_t start; /* bytes that were there when it began */
    bool stopped;   /* by `progress` */
    long answer;    /* HTTP status; 0 = none */
    char reason[CURL_ERROR_SIZE];
} transfer;

static size_t on_data(char *data, size_t size, size_t count, void *context)
{
    transfer *one = context;
    return cc_partial_append(&one->partial, data, size * count) ? size * count : 0;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
    transfer *one = context;

    (void)up_total;
    (void)up_now;
    if (one->wanted->progress != NULL &&
        !one->wanted->progress(one->wanted->context, one->start + (uint64_t)now,
                               total > 0 ? one->start + (uint64_t)total : 0)) {
        one->stopped = true;
    }
    return one->stopped ? 1 : 0;
}

static void limit_protocols(const transfer *one)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    one->curl->easy_setopt(one->handle, CURLOPT_PROTOCOLS_STR, one->protocols);
    one->curl->easy_setopt(one->handle, CURLOPT_REDIR_PROTOCOLS_STR,
                           begins(one->protocols, "file") ? "https" : one->protocols);
#else
    long set = begins(one->protocols, "file")    ? CURLPROTO_FILE
               : begins(one->protocols, "http,") ? CURLPROTO_HTTP | CURLPROTO_HTTPS
                                                 : CURLPROTO_HTTPS;
    one->curl->easy_setopt(one->handle, CURLOPT_PROTOCOLS, set);
    one->curl->easy_setopt(one->handle, CURLOPT_REDIR_PROTOCOLS, set);
#endif
}

static void configure(transfer *one)
{
    enum { MOST_REDIRECTIONS = 5, CONNECT_SECONDS = 20, DEFAULT_PATIENCE = 30 };
    const cc_curl *curl = one->curl;
    long patience = one->wanted->patience_seconds;

    curl->easy_setopt(one->handle, CURLOPT_URL, one->wanted->url);
    limit_protocols(one);
    curl->easy_setopt(one->handle, CURLOPT_USERAGENT, "clearcut");
    curl->easy_setopt(one->handle, CURLOPT_FOLLOWLOCATION, 1L);
    curl->easy_setopt(one->handle, CURLOPT_MAXREDIRS, (long)MOST_REDIRECTIONS);
    curl->easy_setopt(one->handle, CURLOPT_FAILONERROR, 1L);
    curl->easy_setopt(one->handle, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(one->handle, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl->easy_setopt(one->handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl->easy_setopt(one->handle, CURLOPT_LOW_SPEED_TIME,
                      patience > 0 ? patience : (long)DEFAULT_PATIENCE);
    curl->easy_setopt(one->handle, CURLOPT_ERRORBUFFER, one->reason);
    curl->easy_setopt(one->handle, CURLOPT_WRITEFUNCTION, on_data);
    curl->easy_setopt(one->handle, CURLOPT_WRITEDATA, one);
    curl->easy_setopt(one->handle, CURLOPT_NOPROGRESS, 0L);
    curl->easy_setopt(one->handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl->easy_setopt(one->handle, CURLOPT_XFERINFODATA, one);
    curl->easy_setopt(one->handle, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)one->start);
}

static CURLcode perform(transfer *one)
{
    CURLcode code;

    one->start = one->partial.size;
    one->reason[0] = '\0';
    one->answer = 0;
    one->handle = one->curl->easy_init();
    if (one->handle == NULL) {
        return CURLE_OUT_OF_MEMORY;
    }
    configure(one);
    code = one->curl->easy_perform(one->handle);
    one->curl->easy_getinfo(one->handle, CURLINFO_RESPONSE_CODE, &one->answer);
    one->curl->easy_cleanup(one->handle);
    one->handle = NULL;
    return code;
}

/* ---- what came of it ---- */

static cc_status explain_disk(const transfer *one, cc_error *error)
{
    if (one->partial.above_limit) {
        return cc_fail(error, CC_MODEL, "%s: sends more than the %llu bytes it may have",
                       one->wanted->url, (unsigned long long)one->partial.limit);
    }
    return cc_fail(error, CC_IO, "%s: cannot write: %s; %llu bytes are kept and continued later",
                   one->partial.path, strerror(one->partial.write_error),
                   (unsigned long long)one->partial.size);
}

static cc_status explain(const transfer *one, CURLcode code, cc_error *error)
{
    char kept[96] = "";

    if (one->stopped) {
        return cc_fail(error, CC_CANCELLED, "stopped as asked");
    }
    if (code == CURLE_WRITE_ERROR && (one->partial.above_limit || one->partial.write_error != 0)) {
        return explain_disk(one, error);
    }
    if (one->partial.size > 0) {
        snprintf(kept, sizeof kept, "; %llu bytes are kept, and the next try continues there",
                 (unsigned long long)one->partial.size);
    }
    if (code == CURLE_HTTP_RETURNED_ERROR) {
        return cc_fail(error, CC_MODEL, "%s: the server answers %ld%s%s", one->wanted->url,
                       one->answer, one->answer == 404 ? " (there is no such file)" : "", kept);
    }
    return cc_fail(error, CC_MODEL, "%s: %s%s%s%s", one->wanted->url,
                   one->curl->easy_strerror(code), one->reason[0] != '\0' ? ": " : "", one->reason,
                   kept);
}

/* The server does not continue where we were, or we were at the end already. */
static bool must_begin_again(const transfer *one, CURLcode code)
{
    enum { RANGE_NOT_SATISFIABLE = 416 };

    return one->start > 0 &&
           (code == CURLE_RANGE_ERROR || code == CURLE_BAD_DOWNLOAD_RESUME ||
            code == CURLE_FILE_COULDNT_READ_FILE ||
            (code == CURLE_HTTP_RETURNED_ERROR && one->answer == RANGE_NOT_SATISFIABLE));
}

/* A line that broke, after something had come through. */
static bool may_continue(const transfer *one, CURLcode code)
{
    return !one->stopped && one->partial.size > one->start &&
           (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR ||
            code == CURLE_OPERATION_TIMEDOUT);
}

static cc_status fetch(transfer *one, cc_error *error)
{
    enum { MOST_BREAKS = 3 };
    int breaks = 0;

    for (;;) {
        CURLcode code = perform(one);
        if (code == CURLE_OK) {
            return CC_OK;
        }
        if (must_begin_again(one, code)) {
            cc_status status = cc_partial_truncate(&one->partial, error);
            if (status != CC_OK) {
                return status;
            }
        } else if (!may_continue(one, code) || ++breaks > MOST_BREAKS) {
            return explain(one, code, error);
        }
    }
}

static cc_status verify(const transfer *one, cc_error *error)
{
    char found[CC_CHECKSUM_TEXT_SIZE];
    const char *expected = one->wanted->checksum;
    cc_status status;

    if (expected[0] == '\0') {
        return CC_OK;
    }
    status = cc_checksum_of(one->partial.path, expected, found, error);
    if (status == CC_OK && strcmp(found, expected) != 0) {
        status = cc_fail(error, CC_MODEL,
                         "%s: wrong checksum: expected %s, got %s in %llu bytes; nothing was kept",
                         one->wanted->url, expected, found, (unsigned long long)one->partial.size);
    }
    return status;
}

/* Fetch and check. If what was continued turns out wrong, the old part may be to
 * blame: once more from the start. */
static cc_status fetch_and_verify(transfer *one, cc_error *error)
{
    bool continued = one->partial.size > 0;
    cc_status status = fetch(one, error);

    if (status != CC_OK) {
        return status;
    }
    status = verify(one, error);
    if (status == CC_MODEL && continued) {
        status = cc_partial_truncate(&one->partial, error);
        status = status == CC_OK ? fetch(one, error) : status;
        if (status != CC_OK) {
            return status;
        }
        status = verify(one, error);
    }
    if (status == CC_MODEL) {
        cc_partial_remove(&one->partial);
    }
    return status;
}

static bool is_patient(void *context)
{
    const cc_download *wanted = context;
    return wanted->progress == NULL || wanted->progress(wanted->context, 0, 0);
}

static cc_status download(transfer *one, cc_error *error)
{
    bool finished = false;
    cc_download asked = *one->wanted;
    cc_status status =
        cc_partial_open(&one->partial, asked.target, is_patient, &asked, &finished, error);

    if (status != CC_OK || finished) {
        return status;
    }
    one->partial.limit = asked.limit;
    if (asked.limit != 0 && one->partial.size > asked.limit) {
        status = cc_partial_truncate(&one->partial, error);
    }
    if (status == CC_OK) {
        status = fetch_and_verify(one, error);
    }
    if (status == CC_OK) {
        return cc_partial_commit(&one->partial, error);
    }
    if (one->partial.above_limit) {
        cc_partial_remove(&one->partial);
    } else {
        cc_partial_close(&one->partial);
    }
    return status;
}

cc_status cc_download_file(const cc_download *wanted, cc_error *error)
{
    transfer one = {.wanted = wanted, .protocols = allowed_protocols(wanted->url)};
    cc_status status = cc_curl_open(&one.curl, error);

    if (status != CC_OK) {
        return status;
    }
    if (one.protocols == NULL) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "%s: only https:// is fetched (and file://, and http:// from this machine "
                       "itself)",
                       wanted->url);
    }
    return download(&one, error);
}

#endif

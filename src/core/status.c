#include "core/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

cc_status cc_fail(cc_error *error, cc_status code, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        error->code = code;
        va_start(arguments, format);
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return code;
}

void cc_error_context(cc_error *error, const char *format, ...)
{
    char old[CC_ERROR_MESSAGE_SIZE];
    va_list arguments;
    int used;

    if (error == NULL || error->code == CC_OK) {
        return;
    }
    memcpy(old, error->message, sizeof old);
    va_start(arguments, format);
    used = vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    if (used >= 0 && (size_t)used < sizeof error->message) {
        size_t room = sizeof error->message - (size_t)used;
        int more = snprintf(error->message + used, room, ": %s", old);
        (void)more; /* an overlong message is cut, never overrun */
    }
}

cc_status cc_fail_memory(cc_error *error, unsigned long long size)
{
    return cc_fail(error, CC_OUT_OF_MEMORY,
                   "not enough memory (%llu bytes refused); use a smaller picture or close other "
                   "programs",
                   size);
}

void cc_error_clear(cc_error *error)
{
    if (error != NULL) {
        error->code = CC_OK;
        error->message[0] = '\0';
    }
}

const char *cc_status_name(cc_status status)
{
    switch (status) {
    case CC_OK: return "ok";
    case CC_INVALID_ARGUMENT: return "invalid-argument";
    case CC_OUT_OF_MEMORY: return "out-of-memory";
    case CC_IO: return "io";
    case CC_NOT_FOUND: return "not-found";
    case CC_UNSUPPORTED: return "unsupported";
    case CC_CORRUPT: return "corrupt";
    case CC_LIMIT: return "limit";
    case CC_MODEL: return "model";
    case CC_DEVICE: return "device";
    case CC_CANCELLED: return "cancelled";
    case CC_INTERNAL: return "internal";
    }
    return "unknown";
}

/* Errors as values.
 *
 * Every function that can fail returns a cc_status and takes a cc_error that
 * may be NULL. Whoever detects a fault describes it once with cc_fail();
 * whoever passes it on adds at most the name of what it was working on with
 * cc_error_context(). Nothing here prints, allocates or ends the process.
 */
#ifndef CLEARCUT_CORE_STATUS_H
#define CLEARCUT_CORE_STATUS_H

/* Values are part of the public interface (clearcut.h repeats them) and are
 * never reused. */
typedef enum cc_status {
    CC_OK = 0,
    CC_INVALID_ARGUMENT = 1, /* the caller broke a documented rule */
    CC_OUT_OF_MEMORY = 2,
    CC_IO = 3,          /* the operating system refused a read or a write */
    CC_NOT_FOUND = 4,   /* no such file */
    CC_UNSUPPORTED = 5, /* understood, but not something we can do */
    CC_CORRUPT = 6,     /* the bytes contradict their own format, or end early */
    CC_LIMIT = 7,       /* larger than a configured limit */
    CC_MODEL = 8,       /* model missing, malformed, or not runnable */
    CC_DEVICE = 9,      /* the demanded device cannot be used */
    CC_CANCELLED = 10,  /* the caller asked to stop */
    CC_INTERNAL = 11    /* a fault of ours; please report */
} cc_status;

#define CC_ERROR_MESSAGE_SIZE 1024

typedef struct cc_error {
    cc_status code;
    char message[CC_ERROR_MESSAGE_SIZE]; /* UTF-8, one line, no final full stop */
} cc_error;

#if defined(__GNUC__)
#define CC_PRINTF(format_index, first_argument)                                                    \
    __attribute__((format(printf, format_index, first_argument)))
#else
#define CC_PRINTF(format_index, first_argument)
#endif

/* Describe a fault and return its code, so that `return cc_fail(...)` reads
 * well. The message names the thing, the cause and the next step. `error` may
 * be NULL: then only the code travels. */
cc_status cc_fail(cc_error *error, cc_status code, const char *format, ...) CC_PRINTF(3, 4);

/* Put "`context`: " before a message that is being passed on; the context is
 * usually a file name. Does nothing if error is NULL or holds no message. */
void cc_error_context(cc_error *error, const char *format, ...) CC_PRINTF(2, 3);

/* Standard failure for a refused allocation of `size` bytes. */
cc_status cc_fail_memory(cc_error *error, unsigned long long size);

/* Clear to "no error". */
void cc_error_clear(cc_error *error);

/* A lower-case identifier for a status: "ok", "out-of-memory", ... Static. */
const char *cc_status_name(cc_status status);

#endif

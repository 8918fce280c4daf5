/* Versions, statuses, options: what every public function passes through. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "core/clock.h"

static_assert((int)CLEARCUT_OK == (int)CC_OK, "statuses must agree");
static_assert((int)CLEARCUT_INVALID_ARGUMENT == (int)CC_INVALID_ARGUMENT, "statuses must agree");
static_assert((int)CLEARCUT_OUT_OF_MEMORY == (int)CC_OUT_OF_MEMORY, "statuses must agree");
static_assert((int)CLEARCUT_IO == (int)CC_IO, "statuses must agree");
static_assert((int)CLEARCUT_NOT_FOUND == (int)CC_NOT_FOUND, "statuses must agree");
static_assert((int)CLEARCUT_UNSUPPORTED == (int)CC_UNSUPPORTED, "statuses must agree");
static_assert((int)CLEARCUT_CORRUPT == (int)CC_CORRUPT, "statuses must agree");
static_assert((int)CLEARCUT_LIMIT == (int)CC_LIMIT, "statuses must agree");
static_assert((int)CLEARCUT_MODEL == (int)CC_MODEL, "statuses must agree");
static_assert((int)CLEARCUT_DEVICE == (int)CC_DEVICE, "statuses must agree");
static_assert((int)CLEARCUT_CANCELLED == (int)CC_CANCELLED, "statuses must agree");
static_assert((int)CLEARCUT_INTERNAL == (int)CC_INTERNAL, "statuses must agree");
static_assert((int)CLEARCUT_FORMAT_JPEG == (int)CC_FORMAT_JPEG, "formats must agree");
static_assert((int)CLEARCUT_FORMAT_PNG == (int)CC_FORMAT_PNG, "formats must agree");
static_assert((int)CLEARCUT_FORMAT_WEBP == (int)CC_FORMAT_WEBP, "formats must agree");
static_assert((int)CLEARCUT_FORMAT_TIFF == (int)CC_FORMAT_TIFF, "formats must agree");
static_assert((int)CLEARCUT_FORMAT_HEIF == (int)CC_FORMAT_HEIF, "formats must agree");
static_assert((int)CLEARCUT_FORMAT_BMP == (int)CC_FORMAT_BMP, "formats must agree");
static_assert((int)CLEARCUT_PRECISION_FP32 == (int)CC_PRECISION_FP32, "precisions must agree");
static_assert((int)CLEARCUT_PRECISION_BF16 == (int)CC_PRECISION_BF16, "precisions must agree");
static_assert((int)CLEARCUT_PRECISION_INT8 == (int)CC_PRECISION_INT8, "precisions must agree");
static_assert((int)CLEARCUT_PRECISION_FP16 == (int)CC_PRECISION_FP16, "precisions must agree");
static_assert((int)CLEARCUT_PRECISION_AUTO == (int)CC_PRECISION_AUTO, "precisions must agree");
static_assert(CLEARCUT_MESSAGE_SIZE == CC_ERROR_MESSAGE_SIZE, "messages must fit");
static_assert(CLEARCUT_MAX_RANK == CC_MAX_RANK, "ranks must agree");
static_assert(CLEARCUT_DEFAULT_MAX_PIXELS == CC_IMAGE_DEFAULT_MAX_PIXELS, "limits must agree");

const char *clearcut_version(void)
{
    return CLEARCUT_VERSION;
}

const char *clearcut_status_name(clearcut_status status)
{
    return cc_status_name((cc_status)status);
}

clearcut_status cc_api_return(cc_status status, const cc_error *fault, clearcut_error *error)
{
    if (status != CC_OK && error != NULL) {
        error->code = (clearcut_status)status;
        snprintf(error->message, sizeof error->message, "%s",
                 fault->message[0] != '\0' ? fault->message : cc_status_name(status));
    }
    return (clearcut_status)status;
}

cc_status cc_api_missing(const char *parameter, cc_error *fault)
{
    return cc_fail(fault, CC_INVALID_ARGUMENT, "%s must not be NULL", parameter);
}

cc_status cc_api_take_options(void *ours, const void *theirs, cc_error *fault)
{
    size_t our_size;
    size_t their_size;
    const unsigned char *bytes = theirs;

    if (theirs == NULL) {
        return CC_OK;
    }
    memcpy(&our_size, ours, sizeof our_size);
    memcpy(&their_size, theirs, sizeof their_size);
    if (their_size < sizeof their_size || their_size > 65536) {
        return cc_fail(fault, CC_INVALID_ARGUMENT,
                       "options that were not filled by their ..._init function");
    }
    for (size_t i = our_size; i < their_size; i++) {
        if (bytes[i] != 0) {
            return cc_fail(fault, CC_UNSUPPORTED,
                           "options of a newer clearcut than this library (%s)", CLEARCUT_VERSION);
        }
    }
    memcpy(ours, theirs, their_size < our_size ? their_size : our_size);
    memcpy(ours, &our_size, sizeof our_size);
    return CC_OK;
}

static double *time_of(clearcut_timing *timing, cc_timed_stage stage)
{
    switch (stage) {
    case CC_TIMED_DECODE: return &timing->decode;
    case CC_TIMED_PREPROCESS: return &timing->preprocess;
    case CC_TIMED_INFER: return &timing->infer;
    case CC_TIMED_POSTPROCESS: return &timing->postprocess;
    case CC_TIMED_ENCODE: break;
    }
    return &timing->encode;
}

void cc_api_add_time(clearcut_timing *timing, cc_timed_stage stage, double begin)
{
    if (timing != NULL) {
        double elapsed = cc_clock_ms() - begin;
        *time_of(timing, stage) += elapsed;
        timing->total += elapsed;
    }
}

const char *clearcut_stage_name(clearcut_stage stage)
{
    switch (stage) {
    case CLEARCUT_STAGE_LOAD: return "load";
    case CLEARCUT_STAGE_PREPROCESS: return "preprocess";
    case CLEARCUT_STAGE_INFER: return "infer";
    case CLEARCUT_STAGE_POSTPROCESS: return "postprocess";
    }
    return "unknown";
}

/* The switch that stops running work. */
#include "api/api.h"
#include "core/memory.h"

clearcut_status clearcut_cancel_create(clearcut_cancel **cancel, clearcut_error *error)
{
    cc_error fault = {0};

    if (cancel == NULL) {
        return cc_api_return(cc_api_missing("cancel", &fault), &fault, error);
    }
    *cancel = cc_alloc_zeroed(1, sizeof **cancel);
    if (*cancel == NULL) {
        return cc_api_return(cc_fail_memory(&fault, sizeof **cancel), &fault, error);
    }
    atomic_init(&(*cancel)->requested, false);
    return CLEARCUT_OK;
}

void clearcut_cancel_free(clearcut_cancel **cancel)
{
    if (cancel != NULL) {
        cc_free(*cancel);
        *cancel = NULL;
    }
}

void clearcut_cancel_request(clearcut_cancel *cancel)
{
    if (cancel != NULL) {
        atomic_store(&cancel->requested, true);
    }
}

bool clearcut_cancel_requested(const clearcut_cancel *cancel)
{
    return cancel != NULL && atomic_load(&cancel->requested);
}

void clearcut_cancel_reset(clearcut_cancel *cancel)
{
    if (cancel != NULL) {
        atomic_store(&cancel->requested, false);
    }
}

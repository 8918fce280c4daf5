#include "device/device.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cpu.h"
#include "device/probe.h"
#include "nn/cuda/driver.h"
#include "nn/cuda/image.h"
#include "nn/engine.h"
#include "nn/ort/provider.h"

static cc_status unknown_device(const char *text, cc_error *error)
{
    return cc_fail(error, CC_INVALID_ARGUMENT,
                   "device \"%s\" is none of auto, cpu, cuda, cuda:N, ort, ort:PROVIDER, "
                   "ort:PROVIDER:N",
                   text);
}

/* The number after "cuda:", 0..255. */
static bool parse_index(const char *text, int *index)
{
    char *end = NULL;
    long value = strtol(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value > 255) {
        return false;
    }
    *index = (int)value;
    return true;
}

/* "PROVIDER" or "PROVIDER:N". */
static bool parse_provider(const char *text, cc_device_request *request)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_");

    if (length == 0 || length >= sizeof request->provider ||
        (text[length] != '\0' && text[length] != ':')) {
        return false;
    }
    memcpy(request->provider, text, length);
    request->provider[length] = '\0';
    request->numbered = text[length] == ':';
    return !request->numbered || parse_index(text + length + 1, &request->index);
}

cc_status cc_device_parse(const char *text, cc_device_request *request, cc_error *error)
{
    bool good = true;
    size_t size;

    memset(request, 0, sizeof *request);
    text = text != NULL ? text : "auto";
    size = strlen(text) + 1;
    if (size > sizeof request->text) {
        return unknown_device(text, error);
    }
    memcpy(request->text, text, size);
    if (strcmp(text, "auto") == 0) {
        request->automatic = true;
    } else if (strcmp(text, "cpu") == 0) {
        request->engine = CC_ENGINE_CPU;
    } else if (strcmp(text, "cuda") == 0) {
        request->engine = CC_ENGINE_CUDA;
    } else if (strncmp(text, "cuda:", 5) == 0) {
        request->engine = CC_ENGINE_CUDA;
        request->numbered = true;
        good = parse_index(text + 5, &request->index);
    } else if (strcmp(text, "ort") == 0) {
        request->engine = CC_ENGINE_ORT;
    } else if (strncmp(text, "ort:", 4) == 0) {
        request->engine = CC_ENGINE_ORT;
        good = parse_provider(text + 4, request);
    } else {
        good = false;
    }
    return good ? CC_OK : unknown_device(text, error);
}

/* ---- the processor ---- */

static void choose_processor(cc_device_choice *choice)
{
    choice->engine = CC_ENGINE_CPU;
    choice->network_engine = &cc_engine_cpu;
    snprintf(choice->name, sizeof choice->name, "%s", cc_cpu_model_name());
    snprintf(choice->label, sizeof choice->label, "cpu/%s",
             cc_cpu_level_name(cc_cpu_detect()->level));
}

/* ---- CUDA ---- */

enum { MOST_INDEX = 256 };

/* GPUs that have answered the probe in this process (not in its parent). */
static atomic_int probed[MOST_INDEX];

static cc_status probe_once(int index, cc_error *error)
{
    cc_probe probe;
    cc_status status;

    if (atomic_load(&probed[index]) == (int)getpid()) {
        return CC_OK;
    }
    status = cc_probe_gpu(index, false, &probe, error);
    if (status == CC_OK) {
        atomic_store(&probed[index], (int)getpid());
    }
    return status;
}

static cc_status choose_cuda(int index, cc_device_choice *choice, cc_error *error)
{
    cc_cuda_device_facts facts;
    const cc_cuda_driver *driver;
    cc_status status;

    if (cc_cuda_image_count == 0) {
        return cc_fail(error, CC_DEVICE,
                       "this clearcut has no CUDA kernels (%s); build it where nvcc is installed",
                       cc_cuda_image_origin);
    }
    status = cc_cuda_open(&driver, error);
    if (status == CC_OK) {
        status = cc_cuda_device_describe(driver, index, &facts, error);
    }
    if (status == CC_OK) {
        status = probe_once(index, error);
    }
    if (status != CC_OK) {
        return status;
    }
    choice->engine = CC_ENGINE_CUDA;
    choice->network_engine = &cc_engine_cuda;
    choice->index = index;
    snprintf(choice->name, sizeof choice->name, "%s", facts.name);
    snprintf(choice->label, sizeof choice->label, "cuda/sm_%d%d", facts.compute_major,
             facts.compute_minor);
    return CC_OK;
}

/* ---- ONNX Runtime ---- */

static cc_status choose_ort(const cc_device_request *request, cc_device_choice *choice,
                            cc_error *error)
{
    const cc_ort_library *library;
    const cc_ort_provider *provider;
    cc_status status = cc_ort_provider_find(request->provider, &provider, error);

    if (status == CC_OK && request->numbered && !provider->numbered) {
        status = cc_fail(error, CC_INVALID_ARGUMENT,
                         "ort:%s has no devices by number; leave out \":%d\"", provider->name,
                         request->index);
    }
    if (status == CC_OK) {
        status = cc_ort_open(&library, error);
    }
    if (status == CC_OK) {
        status = cc_ort_provider_check(library, provider, error);
    }
    if (status != CC_OK) {
        return status;
    }
    choice->engine = CC_ENGINE_ORT;
    choice->network_engine = &cc_engine_ort;
    choice->index = request->index;
    snprintf(choice->provider, sizeof choice->provider, "%s", provider->name);
    snprintf(choice->name, sizeof choice->name, "%s of ONNX Runtime %s", provider->full_name,
             library->version);
    snprintf(choice->label, sizeof choice->label, "ort/%s", provider->name);
    return CC_OK;
}

/* ---- choosing ---- */

/* Our own kernels on a GPU if one computes, else on the processor; ONNX Runtime only
 * when it is asked for. */
static void choose_automatically(cc_device_choice *choice)
{
    cc_error why_not;

    cc_error_clear(&why_not);
    if (choose_cuda(0, choice, &why_not) == CC_OK) {
        snprintf(choice->reason, sizeof choice->reason, "a GPU answered the probe");
        return;
    }
    memset(choice, 0, sizeof *choice);
    choose_processor(choice);
    /* The cause; the next step, behind the semicolon, is doctor's business. */
    snprintf(choice->reason, sizeof choice->reason, "no GPU: %.*s",
             (int)(strstr(why_not.message, "; ") != NULL
                       ? strstr(why_not.message, "; ") - why_not.message
                       : 150),
             why_not.message);
}

static cc_status choose_demanded(const cc_device_request *request, cc_device_choice *choice,
                                 cc_error *error)
{
    switch (request->engine) {
    case CC_ENGINE_CPU: choose_processor(choice); return CC_OK;
    case CC_ENGINE_CUDA: return choose_cuda(request->index, choice, error);
    case CC_ENGINE_ORT: return choose_ort(request, choice, error);
    }
    return cc_fail(error, CC_INTERNAL, "engine %d", (int)request->engine);
}

cc_status cc_device_choose(const cc_device_request *request, cc_device_choice *choice,
                           cc_error *error)
{
    cc_status status;

    memset(choice, 0, sizeof *choice);
    if (request->automatic) {
        choose_automatically(choice);
        return CC_OK;
    }
    status = choose_demanded(request, choice, error);
    if (status != CC_OK) {
        memset(choice, 0, sizeof *choice);
        cc_error_context(error, "--device %s", request->text);
    }
    return status;
}

#include "device/device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cpu.h"
#include "nn/engine.h"

static cc_status unknown_device(const char *text, cc_error *error)
{
    return cc_fail(error, CC_INVALID_ARGUMENT,
                   "device \"%s\" is none of auto, cpu, cuda, cuda:N, ort, ort:PROVIDER", text);
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

static bool parse_provider(const char *text, char *provider, size_t size)
{
    size_t length = strlen(text);

    if (length == 0 || length >= size ||
        strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_") != length) {
        return false;
    }
    memcpy(provider, text, length + 1);
    return true;
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
        good = parse_index(text + 5, &request->index);
    } else if (strcmp(text, "ort") == 0) {
        request->engine = CC_ENGINE_ORT;
    } else if (strncmp(text, "ort:", 4) == 0) {
        request->engine = CC_ENGINE_ORT;
        good = parse_provider(text + 4, request->provider, sizeof request->provider);
    } else {
        good = false;
    }
    return good ? CC_OK : unknown_device(text, error);
}

cc_status cc_device_choose(const cc_device_request *request, cc_device_choice *choice,
                           cc_error *error)
{
    memset(choice, 0, sizeof *choice);
    if (!request->automatic && request->engine != CC_ENGINE_CPU) {
        return cc_fail(error, CC_DEVICE,
                       "device \"%s\" was demanded, but this version has no %s engine; use "
                       "--device cpu, or auto to let clearcut choose",
                       request->text, request->engine == CC_ENGINE_CUDA ? "CUDA" : "ONNX Runtime");
    }
    choice->engine = CC_ENGINE_CPU;
    choice->network_engine = &cc_engine_cpu;
    snprintf(choice->name, sizeof choice->name, "%s", cc_cpu_model_name());
    snprintf(choice->label, sizeof choice->label, "cpu/%s",
             cc_cpu_level_name(cc_cpu_detect()->level));
    if (request->automatic) {
        snprintf(choice->reason, sizeof choice->reason,
                 "the processor is the only engine in this version");
    }
    return CC_OK;
}

#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "result.h"

#include <time.h>

double cli_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static void add_device(cli_json *json, const clearcut_device *device)
{
    if (device == NULL) {
        cli_json_null(json, "device");
        return;
    }
    cli_json_object(json, "device");
    cli_json_text(json, "name", device->name);
    cli_json_text(json, "engine", device->engine);
    cli_json_text(json, "requested", device->requested);
    cli_json_text(json, "reason", device->reason[0] != '\0' ? device->reason : NULL);
    cli_json_integer(json, "threads", device->threads);
    cli_json_integer(json, "ops_total", device->ops_total);
    cli_json_integer(json, "ops_on_device", device->ops_on_device);
    cli_json_integer(json, "ops_fast", device->ops_fast);
    cli_json_text(json, "precision", device->precision);
    cli_json_real(json, "device_ms", device->device_ms, 3);
    cli_json_integer(json, "bytes_to_device", (long long)device->bytes_to_device);
    cli_json_integer(json, "bytes_from_device", (long long)device->bytes_from_device);
    cli_json_integer(json, "launches", (long long)device->launches);
    cli_json_bool(json, "whole_picture", device->whole_picture);
    cli_json_integer(json, "memory_bytes", (long long)device->memory_bytes);
    cli_json_bool(json, "low_memory", device->low_memory);
    cli_json_end_object(json);
}

static void add_size(cli_json *json, const char *key, int value)
{
    if (value > 0) {
        cli_json_integer(json, key, value);
    } else {
        cli_json_null(json, key);
    }
}

void cli_result_begin(cli_json *json, const cli_result *result)
{
    enum { DECIMALS = 3 };

    cli_json_object(json, NULL);
    cli_json_text(json, "file", result->file);
    cli_json_text(json, "status", result->status);
    cli_json_text(json, "reason", result->reason);
    cli_json_text(json, "output", result->output);
    add_size(json, "width", result->width);
    add_size(json, "height", result->height);
    add_device(json, result->device);
    cli_json_object(json, "ms");
    cli_json_real(json, "load", result->load_ms, DECIMALS);
    cli_json_real(json, "decode", result->ms.decode, DECIMALS);
    cli_json_real(json, "preprocess", result->ms.preprocess, DECIMALS);
    cli_json_real(json, "infer", result->ms.infer, DECIMALS);
    cli_json_real(json, "postprocess", result->ms.postprocess, DECIMALS);
    cli_json_real(json, "encode", result->ms.encode, DECIMALS);
    cli_json_real(json, "total", result->ms.total, DECIMALS);
    cli_json_end_object(json);
}

void cli_result_matting(cli_json *json, const clearcut_matting *matting)
{
    if (matting->status == CLEARCUT_MATTING_OFF) {
        return;
    }
    cli_json_object(json, "matting");
    cli_json_text(json, "status", clearcut_matting_status_name(matting->status));
    cli_json_integer(json, "foreground_pixels", (long long)matting->foreground_pixels);
    cli_json_integer(json, "background_pixels", (long long)matting->background_pixels);
    cli_json_integer(json, "unknown_pixels", (long long)matting->unknown_pixels);
    cli_json_integer(json, "iterations", matting->iterations);
    cli_json_integer(json, "reduction", matting->reduction);
    cli_json_end_object(json);
}

bool cli_result_print_error(const char *file, const clearcut_error *error)
{
    cli_json json = {0};
    cli_result failed = {.file = file, .status = "error", .reason = error->message};

    cli_result_begin(&json, &failed);
    cli_json_object(&json, "error");
    cli_json_text(&json, "code", clearcut_status_name(error->code));
    cli_json_text(&json, "path", file);
    cli_json_text(&json, "message", error->message);
    cli_json_end_object(&json);
    cli_json_end_object(&json);
    return cli_json_print(&json);
}

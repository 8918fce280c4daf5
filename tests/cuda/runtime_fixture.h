/* Shared by the tests of the GPU runtime: the fake driver, and one network run by two
 * engines. */
#ifndef CLEARCUT_TESTS_CUDA_RUNTIME_FIXTURE_H
#define CLEARCUT_TESTS_CUDA_RUNTIME_FIXTURE_H

#include "nn/network_fixture.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "cuda/fake_driver.h"
#include "nn/cuda/driver.h"
#include "nn/cuda/image.h"
#include "nn/engine.h"

/* Let the next cc_cuda_open find the fake, behaving so ("" = honestly). */
ONNX_HELPER void use_fake(const char *behaviour)
{
    /* The emulation's fibres keep their stacks, so it must stay loaded. */
    assert_non_null(dlopen(CLEARCUT_FAKE_CUDA, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE));
    cc_cuda_forget();
    setenv("CLEARCUT_LIBCUDA", CLEARCUT_FAKE_CUDA, 1);
    setenv("FAKE_CUDA", behaviour, 1);
}

/* Built without nvcc there is nothing that the fake could be asked to load. */
ONNX_HELPER void need_kernels(void)
{
    if (cc_cuda_image_count == 0) {
        print_message("skipped: %s, so no kernels are there to be loaded\n", cc_cuda_image_origin);
        skip();
    }
}

ONNX_HELPER fake_cuda_counts fake_counts(void)
{
    void *library = dlopen(CLEARCUT_FAKE_CUDA, RTLD_NOW | RTLD_LOCAL);
    void *symbol = library != NULL ? dlsym(library, "fake_cuda_state") : NULL;
    void (*state)(fake_cuda_counts *) = NULL;
    fake_cuda_counts counts;

    assert_non_null(symbol);
    memcpy(&state, &symbol, sizeof state);
    state(&counts);
    dlclose(library);
    return counts;
}

/* Everything was given back but the context, which the process keeps, and no rule of the driver
 * broken. */
ONNX_HELPER void assert_nothing_held(void)
{
    fake_cuda_counts counts = fake_counts();

    assert_string_equal(counts.message, "");
    assert_int_equal(counts.bad_calls, 0);
    assert_in_range(counts.contexts, 0, 2); /* devices */
    assert_int_equal(counts.pushed, 0);
    assert_int_equal(counts.modules, 0);
    assert_int_equal(counts.streams, 0);
    assert_int_equal(counts.events, 0);
    assert_int_equal(counts.graphs, 0);
    assert_int_equal(counts.executables, 0);
    assert_int_equal(counts.allocations, 0);
    assert_int_equal(counts.host_allocations, 0);
}

/* ---- one network, one engine ---- */

typedef struct answer {
    float *outputs[8];
    size_t sizes[8];
    int count;
    cc_network_report report;
} answer;

ONNX_HELPER void free_answer(answer *result)
{
    for (int i = 0; i < result->count; i++) {
        free(result->outputs[i]);
    }
}

/* Load, run on noise, free. */
ONNX_HELPER answer run_engine(const onnx_bytes *file, const cc_network_options *options)
{
    cc_network *network = NULL;
    cc_error error = {0};
    uint64_t seed = 11;
    const void *inputs[1];
    void *outputs[8];
    answer result = {0};

    if (cc_network_load_memory(file->data, file->size, false, options, &network, &error) != CC_OK) {
        fail_msg("%s", error.message);
    }
    inputs[0] = test_noises(&seed, (size_t)cc_shape_elements(&cc_network_input(network, 0)->shape));
    result.count = cc_network_output_count(network);
    assert_in_range(result.count, 1, 8);
    for (int i = 0; i < result.count; i++) {
        result.sizes[i] = (size_t)cc_shape_elements(&cc_network_output(network, i)->shape);
        result.outputs[i] = malloc(result.sizes[i] * sizeof(float));
        outputs[i] = result.outputs[i];
        assert_non_null(outputs[i]);
    }
    if (cc_network_run(network, inputs, outputs, NULL, &error) != CC_OK) {
        fail_msg("%s", error.message);
    }
    cc_network_report_get(network, &result.report);
    free((void *)inputs[0]);
    cc_network_free(network);
    return result;
}

/* The largest difference over all outputs, in shares of the largest number of the
 * output if that is above 1. */
ONNX_HELPER double largest_difference(const answer *a, const answer *b)
{
    double worst = 0;

    assert_int_equal(a->count, b->count);
    for (int i = 0; i < a->count; i++) {
        double largest = 1;
        double difference = 0;
        assert_int_equal(a->sizes[i], b->sizes[i]);
        for (size_t k = 0; k < a->sizes[i]; k++) {
            double here = fabs((double)a->outputs[i][k] - (double)b->outputs[i][k]);
            double size = fabs((double)b->outputs[i][k]);
            difference = here > difference || isnan(here) ? here : difference;
            largest = size > largest ? size : largest;
            if (isnan(here)) {
                return INFINITY;
            }
        }
        worst = difference / largest > worst ? difference / largest : worst;
    }
    return worst;
}

/* Both engines on one file; the GPU's answer within the tolerance of the processor's. */
ONNX_HELPER cc_network_report compare_engines(const char *what, const onnx_bytes *file,
                                              cc_network_options options, cc_precision precision,
                                              double tolerance)
{
    answer wanted;
    answer got;
    double difference;

    options.precision = CC_PRECISION_FP32;
    options.engine = &cc_engine_cpu;
    wanted = run_engine(file, &options);
    options.precision = precision;
    options.engine = &cc_engine_cuda;
    got = run_engine(file, &options);
    difference = largest_difference(&got, &wanted);
    print_message("%s, %s: largest difference %.2g (of %.0g)\n", what,
                  precision == CC_PRECISION_FP16 ? "fp16" : "fp32", difference, tolerance);
    assert_true(difference <= tolerance);
    assert_true(got.report.operators_total > 0);
    assert_int_equal(got.report.operators_on_device, got.report.operators_total);
    free_answer(&wanted);
    free_answer(&got);
    assert_nothing_held();
    return got.report;
}

#endif

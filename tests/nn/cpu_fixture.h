/* Shared by the tests of the processor's kernels: seeded noise, values in blocks
 * with guard bands around them, and the levels that this machine has. */
#ifndef CLEARCUT_TESTS_NN_CPU_FIXTURE_H
#define CLEARCUT_TESTS_NN_CPU_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "nn/cpu/kernels.h"

#define CPU_HELPER static inline __attribute__((unused))

/* Floats on either side of a value's memory; a kernel must not touch them. */
#define GUARD 64
#define GUARD_VALUE 12345.678F

/* Under an emulator (tests/cross) every instruction costs tenfold: tests then take a
 * part of their cases. */
CPU_HELPER bool cpu_is_emulated(void)
{
    return getenv("CLEARCUT_TEST_EMULATED") != NULL;
}

/* ---- levels ---- */

/* Every level up to this machine's, lowest first; returns how many. */
CPU_HELPER int cpu_levels(cc_cpu_level *levels)
{
    static const cc_cpu_level x86[] = {CC_CPU_SCALAR, CC_CPU_SSE4, CC_CPU_AVX2, CC_CPU_AVX512};
    cc_cpu_level best = cc_cpu_detect()->level;
    int count = 0;

    if (best == CC_CPU_NEON) {
        levels[count++] = CC_CPU_SCALAR;
        levels[count++] = CC_CPU_NEON;
        return count;
    }
    for (size_t i = 0; i < sizeof x86 / sizeof *x86 && x86[i] <= best; i++) {
        levels[count++] = x86[i];
    }
    return count;
}

/* ---- noise ---- */

CPU_HELPER uint32_t cpu_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* Evenly in -1..1. */
CPU_HELPER float cpu_noise(uint32_t *state)
{
    return (float)cpu_random(state) / 8388608.0F - 1.0F;
}

CPU_HELPER float *cpu_noises(uint32_t *state, size_t count)
{
    float *values = malloc((count + 1) * sizeof *values);

    assert_non_null(values);
    for (size_t i = 0; i < count; i++) {
        values[i] = cpu_noise(state);
    }
    return values;
}

/* ---- values with guards ---- */

typedef struct guarded {
    cc_view view;
    uint8_t *lanes;
    float *memory;
    size_t floats; /* without the guards */
} guarded;

CPU_HELPER void guarded_fill(guarded *value)
{
    for (size_t i = 0; i < value->floats + 2 * GUARD; i++) {
        value->memory[i] = GUARD_VALUE;
    }
}

CPU_HELPER void guarded_allocate(guarded *value)
{
    value->floats = (size_t)value->view.batch * (size_t)value->view.batch_stride;
    value->memory = malloc((value->floats + 2 * GUARD) * sizeof(float));
    assert_non_null(value->memory);
    guarded_fill(value);
}

CPU_HELPER guarded guarded_plain(int batch, int channels, int height, int width)
{
    guarded value = {.view = {.layout = CC_PLAIN,
                              .batch = batch,
                              .channels = channels,
                              .blocks = channels,
                              .height = height,
                              .width = width,
                              .row_stride = width,
                              .block_stride = (ptrdiff_t)height * width,
                              .batch_stride = (ptrdiff_t)channels * height * width}};

    guarded_allocate(&value);
    value.view.data = value.memory + GUARD;
    return value;
}

/* `lanes` of each block, ended by 0; NULL = full blocks, the last with the rest. */
CPU_HELPER guarded guarded_blocked(int batch, int channels, int height, int width, int border,
                                   const uint8_t *lanes)
{
    guarded value = {.view = {.layout = CC_BLOCKED,
                              .batch = batch,
                              .channels = channels,
                              .height = height,
                              .width = width,
                              .border = border}};
    cc_view *view = &value.view;

    value.lanes = malloc((size_t)channels + 1);
    assert_non_null(value.lanes);
    for (int left = channels; left > 0; view->blocks++) {
        int held = lanes != NULL ? lanes[view->blocks] : left < CC_BLOCK ? left : CC_BLOCK;
        value.lanes[view->blocks] = (uint8_t)held;
        left -= held;
    }
    view->lanes = value.lanes;
    view->row_stride = (ptrdiff_t)(width + 2 * border) * CC_BLOCK;
    view->block_stride = (height + 2 * border) * view->row_stride;
    view->batch_stride = view->blocks * view->block_stride;
    guarded_allocate(&value);
    view->data = value.memory + GUARD + border * (view->row_stride + CC_BLOCK);
    return value;
}

CPU_HELPER void guarded_free(guarded *value)
{
    free(value->memory);
    free(value->lanes);
}

CPU_HELPER float *guarded_row(const guarded *value, int picture, int block, int y)
{
    return value->view.data + picture * value->view.batch_stride +
           block * value->view.block_stride + y * value->view.row_stride;
}

/* Where the element lies, in either layout. */
CPU_HELPER float *guarded_at(const guarded *value, int picture, int channel, int y, int x)
{
    int block = 0;

    if (value->view.layout == CC_PLAIN) {
        return guarded_row(value, picture, channel, y) + x;
    }
    while (channel >= value->lanes[block]) {
        channel -= value->lanes[block++];
    }
    return guarded_row(value, picture, block, y) + (ptrdiff_t)x * CC_BLOCK + channel;
}

/* From packed row-major elements: zeros in the border, noise in the spare lanes. */
CPU_HELPER void guarded_set(guarded *value, const float *plain)
{
    const cc_view *view = &value->view;
    float *at = value->memory + GUARD;
    uint32_t seed = 99;

    for (size_t i = 0; i < value->floats; i++) {
        at[i] = 0;
    }
    if (view->layout == CC_BLOCKED) {
        for (int i = 0; i < view->batch * view->blocks * view->height; i++) {
            int y = i % view->height;
            int block = i / view->height;
            float *row = guarded_row(value, block / view->blocks, block % view->blocks, y);
            for (int x = 0; x < view->width * CC_BLOCK; x++) {
                row[x] = cpu_noise(&seed);
            }
        }
    }
    for (int picture = 0; picture < view->batch; picture++) {
        for (int channel = 0; channel < view->channels; channel++) {
            for (int y = 0; y < view->height; y++) {
                for (int x = 0; x < view->width; x++) {
                    *guarded_at(value, picture, channel, y, x) = *plain++;
                }
            }
        }
    }
}

/* Nothing but the interior may have changed. */
CPU_HELPER void guarded_check(const guarded *value)
{
    const cc_view *view = &value->view;
    unsigned char *inside = calloc(value->floats + 2 * GUARD, 1);
    ptrdiff_t pixel = view->layout == CC_BLOCKED ? CC_BLOCK : 1;

    assert_non_null(inside);
    for (int picture = 0; picture < view->batch; picture++) {
        for (int block = 0; block < view->blocks; block++) {
            for (int y = 0; y < view->height; y++) {
                const float *row = guarded_row(value, picture, block, y);
                memset(inside + (row - value->memory), 1, (size_t)(view->width * pixel));
            }
        }
    }
    for (size_t i = 0; i < value->floats + 2 * GUARD; i++) {
        if (!inside[i] && value->memory[i] != GUARD_VALUE) {
            fail_msg("float %zu of %zu outside the value was overwritten", i, value->floats);
        }
    }
    free(inside);
}

#endif

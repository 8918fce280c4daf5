#include "nn/cpu/x86/vector_avx512.h"

#include "nn/cpu/direct_body.h"

/* 32 registers: 2 x 14 sums, 2 weights, 1 input. */
static void tile_wide(const cc_direct_tile *tile, int pixels)
{
    switch (pixels) {
    case 1: run_tile(tile, 2, 1); break;
    case 2: run_tile(tile, 2, 2); break;
    case 3: run_tile(tile, 2, 3); break;
    case 4: run_tile(tile, 2, 4); break;
    case 5: run_tile(tile, 2, 5); break;
    case 6: run_tile(tile, 2, 6); break;
    case 7: run_tile(tile, 2, 7); break;
    case 8: run_tile(tile, 2, 8); break;
    case 9: run_tile(tile, 2, 9); break;
    case 10: run_tile(tile, 2, 10); break;
    case 11: run_tile(tile, 2, 11); break;
    case 12: run_tile(tile, 2, 12); break;
    case 13: run_tile(tile, 2, 13); break;
    default: run_tile(tile, 2, 14); break;
    }
}

static void tile_narrow_rest(const cc_direct_tile *tile, int pixels)
{
    switch (pixels) {
    case 1: run_tile(tile, 1, 1); break;
    case 2: run_tile(tile, 1, 2); break;
    case 3: run_tile(tile, 1, 3); break;
    case 4: run_tile(tile, 1, 4); break;
    case 5: run_tile(tile, 1, 5); break;
    case 6: run_tile(tile, 1, 6); break;
    case 7: run_tile(tile, 1, 7); break;
    case 8: run_tile(tile, 1, 8); break;
    default: run_tile(tile, 1, 9); break;
    }
}

static void tile_narrow(const cc_direct_tile *tile, int pixels)
{
    switch (pixels) {
    case 10: run_tile(tile, 1, 10); break;
    case 11: run_tile(tile, 1, 11); break;
    case 12: run_tile(tile, 1, 12); break;
    case 13: run_tile(tile, 1, 13); break;
    case 14: run_tile(tile, 1, 14); break;
    case 15: run_tile(tile, 1, 15); break;
    case 16: run_tile(tile, 1, 16); break;
    case 17: run_tile(tile, 1, 17); break;
    case 18: run_tile(tile, 1, 18); break;
    case 19: run_tile(tile, 1, 19); break;
    case 20: run_tile(tile, 1, 20); break;
    default: tile_narrow_rest(tile, pixels); break;
    }
}

static void tile_avx512(const cc_direct_tile *tile, int output_blocks, int pixels)
{
    if (output_blocks == 2) {
        tile_wide(tile, pixels);
    } else {
        tile_narrow(tile, pixels);
    }
}

void cc_direct_avx512(cc_direct_kernels *kernels)
{
    *kernels = (cc_direct_kernels){
        .wide_blocks = 2, .maximum_pixels = {20, 14}, .tile = tile_avx512, .peak = run_peak};
}

#include "nn/cpu/arm/vector_neon.h"

#include "nn/cpu/direct_body.h"

/* 32 registers: 4 x 6 sums, 4 weights, 1 input. */
static void tile_neon(const cc_direct_tile *tile, int output_blocks, int pixels)
{
    (void)output_blocks;
    switch (pixels) {
    case 1: run_tile(tile, 1, 1); break;
    case 2: run_tile(tile, 1, 2); break;
    case 3: run_tile(tile, 1, 3); break;
    case 4: run_tile(tile, 1, 4); break;
    case 5: run_tile(tile, 1, 5); break;
    default: run_tile(tile, 1, 6); break;
    }
}

void cc_direct_neon(cc_direct_kernels *kernels)
{
    *kernels = (cc_direct_kernels){
        .wide_blocks = 1, .maximum_pixels = {6, 0}, .tile = tile_neon, .peak = run_peak};
}

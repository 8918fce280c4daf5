#include "image/codec/png_write_filter.h"

#include "core/cpu.h"
#include "image/codec/png_write_filter_kernel.h"

#define SCRATCH_ROWS 2

size_t cc_png_filter_scratch(size_t size)
{
    return size * SCRATCH_ROWS;
}

void cc_png_filter_row_portable(const uint8_t *row, const uint8_t *above, size_t size,
                                size_t pixel_size, uint8_t *filtered, uint8_t *scratch)
{
    filter_row(row, above, size, pixel_size, filtered, scratch);
}

cc_png_filter_function cc_png_filter_choose(void)
{
#if defined(__x86_64__)
    if (cc_cpu_detect()->level >= CC_CPU_AVX2) {
        return cc_png_filter_row_avx2;
    }
#endif
    return cc_png_filter_row_portable;
}

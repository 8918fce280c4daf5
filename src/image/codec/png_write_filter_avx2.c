#include "image/codec/png_write_filter.h"
#include "image/codec/png_write_filter_kernel.h"

void cc_png_filter_row_avx2(const uint8_t *row, const uint8_t *above, size_t size,
                            size_t pixel_size, uint8_t *filtered, uint8_t *scratch)
{
    filter_row(row, above, size, pixel_size, filtered, scratch);
}

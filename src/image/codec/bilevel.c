#include "image/codec/bilevel.h"

#include "core/memory.h"
#include "image/codec/format.h"

size_t cc_bilevel_row_size(int width)
{
    return ((size_t)width + 7) / 8;
}

void cc_bilevel_pack(const uint8_t *row, int width, bool ones_are_black, uint8_t *packed)
{
    uint8_t invert = ones_are_black ? 0xFF : 0x00;

    for (int x = 0; x < width; x += 8) {
        int bits = width - x < 8 ? width - x : 8;
        uint8_t byte = 0;
        for (int i = 0; i < bits; i++) {
            byte = (uint8_t)(byte | (row[x + i] & 0x80) >> i);
        }
        packed[x / 8] = (uint8_t)((byte ^ invert) & (0xFF << (8 - bits)));
    }
}

#if CLEARCUT_HAVE_TIFF

#include "image/codec/tiff_io.h"

/* The strips of a TIFF that was just written, one after another. */
static cc_status copy_strips(const cc_buffer *file, cc_buffer *bytes, cc_error *error)
{
    cc_tiff_memory memory = {.data = file->data, .size = file->size, .error = error};
    TIFF *tiff = cc_tiff_open(&memory);
    cc_status status = CC_OK;

    if (tiff == NULL || TIFFNumberOfStrips(tiff) != 1) {
        status = cc_fail(error, CC_INTERNAL, "Group 4 data of more than one strip; report this");
    } else {
        tmsize_t size = (tmsize_t)TIFFRawStripSize64(tiff, 0);
        uint8_t *strip = size > 0 ? cc_alloc((size_t)size) : NULL;
        if (strip == NULL) {
            status = cc_fail_memory(error, (unsigned long long)size);
        } else if (TIFFReadRawStrip(tiff, 0, strip, size) != size) {
            status = cc_fail(error, CC_INTERNAL, "cannot read back Group 4 data; report this");
        } else {
            status = cc_buffer_append(bytes, strip, (size_t)size, 0, error);
        }
        cc_free(strip);
    }
    if (tiff != NULL) {
        TIFFClose(tiff);
    }
    return status;
}

cc_status cc_bilevel_encode_group4(const cc_image *image, cc_buffer *bytes, cc_error *error)
{
    cc_encode_options options = cc_encode_options_default(CC_FORMAT_TIFF);
    cc_buffer file = {0};
    cc_status status;

    options.bilevel = true;
    options.drop_profile = true;
    status = cc_tiff_encode(image, &options, &file, error);
    if (status == CC_OK) {
        status = copy_strips(&file, bytes, error);
    }
    cc_buffer_free(&file);
    return status;
}

#else

cc_status cc_bilevel_encode_group4(const cc_image *image, cc_buffer *bytes, cc_error *error)
{
    (void)image;
    (void)bytes;
    return cc_fail(error, CC_UNSUPPORTED,
                   "this build has no Group 4 encoder; build with "
                   "libtiff-dev");
}

#endif

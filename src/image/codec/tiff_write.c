#include "image/codec/format.h"

#if CLEARCUT_HAVE_TIFF

#include <string.h>

#include "core/memory.h"
#include "image/codec/bilevel.h"
#include "image/codec/tiff_io.h"
#include "image/deep.h"
#include "image/profile.h"

/* TIFF readers take strips one at a time; the specification suggests small ones. */
#define STRIP_BYTES ((size_t)64 << 10)

/* Offsets of classic TIFF have 32 bits; compressed data may grow a little. */
#define MAX_PIXEL_BYTES ((size_t)4000 << 20)

static void set_compression(TIFF *tiff)
{
    uint16_t compression = TIFFIsCODECConfigured(COMPRESSION_ADOBE_DEFLATE)
                               ? COMPRESSION_ADOBE_DEFLATE
                               : COMPRESSION_LZW;

    TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression);
    TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
}

static void set_metadata(TIFF *tiff, const cc_image *image, const cc_encode_options *options)
{
    const cc_image_metadata *metadata = &image->metadata;

    if (!options->drop_profile &&
        cc_profile_fits(metadata->icc_profile, metadata->icc_profile_size, image->channels)) {
        TIFFSetField(tiff, TIFFTAG_ICCPROFILE, (uint32_t)metadata->icc_profile_size,
                     metadata->icc_profile);
    }
    if (options->dots_per_inch > 0) {
        TIFFSetField(tiff, TIFFTAG_XRESOLUTION, options->dots_per_inch);
        TIFFSetField(tiff, TIFFTAG_YRESOLUTION, options->dots_per_inch);
        TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
    }
}

/* One strip: whoever wants the Group 4 data by itself finds it in one piece. */
static void describe_bilevel(TIFF *tiff, const cc_image *image)
{
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, (uint32_t)image->width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, (uint32_t)image->height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 1);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    TIFFSetField(tiff, TIFFTAG_FILLORDER, FILLORDER_MSB2LSB);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, (uint32_t)image->height);
}

/* Bytes of a row of samples as they are handed to libtiff. */
static size_t row_size(const cc_image *image, int bits)
{
    return (size_t)image->width * (size_t)image->channels * (bits == 16 ? 2 : 1);
}

static void describe_picture(TIFF *tiff, const cc_image *image, int bits)
{
    uint16_t alpha = EXTRASAMPLE_UNASSALPHA;
    size_t row = row_size(image, bits);

    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, (uint32_t)image->width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, (uint32_t)image->height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, image->channels);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC,
                 image->channels <= 2 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
    if (cc_image_has_alpha(image)) {
        TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
    }
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, (uint32_t)(STRIP_BYTES / row + 1));
}

/* The predictor works in place: rows are handed over as copies. */
static bool write_rows(TIFF *tiff, const cc_image *image, const cc_encode_options *options,
                       void *copy)
{
    for (int y = 0; y < image->height; y++) {
        if (options->bilevel) {
            cc_bilevel_pack(cc_image_row(image, y), image->width, true, copy);
        } else if (options->bits == 16) {
            cc_deep_row(image, y, copy);
        } else {
            memcpy(copy, cc_image_row(image, y), row_size(image, 8));
        }
        if (TIFFWriteScanline(tiff, copy, (uint32_t)y, 0) != 1) {
            return false;
        }
    }
    return TIFFFlush(tiff) == 1;
}

static cc_status fail_writing(const cc_tiff_memory *memory, cc_error *error)
{
    if (memory->status != CC_OK) {
        return memory->status; /* described where it happened */
    }
    return cc_fail(error, CC_INTERNAL, "cannot write TIFF (%s); choose PNG",
                   memory->message[0] != '\0' ? memory->message : "libtiff gives no reason");
}

cc_status cc_tiff_encode(const cc_image *image, const cc_encode_options *options, cc_buffer *bytes,
                         cc_error *error)
{
    cc_tiff_memory memory = {.bytes = bytes, .error = error};
    size_t row = row_size(image, options->bits);
    cc_status status = cc_tiff_library_open(error);
    void *copy;
    TIFF *tiff;
    bool done;

    if (status != CC_OK) {
        return status;
    }
    if (row > MAX_PIXEL_BYTES / (size_t)image->height) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "TIFF cannot hold %d x %d pixels (4 GB at most); choose PNG", image->width,
                       image->height);
    }
    copy = cc_alloc(row);
    if (copy == NULL) {
        return cc_fail_memory(error, row);
    }
    tiff = cc_tiff_open(&memory);
    if (tiff == NULL) {
        cc_free(copy);
        return fail_writing(&memory, error);
    }
    if (options->bilevel) {
        describe_bilevel(tiff, image);
    } else {
        describe_picture(tiff, image, options->bits);
        set_compression(tiff);
    }
    set_metadata(tiff, image, options);
    done = write_rows(tiff, image, options, copy);
    TIFFClose(tiff); /* writes the directory: may still run out of memory */
    cc_free(copy);
    return done && memory.status == CC_OK ? CC_OK : fail_writing(&memory, error);
}

#else

cc_status cc_tiff_encode(const cc_image *image, const cc_encode_options *options, cc_buffer *bytes,
                         cc_error *error)
{
    (void)image;
    (void)options;
    (void)bytes;
    return cc_fail(error, CC_UNSUPPORTED,
                   "this build cannot write TIFF; build with libtiff-dev, or choose PNG");
}

#endif

#include "image/codec/format.h"

#if CLEARCUT_HAVE_TIFF

#include <string.h>

#include "core/memory.h"
#include "image/codec/tiff_io.h"
#include "image/deep.h"
#include "image/profile.h"

/* Colours and alpha; more samples are measurements, not pictures. */
#define MAX_SAMPLES 8

typedef struct tiff_reader {
    TIFF *tiff;
    cc_tiff_memory memory;
    cc_decoding *decoding;
    cc_error *error;
    uint16_t bits;
    uint16_t samples;
    uint16_t photometric;
    uint16_t planar;
    int colors; /* samples that are colour: 1 grey or palette, 3 RGB, 4 CMYK */
    int alpha;  /* index of the alpha sample; -1 = none */
    bool alpha_multiplied;
    bool direct; /* read by us; else by libtiff's RGBA interface */
    bool deep;   /* 16 bits a sample are kept */
    uint8_t *row;
    size_t row_size;
} tiff_reader;

static cc_status fail_damaged(tiff_reader *reader)
{
    const char *message = reader->memory.message;

    if (reader->memory.ended_early) {
        return cc_fail_truncated(reader->error, "TIFF");
    }
    return cc_fail(reader->error, CC_CORRUPT, "the TIFF data is damaged (%s); get an intact copy",
                   message[0] != '\0' ? message : "libtiff cannot read it");
}

/* ---- what kind of picture ---- */

static void find_alpha(tiff_reader *reader)
{
    uint16_t count = 0;
    uint16_t *kinds = NULL;

    reader->alpha = -1;
    TIFFGetFieldDefaulted(reader->tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds);
    for (int i = 0; i < count && reader->colors + i < reader->samples; i++) {
        if (kinds[i] == EXTRASAMPLE_ASSOCALPHA || kinds[i] == EXTRASAMPLE_UNASSALPHA) {
            reader->alpha = reader->colors + i;
            reader->alpha_multiplied = kinds[i] == EXTRASAMPLE_ASSOCALPHA;
            return;
        }
    }
    /* Some programs write a fourth sample beside RGB and do not say what it is. */
    if (reader->colors == 3 && reader->samples == 4 && count <= 1) {
        reader->alpha = 3;
    }
}

static int colors_of(uint16_t photometric)
{
    switch (photometric) {
    case PHOTOMETRIC_RGB: return 3;
    case PHOTOMETRIC_SEPARATED: return 4;
    default: return 1;
    }
}

static bool is_direct(const tiff_reader *reader)
{
    bool known =
        reader->photometric == PHOTOMETRIC_MINISBLACK ||
        reader->photometric == PHOTOMETRIC_MINISWHITE || reader->photometric == PHOTOMETRIC_RGB ||
        reader->photometric == PHOTOMETRIC_SEPARATED || reader->photometric == PHOTOMETRIC_PALETTE;
    bool depth =
        reader->bits == 8 || reader->bits == 16 ||
        (reader->samples == 1 && (reader->bits == 1 || reader->bits == 2 || reader->bits == 4));
    uint16_t compression = 0;

    TIFFGetFieldDefaulted(reader->tiff, TIFFTAG_COMPRESSION, &compression);
    return known && depth && reader->samples >= reader->colors &&
           (reader->photometric != PHOTOMETRIC_PALETTE || reader->bits <= 8) &&
           compression != COMPRESSION_OJPEG && TIFFIsTiled(reader->tiff) == 0;
}

static cc_status check_kind(tiff_reader *reader)
{
    uint16_t sample_format = SAMPLEFORMAT_UINT;

    TIFFGetFieldDefaulted(reader->tiff, TIFFTAG_BITSPERSAMPLE, &reader->bits);
    TIFFGetFieldDefaulted(reader->tiff, TIFFTAG_SAMPLESPERPIXEL, &reader->samples);
    TIFFGetFieldDefaulted(reader->tiff, TIFFTAG_PLANARCONFIG, &reader->planar);
    TIFFGetFieldDefaulted(reader->tiff, TIFFTAG_SAMPLEFORMAT, &sample_format);
    if (TIFFGetField(reader->tiff, TIFFTAG_PHOTOMETRIC, &reader->photometric) != 1) {
        reader->photometric = reader->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    }
    if (sample_format != SAMPLEFORMAT_UINT && sample_format != SAMPLEFORMAT_VOID) {
        return cc_fail(reader->error, CC_UNSUPPORTED,
                       "a TIFF of floating-point or signed samples is not supported; convert it "
                       "to 8 or 16 bits per sample");
    }
    if (reader->samples < 1 || reader->samples > MAX_SAMPLES) {
        return cc_fail(reader->error, CC_UNSUPPORTED,
                       "a TIFF of %u samples per pixel is not supported; convert it to RGB",
                       reader->samples);
    }
    reader->colors = colors_of(reader->photometric);
    find_alpha(reader);
    reader->direct = is_direct(reader);
    reader->deep = reader->direct && reader->bits == 16 && reader->colors != 4 &&
                   reader->decoding->options.keep_deep;
    return CC_OK;
}

static cc_status read_header(tiff_reader *reader)
{
    cc_decoding *decoding = reader->decoding;
    uint32_t width = 0;
    uint32_t height = 0;
    uint16_t orientation = 1;
    cc_status status;

    TIFFGetField(reader->tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(reader->tiff, TIFFTAG_IMAGELENGTH, &height);
    status = cc_decoding_set_size(decoding, width, height, reader->error);
    if (status != CC_OK) {
        return status;
    }
    decoding->exif = cc_exif_read(decoding->data, decoding->size); /* EXIF is TIFF */
    if (TIFFGetField(reader->tiff, TIFFTAG_ORIENTATION, &orientation) == 1) {
        decoding->exif.orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
    }
    if (TIFFLastDirectory(reader->tiff) == 0) {
        cc_decoding_note(decoding, "TIFF of several pages: only the first is used");
    }
    return check_kind(reader);
}

/* ---- samples to bytes ---- */

/* Spread one kind of sample over a row of the picture. `from` holds `spacing`
 * samples per pixel, of which number `index` is wanted. Palette indices keep
 * their value; other small samples are stretched to 0..255. */
static void unpack_row(const tiff_reader *reader, int index, int spacing, uint8_t *to, int step)
{
    int width = reader->decoding->width;
    unsigned bits = reader->bits;
    unsigned mask = (1u << (bits < 8 ? bits : 8)) - 1;
    unsigned stretch = reader->photometric == PHOTOMETRIC_PALETTE ? 1 : 255 / mask;

    for (int x = 0; x < width; x++) {
        size_t sample = (size_t)x * (size_t)spacing + (size_t)index;
        if (bits == 16) {
            uint16_t value;
            memcpy(&value, reader->row + sample * 2, sizeof value);
            to[(size_t)x * (size_t)step] = cc_deep_to_8(value);
        } else if (bits == 8) {
            to[(size_t)x * (size_t)step] = reader->row[sample];
        } else {
            size_t bit = sample * bits;
            unsigned shift = 8 - bits - (unsigned)(bit % 8);
            unsigned value = (unsigned)(reader->row[bit / 8] >> shift) & mask;
            to[(size_t)x * (size_t)step] = (uint8_t)(value * stretch);
        }
    }
}

/* The same for samples of 16 bits that are kept. */
static void unpack_deep_row(const tiff_reader *reader, int index, int spacing, uint16_t *to,
                            int step)
{
    const uint8_t *from = reader->row + (size_t)index * sizeof *to;

    for (int x = 0; x < reader->decoding->width; x++) {
        memcpy(to + (size_t)x * (size_t)step, from, sizeof *to);
        from += (size_t)spacing * sizeof *to;
    }
}

/* The row that was read last as channel c of row y. */
static void store_row(const tiff_reader *reader, cc_image *image, int y, int c, int index,
                      int spacing)
{
    if (reader->deep) {
        size_t row = (size_t)image->width * (size_t)image->channels;
        unpack_deep_row(reader, index, spacing, image->deep + (size_t)y * row + c, image->channels);
    } else {
        unpack_row(reader, index, spacing, cc_image_row(image, y) + c, image->channels);
    }
}

/* Sample number of the picture's channel c. */
static int sample_of_channel(const tiff_reader *reader, int channel)
{
    return channel < reader->colors ? channel : reader->alpha;
}

static bool read_row(tiff_reader *reader, int y, int plane)
{
    return TIFFReadScanline(reader->tiff, reader->row, (uint32_t)y, (uint16_t)plane) == 1;
}

static cc_status read_together(tiff_reader *reader, cc_image *image)
{
    for (int y = 0; y < image->height; y++) {
        if (!read_row(reader, y, 0)) {
            return fail_damaged(reader);
        }
        for (int c = 0; c < image->channels; c++) {
            store_row(reader, image, y, c, sample_of_channel(reader, c), reader->samples);
        }
    }
    return CC_OK;
}

static cc_status read_planes(tiff_reader *reader, cc_image *image)
{
    for (int c = 0; c < image->channels; c++) {
        for (int y = 0; y < image->height; y++) {
            if (!read_row(reader, y, sample_of_channel(reader, c))) {
                return fail_damaged(reader);
            }
            store_row(reader, image, y, c, 0, 1);
        }
    }
    return CC_OK;
}

static cc_status read_samples(tiff_reader *reader, cc_image *image)
{
    bool planes = reader->planar == PLANARCONFIG_SEPARATE && reader->samples > 1;
    size_t spacing = planes ? 1 : reader->samples;
    size_t needed = ((size_t)image->width * spacing * reader->bits + 7) / 8;
    tmsize_t size = TIFFScanlineSize(reader->tiff);

    if (size <= 0 || (size_t)size < needed) {
        return fail_damaged(reader);
    }
    reader->row = cc_alloc_zeroed((size_t)size, 1);
    if (reader->row == NULL) {
        return cc_fail_memory(reader->error, (size_t)size);
    }
    return planes ? read_planes(reader, image) : read_together(reader, image);
}

/* ---- samples to colours ---- */

static void invert_grey(cc_image *image)
{
    size_t count = (size_t)image->width * (size_t)image->height * (size_t)image->channels;

    for (size_t i = 0; image->deep != NULL && i < count; i += (size_t)image->channels) {
        image->deep[i] = (uint16_t)(UINT16_MAX - image->deep[i]);
    }
    for (int y = 0; y < image->height; y++) {
        uint8_t *row = cc_image_row(image, y);
        for (int x = 0; x < image->width; x++) {
            row[x * image->channels] = (uint8_t)(255 - row[x * image->channels]);
        }
    }
}

/* Colour maps hold 16 bits, of which most writers fill only the upper 8; some
 * store 8-bit values in them. */
static bool is_small_map(const uint16_t *red, const uint16_t *green, const uint16_t *blue,
                         int count)
{
    for (int i = 0; i < count; i++) {
        if (red[i] > 255 || green[i] > 255 || blue[i] > 255) {
            return false;
        }
    }
    return true;
}

static cc_status apply_palette(tiff_reader *reader, const cc_image *indices, cc_image *image)
{
    uint16_t *map[3] = {NULL, NULL, NULL};
    uint8_t table[256][3] = {{0}};
    int count = 1 << reader->bits;
    cc_status status;
    bool small;

    if (TIFFGetField(reader->tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]) != 1) {
        return cc_fail(reader->error, CC_CORRUPT,
                       "the TIFF has no palette for its colours; get an intact copy");
    }
    small = is_small_map(map[0], map[1], map[2], count);
    for (int i = 0; i < count; i++) {
        for (int c = 0; c < 3; c++) {
            table[i][c] = small ? (uint8_t)map[c][i] : (uint8_t)(map[c][i] >> 8);
        }
    }
    status = cc_image_create(indices->width, indices->height, indices->channels + 2, image,
                             reader->error);
    for (int y = 0; status == CC_OK && y < image->height; y++) {
        const uint8_t *from = cc_image_row(indices, y);
        uint8_t *to = cc_image_row(image, y);
        for (int x = 0; x < image->width; x++, from += indices->channels, to += image->channels) {
            memcpy(to, table[from[0]], 3);
            if (image->channels == 4) {
                to[3] = from[1];
            }
        }
    }
    return status;
}

static void undo_deep_premultiplication(cc_image *image)
{
    size_t pixels = (size_t)image->width * (size_t)image->height;
    uint16_t *pixel = image->deep;

    for (size_t i = 0; i < pixels; i++, pixel += image->channels) {
        uint64_t alpha = pixel[image->channels - 1];
        for (int c = 0; c < image->channels - 1 && alpha != 0; c++) {
            uint64_t value = (pixel[c] * (uint64_t)UINT16_MAX + alpha / 2) / alpha;
            pixel[c] = (uint16_t)(value < UINT16_MAX ? value : UINT16_MAX);
        }
    }
}

/* Colour times alpha back to colour, rounded. */
static void undo_premultiplication(cc_image *image)
{
    if (image->deep != NULL) {
        undo_deep_premultiplication(image);
        cc_deep_round(image);
        return;
    }
    for (int y = 0; y < image->height; y++) {
        uint8_t *pixel = cc_image_row(image, y);
        for (int x = 0; x < image->width; x++, pixel += image->channels) {
            unsigned alpha = pixel[image->channels - 1];
            for (int c = 0; c < image->channels - 1 && alpha != 0; c++) {
                unsigned value = (pixel[c] * 255u + alpha / 2) / alpha;
                pixel[c] = (uint8_t)(value < 255 ? value : 255);
            }
        }
    }
}

static cc_status read_direct(tiff_reader *reader)
{
    cc_decoding *decoding = reader->decoding;
    bool is_cmyk = reader->colors == 4;
    cc_image raw;
    cc_status status;

    if (is_cmyk) {
        reader->alpha = -1;
    }
    status = cc_image_create(decoding->width, decoding->height,
                             reader->colors + (reader->alpha >= 0 ? 1 : 0), &raw, reader->error);
    if (status == CC_OK && reader->deep) {
        status = cc_deep_create(&raw, reader->error);
    }
    if (status != CC_OK) {
        cc_image_free(&raw);
        return status;
    }
    status = read_samples(reader, &raw);
    if (status == CC_CORRUPT && reader->memory.ended_early && decoding->options.allow_truncated) {
        cc_error_clear(reader->error);
        cc_decoding_note(decoding, "the file ends early: part of the picture is missing");
        status = CC_OK;
    }
    if (status == CC_OK && reader->photometric == PHOTOMETRIC_MINISWHITE) {
        invert_grey(&raw);
    }
    if (raw.deep != NULL) {
        cc_deep_round(&raw);
    }
    *decoding->image = raw;
    return status;
}

/* ---- everything else, by libtiff ---- */

/* libtiff packs R | G << 8 | B << 16 | A << 24 and multiplies alpha in. */
static void unpack_raster(const uint32_t *raster, cc_image *image)
{
    for (int y = 0; y < image->height; y++) {
        const uint32_t *from = raster + (size_t)y * (size_t)image->width;
        uint8_t *to = cc_image_row(image, y);
        for (int x = 0; x < image->width; x++, to += image->channels) {
            to[0] = (uint8_t)TIFFGetR(from[x]);
            to[1] = (uint8_t)TIFFGetG(from[x]);
            to[2] = (uint8_t)TIFFGetB(from[x]);
            if (image->channels == 4) {
                to[3] = (uint8_t)TIFFGetA(from[x]);
            }
        }
    }
}

static cc_status read_raster(tiff_reader *reader, TIFFRGBAImage *picture, uint32_t *raster)
{
    cc_image *image = reader->decoding->image;
    cc_status status;

    picture->req_orientation = picture->orientation; /* we turn it upright ourselves */
    if (TIFFRGBAImageGet(picture, raster, picture->width, picture->height) != 1) {
        return fail_damaged(reader);
    }
    status = cc_image_create(reader->decoding->width, reader->decoding->height,
                             picture->alpha != 0 ? 4 : 3, image, reader->error);
    if (status == CC_OK) {
        unpack_raster(raster, image);
        reader->alpha = picture->alpha != 0 ? 3 : -1;
        reader->alpha_multiplied = picture->alpha != 0;
    }
    return status;
}

static cc_status read_by_libtiff(tiff_reader *reader)
{
    TIFFRGBAImage picture;
    char message[1024] = "";
    size_t pixels = (size_t)reader->decoding->width * (size_t)reader->decoding->height;
    uint32_t *raster;
    cc_status status;

    if (TIFFRGBAImageOK(reader->tiff, message) != 1 ||
        TIFFRGBAImageBegin(&picture, reader->tiff, 1, message) != 1) {
        return cc_fail(reader->error, CC_UNSUPPORTED,
                       "this kind of TIFF is not supported (%.200s); convert it to PNG or JPEG",
                       message);
    }
    raster = cc_alloc_zeroed(pixels, sizeof *raster);
    status = raster != NULL ? read_raster(reader, &picture, raster)
                            : cc_fail_memory(reader->error, pixels * sizeof *raster);
    cc_free(raster);
    TIFFRGBAImageEnd(&picture);
    return status;
}

/* ---- the whole ---- */

static cc_status read_profile(tiff_reader *reader)
{
    uint32_t size = 0;
    void *profile = NULL;

    if (TIFFGetField(reader->tiff, TIFFTAG_ICCPROFILE, &size, &profile) != 1) {
        return CC_OK;
    }
    return cc_decoding_set_profile(reader->decoding, profile, size,
                                   reader->direct && reader->colors == 4, reader->error);
}

/* From the samples as stored to grey or RGB: needs the profile for CMYK. */
static cc_status convert_colors(tiff_reader *reader)
{
    cc_image *image = reader->decoding->image;
    cc_image converted = {0};
    cc_status status;

    if (!reader->direct || (reader->colors != 4 && reader->photometric != PHOTOMETRIC_PALETTE)) {
        return CC_OK;
    }
    if (reader->colors == 4) {
        status = cc_image_from_cmyk(image, &converted, reader->error);
    } else {
        status = apply_palette(reader, image, &converted);
    }
    if (status == CC_OK) {
        cc_image_free(image);
        *image = converted;
    }
    return status;
}

static cc_status decode_picture(tiff_reader *reader)
{
    bool palette = reader->photometric == PHOTOMETRIC_PALETTE;
    cc_status status = reader->direct ? read_direct(reader) : read_by_libtiff(reader);

    if (status == CC_OK && palette) {
        status = convert_colors(reader);
    }
    if (status == CC_OK) {
        status = read_profile(reader);
    }
    if (status == CC_OK && !palette) {
        status = convert_colors(reader);
    }
    if (status == CC_OK && reader->memory.ended_early) {
        cc_decoding_note(reader->decoding, "the file ends early: part of its metadata is missing");
    }
    if (status == CC_OK && reader->alpha >= 0 && reader->alpha_multiplied) {
        undo_premultiplication(reader->decoding->image);
    }
    return status;
}

cc_status cc_tiff_decode(cc_decoding *decoding, cc_error *error)
{
    tiff_reader reader = {.decoding = decoding, .error = error};
    cc_status status = cc_tiff_library_open(error);

    if (status != CC_OK) {
        return status;
    }
    reader.memory.data = decoding->data;
    reader.memory.size = decoding->size;
    reader.tiff = cc_tiff_open(&reader.memory);
    if (reader.tiff == NULL) {
        return fail_damaged(&reader);
    }
    status = read_header(&reader);
    if (status == CC_OK && !decoding->header_only) {
        status = decode_picture(&reader);
    }
    cc_free(reader.row);
    TIFFClose(reader.tiff);
    return status;
}

#else

cc_status cc_tiff_decode(cc_decoding *decoding, cc_error *error)
{
    (void)decoding;
    return cc_fail(error, CC_UNSUPPORTED,
                   "this build cannot read TIFF; build with libtiff-dev, or convert the picture "
                   "to PNG or JPEG");
}

#endif

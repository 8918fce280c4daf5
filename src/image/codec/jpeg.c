#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
/* after jpeglib.h, which it needs */
#include <jerror.h>

#include "image/codec/format.h"
#include "image/profile.h"

/* libjpeg-turbo's own fuzzers and tools draw the line here: a progressive file
 * may otherwise repeat scans over a large picture for minutes. */
#define MAX_SCANS 500

typedef struct jpeg_reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    cc_decoding *decoding;
    cc_error *error;
    cc_status status;    /* of our own code within a guarded step */
    bool ended_early;    /* libjpeg asked for bytes beyond the end */
    bool missing_pixels; /* entropy-coded data ran out before the picture did */
    bool damaged;        /* any other warning about the data */
    bool several_scans;
    bool is_cmyk;
} jpeg_reader;

static jpeg_reader *reader_of(j_common_ptr jpeg)
{
    return (jpeg_reader *)jpeg->client_data;
}

/* ---- what libjpeg calls ---- */

static bool means_unsupported(int code)
{
    return code == JERR_BAD_PRECISION || code == JERR_ARITH_NOTIMPL ||
           code == JERR_SOF_UNSUPPORTED || code == JERR_CONVERSION_NOTIMPL ||
           code == JERR_NOT_COMPILED || code == JERR_NOTIMPL;
}

static void on_error(j_common_ptr jpeg)
{
    jpeg_reader *reader = reader_of(jpeg);
    char text[JMSG_LENGTH_MAX];

    jpeg->err->format_message(jpeg, text);
    if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY) {
        reader->status = cc_fail_memory(reader->error, 0);
    } else if (reader->ended_early) {
        reader->status = cc_fail_truncated(reader->error, "JPEG");
    } else if (means_unsupported(jpeg->err->msg_code)) {
        reader->status = cc_fail(reader->error, CC_UNSUPPORTED,
                                 "this kind of JPEG is not supported (%s); convert it to an "
                                 "ordinary 8-bit JPEG or to PNG",
                                 text);
    } else {
        reader->status = cc_fail(reader->error, CC_CORRUPT,
                                 "the JPEG data is damaged (%s); get an intact copy", text);
    }
    longjmp(reader->escape, 1);
}

static void on_message(j_common_ptr jpeg, int level)
{
    jpeg_reader *reader = reader_of(jpeg);

    if (level >= 0) {
        return; /* tracing */
    }
    switch (jpeg->err->msg_code) {
    case JWRN_HIT_MARKER: reader->missing_pixels = true; break;
    case JWRN_BOGUS_ICC:
        cc_decoding_note(reader->decoding,
                         "the embedded colour profile is unusable and was left out");
        break;
    case JWRN_EXTRANEOUS_DATA: /* padding between segments: harmless */
    case JWRN_ADOBE_XFORM:
    case JWRN_JFIF_MAJOR:
    case JWRN_TOO_MUCH_DATA: break;
    default: reader->damaged = true; break;
    }
}

static void ignore_output(j_common_ptr jpeg)
{
    (void)jpeg;
}

static void on_progress(j_common_ptr jpeg)
{
    jpeg_reader *reader = reader_of(jpeg);

    if (reader->jpeg.input_scan_number > MAX_SCANS) {
        reader->status = cc_fail(reader->error, CC_LIMIT,
                                 "the JPEG file has more than %d scans; save it again with an "
                                 "ordinary program",
                                 MAX_SCANS);
        longjmp(reader->escape, 1);
    }
}

static void source_nothing(j_decompress_ptr jpeg)
{
    (void)jpeg;
}

/* All bytes were given at once: being asked for more means that the file ends
 * early. An end marker makes libjpeg deliver what it has. */
static boolean source_fill(j_decompress_ptr jpeg)
{
    static const JOCTET end[2] = {0xFF, JPEG_EOI};

    reader_of((j_common_ptr)jpeg)->ended_early = true;
    jpeg->src->next_input_byte = end;
    jpeg->src->bytes_in_buffer = sizeof end;
    return TRUE;
}

static void source_skip(j_decompress_ptr jpeg, long count)
{
    struct jpeg_source_mgr *source = jpeg->src;

    if (count <= 0) {
        return;
    }
    if ((size_t)count > source->bytes_in_buffer) {
        (void)source_fill(jpeg);
        return;
    }
    source->next_input_byte += count;
    source->bytes_in_buffer -= (size_t)count;
}

/* ---- steps; each runs under `guarded`, because libjpeg leaves by longjmp ---- */

static bool guarded(jpeg_reader *reader, void (*step)(jpeg_reader *reader))
{
    if (setjmp(reader->escape) != 0) {
        return false;
    }
    step(reader);
    return reader->status == CC_OK;
}

static void open_reader(jpeg_reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;

    jpeg_create_decompress(jpeg);
    jpeg->client_data = reader;
    jpeg->src = &reader->source;
    jpeg->progress = &reader->progress;
    reader->progress.progress_monitor = on_progress;
    reader->source.next_input_byte = reader->decoding->data;
    reader->source.bytes_in_buffer = reader->decoding->size;
    reader->source.init_source = source_nothing;
    reader->source.fill_input_buffer = source_fill;
    reader->source.skip_input_data = source_skip;
    reader->source.resync_to_restart = jpeg_resync_to_restart;
    reader->source.term_source = source_nothing;
}

static void read_header(jpeg_reader *reader)
{
    jpeg_save_markers(&reader->jpeg, JPEG_APP0 + 1, 0xFFFF);
    jpeg_save_markers(&reader->jpeg, JPEG_APP0 + 2, 0xFFFF);
    jpeg_read_header(&reader->jpeg, TRUE);
    reader->status = cc_decoding_set_size(reader->decoding, reader->jpeg.image_width,
                                          reader->jpeg.image_height, reader->error);
}

static void read_exif(jpeg_reader *reader)
{
    const struct jpeg_marker_struct *marker = reader->jpeg.marker_list;

    for (; marker != NULL; marker = marker->next) {
        if (marker->marker == JPEG_APP0 + 1 && marker->data_length > 6 &&
            memcmp(marker->data, "Exif", 5) == 0) {
            reader->decoding->exif = cc_exif_read(marker->data, marker->data_length);
            return;
        }
    }
}

/* Only 1/2, 1/4 and 1/8 have vector code in libjpeg-turbo; other eighths are
 * slower than the whole picture. */
static int choose_scale(int long_side, int minimum_long_side)
{
    int eighths = 8;

    if (minimum_long_side <= 0) {
        return 8;
    }
    while (eighths > 1 && ((int64_t)long_side * (eighths / 2) + 7) / 8 >= minimum_long_side) {
        eighths /= 2;
    }
    return eighths;
}

static void start_decoding(jpeg_reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    int long_side =
        (int)(jpeg->image_width > jpeg->image_height ? jpeg->image_width : jpeg->image_height);

    jpeg->scale_denom = 8;
    jpeg->scale_num =
        (unsigned)choose_scale(long_side, reader->decoding->options.minimum_long_side);
    switch (jpeg->jpeg_color_space) {
    case JCS_GRAYSCALE: jpeg->out_color_space = JCS_GRAYSCALE; break;
    case JCS_CMYK:
    case JCS_YCCK:
        jpeg->out_color_space = JCS_CMYK;
        reader->is_cmyk = true;
        break;
    case JCS_YCbCr:
    case JCS_RGB: jpeg->out_color_space = JCS_RGB; break;
    default:
        reader->status = cc_fail(reader->error, CC_UNSUPPORTED,
                                 "a JPEG with %d unnamed colour channels is not supported; "
                                 "convert it to PNG",
                                 jpeg->num_components);
        return;
    }
    jpeg_start_decompress(jpeg);
    reader->several_scans = jpeg_has_multiple_scans(jpeg) != 0;
    reader->status =
        cc_image_create((int)jpeg->output_width, (int)jpeg->output_height, jpeg->output_components,
                        reader->decoding->image, reader->error);
}

static void read_rows(jpeg_reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    bool tolerant = reader->decoding->options.allow_truncated;

    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW rows[8];
        int top = (int)jpeg->output_scanline;
        for (int i = 0; i < 8; i++) {
            int y = top + i < (int)jpeg->output_height ? top + i : (int)jpeg->output_height - 1;
            rows[i] = cc_image_row(reader->decoding->image, y);
        }
        jpeg_read_scanlines(jpeg, rows,
                            jpeg->output_height - jpeg->output_scanline < 8
                                ? jpeg->output_height - jpeg->output_scanline
                                : 8);
        if (reader->ended_early && reader->missing_pixels && !tolerant) {
            return; /* no use in going on: judge_completeness refuses */
        }
    }
    jpeg_finish_decompress(jpeg);
}

/* A missing end marker alone costs no pixels. In a file of several scans the
 * later ones may be missing without any other sign. */
static void judge_completeness(jpeg_reader *reader)
{
    bool truncated = reader->ended_early && (reader->missing_pixels || reader->several_scans);

    if (truncated && !reader->decoding->options.allow_truncated) {
        reader->status = cc_fail_truncated(reader->error, "JPEG");
    } else if (truncated) {
        cc_decoding_note(reader->decoding, "the file ends early: part of the picture is missing");
    } else if (reader->missing_pixels || reader->damaged) {
        cc_decoding_note(reader->decoding,
                         "the JPEG data is damaged: part of the picture may be wrong");
    }
}

static void read_metadata(jpeg_reader *reader)
{
    struct jpeg_decompress_struct *jpeg = &reader->jpeg;
    JOCTET *profile = NULL;
    unsigned size = 0;

    if (jpeg->saw_JFIF_marker && jpeg->X_density > 1 && jpeg->density_unit != 0) {
        reader->decoding->image->metadata.dots_per_inch =
            jpeg->density_unit == 2 ? jpeg->X_density * 2.54 : jpeg->X_density;
    }
    if (jpeg_read_icc_profile(jpeg, &profile, &size)) {
        reader->status = cc_decoding_set_profile(reader->decoding, profile, size, reader->is_cmyk,
                                                 reader->error);
        free(profile); /* libjpeg's malloc */
    }
}

/* ---- CMYK ---- */

/* Programs of Adobe write the complement of the ink, and say so by their
 * marker; without it the values are ink. */
static void invert_rows(cc_image *image)
{
    for (int y = 0; y < image->height; y++) {
        uint8_t *row = cc_image_row(image, y);
        for (size_t i = 0; i < (size_t)image->width * 4; i++) {
            row[i] = (uint8_t)(255 - row[i]);
        }
    }
}

static void convert_cmyk(jpeg_reader *reader)
{
    cc_image *image = reader->decoding->image;
    cc_image rgb;

    if (!reader->is_cmyk) {
        return;
    }
    if (reader->jpeg.saw_Adobe_marker) {
        invert_rows(image);
    }
    reader->status = cc_image_from_cmyk(image, &rgb, reader->error);
    if (reader->status == CC_OK) {
        cc_image_free(image);
        *image = rgb;
    }
}

/* ---- the whole ---- */

static cc_status decode_picture(jpeg_reader *reader)
{
    static void (*const steps[])(jpeg_reader *) = {start_decoding, read_metadata, read_rows,
                                                   judge_completeness, convert_cmyk};

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (!guarded(reader, steps[i])) {
            return reader->status;
        }
    }
    return CC_OK;
}

cc_status cc_jpeg_decode(cc_decoding *decoding, cc_error *error)
{
    jpeg_reader reader;
    cc_status status;

    memset(&reader, 0, sizeof reader);
    reader.decoding = decoding;
    reader.error = error;
    reader.jpeg.err = jpeg_std_error(&reader.errors);
    reader.jpeg.client_data = &reader;
    reader.errors.error_exit = on_error;
    reader.errors.emit_message = on_message;
    reader.errors.output_message = ignore_output;
    if (guarded(&reader, open_reader) && guarded(&reader, read_header)) {
        read_exif(&reader);
        status = decoding->header_only ? CC_OK : decode_picture(&reader);
    } else {
        status = reader.status;
    }
    jpeg_destroy_decompress(&reader.jpeg);
    return status;
}

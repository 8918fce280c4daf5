#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include "image/codec/format.h"
#include "image/profile.h"

#define DEFAULT_QUALITY 92
#define MAX_SIDE 65500 /* JPEG_MAX_DIMENSION of libjpeg */
#define OUTPUT_CHUNK 65536

typedef struct jpeg_writer {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    jmp_buf escape;
    const cc_image *image;
    const cc_encode_options *options;
    cc_buffer *bytes;
    cc_error *error;
    cc_status status;
    JOCTET chunk[OUTPUT_CHUNK];
} jpeg_writer;

static void on_error(j_common_ptr jpeg)
{
    jpeg_writer *writer = (jpeg_writer *)jpeg->client_data;
    char text[JMSG_LENGTH_MAX];

    jpeg->err->format_message(jpeg, text);
    writer->status =
        cc_fail(writer->error, CC_INTERNAL, "cannot write JPEG (%s); choose PNG", text);
    longjmp(writer->escape, 1);
}

static void ignore_output(j_common_ptr jpeg)
{
    (void)jpeg;
}

/* ---- where the bytes go ---- */

static void flush_chunk(jpeg_writer *writer, size_t size)
{
    writer->status = cc_buffer_append(writer->bytes, writer->chunk, size, 0, writer->error);
    if (writer->status != CC_OK) {
        longjmp(writer->escape, 1);
    }
    writer->destination.next_output_byte = writer->chunk;
    writer->destination.free_in_buffer = OUTPUT_CHUNK;
}

static void destination_open(j_compress_ptr jpeg)
{
    jpeg_writer *writer = (jpeg_writer *)jpeg->client_data;

    writer->destination.next_output_byte = writer->chunk;
    writer->destination.free_in_buffer = OUTPUT_CHUNK;
}

static boolean destination_full(j_compress_ptr jpeg)
{
    flush_chunk((jpeg_writer *)jpeg->client_data, OUTPUT_CHUNK);
    return TRUE;
}

static void destination_close(j_compress_ptr jpeg)
{
    jpeg_writer *writer = (jpeg_writer *)jpeg->client_data;

    flush_chunk(writer, OUTPUT_CHUNK - writer->destination.free_in_buffer);
}

/* ---- the picture ---- */

static void describe_picture(jpeg_writer *writer)
{
    struct jpeg_compress_struct *jpeg = &writer->jpeg;
    int quality = writer->options->quality > 0 ? writer->options->quality : DEFAULT_QUALITY;

    jpeg->image_width = (JDIMENSION)writer->image->width;
    jpeg->image_height = (JDIMENSION)writer->image->height;
    jpeg->input_components = writer->image->channels;
    jpeg->in_color_space = writer->image->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, quality, TRUE);
    if (quality >= 90 && jpeg->num_components == 3) {
        /* Halved colour resolution shows on red text at high qualities. */
        jpeg->comp_info[0].h_samp_factor = 1;
        jpeg->comp_info[0].v_samp_factor = 1;
    }
    if (writer->options->dots_per_inch >= 1 && writer->options->dots_per_inch <= 65535) {
        jpeg->density_unit = 1;
        jpeg->X_density = (UINT16)(writer->options->dots_per_inch + 0.5);
        jpeg->Y_density = jpeg->X_density;
    }
}

static void write_picture(jpeg_writer *writer)
{
    struct jpeg_compress_struct *jpeg = &writer->jpeg;
    const cc_image_metadata *metadata = &writer->image->metadata;

    jpeg_create_compress(jpeg);
    jpeg->client_data = writer;
    jpeg->dest = &writer->destination;
    writer->destination.init_destination = destination_open;
    writer->destination.empty_output_buffer = destination_full;
    writer->destination.term_destination = destination_close;
    describe_picture(writer);
    jpeg_start_compress(jpeg, TRUE);
    if (!writer->options->drop_profile &&
        cc_profile_fits(metadata->icc_profile, metadata->icc_profile_size,
                        writer->image->channels)) {
        jpeg_write_icc_profile(jpeg, metadata->icc_profile, (unsigned)metadata->icc_profile_size);
    }
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = cc_image_row(writer->image, (int)jpeg->next_scanline);
        jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

static bool guarded(jpeg_writer *writer)
{
    if (setjmp(writer->escape) != 0) {
        return false;
    }
    write_picture(writer);
    return true;
}

cc_status cc_jpeg_encode(const cc_image *image, const cc_encode_options *options, cc_buffer *bytes,
                         cc_error *error)
{
    jpeg_writer writer;

    if (image->width > MAX_SIDE || image->height > MAX_SIDE) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "JPEG cannot hold %d x %d pixels (a side may have %d); choose PNG",
                       image->width, image->height, MAX_SIDE);
    }
    memset(&writer, 0, offsetof(jpeg_writer, chunk));
    writer.image = image;
    writer.options = options;
    writer.bytes = bytes;
    writer.error = error;
    writer.jpeg.err = jpeg_std_error(&writer.errors);
    writer.jpeg.client_data = &writer;
    writer.errors.error_exit = on_error;
    writer.errors.output_message = ignore_output;
    (void)guarded(&writer);
    jpeg_destroy_compress(&writer.jpeg);
    return writer.status;
}

/* What codec.c and the files of the single formats agree on. */
#ifndef CLEARCUT_IMAGE_CODEC_FORMAT_H
#define CLEARCUT_IMAGE_CODEC_FORMAT_H

#include "image/codec/codec.h"
#include "image/codec/exif.h"

/* One decoding on its way. A format fills everything below "result"; codec.c
 * then turns the picture upright, checks the profile and converts to sRGB. */
typedef struct cc_decoding {
    const uint8_t *data;
    size_t size;
    cc_decode_options options; /* max_pixels resolved, never 0 */
    bool header_only;          /* fill all but *image */

    /* result */
    cc_image *image; /* {0} before; {0} again after a failure */
    int width;       /* of the whole picture as stored, before orientation */
    int height;
    cc_exif exif;
    char *note; /* CC_NOTE_SIZE bytes; see cc_decoding_note */
} cc_decoding;

#define CC_NOTE_SIZE sizeof(((cc_decode_info *)0)->note)

/* Read the picture (or, header_only, its header). Thread-safe. On failure
 * *decoding->image may hold a partial picture: the caller frees it. */
cc_status cc_jpeg_decode(cc_decoding *decoding, cc_error *error);
cc_status cc_png_decode(cc_decoding *decoding, cc_error *error);
cc_status cc_webp_decode(cc_decoding *decoding, cc_error *error);
cc_status cc_tiff_decode(cc_decoding *decoding, cc_error *error);
cc_status cc_heif_decode(cc_decoding *decoding, cc_error *error);
cc_status cc_gif_decode(cc_decoding *decoding, cc_error *error);
cc_status cc_bmp_decode(cc_decoding *decoding, cc_error *error);

/* Encode a picture whose channel count the format can hold (JPEG: 1 or 3; others
 * 1 to 4). The profile is written if options->drop_profile is false and it fits
 * the channels. dots_per_inch: 0 = write none. bits: 8, or 16 for PNG and TIFF. Bytes are
 * appended; on failure the caller frees them. */
cc_status cc_jpeg_encode(const cc_image *image, const cc_encode_options *options, cc_buffer *bytes,
                         cc_error *error);
cc_status cc_png_encode(const cc_image *image, const cc_encode_options *options, cc_buffer *bytes,
                        cc_error *error);
cc_status cc_webp_encode(const cc_image *image, const cc_encode_options *options, cc_buffer *bytes,
                         cc_error *error);
cc_status cc_tiff_encode(const cc_image *image, const cc_encode_options *options, cc_buffer *bytes,
                         cc_error *error);

/* Record the stored size after checking it against the limits; every format
 * calls this before it allocates anything that depends on the size. */
cc_status cc_decoding_set_size(cc_decoding *decoding, uint64_t width, uint64_t height,
                               cc_error *error);

/* Say something the user should hear once; the first note stays. */
void cc_decoding_note(cc_decoding *decoding, const char *text);

/* Attach a profile read from the file; an oversized or malformed one, or one
 * for another kind of pixels, is left out with a note. A CMYK picture (4
 * channels that are not RGBA) passes is_cmyk. */
cc_status cc_decoding_set_profile(cc_decoding *decoding, const uint8_t *profile, size_t size,
                                  bool is_cmyk, cc_error *error);

/* The standard answer to a file that ends early. */
cc_status cc_fail_truncated(cc_error *error, const char *name);

/* What the bytes are, by content: a format we read, or the name of another that
 * people often have (static; NULL if not even that is known). */
cc_format cc_format_sniff(const uint8_t *data, size_t size, const char **other);

#endif

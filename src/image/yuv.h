/* Raw video frames to pictures and back: packed RGB, and luma with two colour
 * differences as video stores it.
 *
 * Colour differences that are stored for several pixels are repeated for each of
 * them on the way in and averaged over them on the way out. That is exact there and
 * back (a frame that nothing changed keeps its samples to the rounding), which
 * interpolation is not: a film that is only cut out must not get softer.
 */
#ifndef CLEARCUT_IMAGE_YUV_H
#define CLEARCUT_IMAGE_YUV_H

#include "image/image.h"

typedef enum cc_frame_pixels {
    CC_FRAME_RGB24,  /* red, green, blue */
    CC_FRAME_RGBA,   /* the same and straight alpha */
    CC_FRAME_NV12,   /* a plane Y, then one of Cb, Cr pairs for 2x2 pixels each */
    CC_FRAME_YUV420, /* three planes Y, Cb, Cr; a Cb and a Cr for 2x2 pixels */
    CC_FRAME_YUV422, /* for 2x1 pixels */
    CC_FRAME_YUV444, /* for every pixel */
    CC_FRAME_GREY    /* a plane Y */
} cc_frame_pixels;

/* Which red, green and blue make up Y. */
typedef enum cc_yuv_matrix {
    CC_YUV_BT601, /* Kr 0.299, Kb 0.114: ITU-R BT.601, standard definition */
    CC_YUV_BT709  /* Kr 0.2126, Kb 0.0722: ITU-R BT.709, high definition */
} cc_yuv_matrix;

typedef struct cc_frame_format {
    cc_frame_pixels pixels;
    int width; /* pixels; odd sizes have their last colour difference for fewer pixels */
    int height;
    cc_yuv_matrix matrix; /* of no meaning for RGB */
    bool full_range;      /* Y, Cb, Cr 0..255; else Y 16..235 and Cb, Cr 16..240. No
                             meaning for RGB */
} cc_frame_format;

/* Bytes of one frame, rows packed; 0 for a size that cc_image_check_size refuses and
 * for a layout that does not exist. Any thread. */
size_t cc_frame_bytes(const cc_frame_format *format);

/* What players take for the matrix of a picture that does not say: BT.709 from
 * 1280 pixels of width or more than 576 rows on, else BT.601. */
cc_yuv_matrix cc_yuv_matrix_for_size(int width, int height);

/* A picture from one frame of cc_frame_bytes bytes: 4 channels for RGBA, else 3.
 * *image: the caller frees it; {0} on failure. Errors: CC_INVALID_ARGUMENT,
 * CC_LIMIT, CC_OUT_OF_MEMORY. Any thread. */
cc_status cc_frame_to_image(const cc_frame_format *format, const uint8_t *frame, cc_image *image,
                            cc_error *error);

/* One frame from a picture of the format's size and any channel count; alpha is
 * dropped (composite before) unless the frame is RGBA. frame: cc_frame_bytes bytes of
 * the caller. Errors: CC_INVALID_ARGUMENT (sizes differ), CC_OUT_OF_MEMORY. Any
 * thread. */
cc_status cc_frame_from_image(const cc_frame_format *format, const cc_image *image, uint8_t *frame,
                              cc_error *error);

#endif

/* clearcut: films, that is raw video frames and masks that do not flicker. Part of
 * clearcut.h, which includes it and whose rules hold here; not to be included alone.
 */
#ifndef CLEARCUT_VIDEO_H
#define CLEARCUT_VIDEO_H

#include "clearcut.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- raw video frames -------------------------------------------------------------- */

typedef enum clearcut_pixels {
    CLEARCUT_PIXELS_RGB24 = 0,  /* red, green, blue */
    CLEARCUT_PIXELS_RGBA = 1,   /* with straight alpha */
    CLEARCUT_PIXELS_NV12 = 2,   /* plane Y, then pairs Cb, Cr for 2x2 pixels each */
    CLEARCUT_PIXELS_YUV420 = 3, /* planes Y, Cb, Cr; Cb and Cr for 2x2 pixels */
    CLEARCUT_PIXELS_YUV422 = 4, /* for 2x1 pixels */
    CLEARCUT_PIXELS_YUV444 = 5, /* for every pixel */
    CLEARCUT_PIXELS_GREY = 6    /* plane Y */
} clearcut_pixels;

typedef struct clearcut_frame_format {
    size_t size; /* set by the caller: sizeof(clearcut_frame_format) */
    clearcut_pixels pixels;
    int width; /* pixels; may be odd */
    int height;
    bool bt709;      /* Y, Cb, Cr by ITU-R BT.709, else BT.601 */
    bool full_range; /* Y, Cb, Cr 0..255, else 16..235 and 16..240 */
} clearcut_frame_format;

/* Bytes of a frame, rows packed; 0 for a format that is none. Any thread. */
CLEARCUT_API size_t clearcut_frame_bytes(const clearcut_frame_format *format);

/* A picture from a frame of that many bytes: 4 channels for RGBA, else 3. Errors:
 * INVALID_ARGUMENT, LIMIT, OUT_OF_MEMORY. Any thread. */
CLEARCUT_API clearcut_status clearcut_image_from_frame(const clearcut_frame_format *format,
                                                       const void *frame, clearcut_image **image,
                                                       clearcut_error *error);

/* A frame from a picture of that size; alpha is dropped unless the frame has it.
 * Colour differences are averaged over the pixels that share them (and repeated for
 * them above), so that a frame comes back as it was, to the rounding. Errors:
 * INVALID_ARGUMENT, OUT_OF_MEMORY. Any thread. */
CLEARCUT_API clearcut_status clearcut_image_to_frame(const clearcut_image *image,
                                                     const clearcut_frame_format *format,
                                                     void *frame, clearcut_error *error);

/* ---- masks that hold still -------------------------------------------------------- */

/* Holds the mask of the frame before, for films. */
typedef struct clearcut_steadier clearcut_steadier;

/* strength: 0 (nothing) to 0.99. Each sample m of a new mask is drawn towards the
 * steadied p of the frame before: m + strength * (1 - |m - p| / 255)^2 * (p - m). */
CLEARCUT_API clearcut_status clearcut_steadier_create(double strength, clearcut_steadier **steadier,
                                                      clearcut_error *error);
CLEARCUT_API void clearcut_steadier_free(clearcut_steadier **steadier);

/* Steady the next frame in place: a mask (1 channel), or the alpha of a cut-out with
 * straight colours (4 channels) made from `photo` (NULL for a mask). Frames come in
 * order; one of another size begins anew. Errors: INVALID_ARGUMENT, OUT_OF_MEMORY. */
CLEARCUT_API clearcut_status clearcut_steadier_apply(clearcut_steadier *steadier,
                                                     const clearcut_image *photo,
                                                     clearcut_image *frame, clearcut_error *error);

#ifdef __cplusplus
}
#endif

#endif

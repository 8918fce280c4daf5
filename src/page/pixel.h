/* One pixel as a colour, whatever the picture's channels. */
#ifndef CLEARCUT_PAGE_PIXEL_H
#define CLEARCUT_PAGE_PIXEL_H

#include "image/image.h"

/* The pixel (x, y), which must lie in the picture, as RGB 0..255; transparency over mid
 * grey, as the network sees it. Any thread. */
static inline void cc_pixel_color(const cc_image *image, int x, int y, float color[3])
{
    int channels = image->channels;
    const uint8_t *p = cc_image_row(image, y) + (size_t)x * (size_t)channels;
    int step = channels >= 3 ? 1 : 0;

    if (channels == 3) { /* nearly every photo */
        color[0] = (float)p[0];
        color[1] = (float)p[1];
        color[2] = (float)p[2];
        return;
    }
    float opacity = cc_image_has_alpha(image) ? (float)p[channels - 1] / 255.0F : 1.0F;

    for (int c = 0; c < 3; c++) {
        color[c] = (float)p[c * step] * opacity + 128.0F * (1.0F - opacity);
    }
}

#endif

#include "matte/color_fit.h"

#include "core/cpu.h"
#include "matte/color_fit_kernel.h"

/* Samples of a mask (multiples of 1/255) stay what they are, and the largest sum, that
 * of alpha times a colour, stays exact in a float: below 2^24. */
static float choose_levels(int radius)
{
    int window = (2 * radius + 1) * (2 * radius + 1);
    int multiple = (1 << 24) / (255 * 128 * window);
    return 255.0F * (float)greater(multiple, 1);
}

cc_color_fit cc_color_fit_make(cc_color_guide *guide)
{
    int blocks = (guide->picture.width + COLUMNS - 1) / COLUMNS;
    cc_color_fit fit = {guide, blocks, (size_t)blocks * COLUMNS + 2 * (size_t)MARGIN,
                        choose_levels(guide->radius)};
    return fit;
}

size_t cc_color_fit_scratch(const cc_color_fit *fit)
{
    return PLANES * fit->pitch;
}

void cc_color_fit_strip_portable(const cc_color_fit *fit, int first, int end, float *scratch,
                                 uint8_t *needed)
{
    fit_strip(fit, first, end, scratch, needed);
}

cc_color_fit_strip cc_color_fit_choose(void)
{
#if defined(__x86_64__)
    if (cc_cpu_detect()->level >= CC_CPU_AVX2) {
        return cc_color_fit_strip_avx2;
    }
#endif
    return cc_color_fit_strip_portable;
}

#include "matte/color_fit.h"
#include "matte/color_fit_kernel.h"

void cc_color_fit_strip_avx2(const cc_color_fit *fit, int first, int end, float *scratch,
                             uint8_t *needed)
{
    fit_strip(fit, first, end, scratch, needed);
}

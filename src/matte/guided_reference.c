#include "core/cpu.h"
#include "matte/guided_kernel.h"

void cc_guide_run_reference(const cc_guide_models *models, const uint8_t *pixels, int channels,
                            int first, int end, uint8_t *mask)
{
    int green = channels >= 3 ? 1 : 0;

    for (int x = first; x < end; x++) {
        if ((uint8_t)(mask[x] - 1) < 254) {
            const uint8_t *pixel = pixels + (size_t)x * (size_t)channels;
            const float color[3] = {pixel[0], pixel[green], pixel[2 * green]};
            const cc_color_model *model = models->models + models->along[x].first;
            const cc_color_model *step = models->steps + models->along[x].first;
            float value = cc_color_model_apply(model, color) +
                          models->along[x].share * cc_color_model_apply(step, color) + 0.5F;
            mask[x] = value <= 0.0F ? 0 : value >= 255.0F ? 255 : (uint8_t)value;
        }
    }
}

cc_guide_run cc_guide_run_choose(int channels)
{
#if defined(__x86_64__)
    if (channels >= 3 && cc_cpu_detect()->level >= CC_CPU_AVX2) {
        return cc_guide_run_avx2;
    }
#else
    (void)channels;
#endif
    return cc_guide_run_reference;
}

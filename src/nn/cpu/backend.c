#include "nn/cpu/backend.h"

#include "nn/cpu/families.h"
#include "nn/cpu/kernels.h"

/* Asked in this order. To add a family, add its file and a line. */
static const cc_family *const families[] = {
    &cc_cpu_convolution, &cc_cpu_concat, &cc_cpu_resize, &cc_cpu_pooling, &cc_cpu_elementwise,
};

const cc_family *cc_cpu_find_family(cc_placement *placement)
{
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (families[i]->supports(placement)) {
            return families[i];
        }
    }
    return NULL;
}

const cc_family *cc_cpu_layout_family(void)
{
    return &cc_cpu_layout;
}

const cc_family *cc_cpu_concat_family(void)
{
    return &cc_cpu_concat;
}

const char *cc_cpu_kernels_name(void)
{
    const cc_kernels *kernels = cc_kernels_best();
    return kernels->split.tile != NULL ? "avx512+amx" : cc_cpu_level_name(kernels->level);
}

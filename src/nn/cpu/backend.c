#include "nn/cpu/backend.h"

#include "nn/cpu/families.h"
#include "nn/cpu/kernels.h"

/* Asked in this order. To add a family, add its file and a line. */
static const cc_family *const families[] = {
    &cc_cpu_convolution, &cc_cpu_transposed, &cc_cpu_concat,
    &cc_cpu_resize,      &cc_cpu_pooling,    &cc_cpu_elementwise,
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

bool cc_cpu_has_precision(cc_precision precision)
{
    const cc_matrix_kernels *kernels = cc_kernels_best()->matrix;

    return (precision == CC_PRECISION_BF16 && kernels[CC_MATRIX_BF16].tile != NULL) ||
           (precision == CC_PRECISION_INT8 && kernels[CC_MATRIX_INT8].tile != NULL);
}

const char *cc_cpu_kernels_name(void)
{
    const cc_kernels *kernels = cc_kernels_best();
    return kernels->matrix[CC_MATRIX_SPLIT].tile != NULL ? "avx512+amx"
                                                         : cc_cpu_level_name(kernels->level);
}

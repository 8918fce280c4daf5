#include "nn/cpu/x86/vector_sse4.h"

#include "nn/cpu/pooling_body.h"

void cc_pooling_sse4(cc_pooling_kernels *kernels)
{
    *kernels = (cc_pooling_kernels){
        .maximum = run_maximum, .sum = run_sum, .maximum_2x2 = run_maximum_2x2, .scale = run_scale};
}

#include "nn/cpu/x86/vector_avx2.h"

#include "nn/cpu/winograd_body.h"

void cc_winograd_avx2(cc_winograd_kernels *kernels)
{
    *kernels = (cc_winograd_kernels){.input = {run_input_4, run_input_6},
                                     .weights = {run_weights_4, run_weights_6},
                                     .output = {run_output_4, run_output_6}};
}

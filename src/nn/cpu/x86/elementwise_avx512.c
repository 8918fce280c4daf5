#include "nn/cpu/x86/vector_avx512.h"

#include "nn/cpu/elementwise_body.h"

void cc_elementwise_avx512(cc_elementwise_kernels *kernels)
{
    *kernels = (cc_elementwise_kernels){.activate = run_activate, .binary = run_binary};
}

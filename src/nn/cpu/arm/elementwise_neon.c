#include "nn/cpu/arm/vector_neon.h"

#include "nn/cpu/elementwise_body.h"

void cc_elementwise_neon(cc_elementwise_kernels *kernels)
{
    *kernels = (cc_elementwise_kernels){.activate = run_activate, .binary = run_binary};
}

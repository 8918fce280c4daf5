#include "nn/cpu/x86/vector_sse4.h"

#include "nn/cpu/elementwise_body.h"

void cc_elementwise_sse4(cc_elementwise_kernels *kernels)
{
    *kernels = (cc_elementwise_kernels){.activate = run_activate, .binary = run_binary};
}

#include "nn/cpu/vector_portable.h"

#include "nn/cpu/elementwise_body.h"

void cc_elementwise_portable(cc_elementwise_kernels *kernels)
{
    *kernels = (cc_elementwise_kernels){.activate = run_activate, .binary = run_binary};
}

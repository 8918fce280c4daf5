#include "nn/cpu/x86/vector_avx512.h"

#include "nn/cpu/lane_body.h"

void cc_lane_avx512(cc_lane_kernels *kernels)
{
    *kernels = (cc_lane_kernels){.one_channel = run_one_channel,
                                 .depthwise = run_depthwise,
                                 .weigh_planes = run_weigh_planes};
}

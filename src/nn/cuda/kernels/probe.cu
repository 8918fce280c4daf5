/* The question of `doctor`: arithmetic that only a device that computes can answer. */
#include "nn/cuda/kernels/device.h"

KERNEL(128) cc_probe(const cc_cuda_probe p)
{
    const uint32_t thread = block_x() * 128 + (uint32_t)thread_index();
    uint64_t value = p.nonce + thread;

    if (thread >= p.threads) {
        return;
    }
    /* cc_cuda_probe_answer of pack.c, which says where the mixing comes from. */
    NO_UNROLL
    for (uint32_t i = 0; i < p.rounds; i++) {
        value += 0x9E3779B97F4A7C15u;
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9u;
        value = (value ^ value >> 27) * 0x94D049BB133111EBu;
        value ^= value >> 31;
    }
    p.answers[thread] = value;
    p.multiprocessor[thread] = multiprocessor();
    p.clock[thread] = clock_nanoseconds();
}

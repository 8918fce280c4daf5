/* Arrays of IEEE half precision to single. */
#ifndef CLEARCUT_NN_HALF_H
#define CLEARCUT_NN_HALF_H

#include <stdint.h>

/* floats[i] = halves[i] for 0 <= i < count, exactly; what is not a number stays so (its
 * bits may change). halves may lie at any address: they are read as they lie in a file.
 * By the best instructions of this processor; any thread. */
void cc_halves_to_floats(const void *halves, int64_t count, float *floats);

/* The reference, and the same with F16C (every processor of CC_CPU_AVX2). */
void cc_halves_to_floats_scalar(const void *halves, int64_t count, float *floats);
void cc_halves_to_floats_avx2(const void *halves, int64_t count, float *floats);

#endif

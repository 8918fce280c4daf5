/* The vector type that kernel bodies (*_body.h) are written in: AVX2 and FMA. */
#ifndef CLEARCUT_NN_CPU_X86_VECTOR_AVX2_H
#define CLEARCUT_NN_CPU_X86_VECTOR_AVX2_H

#include <immintrin.h>
#include <stdint.h>

#define VECTOR_LANES 8
#define VECTOR_REGISTERS 16

typedef __m256 vector;
typedef int32_t vector_int __attribute__((vector_size(32)));

static inline vector vector_load(const float *from)
{
    return _mm256_loadu_ps(from);
}

static inline void vector_store(float *to, vector value)
{
    _mm256_storeu_ps(to, value);
}

static inline vector vector_all(float value)
{
    return _mm256_set1_ps(value);
}

/* a * b + c, rounded once */
static inline vector vector_multiply_add(vector a, vector b, vector c)
{
    return _mm256_fmadd_ps(a, b, c);
}

/* The second operand where either is not a number, as the instruction has it. */
static inline vector vector_max(vector a, vector b)
{
    return _mm256_max_ps(a, b);
}

static inline vector vector_min(vector a, vector b)
{
    return _mm256_min_ps(a, b);
}

/* Keep the value in a register: gcc 12 otherwise reloads weights from the stack. */
static inline vector vector_pin(vector value)
{
    __asm__("" : "+x"(value));
    return value;
}

#endif

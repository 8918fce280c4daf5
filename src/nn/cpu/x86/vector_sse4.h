/* The vector type that kernel bodies (*_body.h) are written in: SSE4.2. */
#ifndef CLEARCUT_NN_CPU_X86_VECTOR_SSE4_H
#define CLEARCUT_NN_CPU_X86_VECTOR_SSE4_H

#include <immintrin.h>
#include <stdint.h>

#define VECTOR_LANES 4
#define VECTOR_REGISTERS 16

typedef __m128 vector;
typedef int32_t vector_int __attribute__((vector_size(16)));

static inline vector vector_load(const float *from)
{
    return _mm_loadu_ps(from);
}

static inline void vector_store(float *to, vector value)
{
    _mm_storeu_ps(to, value);
}

static inline vector vector_all(float value)
{
    return _mm_set1_ps(value);
}

/* a * b + c, rounded twice: there is no fused form here */
static inline vector vector_multiply_add(vector a, vector b, vector c)
{
    return _mm_add_ps(_mm_mul_ps(a, b), c);
}

/* The second operand where either is not a number, as the instruction has it. */
static inline vector vector_max(vector a, vector b)
{
    return _mm_max_ps(a, b);
}

static inline vector vector_min(vector a, vector b)
{
    return _mm_min_ps(a, b);
}

/* Keep the value in a register: gcc 12 otherwise reloads weights from the stack. */
static inline vector vector_pin(vector value)
{
    __asm__("" : "+x"(value));
    return value;
}

#endif

/* The vector type that kernel bodies (*_body.h) are written in: NEON of ARM64. */
#ifndef CLEARCUT_NN_CPU_ARM_VECTOR_NEON_H
#define CLEARCUT_NN_CPU_ARM_VECTOR_NEON_H

#include <arm_neon.h>
#include <stdint.h>

#define VECTOR_LANES 4
#define VECTOR_REGISTERS 32

typedef float32x4_t vector;
typedef int32_t vector_int __attribute__((vector_size(16)));

static inline vector vector_load(const float *from)
{
    return vld1q_f32(from);
}

static inline void vector_store(float *to, vector value)
{
    vst1q_f32(to, value);
}

static inline vector vector_all(float value)
{
    return vdupq_n_f32(value);
}

/* a * b + c, rounded once */
static inline vector vector_multiply_add(vector a, vector b, vector c)
{
    return vfmaq_f32(c, a, b);
}

/* Not a number where either is. */
static inline vector vector_max(vector a, vector b)
{
    return vmaxq_f32(a, b);
}

static inline vector vector_min(vector a, vector b)
{
    return vminq_f32(a, b);
}

/* Keep the value in a register. */
static inline vector vector_pin(vector value)
{
    __asm__("" : "+w"(value));
    return value;
}

#endif

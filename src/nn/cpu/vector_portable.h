/* The vector type that kernel bodies (*_body.h) are written in: four floats in
 * plain C with the vector extension of gcc and clang. It compiles for every
 * processor and is what others are compared with in speed. */
#ifndef CLEARCUT_NN_CPU_VECTOR_PORTABLE_H
#define CLEARCUT_NN_CPU_VECTOR_PORTABLE_H

#include <stdint.h>
#include <string.h>

#define VECTOR_LANES 4
#define VECTOR_REGISTERS 16

typedef float vector __attribute__((vector_size(16)));
typedef int32_t vector_int __attribute__((vector_size(16)));

static inline vector vector_load(const float *from)
{
    vector value;
    memcpy(&value, from, sizeof value);
    return value;
}

static inline void vector_store(float *to, vector value)
{
    memcpy(to, &value, sizeof value);
}

static inline vector vector_all(float value)
{
    return (vector){value, value, value, value};
}

/* a * b + c, rounded twice */
static inline vector vector_multiply_add(vector a, vector b, vector c)
{
    return a * b + c;
}

/* The lanes of a where the mask is -1, of b where it is 0. */
static inline vector vector_select(vector_int mask, vector a, vector b)
{
    return (vector)((mask & (vector_int)a) | (~mask & (vector_int)b));
}

/* The second operand where either is not a number, as on x86. */
static inline vector vector_max(vector a, vector b)
{
    return vector_select((vector_int)(a > b), a, b);
}

static inline vector vector_min(vector a, vector b)
{
    return vector_select((vector_int)(a < b), a, b);
}

static inline vector vector_pin(vector value)
{
    return value;
}

#endif

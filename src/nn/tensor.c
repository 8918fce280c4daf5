#include "nn/tensor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    cc_dtype dtype;
    size_t size;
    const char *name;
} dtypes[] = {
    {CC_FLOAT32, 4, "float32"}, {CC_UINT8, 1, "uint8"},     {CC_INT8, 1, "int8"},
    {CC_INT32, 4, "int32"},     {CC_INT64, 8, "int64"},     {CC_BOOL, 1, "bool"},
    {CC_FLOAT16, 2, "float16"}, {CC_FLOAT64, 8, "float64"},
};

size_t cc_dtype_size(cc_dtype dtype)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        if (dtypes[i].dtype == dtype) {
            return dtypes[i].size;
        }
    }
    return 0;
}

const char *cc_dtype_name(cc_dtype dtype)
{
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        if (dtypes[i].dtype == dtype) {
            return dtypes[i].name;
        }
    }
    return "unknown type";
}

int64_t cc_shape_elements(const cc_shape *shape)
{
    int64_t elements = 1;

    for (int i = 0; i < shape->rank; i++) {
        int64_t dim = shape->dims[i];
        if (dim < 0 || dim > CC_MAX_ELEMENTS) {
            return -1;
        }
        elements *= dim; /* both at most 2^31: no overflow */
        if (elements > CC_MAX_ELEMENTS) {
            return -1;
        }
    }
    return elements;
}

bool cc_shape_equal(const cc_shape *a, const cc_shape *b)
{
    if (a->rank != b->rank) {
        return false;
    }
    for (int i = 0; i < a->rank; i++) {
        if (a->dims[i] != b->dims[i]) {
            return false;
        }
    }
    return true;
}

cc_shape cc_shape_make(int rank, const int64_t *dims)
{
    cc_shape shape = {0};

    shape.rank = rank;
    if (rank > 0) {
        memcpy(shape.dims, dims, (size_t)rank * sizeof dims[0]);
    }
    return shape;
}

const char *cc_shape_text(const cc_shape *shape, char *text, size_t size)
{
    size_t used = 0;

    snprintf(text, size, "%s", shape->rank == 0 ? "scalar" : "");
    for (int i = 0; i < shape->rank && used < size; i++) {
        int wrote =
            snprintf(text + used, size - used, i > 0 ? "x%" PRId64 : "%" PRId64, shape->dims[i]);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    return text;
}

float cc_half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = half >> 10 & 0x1fu;
    uint32_t fraction = half & 0x3ffu;
    uint32_t bits;
    float value;

    if (exponent == 0x1fu) { /* infinity, not a number */
        bits = sign | 0x7f800000u | fraction << 13;
    } else if (exponent != 0) {
        bits = sign | (exponent + 112u) << 23 | fraction << 13;
    } else { /* zero and subnormals: the fraction counts 2^-24 */
        value = (float)fraction * 0x1p-24f;
        memcpy(&bits, &value, sizeof bits);
        bits |= sign;
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

uint16_t cc_float_to_half(float value)
{
    uint32_t bits;
    uint32_t sign;
    uint32_t rest;

    memcpy(&bits, &value, sizeof bits);
    sign = bits >> 16 & 0x8000u;
    bits &= 0x7fffffffu;
    if (bits > 0x7f800000u) {
        return (uint16_t)(sign | 0x7e00u);
    }
    if (bits >= 0x477ff000u) { /* 65520 and above round to infinity */
        return (uint16_t)(sign | 0x7c00u);
    }
    if (bits < 0x38800000u) { /* below 2^-14: subnormal; the addition rounds */
        float magic;
        uint32_t magic_bits;
        memcpy(&magic, &bits, sizeof magic);
        magic += 0.5f; /* 2^-24 is the last place of a float at 0.5 */
        memcpy(&magic_bits, &magic, sizeof magic_bits);
        return (uint16_t)(sign | (magic_bits - 0x3f000000u));
    }
    rest = bits - 0x38000000u;
    rest += 0xfffu + (rest >> 13 & 1u);
    return (uint16_t)(sign | rest >> 13);
}

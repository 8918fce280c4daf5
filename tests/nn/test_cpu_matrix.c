/* Every kernel of short numbers that this machine has, against plain C: vectors and
 * the matrix unit, all formats, one and two output blocks, steps in one call and in
 * several, extreme values, guard bytes. */
#include "cpu_fixture.h"

#include "nn/cpu/matrix_kernels.h"

#define MOST_STEPS 7
#define GUARD_BYTES 64
#define GUARD_BYTE 0xa7

static const char *const format_names[] = {"split", "bf16", "int8"};

typedef struct variant {
    const char *name;
    cc_matrix_kernels kernels[CC_MATRIX_FORMATS];
} variant;

/* The vector units' kernels alone, and with the matrix unit over them. */
static int list_variants(variant *variants)
{
    int count = 0;

#if defined(__x86_64__)
    variants[count] = (variant){.name = "vectors"};
    cc_matrix_avx512bf16(variants[count].kernels);
    cc_matrix_avx512vnni(variants[count].kernels);
    variants[count + 1] = variants[count];
    variants[++count].name = "matrix unit";
    cc_matrix_avx512amx(variants[count++].kernels);
#else
    (void)variants;
#endif
    return count;
}

/* ---- bytes with guards ---- */

typedef struct bytes {
    uint8_t *memory;
    uint8_t *data;
    size_t size;
} bytes;

static bytes make_bytes(size_t size)
{
    size_t whole = (size + 63) / 64 * 64 + 2 * GUARD_BYTES;
    bytes b = {.memory = aligned_alloc(64, whole), .size = size};

    assert_non_null(b.memory);
    memset(b.memory, GUARD_BYTE, whole);
    b.data = b.memory + GUARD_BYTES;
    return b;
}

static void check_guards(const bytes *b, const char *what)
{
    for (size_t i = 0; i < GUARD_BYTES; i++) {
        if (b->memory[i] != GUARD_BYTE || b->data[b->size + i] != GUARD_BYTE) {
            fail_msg("%s wrote outside its result", what);
        }
    }
}

static void free_bytes(bytes *b)
{
    free(b->memory);
}

/* bfloat16 numbers of about 1, or any bytes. */
static void fill_numbers(uint8_t *to, size_t size, cc_matrix_format format, uint32_t *seed)
{
    for (size_t i = 0; i < size; i += 2) {
        uint16_t number = (uint16_t)cpu_random(seed);
        if (format != CC_MATRIX_INT8) {
            number = (uint16_t)((number & 0x80ff) | 0x3f00);
        }
        memcpy(to + i, &number, sizeof number);
    }
}

/* ---- tiles ---- */

typedef struct tile_case {
    cc_matrix_tile tile;
    ptrdiff_t steps[MOST_STEPS];
    bytes pixels;
    bytes weights;
} tile_case;

static void make_tile_case(tile_case *c, cc_matrix_format format, int blocks, int steps,
                           uint32_t *seed)
{
    ptrdiff_t stride = 16 << cpu_random(seed) % 4;
    size_t part = (size_t)(stride * CC_MATRIX_PIXELS + MOST_STEPS * 64 + CC_MATRIX_ROW);
    int parts = format == CC_MATRIX_SPLIT ? 2 : 1;

    c->pixels = make_bytes(part * (size_t)parts);
    c->weights = make_bytes((size_t)(steps * parts * blocks) * CC_MATRIX_TILE);
    fill_numbers(c->pixels.data, c->pixels.size, format, seed);
    fill_numbers(c->weights.data, c->weights.size, format, seed);
    for (int i = 0; i < steps; i++) {
        c->steps[i] = (ptrdiff_t)(cpu_random(seed) % (MOST_STEPS * 4)) * 16;
    }
    c->tile = (cc_matrix_tile){.pixels = c->pixels.data,
                               .low_distance = (ptrdiff_t)part,
                               .pixel_stride = stride,
                               .steps = c->steps,
                               .step_count = steps,
                               .weights = c->weights.data,
                               .ends = true};
}

/* All steps, the first `split_at` in a call of their own. */
static bytes run_tile(const cc_matrix_kernels *kernels, const tile_case *c, cc_matrix_format format,
                      int blocks, int split_at)
{
    bytes sums = make_bytes(2 * CC_MATRIX_SUMS);
    cc_matrix_tile tile = c->tile;
    int parts = format == CC_MATRIX_SPLIT ? 2 : 1;

    kernels->begin();
    if (split_at > 0) {
        tile.step_count = split_at;
        tile.ends = false;
        kernels->tile(&tile, blocks, sums.data);
        tile.steps += split_at;
        tile.step_count = c->tile.step_count - split_at;
        tile.weights += (ptrdiff_t)split_at * parts * blocks * CC_MATRIX_TILE;
        tile.steps_before = split_at;
        tile.goes_on = true;
        tile.ends = true;
    }
    kernels->tile(&tile, blocks, sums.data);
    kernels->end();
    check_guards(&sums, "a tile");
    return sums;
}

static void compare_sums(const variant *v, cc_matrix_format format, int blocks, const bytes *got,
                         const bytes *expected)
{
    for (int i = 0; i < blocks * CC_MATRIX_SUMS / 4; i++) {
        int32_t a;
        int32_t b;
        float x;
        float y;
        memcpy(&a, got->data + (ptrdiff_t)4 * i, sizeof a);
        memcpy(&b, expected->data + (ptrdiff_t)4 * i, sizeof b);
        memcpy(&x, &a, sizeof x);
        memcpy(&y, &b, sizeof y);
        bool same = format == CC_MATRIX_INT8 ? a == b : fabsf(x - y) <= 2e-4F;
        if (!same) {
            fail_msg("%s, %s, %d blocks: sum %d is %d (%g), not %d (%g)", v->name,
                     format_names[format], blocks, i, a, (double)x, b, (double)y);
        }
    }
}

static void check_tile(const variant *v, const cc_matrix_kernels *plain, cc_matrix_format format,
                       int blocks, int steps, uint32_t *seed)
{
    tile_case c;

    make_tile_case(&c, format, blocks, steps, seed);
    bytes expected = run_tile(plain, &c, format, blocks, 0);
    bytes whole = run_tile(&v->kernels[format], &c, format, blocks, 0);
    compare_sums(v, format, blocks, &whole, &expected);
    for (int split_at = 1; split_at < steps; split_at++) {
        bytes parted = run_tile(&v->kernels[format], &c, format, blocks, split_at);
        assert_memory_equal(parted.data, whole.data, (size_t)blocks * CC_MATRIX_SUMS);
        free_bytes(&parted);
    }
    free_bytes(&expected);
    free_bytes(&whole);
    free_bytes(&c.pixels);
    free_bytes(&c.weights);
}

static void test_tiles(void **state)
{
    variant variants[4];
    cc_matrix_kernels plain[CC_MATRIX_FORMATS];
    int count = list_variants(variants);
    uint32_t seed = 3;

    (void)state;
    cc_matrix_portable(plain);
    for (int i = 0; i < count * CC_MATRIX_FORMATS; i++) {
        const variant *v = &variants[i / CC_MATRIX_FORMATS];
        cc_matrix_format format = (cc_matrix_format)(i % CC_MATRIX_FORMATS);
        for (int steps = 1; steps <= MOST_STEPS && v->kernels[format].tile != NULL; steps++) {
            check_tile(v, &plain[format], format, 1, steps, &seed);
            check_tile(v, &plain[format], format, 2, steps, &seed);
        }
    }
}

/* ---- packing ---- */

/* Numbers of every kind; bytes also see not-a-number. */
static float odd_number(uint32_t *seed, cc_matrix_format format)
{
    static const float odd[] = {0, -0.0F, 1e30F, -1e30F, 1e-30F, 65504, 0.5F / 37, 3e38F, -3e38F};
    uint32_t choice = cpu_random(seed) % 64;

    if (choice < sizeof odd / sizeof *odd) {
        return odd[choice];
    }
    if (format == CC_MATRIX_INT8 && choice == 60) {
        return INFINITY;
    }
    return cpu_noise(seed) * (choice < 40 ? 1 : 100);
}

static void check_row(const variant *v, const cc_matrix_kernels *plain, cc_matrix_format format,
                      bool planes, int blocks, int slots, int pixels, uint32_t *seed)
{
    const cc_matrix_kernels *kernels = &v->kernels[format];
    size_t distance = (size_t)(pixels + 3) * CC_BLOCK;
    size_t numbers = (size_t)pixels * (planes ? CC_MATRIX_PLANES : (size_t)slots * CC_BLOCK);
    size_t size = numbers * (format == CC_MATRIX_INT8 ? 1 : 2);
    bytes got = make_bytes(size * 2);
    bytes expected = make_bytes(size * 2);
    float *from = malloc(distance * 4 * sizeof *from);
    cc_matrix_row row = {.from = from,
                         .block_stride = (ptrdiff_t)distance,
                         .blocks = blocks,
                         .slots = slots,
                         .low_distance = (ptrdiff_t)size,
                         .pixels = pixels,
                         .scale = 37,
                         .zero = 91};

    assert_non_null(from);
    for (size_t i = 0; i < distance * 4; i++) {
        from[i] = odd_number(seed, format);
    }
    row.to = got.data;
    (planes ? kernels->pack_planes : kernels->pack_pixels)(&row);
    row.to = expected.data;
    (planes ? plain->pack_planes : plain->pack_pixels)(&row);
    check_guards(&got, "packing");
    if (blocks == slots || format != CC_MATRIX_INT8) {
        assert_memory_equal(got.data, expected.data, size);
    }
    if (format == CC_MATRIX_SPLIT) {
        assert_memory_equal(got.data + size, expected.data + size, size);
    }
    free(from);
    free_bytes(&got);
    free_bytes(&expected);
}

static void test_packing_pixels(void **state)
{
    variant variants[4];
    cc_matrix_kernels plain[CC_MATRIX_FORMATS];
    int count = list_variants(variants);
    uint32_t seed = 8;

    (void)state;
    cc_matrix_portable(plain);
    for (int i = 0; i < count * CC_MATRIX_FORMATS; i++) {
        const variant *v = &variants[i / CC_MATRIX_FORMATS];
        cc_matrix_format format = (cc_matrix_format)(i % CC_MATRIX_FORMATS);
        if (v->kernels[format].pack_pixels == NULL) {
            continue;
        }
        for (int pixels = 1; pixels < 20; pixels++) {
            for (int slots = 1; slots <= (format == CC_MATRIX_INT8 ? 4 : 2); slots *= 2) {
                for (int blocks = 1; blocks <= slots; blocks++) {
                    check_row(v, &plain[format], format, false, blocks, slots, pixels, &seed);
                }
            }
            for (int planes = 1; planes <= 4 && format == CC_MATRIX_SPLIT; planes++) {
                check_row(v, &plain[format], format, true, planes, 1, pixels, &seed);
            }
        }
    }
}

static void check_weights(const variant *v, const cc_matrix_kernels *plain, cc_matrix_format format,
                          uint32_t *seed)
{
    int channels = CC_BLOCK;
    int rows = channels / (format == CC_MATRIX_INT8 ? 4 : 2);
    size_t size = (size_t)rows * CC_MATRIX_ROW;
    float from[CC_BLOCK * CC_BLOCK];
    float scales[CC_BLOCK];
    bytes got = make_bytes(size * 2);
    bytes expected = make_bytes(size * 2);
    cc_matrix_weights weights = {
        .from = from, .low_distance = (ptrdiff_t)size, .rows = rows, .scales = scales};

    for (int i = 0; i < CC_BLOCK * CC_BLOCK; i++) {
        from[i] = odd_number(seed, CC_MATRIX_BF16);
        scales[i % CC_BLOCK] = 127 * fabsf(cpu_noise(seed));
    }
    weights.to = got.data;
    v->kernels[format].pack_weights(&weights);
    weights.to = expected.data;
    plain->pack_weights(&weights);
    check_guards(&got, "packing weights");
    assert_memory_equal(got.data, expected.data, size * (format == CC_MATRIX_SPLIT ? 2 : 1));
    free_bytes(&got);
    free_bytes(&expected);
}

static void test_packing_weights(void **state)
{
    variant variants[4];
    cc_matrix_kernels plain[CC_MATRIX_FORMATS];
    int count = list_variants(variants);
    uint32_t seed = 21;

    (void)state;
    cc_matrix_portable(plain);
    for (int i = 0; i < count * CC_MATRIX_FORMATS; i++) {
        const variant *v = &variants[i / CC_MATRIX_FORMATS];
        cc_matrix_format format = (cc_matrix_format)(i % CC_MATRIX_FORMATS);
        for (int run = 0; run < 20 && v->kernels[format].pack_weights != NULL; run++) {
            check_weights(v, &plain[format], format, &seed);
        }
    }
}

/* ---- finishing and ranges ---- */

static void check_finish(const variant *v, const cc_matrix_kernels *plain, cc_matrix_format format,
                         int pixels, int residual, uint32_t *seed)
{
    float sums[20 * CC_BLOCK];
    float bias[CC_BLOCK];
    float scale[CC_BLOCK];
    float other[20 * CC_BLOCK];
    bytes got = make_bytes((size_t)pixels * CC_BLOCK * 4);
    bytes expected = make_bytes((size_t)pixels * CC_BLOCK * 4);
    cc_matrix_finish finish = {.bias = bias,
                               .scale = scale,
                               .low = -0.5F,
                               .high = 0.75F,
                               .residual = residual > 0 ? other : NULL,
                               .residual_first = residual == 2};

    for (int i = 0; i < 20 * CC_BLOCK; i++) {
        int32_t number = (int32_t)(cpu_random(seed) % 2000) - 1000;
        sums[i] = cpu_noise(seed);
        if (format == CC_MATRIX_INT8) {
            memcpy(&sums[i], &number, sizeof number);
        }
        other[i] = cpu_noise(seed);
        bias[i % CC_BLOCK] = cpu_noise(seed);
        scale[i % CC_BLOCK] = 1e-3F * cpu_noise(seed);
    }
    finish.output = (float *)(void *)got.data;
    v->kernels[format].finish(&finish, sums, pixels);
    finish.output = (float *)(void *)expected.data;
    plain->finish(&finish, sums, pixels);
    check_guards(&got, "finishing");
    assert_memory_equal(got.data, expected.data, got.size);
    free_bytes(&got);
    free_bytes(&expected);
}

/* Up to 4 channels into planes that are wider than what is written. */
static void check_finish_planes(const variant *v, const cc_matrix_kernels *plain, int pixels,
                                int planes, int residual, uint32_t *seed)
{
    enum { STRIDE = 40 };
    float sums[CC_MATRIX_PIXELS * CC_BLOCK];
    float bias[CC_BLOCK];
    float other[CC_MATRIX_PLANES * STRIDE];
    float got[CC_MATRIX_PLANES * STRIDE];
    float expected[CC_MATRIX_PLANES * STRIDE];
    cc_matrix_finish finish = {.bias = bias,
                               .low = -0.5F,
                               .high = 0.75F,
                               .residual = residual > 0 ? other : NULL,
                               .residual_first = residual == 2,
                               .planes = planes,
                               .plane_stride = STRIDE,
                               .residual_plane_stride = STRIDE};

    for (int i = 0; i < CC_MATRIX_PIXELS * CC_BLOCK; i++) {
        sums[i] = cpu_noise(seed);
        bias[i % CC_BLOCK] = cpu_noise(seed);
        other[i % (CC_MATRIX_PLANES * STRIDE)] = cpu_noise(seed);
    }
    for (int i = 0; i < CC_MATRIX_PLANES * STRIDE; i++) {
        got[i] = GUARD_VALUE;
        expected[i] = GUARD_VALUE;
    }
    finish.output = got;
    v->kernels[CC_MATRIX_SPLIT].finish_planes(&finish, sums, pixels);
    finish.output = expected;
    plain->finish_planes(&finish, sums, pixels);
    assert_memory_equal(got, expected, sizeof got);
}

static void check_range(const variant *v, const cc_matrix_kernels *plain, uint32_t *seed)
{
    float from[11 * CC_BLOCK];

    for (int i = 0; i < 11 * CC_BLOCK; i++) {
        from[i] = cpu_noise(seed);
    }
    for (int lanes = 1; lanes <= CC_BLOCK; lanes++) {
        float got[2] = {0, 0.1F};
        float expected[2] = {0, 0.1F};
        v->kernels[CC_MATRIX_INT8].range(from, 11, lanes, &got[0], &got[1]);
        plain->range(from, 11, lanes, &expected[0], &expected[1]);
        assert_memory_equal(got, expected, sizeof got);
    }
}

static void test_finishing(void **state)
{
    variant variants[4];
    cc_matrix_kernels plain[CC_MATRIX_FORMATS];
    int count = list_variants(variants);
    uint32_t seed = 5;

    (void)state;
    cc_matrix_portable(plain);
    for (int i = 0; i < count * CC_MATRIX_FORMATS; i++) {
        const variant *v = &variants[i / CC_MATRIX_FORMATS];
        cc_matrix_format format = (cc_matrix_format)(i % CC_MATRIX_FORMATS);
        for (int run = 0; run < 30 && v->kernels[format].finish != NULL; run++) {
            check_finish(v, &plain[format], format, 1 + run % 20, run % 3, &seed);
        }
        for (int run = 0; run < 100 && v->kernels[format].finish_planes != NULL; run++) {
            check_finish_planes(v, &plain[format], 1 + run % 32, 1 + run % 4, run % 3, &seed);
        }
        if (v->kernels[format].range != NULL) {
            check_range(v, &plain[format], &seed);
        }
    }
}

/* Without this a machine that lacks everything would pass in silence. */
static void test_variants_are_named(void **state)
{
    variant variants[4];
    int count = list_variants(variants);

    (void)state;
    for (int i = 0; i < count; i++) {
        for (int format = 0; format < CC_MATRIX_FORMATS; format++) {
            const cc_matrix_kernels *kernels = &variants[i].kernels[format];
            print_message("%s, %s: %s\n", variants[i].name, format_names[format],
                          kernels->tile != NULL ? kernels->level : "none, not tested");
            assert_true(kernels->tile == NULL || kernels->pack_pixels != NULL);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_variants_are_named), cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_packing_pixels),     cmocka_unit_test(test_packing_weights),
        cmocka_unit_test(test_finishing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The picture's way in and the mask's way out, against the CPU's own code: the bytes
 * must be the same. And the probe. */
#include "cases.h"

#include "image/resample_kernel.h"
#include "zoo/recipe.h"

/* ---- resampling ---- */

static cc_image random_image(int width, int height, int channels)
{
    cc_image image;
    cc_error error;

    assert_int_equal(cc_image_create(width, height, channels, &image, &error), CC_OK);
    for (size_t i = 0; i < (size_t)height * image.stride; i++) {
        /* Hard edges too: Lanczos overshoots there. */
        image.pixels[i] = random_bits() % 4 == 0 ? 255 * (random_bits() % 2) : random_bits() % 200;
    }
    return image;
}

/* One axis of a resize by the kernel; `from` is ended. The first `channels` of each
 * pixel are kept. Returns the largest sample, as the kernel saw it. */
static uint32_t resample_axis(cc_image *from, int size, bool vertical, int channels,
                              cc_filter filter)
{
    cc_resample_axis axis;
    cc_image to;
    cc_cuda_launch launch;
    cc_error error;
    uint32_t maximum = 0;

    assert_int_equal(
        cc_resample_axis_create(vertical ? from->height : from->width, size, filter, &axis, &error),
        CC_OK);
    assert_int_equal(cc_image_create(vertical ? from->width : size, vertical ? size : from->height,
                                     channels, &to, &error),
                     CC_OK);
    const cc_cuda_resample p = {.source = from->pixels,
                                .output = to.pixels,
                                .first = axis.first,
                                .count = axis.count,
                                .weights = axis.weights,
                                .maximum = &maximum,
                                .source_stride = (int64_t)from->stride,
                                .pixel_bytes = from->channels,
                                .channels = channels,
                                .height = to.height,
                                .width = to.width,
                                .taps = axis.taps,
                                .vertical = vertical};
    assert_launched(cc_cuda_resample_launch(&p, &launch, &error), &error);
    run_kernel(&launch, &p);
    cc_resample_axis_release(&axis);
    cc_image_free(from);
    *from = to;
    return maximum;
}

static void check_resample(int width, int height, int new_width, int new_height, int channels,
                           cc_filter filter)
{
    cc_image image = random_image(width, height, channels == 3 ? 4 : channels);
    cc_image plain = {0}, wanted;
    cc_error error;
    const bool first = cc_resample_height_first(width, height, new_width, new_height);
    uint32_t maximum, largest = 0;

    if (channels == 3) { /* alpha is dropped on the way */
        assert_int_equal(cc_image_create(width, height, 3, &plain, &error), CC_OK);
        for (int i = 0; i < width * height * 3; i++) {
            plain.pixels[i] = image.pixels[i / 3 * 4 + i % 3];
        }
    }
    assert_int_equal(cc_image_resize(channels == 3 ? &plain : &image, new_width, new_height, filter,
                                     NULL, &wanted, &error),
                     CC_OK);
    resample_axis(&image, first ? new_height : new_width, first, channels, filter);
    maximum = resample_axis(&image, first ? new_width : new_height, !first, channels, filter);
    assert_memory_equal(image.pixels, wanted.pixels, (size_t)new_width * new_height * channels);
    for (int i = 0; i < new_width * new_height * channels; i++) {
        largest = wanted.pixels[i] > largest ? wanted.pixels[i] : largest;
    }
    assert_int_equal(maximum, largest);
    cc_image_free(&image);
    cc_image_free(&plain);
    cc_image_free(&wanted);
}

static void test_resample(void **unused)
{
    (void)unused;
    check_resample(61, 47, 20, 16, 3, CC_FILTER_LANCZOS);
    check_resample(30, 90, 16, 20, 3, CC_FILTER_LANCZOS); /* height first */
    check_resample(37, 23, 16, 20, 3, CC_FILTER_BILINEAR);
    check_resample(16, 16, 53, 41, 1, CC_FILTER_LANCZOS); /* a mask to its picture */
    check_resample(7, 5, 9, 1, 1, CC_FILTER_BICUBIC);
    check_resample(300, 2, 3, 300, 1, CC_FILTER_BOX);
}

/* ---- normalisation ---- */

static void check_normalise(const cc_recipe *recipe, bool black)
{
    cc_image image = random_image(recipe->width, recipe->height, 3);
    const size_t plane = (size_t)recipe->width * (size_t)recipe->height;
    float *wanted = malloc(3 * plane * sizeof(float));
    uint32_t maximum = 0;
    cc_cuda_launch launch;
    cc_error error;

    assert_non_null(wanted);
    for (size_t i = 0; i < 3 * plane; i++) {
        image.pixels[i] = black ? 0 : image.pixels[i] % 251;
        maximum = image.pixels[i] > maximum ? image.pixels[i] : maximum;
    }
    assert_int_equal(cc_recipe_prepare(recipe, &image, NULL, wanted, &error), CC_OK);
    for (cc_cuda_storage s = CC_CUDA_F16; s <= CC_CUDA_F32; s++) {
        guarded out = guarded_new(s, 1, recipe->height, recipe->width, 3, 0, 5);
        cc_cuda_normalise p = {.source = image.pixels, .output = out.tensor, .divisor = 255};
        p.maximum = recipe->divisor == CC_DIVIDE_BY_MAXIMUM ? &maximum : NULL;
        memcpy(p.mean, recipe->mean, sizeof p.mean);
        memcpy(p.deviation, recipe->deviation, sizeof p.deviation);
        assert_launched(cc_cuda_normalise_launch(&p, s, &launch, &error), &error);
        run_kernel(&launch, &p);
        FOR_EACH(out.tensor, n, y, x, c)
        {
            float value = wanted[(size_t)c * plane + (size_t)(y * recipe->width + x)];
            value = s == CC_CUDA_F16 ? cc_cuda_half_value(cc_cuda_half(value)) : value;
            assert_true(value_at(&out, n, y, x, c) == value);
        }
        assert_guards(&out);
        guarded_free(&out);
    }
    free(wanted);
    cc_image_free(&image);
}

static void test_normalise(void **unused)
{
    cc_recipe recipe = cc_recipe_guess(320, 320);

    (void)unused;
    recipe.width = 23;
    recipe.height = 17;
    recipe.divisor = CC_DIVIDE_BY_MAXIMUM;
    check_normalise(&recipe, false);
    check_normalise(&recipe, true);
    recipe = cc_recipe_guess(1024, 1024);
    recipe.width = 16;
    recipe.height = 40;
    recipe.divisor = CC_DIVIDE_BY_255;
    check_normalise(&recipe, false);
}

/* ---- masks ---- */

typedef enum map_kind { MAP_RANDOM, MAP_FLAT, MAP_BROKEN, MAP_HOLES } map_kind;

static void fill_map(guarded *map, map_kind kind)
{
    FOR_EACH(map->tensor, n, y, x, c)
    {
        float value = random_float() * (float)(1 + n);
        value = kind == MAP_FLAT                        ? -0.5f
                : kind == MAP_BROKEN                    ? NAN
                : kind == MAP_HOLES && (x + y) % 5 == 0 ? (x % 2 ? INFINITY : NAN)
                                                        : value;
        set_value(map, n, y, x, c, value);
    }
}

static void check_counts(const uint32_t *found, const float *plain, int count, bool sigmoid)
{
    uint32_t finite = 0, sure = 0, likely = 0;

    for (int i = 0; i < count; i++) {
        const float value = sigmoid ? 1.0f / (1.0f + expf(-plain[i])) : plain[i];
        finite += isfinite(value) != 0;
        sure += isfinite(value) && value > 0.9f;
        likely += isfinite(value) && value > 0.1f;
    }
    assert_int_equal(found[CC_CUDA_RANGE_FINITE], finite);
    assert_int_equal(found[CC_CUDA_RANGE_SURE], sure);
    assert_int_equal(found[CC_CUDA_RANGE_LIKELY], likely);
}

/* Bytes may differ by one where the sigmoid does in its last bit. */
static void check_mask(const cc_recipe *recipe, map_kind kind, cc_cuda_storage storage)
{
    const int width = 71, height = 61, batch = 2; /* more than one block has to meet */
    guarded map = guarded_new(storage, batch, height, width, 1, 2, 5);
    uint8_t *mask = malloc((size_t)(batch * height * width));
    float *plain = malloc((size_t)(height * width) * sizeof(float));
    uint32_t range[2 * CC_CUDA_RANGE_WORDS] = {0};
    const bool stretched = recipe->stretch != CC_STRETCH_NONE;
    const bool sigmoid = recipe->stretch == CC_STRETCH_SIGMOID_MINMAX;
    const cc_cuda_activation activation = {sigmoid ? CC_CUDA_SIGMOID : CC_CUDA_NONE, 0, 0};
    cc_cuda_launch launch;
    cc_error error;
    int differ = 0;

    assert_true(mask && plain);
    fill_map(&map, kind);
    const cc_cuda_mask_range r = {map.tensor, range, 0.9f, 0.1f, activation};
    const cc_cuda_mask_stretch s = {map.tensor, stretched ? range : NULL, mask, activation};
    assert_launched(cc_cuda_mask_range_launch(&r, storage, &launch, &error), &error);
    cuda_emulation_seed(2);
    run_kernel(&launch, &r);
    assert_launched(cc_cuda_mask_stretch_launch(&s, storage, &launch, &error), &error);
    run_kernel(&launch, &s);
    cuda_emulation_seed(0);
    for (int n = 0; n < batch; n++) {
        cc_image wanted;
        bool flat;
        float low = INFINITY;
        const uint32_t *found = range + n * CC_CUDA_RANGE_WORDS;
        for (int i = 0; i < height * width; i++) {
            plain[i] = value_at(&map, n, i / width, i % width, 0);
            low = isfinite(plain[i]) && plain[i] < low ? plain[i] : low;
        }
        if (!sigmoid && kind != MAP_BROKEN) {
            assert_true(cc_cuda_range_value(found[CC_CUDA_RANGE_LOW], CC_CUDA_RANGE_LOW) == low);
        }
        assert_int_equal(
            isnan(cc_cuda_range_value(found[CC_CUDA_RANGE_HIGH], CC_CUDA_RANGE_HIGH)) != 0,
            kind == MAP_BROKEN);
        check_counts(found, plain, height * width, sigmoid);
        assert_int_equal(cc_recipe_mask(recipe, plain, width, height, &wanted, &flat, &error),
                         CC_OK);
        for (int i = 0; i < height * width; i++) {
            const int difference = mask[n * height * width + i] - wanted.pixels[i];
            differ += difference != 0;
            assert_in_range(difference + 1, 0, sigmoid ? 2 : 1);
        }
        assert_true(flat == (stretched && (kind == MAP_FLAT || kind == MAP_BROKEN)) ||
                    kind == MAP_BROKEN);
        cc_image_free(&wanted);
    }
    assert_true(differ <= (sigmoid ? batch * height * width / 50 : 0));
    free(mask);
    free(plain);
    guarded_free(&map);
}

static void test_mask(void **unused)
{
    cc_recipe recipe = cc_recipe_guess(320, 320);
    static const cc_stretch stretches[] = {CC_STRETCH_MINMAX, CC_STRETCH_MINMAX_CLIP,
                                           CC_STRETCH_SIGMOID_MINMAX, CC_STRETCH_NONE};

    (void)unused;
    for (size_t i = 0; i < sizeof stretches / sizeof *stretches; i++) {
        recipe.stretch = stretches[i];
        for (map_kind kind = MAP_RANDOM; kind <= MAP_HOLES; kind++) {
            check_mask(&recipe, kind, CC_CUDA_F32);
            check_mask(&recipe, kind, CC_CUDA_F16);
        }
    }
}

/* ---- classes ---- */

static void test_classes(void **unused)
{
    const int width = 23, height = 13, batch = 2;

    (void)unused;
    for (cc_cuda_storage s = CC_CUDA_F16; s <= CC_CUDA_F32; s++) {
        guarded maps = guarded_new(s, batch, height, width, 4, 1, 6);
        uint8_t *classes = malloc((size_t)(batch * height * width));
        float *planes = malloc((size_t)(4 * height * width) * sizeof(float));
        const cc_cuda_classes p = {maps.tensor, classes};
        cc_cuda_launch launch;
        cc_error error;

        assert_true(classes && planes);
        FOR_EACH(maps.tensor, n, y, x, c)
        {
            /* Few different values, so that equal ones meet; and some that are none. */
            set_value(&maps, n, y, x, c, random_bits() % 9 == 0 ? NAN : (float)(random_bits() % 4));
        }
        assert_launched(cc_cuda_classes_launch(&p, s, &launch, &error), &error);
        run_kernel(&launch, &p);
        for (int n = 0; n < batch; n++) {
            cc_image wanted;
            for (int i = 0; i < 4 * height * width; i++) {
                const int at = i % (height * width);
                planes[i] = value_at(&maps, n, at / width, at % width, i / (height * width));
            }
            assert_int_equal(cc_recipe_classes(planes, 4, width, height, &wanted, &error), CC_OK);
            assert_memory_equal(classes + n * height * width, wanted.pixels,
                                (size_t)(height * width));
            cc_image_free(&wanted);
        }
        free(classes);
        free(planes);
        guarded_free(&maps);
    }
}

/* ---- probe ---- */

static void test_probe(void **unused)
{
    enum { THREADS = 300 };
    uint64_t answers[THREADS], clock[THREADS];
    uint32_t where[THREADS];
    const cc_cuda_probe p = {0x123456789ABCDEFu, answers, where, clock, THREADS, 50};
    cc_cuda_launch launch;
    cc_error error;

    (void)unused;
    memset(answers, 0, sizeof answers);
    assert_launched(cc_cuda_probe_launch(&p, &launch, &error), &error);
    run_kernel(&launch, &p);
    for (uint32_t i = 0; i < THREADS; i++) {
        assert_true(answers[i] == cc_cuda_probe_answer(p.nonce, i, p.rounds));
        assert_true(clock[i] >= clock[0]);
    }
    assert_true(answers[0] != answers[1]);
    assert_true(answers[0] != cc_cuda_probe_answer(p.nonce + 1, 0, p.rounds));
    /* SplitMix64 from seed 0 begins with this number (Vigna's reference program). */
    assert_true(cc_cuda_probe_answer(0, 0, 1) == 0xE220A8397B1DCDAFu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resample), cmocka_unit_test(test_normalise),
        cmocka_unit_test(test_mask),     cmocka_unit_test(test_classes),
        cmocka_unit_test(test_probe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

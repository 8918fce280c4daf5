/* How networks are fed, and how their answers become masks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "zoo/models.h"
#include "zoo/recipe.h"

static void assert_near(float value, double expected)
{
    assert_true(fabs((double)value - expected) < 1e-6);
}

static cc_image image_of(int width, int height, int channels, const uint8_t *pixels)
{
    cc_image image = {0};
    cc_error error;

    assert_int_equal(cc_image_create(width, height, channels, &image, &error), CC_OK);
    for (int y = 0; y < height; y++) {
        memcpy(cc_image_row(&image, y), pixels + y * width * channels, (size_t)(width * channels));
    }
    return image;
}

/* Same size in and out, so that only the arithmetic shows: divided by the largest
 * sample (200, not 255), minus mean, over deviation, in planes. */
static void divided_by_the_largest_sample(void **state)
{
    static const uint8_t pixels[] = {200, 100, 0, 50, 20, 10};
    cc_recipe recipe = cc_recipe_guess(2, 1);
    cc_image image = image_of(2, 1, 3, pixels);
    float tensor[6];

    (void)state;
    assert_int_equal(cc_recipe_prepare(&recipe, &image, NULL, tensor, NULL), CC_OK);
    assert_near(tensor[0], (200 / 200.0 - 0.485) / 0.229);
    assert_near(tensor[1], (50 / 200.0 - 0.485) / 0.229);
    assert_near(tensor[2], (100 / 200.0 - 0.456) / 0.224);
    assert_near(tensor[5], (10 / 200.0 - 0.406) / 0.225);
    cc_image_free(&image);
}

/* Alpha is dropped, not composited: hidden colours reach the network. Grey repeats. */
static void channels_become_rgb(void **state)
{
    static const uint8_t rgba[] = {255, 100, 50, 0};
    static const uint8_t grey[] = {80};
    cc_recipe recipe = cc_recipe_guess(1, 1);
    cc_image image = image_of(1, 1, 4, rgba);
    float tensor[3];

    (void)state;
    assert_int_equal(cc_recipe_prepare(&recipe, &image, NULL, tensor, NULL), CC_OK);
    assert_near(tensor[1], (100 / 255.0 - 0.456) / 0.224);
    cc_image_free(&image);
    image = image_of(1, 1, 1, grey);
    assert_int_equal(cc_recipe_prepare(&recipe, &image, NULL, tensor, NULL), CC_OK);
    assert_near(tensor[2], (1 - 0.406) / 0.225);
    cc_image_free(&image);
}

/* A black picture divides by 1e-6, not by zero. */
static void black_picture(void **state)
{
    static const uint8_t pixels[] = {0, 0, 0};
    cc_recipe recipe = cc_recipe_guess(1, 1);
    cc_image image = image_of(1, 1, 3, pixels);
    float tensor[3];

    (void)state;
    assert_int_equal(cc_recipe_prepare(&recipe, &image, NULL, tensor, NULL), CC_OK);
    assert_near(tensor[0], -0.485 / 0.229);
    cc_image_free(&image);
}

static void stretched_and_truncated(void **state)
{
    /* -1 .. 3: 0.999 of the way is 254.7, truncated to 254. */
    static const float map[] = {-1.0f, 3.0f, 1.0f, 2.996f};
    static const uint8_t expected[] = {0, 255, 127, 254};
    cc_recipe recipe = cc_recipe_guess(2, 2);
    cc_image mask = {0};
    bool flat;

    (void)state;
    assert_int_equal(cc_recipe_mask(&recipe, map, 2, 2, &mask, &flat, NULL), CC_OK);
    assert_false(flat);
    assert_memory_equal(cc_image_row(&mask, 0), expected, 2);
    assert_memory_equal(cc_image_row(&mask, 1), expected + 2, 2);
    cc_image_free(&mask);
}

static void sigmoid_comes_first(void **state)
{
    static const float map[] = {-2.0f, 0.0f, 2.0f};
    cc_recipe recipe = cc_recipe_guess(3, 1);
    cc_image mask = {0};
    bool flat;

    (void)state;
    recipe.stretch = CC_STRETCH_SIGMOID_MINMAX;
    assert_int_equal(cc_recipe_mask(&recipe, map, 3, 1, &mask, &flat, NULL), CC_OK);
    assert_int_equal(mask.pixels[0], 0);
    assert_in_range(mask.pixels[1], 127, 128);
    assert_int_equal(mask.pixels[2], 255);
    cc_image_free(&mask);
}

static void probabilities_are_not_stretched(void **state)
{
    static const float map[] = {0.5f, 0.25f, 1.5f, -1.0f};
    static const uint8_t expected[] = {127, 63, 255, 0};
    cc_recipe recipe = cc_recipe_guess(4, 1);
    cc_image mask = {0};
    bool flat;

    (void)state;
    recipe.stretch = CC_STRETCH_NONE;
    assert_int_equal(cc_recipe_mask(&recipe, map, 4, 1, &mask, &flat, NULL), CC_OK);
    assert_memory_equal(mask.pixels, expected, 4);
    cc_image_free(&mask);
}

/* rembg divides zero by zero here. */
static void flat_map_gives_an_empty_mask(void **state)
{
    static const float map[] = {0.7f, 0.7f};
    cc_recipe recipe = cc_recipe_guess(2, 1);
    cc_image mask = {0};
    bool flat = false;

    (void)state;
    assert_int_equal(cc_recipe_mask(&recipe, map, 2, 1, &mask, &flat, NULL), CC_OK);
    assert_true(flat);
    assert_int_equal(mask.pixels[0] + mask.pixels[1], 0);
    cc_image_free(&mask);
}

static void what_is_not_finite_is_background(void **state)
{
    static const float odd[] = {NAN, 0.0f, INFINITY, 1.0f};
    static const float none[] = {NAN, NAN};
    static const uint8_t expected[] = {0, 0, 0, 255};
    cc_recipe recipe = cc_recipe_guess(4, 1);
    cc_image mask = {0};
    bool flat = true;

    (void)state;
    assert_int_equal(cc_recipe_mask(&recipe, odd, 4, 1, &mask, &flat, NULL), CC_OK);
    assert_false(flat);
    assert_memory_equal(mask.pixels, expected, 4);
    cc_image_free(&mask);
    assert_int_equal(cc_recipe_mask(&recipe, none, 2, 1, &mask, &flat, NULL), CC_OK);
    assert_true(flat);
    cc_image_free(&mask);
}

static void guesses(void **state)
{
    char text[200];
    cc_recipe isnet = cc_recipe_guess(1024, 1024);
    cc_recipe u2net = cc_recipe_guess(320, 320);

    (void)state;
    assert_true(isnet.mean[0] == 0.5 && isnet.deviation[2] == 1.0);
    assert_true(u2net.mean[0] == 0.485 && u2net.deviation[2] == 0.225);
    assert_string_equal(cc_recipe_text(&u2net, text, sizeof text),
                        "320x320, ImageNet mean and deviation, min-max");
}

/* The published figures that nothing else would notice to be wrong. */
static void table_of_models(void **state)
{
    const cc_model *anime = cc_model_find("isnet-anime");

    (void)state;
    assert_int_equal(cc_model_count(), 20); /* rembg's 19 and `page` */
    assert_null(cc_model_find("u2"));
    assert_null(cc_model_find(""));
    assert_true(anime->recipe.mean[1] == 0.456 && anime->recipe.deviation[1] == 1.0);
    assert_int_equal(cc_model_find("u2net")->recipe.stretch, CC_STRETCH_MINMAX_CLIP);
    assert_int_equal(cc_model_find("birefnet-cod")->recipe.stretch, CC_STRETCH_SIGMOID_MINMAX);
    assert_int_equal(cc_model_find("bria-rmbg")->recipe.stretch, CC_STRETCH_MINMAX);
    assert_false(cc_model_find("bria-rmbg")->commercial_use);
    for (int i = 0; i < cc_model_count(); i++) {
        const cc_model *model = cc_model_at(i);
        size_t digits = strlen(model->checksum);
        assert_ptr_equal(cc_model_find(model->name), model);
        assert_true(digits == 0 || digits == 4 + 32 || digits == 7 + 64);
        assert_int_equal(model->url[0] != '\0', digits != 0);
        assert_true(model->runnable || model->remark[0] != '\0');
    }
    assert_string_equal(cc_model_nearest("slueta"), "silueta");
    assert_string_equal(cc_model_nearest("u2nett"), "u2net");
    assert_null(cc_model_nearest("zzz"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divided_by_the_largest_sample),
        cmocka_unit_test(channels_become_rgb),
        cmocka_unit_test(black_picture),
        cmocka_unit_test(stretched_and_truncated),
        cmocka_unit_test(sigmoid_comes_first),
        cmocka_unit_test(probabilities_are_not_stretched),
        cmocka_unit_test(flat_map_gives_an_empty_mask),
        cmocka_unit_test(what_is_not_finite_is_background),
        cmocka_unit_test(guesses),
        cmocka_unit_test(table_of_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Networks, sessions and scanners on small files of tests/cli/data and on the
 * embedded model; every allocation of a whole job made to fail in turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clearcut.h"
#include "core/memory.h"

#define DATA CLEARCUT_SOURCE_DIR "/tests/cli/data/"

enum { WIDTH = 48, HEIGHT = 32 };

/* Dark, with a bright square in the middle. */
static clearcut_image *make_photo(void)
{
    clearcut_image *image = NULL;
    uint8_t *pixels;

    assert_int_equal(clearcut_image_create(WIDTH, HEIGHT, 3, NULL, 0, &image, NULL), CLEARCUT_OK);
    pixels = clearcut_image_pixels(image);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            bool inside = x >= 16 && x < 32 && y >= 8 && y < 24;
            memset(pixels + (size_t)y * clearcut_image_stride(image) + 3 * x, inside ? 230 : 30, 3);
        }
    }
    return image;
}

static clearcut_session *open_session(const char *model)
{
    clearcut_session_options options;
    clearcut_session *session = NULL;
    clearcut_error error;

    clearcut_session_options_init(&options);
    options.model = model;
    options.threads = 2;
    if (clearcut_session_create(&options, &session, &error) != CLEARCUT_OK) {
        fail_msg("%s", error.message);
    }
    return session;
}

/* ---- networks ---- */

static void a_network_runs(void **state)
{
    static float input[3 * 32 * 32];
    static float output[32 * 32];
    const void *inputs[1] = {input};
    void *outputs[1] = {output};
    clearcut_network *network = NULL;
    clearcut_tensor_info info;
    clearcut_device device;
    clearcut_bytes plan;
    clearcut_error error;

    (void)state;
    assert_int_equal(clearcut_network_load(DATA "mask.onnx", NULL, &network, &error), CLEARCUT_OK);
    assert_int_equal(clearcut_network_input_count(network), 1);
    assert_int_equal(clearcut_network_output_count(network), 1);
    assert_int_equal(clearcut_network_input(network, 0, &info, &error), CLEARCUT_OK);
    assert_string_equal(info.name, "input");
    assert_string_equal(info.type, "float32");
    assert_int_equal(info.rank, 4);
    assert_int_equal(info.shape[3], 32);
    assert_int_equal(info.bytes, sizeof input);
    assert_int_equal(clearcut_network_output(network, 1, &info, &error), CLEARCUT_INVALID_ARGUMENT);
    for (size_t i = 0; i < sizeof input / sizeof input[0]; i++) {
        input[i] = 1.0f;
    }
    assert_int_equal(clearcut_network_run(network, inputs, outputs, &error), CLEARCUT_OK);
    assert_true(fabs((double)output[17] - 1.0 / (1.0 + exp(-1.5))) < 1e-5);
    clearcut_network_device(network, &device);
    assert_true(device.ops_total >= 1 && device.ops_on_device == device.ops_total);
    assert_int_equal(device.threads, clearcut_available_threads());
    assert_string_equal(device.requested, "auto");
    assert_int_equal(clearcut_network_explain(network, 0, &plan, &error), CLEARCUT_OK);
    assert_non_null(strstr((const char *)plan.data, "Conv"));
    clearcut_bytes_free(&plan);
    clearcut_network_free(&network);
    assert_null(network);
}

static void open_shapes(void **state)
{
    clearcut_network_options options;
    clearcut_network *network = NULL;
    clearcut_tensor_info info;

    (void)state;
    clearcut_network_options_init(&options);
    options.input_rank = 4;
    options.input_shape[0] = 1;
    options.input_shape[1] = 3;
    options.input_shape[2] = 5;
    options.input_shape[3] = 7;
    assert_int_equal(clearcut_network_load(DATA "open.onnx", &options, &network, NULL),
                     CLEARCUT_OK);
    assert_int_equal(clearcut_network_output(network, 0, &info, NULL), CLEARCUT_OK);
    assert_int_equal(info.elements, 3 * 5 * 7);
    clearcut_network_free(&network);
    options.input_shape[2] = 0;
    assert_int_equal(clearcut_network_load(DATA "open.onnx", &options, &network, NULL),
                     CLEARCUT_INVALID_ARGUMENT);
    options.input_rank = 9;
    assert_int_equal(clearcut_network_load(DATA "open.onnx", &options, &network, NULL),
                     CLEARCUT_INVALID_ARGUMENT);
}

static void faulty_networks(void **state)
{
    static const char *const names[] = {"bad-cycle",    "bad-dangling", "bad-operator", "bad-huge",
                                        "bad-negative", "bad-external", "bad-truncated"};
    clearcut_network *network = NULL;
    clearcut_error error;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[400];
        snprintf(path, sizeof path, "%s%s.onnx", DATA, names[i]);
        assert_int_not_equal(clearcut_network_load(path, NULL, &network, &error), CLEARCUT_OK);
        assert_null(network);
        assert_memory_equal(error.message, path, strlen(path));
    }
    assert_int_equal(clearcut_network_load("/no/such.onnx", NULL, &network, &error),
                     CLEARCUT_NOT_FOUND);
}

static void demanded_devices(void **state)
{
    clearcut_network_options options;
    clearcut_network *network = NULL;
    clearcut_device device;

    (void)state;
    clearcut_network_options_init(&options);
    options.device = "cuda";
    assert_int_equal(clearcut_network_load(DATA "mask.onnx", &options, &network, NULL),
                     CLEARCUT_DEVICE);
    assert_null(network);
    options.device = "cpu";
    options.threads = 3;
    assert_int_equal(clearcut_network_load(DATA "mask.onnx", &options, &network, NULL),
                     CLEARCUT_OK);
    clearcut_network_device(network, &device);
    assert_string_equal(device.requested, "cpu");
    assert_string_equal(device.reason, "");
    assert_int_equal(device.threads, 3);
    clearcut_network_free(&network);
    options.threads = -1;
    assert_int_equal(clearcut_network_load(DATA "mask.onnx", &options, &network, NULL),
                     CLEARCUT_INVALID_ARGUMENT);
}

/* ---- sessions ---- */

static void a_mask_follows_the_subject(void **state)
{
    clearcut_session *session = open_session(DATA "mask.onnx");
    clearcut_image *photo = make_photo();
    clearcut_image *mask = NULL;
    clearcut_timing timing = {0};
    const uint8_t *pixels;
    size_t stride;

    (void)state;
    assert_int_equal(clearcut_session_mask(session, photo, &timing, &mask, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_image_width(mask), WIDTH);
    assert_int_equal(clearcut_image_height(mask), HEIGHT);
    assert_int_equal(clearcut_image_channels(mask), 1);
    pixels = clearcut_image_pixels_const(mask);
    stride = clearcut_image_stride(mask);
    assert_true(pixels[16 * stride + 24] > 240);
    assert_true(pixels[2 * stride + 2] < 15);
    assert_true(timing.total >= timing.infer);
    assert_true(timing.preprocess > 0 && timing.postprocess > 0);
    assert_non_null(strstr(clearcut_session_recipe(session), "guessed by the input size"));
    assert_string_equal(clearcut_session_model(session), DATA "mask.onnx");
    clearcut_image_free(&mask);
    clearcut_image_free(&photo);
    clearcut_session_free(&session);
}

static void cut_outs(void **state)
{
    clearcut_session *session = open_session(DATA "mask.onnx");
    clearcut_image *photo = make_photo();
    clearcut_image *cutout = NULL;
    clearcut_cut_options options;
    const uint8_t *pixel;

    (void)state;
    clearcut_cut_options_init(&options);
    assert_int_equal(clearcut_session_cut(session, photo, NULL, &cutout, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_image_channels(cutout), 4);
    pixel = clearcut_image_pixels_const(cutout) + 16 * clearcut_image_stride(cutout) + 4 * 24;
    assert_true(pixel[3] > 240);
    /* What little the mask leaves to the dark ground has been taken out of the colour:
     * 230 = a c + (1 - a) ground, so that c is 230 / a at most. */
    assert_in_range(pixel[0], 230, 230 * 255 / pixel[3] + 1);
    clearcut_image_free(&cutout);
    options.has_background = true;
    memcpy(options.background, (uint8_t[]){0, 0, 255, 255}, 4);
    assert_int_equal(clearcut_session_cut(session, photo, &options, &cutout, NULL), CLEARCUT_OK);
    pixel = clearcut_image_pixels_const(cutout);
    assert_true(pixel[2] > 230 && pixel[0] < 10);
    assert_int_equal(pixel[3], 255);
    clearcut_image_free(&cutout);
    clearcut_image_free(&photo);
    clearcut_session_free(&session);
}

/* rembg's putalpha: the photo's colours untouched, its own alpha replaced by the mask. */
static void the_mask_replaces_alpha(void **state)
{
    clearcut_session *session = open_session(DATA "mask.onnx");
    clearcut_image *photo = NULL;
    clearcut_image *mask = NULL;
    clearcut_image *cutout = NULL;
    clearcut_cut_options options;
    int soft = 0;

    (void)state;
    assert_int_equal(clearcut_image_read(DATA "half.png", NULL, &photo, NULL), CLEARCUT_OK);
    clearcut_cut_options_init(&options);
    options.edges = CLEARCUT_EDGES_PLAIN;
    options.put_alpha = true;
    assert_int_equal(clearcut_session_mask(session, photo, NULL, &mask, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_session_cut(session, photo, &options, &cutout, NULL), CLEARCUT_OK);
    for (int y = 0; y < clearcut_image_height(photo); y++) {
        const uint8_t *from =
            clearcut_image_pixels_const(photo) + (size_t)y * clearcut_image_stride(photo);
        const uint8_t *to =
            clearcut_image_pixels_const(cutout) + (size_t)y * clearcut_image_stride(cutout);
        const uint8_t *alpha =
            clearcut_image_pixels_const(mask) + (size_t)y * clearcut_image_stride(mask);
        for (int x = 0; x < clearcut_image_width(photo); x++, from += 4, to += 4) {
            assert_int_equal(to[3], alpha[x]);
            soft += alpha[x] > 128; /* more than the photo's own half */
            for (int c = 0; c < 3; c++) {
                assert_int_equal(to[c], alpha[x] > 0 ? from[c] : 0);
            }
        }
    }
    assert_true(soft > 100);
    clearcut_image_free(&cutout);
    clearcut_image_free(&mask);
    clearcut_image_free(&photo);
    clearcut_session_free(&session);
}

/* A photo of 16 bits, by way of a file as a user would have it. */
static clearcut_image *make_deep_photo(void)
{
    clearcut_decode_options options;
    clearcut_image *photo = NULL;
    clearcut_error error;

    clearcut_decode_options_init(&options);
    options.keep_16_bits = true;
    assert_int_equal(clearcut_image_read(CLEARCUT_SOURCE_DIR "/tests/cli/data/deep.png", &options,
                                         &photo, &error),
                     CLEARCUT_OK);
    assert_int_equal(clearcut_image_bits(photo), 16);
    return photo;
}

/* Inside, the colours are the file's own 16 bits; everywhere they are within rounding of
 * the result in 8 bits. Returns how many samples of colour are the file's own. */
static int check_deep(const clearcut_image *photo, const clearcut_image *result)
{
    int width = clearcut_image_width(photo);
    int channels = clearcut_image_channels(result);
    int own = 0;
    uint16_t from[96 * 3];
    uint16_t to[96 * 4];

    assert_int_equal(width, 96);
    for (int y = 0; y < clearcut_image_height(photo); y++) {
        const uint8_t *pixel =
            clearcut_image_pixels_const(result) + (size_t)y * clearcut_image_stride(result);
        clearcut_image_row_16(photo, y, from);
        clearcut_image_row_16(result, y, to);
        for (int i = 0; i < width * channels; i++) {
            int channel = i % channels;
            assert_int_equal((to[i] * 255u + 32895u) >> 16, pixel[i]);
            own += channel < 3 && to[i] == from[i / channels * 3 + channel];
            if (channels == 4 && channel < 3 && pixel[i - channel + 3] == 255) {
                assert_int_equal(to[i], from[i / channels * 3 + channel]);
            }
        }
    }
    return own;
}

static void sixteen_bits_are_kept(void **state)
{
    clearcut_session *session = open_session(DATA "mask.onnx");
    clearcut_image *photo = make_deep_photo();
    clearcut_image *cutout = NULL;
    clearcut_image *on_ground = NULL;
    const uint8_t white[4] = {255, 255, 255, 255};
    clearcut_cut_options options;

    (void)state;
    assert_int_equal(clearcut_session_cut(session, photo, NULL, &cutout, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_image_bits(cutout), 16);
    check_deep(photo, cutout);
    clearcut_image_free(&cutout);
    clearcut_cut_options_init(&options);
    options.post_process_mask = true; /* only 0 and 255: a disc of some 1400 pixels */
    assert_int_equal(clearcut_session_cut(session, photo, &options, &cutout, NULL), CLEARCUT_OK);
    assert_true(check_deep(photo, cutout) > 3 * 1000);
    assert_int_equal(clearcut_image_put_on(cutout, NULL, white, &on_ground, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_image_bits(on_ground), 16);
    assert_true(check_deep(photo, on_ground) > 3 * 1000);
    clearcut_image_free(&on_ground);
    clearcut_image_free(&cutout);
    clearcut_image_free(&photo);
    clearcut_session_free(&session);
}

static void remember_note(void *context, const char *message)
{
    snprintf(context, 200, "%s", message);
}

static void count_stage(void *context, clearcut_stage stage)
{
    ((int *)context)[stage]++;
}

static void empty_answers_and_stages_are_told(void **state)
{
    clearcut_session_options options;
    clearcut_session *session = NULL;
    clearcut_image *photo = make_photo();
    clearcut_image *mask = NULL;
    char note[200] = "";
    int stages[4] = {0};

    (void)state;
    clearcut_session_options_init(&options);
    options.model = DATA "flat.onnx";
    options.note = remember_note;
    options.note_context = note;
    options.progress = count_stage;
    options.progress_context = stages;
    assert_int_equal(clearcut_session_create(&options, &session, NULL), CLEARCUT_OK);
    assert_int_equal(clearcut_session_mask(session, photo, NULL, &mask, NULL), CLEARCUT_OK);
    assert_non_null(strstr(note, "no subject"));
    assert_int_equal(clearcut_image_pixels_const(mask)[0], 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(stages[i], 1);
    }
    clearcut_image_free(&mask);
    clearcut_image_free(&photo);
    clearcut_session_free(&session);
}

static void models_that_take_no_pictures(void **state)
{
    clearcut_session_options options;
    clearcut_session *session = NULL;
    clearcut_error error;

    (void)state;
    clearcut_session_options_init(&options);
    options.model = DATA "two-inputs.onnx";
    assert_int_equal(clearcut_session_create(&options, &session, &error), CLEARCUT_MODEL);
    assert_non_null(strstr(error.message, "1x3xHEIGHTxWIDTH"));
    options.model = "no-such-model";
    assert_int_equal(clearcut_session_create(&options, &session, &error),
                     CLEARCUT_INVALID_ARGUMENT);
    options.model = "page";
    options.device = "cuda";
    assert_int_equal(clearcut_session_create(&options, &session, &error), CLEARCUT_DEVICE);
    assert_null(session);
}

static void cancelling(void **state)
{
    clearcut_session_options options;
    clearcut_session *session = NULL;
    clearcut_cancel *cancel = NULL;
    clearcut_image *photo = make_photo();
    clearcut_image *mask = NULL;
    clearcut_error error;

    (void)state;
    assert_int_equal(clearcut_cancel_create(&cancel, NULL), CLEARCUT_OK);
    clearcut_session_options_init(&options);
    options.model = DATA "mask.onnx";
    options.cancel = cancel;
    assert_int_equal(clearcut_session_create(&options, &session, NULL), CLEARCUT_OK);
    clearcut_cancel_request(cancel);
    assert_true(clearcut_cancel_requested(cancel));
    assert_int_equal(clearcut_session_mask(session, photo, NULL, &mask, &error),
                     CLEARCUT_CANCELLED);
    assert_null(mask);
    clearcut_cancel_reset(cancel);
    assert_int_equal(clearcut_session_mask(session, photo, NULL, &mask, NULL), CLEARCUT_OK);
    clearcut_image_free(&mask);
    clearcut_image_free(&photo);
    clearcut_session_free(&session);
    clearcut_cancel_free(&cancel);
}

/* ---- scanners ---- */

static void flattening_given_corners(void **state)
{
    static const clearcut_point inner[4] = {{16, 8}, {32, 8}, {32, 24}, {16, 24}};
    static const clearcut_point crossed[4] = {{16, 8}, {32, 24}, {32, 8}, {16, 24}};
    clearcut_flatten_options options;
    clearcut_image *photo = make_photo();
    clearcut_image *flat = NULL;
    clearcut_error error;

    (void)state;
    clearcut_flatten_options_init(&options);
    options.width = 16;
    options.height = 16;
    assert_int_equal(clearcut_scanner_flatten(NULL, photo, inner, &options, &flat, &error),
                     CLEARCUT_OK);
    assert_int_equal(clearcut_image_width(flat), 16);
    assert_int_equal(clearcut_image_pixels_const(flat)[3 * 8 + 8 * clearcut_image_stride(flat)],
                     230);
    clearcut_image_free(&flat);
    options.height = 0;
    options.aspect = 0.5;
    assert_int_equal(clearcut_scanner_flatten(NULL, photo, inner, &options, &flat, &error),
                     CLEARCUT_OK);
    assert_int_equal(clearcut_image_height(flat), 32);
    clearcut_image_free(&flat);
    assert_int_equal(clearcut_scanner_flatten(NULL, photo, crossed, &options, &flat, &error),
                     CLEARCUT_INVALID_ARGUMENT);
    options.aspect = NAN;
    assert_int_equal(clearcut_scanner_flatten(NULL, photo, inner, &options, &flat, &error),
                     CLEARCUT_INVALID_ARGUMENT);
    options.aspect = 0;
    options.height = 60000;
    options.width = 60000;
    assert_int_equal(clearcut_scanner_flatten(NULL, photo, inner, &options, &flat, &error),
                     CLEARCUT_LIMIT);
    assert_null(flat);
    clearcut_image_free(&photo);
}

/* Every finish on a picture that is no page at all: same size, the channels promised, and
 * the picture itself untouched. */
static void finishing_a_copy(void **state)
{
    static const int channels[] = {3, 3, 1, 1};
    clearcut_image *photo = make_photo();
    clearcut_image *finished = NULL;
    clearcut_error error;
    uint8_t before = clearcut_image_pixels_const(photo)[0];

    (void)state;
    for (int finish = CLEARCUT_FINISH_PHOTO; finish <= CLEARCUT_FINISH_BILEVEL; finish++) {
        assert_int_equal(
            clearcut_scanner_finish(NULL, photo, (clearcut_finish)finish, &finished, &error),
            CLEARCUT_OK);
        assert_int_equal(clearcut_image_width(finished), clearcut_image_width(photo));
        assert_int_equal(clearcut_image_height(finished), clearcut_image_height(photo));
        assert_int_equal(clearcut_image_channels(finished), channels[finish]);
        assert_int_equal(clearcut_image_pixels_const(photo)[0], before);
        clearcut_image_free(&finished);
    }
    assert_int_equal(clearcut_scanner_finish(NULL, photo, (clearcut_finish)9, &finished, &error),
                     CLEARCUT_INVALID_ARGUMENT);
    assert_int_equal(clearcut_scanner_finish(NULL, NULL, CLEARCUT_FINISH_GREY, &finished, &error),
                     CLEARCUT_INVALID_ARGUMENT);
    assert_null(finished);
    assert_int_equal(clearcut_scanner_finish(NULL, photo, CLEARCUT_FINISH_GREY, NULL, &error),
                     CLEARCUT_INVALID_ARGUMENT);
    clearcut_image_free(&photo);
}

/* Nothing is judged here but that an answer is whole; the page room tests quality. */
static void a_scanner_answers(void **state)
{
    clearcut_scanner *scanner = NULL;
    clearcut_image *photo = make_photo();
    clearcut_page page;
    clearcut_device device;
    clearcut_error error;

    (void)state;
    if (clearcut_scanner_create(NULL, &scanner, &error) != CLEARCUT_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(clearcut_scanner_find(scanner, photo, NULL, &page, &error), CLEARCUT_OK);
    assert_true(page.confidence >= 0 && page.confidence <= 1);
    assert_true(page.reason[0] != '\0');
    clearcut_scanner_device(scanner, &device);
    assert_true(device.ops_total > 10);
    clearcut_image_free(&photo);
    clearcut_scanner_free(&scanner);
}

/* ---- memory refused ---- */

/* A session, a cut-out, an encoding; CLEARCUT_OUT_OF_MEMORY anywhere must leave
 * nothing behind (the sanitizer build looks for leaks). */
static clearcut_status whole_job(const clearcut_image *photo, clearcut_error *error)
{
    clearcut_session_options options;
    clearcut_session *session = NULL;
    clearcut_image *cutout = NULL;
    clearcut_bytes bytes = {0};
    clearcut_status status;

    clearcut_session_options_init(&options);
    options.model = DATA "mask.onnx";
    options.threads = 1;
    status = clearcut_session_create(&options, &session, error);
    if (status == CLEARCUT_OK) {
        status = clearcut_session_cut(session, photo, NULL, &cutout, error);
    }
    if (status == CLEARCUT_OK) {
        status = clearcut_image_encode(cutout, NULL, &bytes, error);
    }
    clearcut_bytes_free(&bytes);
    clearcut_image_free(&cutout);
    clearcut_session_free(&session);
    return status;
}

static void every_allocation_refused(void **state)
{
    enum { MOST = 100000 };
    clearcut_image *photo = make_photo();
    clearcut_status status = CLEARCUT_OUT_OF_MEMORY;
    int refused = 0;

    (void)state;
    for (long n = 0; n < MOST && status != CLEARCUT_OK; n++) {
        clearcut_error error;
        cc_memory_fail_after(n);
        status = whole_job(photo, &error);
        cc_memory_fail_after(-1);
        if (status != CLEARCUT_OK) {
            assert_int_equal(status, CLEARCUT_OUT_OF_MEMORY);
            assert_non_null(strstr(error.message, "memory"));
            refused++;
        }
    }
    assert_int_equal(status, CLEARCUT_OK);
    assert_true(refused > 10);
    clearcut_image_free(&photo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_runs),
        cmocka_unit_test(open_shapes),
        cmocka_unit_test(faulty_networks),
        cmocka_unit_test(demanded_devices),
        cmocka_unit_test(a_mask_follows_the_subject),
        cmocka_unit_test(cut_outs),
        cmocka_unit_test(sixteen_bits_are_kept),
        cmocka_unit_test(the_mask_replaces_alpha),
        cmocka_unit_test(empty_answers_and_stages_are_told),
        cmocka_unit_test(models_that_take_no_pictures),
        cmocka_unit_test(cancelling),
        cmocka_unit_test(flattening_given_corners),
        cmocka_unit_test(finishing_a_copy),
        cmocka_unit_test(a_scanner_answers),
        cmocka_unit_test(every_allocation_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

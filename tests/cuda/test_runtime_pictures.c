/* Pictures all the way through the GPU engine: the same masks as by the processor, and
 * nothing but bytes over the bus. The driver is the fake one, which runs the kernels' own
 * sources; nothing here says how fast a GPU is. */
#define _GNU_SOURCE /* mkstemps */
#include "runtime_fixture.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clearcut.h"
#include "core/memory.h"
#include "image/resample_kernel.h"
#include "matte/matte.h"
#include "zoo/recipe.h"

#define DATA CLEARCUT_SOURCE_DIR "/tests/cli/data/"

/* ---- through the library ---- */

static clearcut_image *make_photo(int width, int height, int channels)
{
    clearcut_image *image = NULL;
    uint64_t seed = 3;

    assert_int_equal(clearcut_image_create(width, height, channels, NULL, 0, &image, NULL),
                     CLEARCUT_OK);
    for (int y = 0; y < height; y++) {
        uint8_t *row = clearcut_image_pixels(image) + (size_t)y * clearcut_image_stride(image);
        for (int x = 0; x < width * channels; x++) {
            bool inside = x > width * channels / 3 && y > height / 4 && y < height * 3 / 4;
            row[x] = (uint8_t)((inside ? 190 : 20) + test_random(&seed) % 50);
        }
    }
    return image;
}

typedef struct cut_answer {
    clearcut_image *mask;
    clearcut_subject subject;
    clearcut_device device;
    char notes[512];
} cut_answer;

static void take_note(void *context, const char *text)
{
    cut_answer *made = context;
    size_t used = strlen(made->notes);

    snprintf(made->notes + used, sizeof made->notes - used, "%s\n", text);
}

typedef struct case_of_use {
    const char *model;
    const clearcut_feeding *feeding;
    clearcut_precision precision;
    int width;
    int height;
    int channels;
    bool whole_picture; /* is to be done by the GPU */
    int tolerance;      /* of 255 */
} case_of_use;

static cut_answer cut_on(const char *device, const case_of_use *use)
{
    clearcut_session_options options;
    clearcut_cut_options wanted;
    clearcut_session *session = NULL;
    clearcut_image *photo = make_photo(use->width, use->height, use->channels);
    clearcut_error error;
    cut_answer made = {0};

    clearcut_session_options_init(&options);
    options.model = use->model;
    options.device = device;
    options.threads = 1;
    options.precision = strcmp(device, "cpu") == 0 ? CLEARCUT_PRECISION_FP32 : use->precision;
    options.feeding = use->feeding;
    options.note = take_note;
    options.note_context = &made;
    if (clearcut_session_create(&options, &session, &error) != CLEARCUT_OK) {
        fail_msg("%s", error.message);
    }
    clearcut_cut_options_init(&wanted);
    wanted.only_mask = true;
    wanted.edges = CLEARCUT_EDGES_GUIDED;
    wanted.subject = &made.subject;
    if (clearcut_session_cut(session, photo, &wanted, &made.mask, &error) != CLEARCUT_OK) {
        fail_msg("%s", error.message);
    }
    clearcut_session_device(session, &made.device);
    clearcut_session_free(&session);
    clearcut_image_free(&photo);
    return made;
}

static int worst_byte(clearcut_image *a, clearcut_image *b)
{
    int worst = 0;

    assert_int_equal(clearcut_image_width(a), clearcut_image_width(b));
    assert_int_equal(clearcut_image_height(a), clearcut_image_height(b));
    for (int y = 0; y < clearcut_image_height(a); y++) {
        const uint8_t *left = clearcut_image_pixels(a) + (size_t)y * clearcut_image_stride(a);
        const uint8_t *right = clearcut_image_pixels(b) + (size_t)y * clearcut_image_stride(b);
        int bytes = clearcut_image_width(a) * clearcut_image_channels(a);
        for (int x = 0; x < bytes; x++) {
            int here = abs(left[x] - right[x]);
            worst = here > worst ? here : worst;
        }
    }
    return worst;
}

static cut_answer compare(const char *what, const case_of_use *use)
{
    cut_answer wanted = cut_on("cpu", use);
    cut_answer got = cut_on("cuda", use);
    int worst = worst_byte(got.mask, wanted.mask);

    print_message("%s, %dx%dx%d: %d of 255 apart at most, %llu bytes there, %llu back\n", what,
                  use->width, use->height, use->channels, worst,
                  (unsigned long long)got.device.bytes_to_device,
                  (unsigned long long)got.device.bytes_from_device);
    assert_true(worst <= use->tolerance);
    assert_int_equal(got.device.whole_picture, use->whole_picture);
    assert_false(wanted.device.whole_picture);
    assert_int_equal(got.subject.status, wanted.subject.status);
    assert_true(fabs(got.subject.share - wanted.subject.share) < 1e-2);
    assert_true(fabs(got.subject.confidence - wanted.subject.confidence) < 1e-2);
    clearcut_image_free(&wanted.mask);
    clearcut_image_free(&got.mask);
    assert_nothing_held();
    return got;
}

static void sizes_and_channels(void **state)
{
    static const struct {
        int width, height, channels;
    } pictures[] = {{97, 61, 3}, {40, 131, 4}, {64, 48, 1}, {33, 33, 2}, {32, 32, 3}, {32, 70, 4},
                    {90, 32, 3}, {7, 5, 3},    {1, 1, 3},   {600, 1, 3}, {1, 300, 4}};

    (void)state;
    need_kernels();
    use_fake("");
    for (size_t i = 0; i < sizeof pictures / sizeof pictures[0]; i++) {
        const case_of_use use = {DATA "mask.onnx",
                                 NULL,
                                 CLEARCUT_PRECISION_FP32,
                                 pictures[i].width,
                                 pictures[i].height,
                                 pictures[i].channels,
                                 true,
                                 1};
        compare("mask", &use);
    }
}

/* What travels: the picture, the tables of four passes, the map's numbers, two masks. */
static void bytes_over_the_bus(void **state)
{
    const case_of_use use = {DATA "mask.onnx", NULL, CLEARCUT_PRECISION_FP32, 160, 120, 3, true, 1};
    cut_answer got;

    (void)state;
    need_kernels();
    use_fake("");
    got = compare("bytes", &use);
    /* 160 -> 32: 3 x 5 x 2 + 1 = 31 taps, in eights 32; 120 -> 32: as many; back 8 each */
    assert_int_equal(got.device.bytes_to_device,
                     160 * 120 * 3 + 4 * (2 * 32 * (32 + 2) + (160 + 120) * (8 + 2)));
    assert_int_equal(got.device.bytes_from_device, 160 * 120 + 32 * 32 + 5 * 4);
}

static void means_sizes_and_layouts_of_ones_own(void **state)
{
    const clearcut_feeding open = {.has_mean = true,
                                   .mean = {0.1, 0.2, 0.3},
                                   .has_deviation = true,
                                   .deviation = {0.5, -2.0, 1.5},
                                   .width = 24,
                                   .height = 40};
    const case_of_use own = {DATA "open.onnx", &open, CLEARCUT_PRECISION_FP32, 100, 90, 3, true, 1};
    const case_of_use half = {
        DATA "open.onnx", &open, CLEARCUT_PRECISION_FP16, 100, 90, 3, true, 1};
    const case_of_use flat = {DATA "flat.onnx", NULL, CLEARCUT_PRECISION_FP32, 50, 40, 3, true, 0};

    /* The file turns what it gets: the engine takes the tensor. */
    const clearcut_feeding last = {.channels_last = true};
    const case_of_use turned = {
        DATA "last.onnx", &last, CLEARCUT_PRECISION_FP32, 50, 40, 3, false, 1};

    (void)state;
    need_kernels();
    use_fake("");
    compare("own mean, deviation and size", &own);
    compare("the same in fp16", &half);
    cut_answer none = compare("flat", &flat);
    assert_non_null(strstr(none.notes, "the model saw no subject"));
    assert_int_equal(none.subject.status, CLEARCUT_SUBJECT_NONE);
    compare("channels last", &turned);
}

/* Models known by name, whose recipes no file of one's own has. */
static void known_recipes(void **state)
{
    static const struct {
        const char *file, *name;
    } models[] = {{"cloth.onnx", "u2net_cloth_seg"},
                  {"mask.onnx", "isnet-general-use"},
                  {"mask.onnx", "birefnet-general-lite"}};
    char folder[] = "/tmp/clearcut-models-XXXXXX";
    char from[PATH_MAX];
    char to[PATH_MAX];

    (void)state;
    need_kernels();
    use_fake("");
    assert_non_null(mkdtemp(folder));
    setenv("CLEARCUT_HOME", folder, 1);
    setenv("U2NET_HOME", folder, 1);
    setenv("MODEL_CHECKSUM_DISABLED", "1", 1);
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        case_of_use use = {models[i].name, NULL, CLEARCUT_PRECISION_FP32, 110, 70, 3, true, 1};
        snprintf(from, sizeof from, DATA "%s", models[i].file);
        snprintf(to, sizeof to, "%s/%s.onnx", folder, models[i].name);
        assert_int_equal(symlink(from, to), 0);
        compare(models[i].name, &use);
        assert_int_equal(unlink(to), 0);
    }
    unsetenv("MODEL_CHECKSUM_DISABLED");
    unsetenv("CLEARCUT_HOME");
    unsetenv("U2NET_HOME");
    rmdir(folder);
}

/* A picture that fills the device beside the network goes the other way, and a note says
 * so; several pieces of page-locked memory carry one that fits. */
static void large_pictures(void **state)
{
    const case_of_use fits = {
        DATA "mask.onnx", NULL, CLEARCUT_PRECISION_FP32, 1700, 1100, 3, true, 1};
    const case_of_use is_more = {
        DATA "mask.onnx", NULL, CLEARCUT_PRECISION_FP32, 700, 500, 3, false, 1};

    (void)state;
    need_kernels();
    use_fake("");
    compare("large", &fits);
    use_fake("memory=900000");
    cut_answer got = compare("larger than the device", &is_more);
    assert_non_null(strstr(got.notes, "MB left for the pictures"));
    assert_non_null(strstr(got.notes, "the processor resizes such pictures"));
}

/* The same session, one picture after the other: what is kept from the last must not
 * show in the next. */
static void one_session_many_pictures(void **state)
{
    static const int sizes[][2] = {{90, 60}, {90, 60}, {32, 64}, {90, 60}, {200, 30}, {64, 32}};
    const char *const devices[] = {"cpu", "cuda"};
    clearcut_session *sessions[2] = {NULL, NULL};
    clearcut_session_options options;

    (void)state;
    need_kernels();
    use_fake("");
    clearcut_session_options_init(&options);
    options.model = DATA "mask.onnx";
    options.precision = CLEARCUT_PRECISION_FP32;
    for (int i = 0; i < 2; i++) {
        options.device = devices[i];
        assert_int_equal(clearcut_session_create(&options, &sessions[i], NULL), CLEARCUT_OK);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        clearcut_image *photo = make_photo(sizes[i][0], sizes[i][1], 3);
        clearcut_image *masks[2] = {NULL, NULL};
        clearcut_device device;
        for (int k = 0; k < 2; k++) {
            assert_int_equal(clearcut_session_mask(sessions[k], photo, NULL, &masks[k], NULL),
                             CLEARCUT_OK);
        }
        assert_true(worst_byte(masks[0], masks[1]) <= 1);
        clearcut_session_device(sessions[1], &device);
        if (i == 1) { /* nothing but the picture itself: its tables were there */
            assert_int_equal(device.bytes_to_device, 90 * 60 * 3);
        }
        clearcut_image_free(&photo);
        clearcut_image_free(&masks[0]);
        clearcut_image_free(&masks[1]);
    }
    clearcut_session_free(&sessions[0]);
    clearcut_session_free(&sessions[1]);
    assert_nothing_held();
}

/* ---- a model that the GPU cannot take ---- */

/* A picture's network whose second operator has no kernel: a comparison. */
static void write_refused(const char *path)
{
    onnx_builder builder = onnx_begin(13);
    const float half[1] = {0.5F};

    onnx_input(&builder, "x", CC_FLOAT32, 4, (int64_t[]){1, 3, 32, 32});
    onnx_floats(&builder, "half", 1, (int64_t[]){1}, half);
    onnx_node(&builder, "Less", "x half", "below");
    onnx_node(&builder, "Cast", "below", "y");
    onnx_int(&builder, "to", 1);
    onnx_output(&builder, "y");
    onnx_bytes file = onnx_finish(&builder);
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(file.data, 1, file.size, stream), file.size);
    assert_int_equal(fclose(stream), 0);
    free(file.data);
}

/* auto goes on with the processor, in its own precision, and says why; a demand fails. */
static void a_model_that_the_gpu_refuses(void **state)
{
    char path[] = "/tmp/clearcut-refused-XXXXXX.onnx";
    clearcut_session_options options;
    clearcut_session *session = NULL;
    clearcut_network_options plain;
    clearcut_network *network = NULL;
    clearcut_error error;
    clearcut_device device;
    int handle = mkstemps(path, 5);

    (void)state;
    need_kernels();
    use_fake("");
    assert_true(handle >= 0);
    close(handle);
    write_refused(path);
    clearcut_session_options_init(&options);
    options.model = path;
    options.device = "cuda";
    assert_int_equal(clearcut_session_create(&options, &session, &error), CLEARCUT_DEVICE);
    assert_null(session);
    assert_non_null(strstr(error.message, "Less"));
    options.device = "auto";
    assert_int_equal(clearcut_session_create(&options, &session, &error), CLEARCUT_OK);
    clearcut_session_device(session, &device);
    print_message("%s: %s\n", device.engine, device.reason);
    assert_int_equal(strncmp(device.engine, "cpu/", 4), 0);
    assert_string_equal(device.requested, "auto");
    assert_string_equal(device.precision, "fp32");
    assert_non_null(strstr(device.reason, "not on the GPU: "));
    assert_non_null(strstr(device.reason, "Less"));
    clearcut_session_free(&session);
    clearcut_network_options_init(&plain);
    plain.device = "auto";
    assert_int_equal(clearcut_network_load(path, &plain, &network, &error), CLEARCUT_OK);
    clearcut_network_device(network, &device);
    assert_non_null(strstr(device.reason, "not on the GPU: "));
    clearcut_network_free(&network);
    unlink(path);
    assert_nothing_held();
}

/* ---- batches, below the library ---- */

enum { MAP_WIDTH = 20, MAP_HEIGHT = 16, MOST = 3 };

static onnx_bytes make_network(int batch)
{
    network_maker maker = {.builder = onnx_begin(13), .seed = 5, .batch = batch};
    made_value input = *make_value(&maker, 3, MAP_HEIGHT, MAP_WIDTH);

    onnx_input(&maker.builder, input.name, CC_FLOAT32, 4,
               (int64_t[]){batch, 3, MAP_HEIGHT, MAP_WIDTH});
    made_value first = *make_conv(&maker, &input, 64, 3, 1, 1, 1);
    made_value map = *make_conv(&maker, &first, 1, 3, 1, 1, 1);
    onnx_output(&maker.builder, make_unary(&maker, &map, "Sigmoid")->name);
    return onnx_finish(&maker.builder);
}

typedef struct passenger {
    cc_image photo;
    cc_resample_axis axes[4];
    cc_picture picture;
    uint8_t small[MAP_WIDTH * MAP_HEIGHT];
    uint8_t *mask;
} passenger;

static cc_picture_pass make_pass(cc_resample_axis *axis, int from, int to, bool vertical)
{
    assert_int_equal(cc_resample_axis_create(from, to, CC_FILTER_LANCZOS, axis, NULL), CC_OK);
    return (cc_picture_pass){vertical,   from,        to,          CC_FILTER_LANCZOS,
                             axis->taps, axis->first, axis->count, axis->weights};
}

/* Passes always along both axes: weights that change nothing do no harm. */
static void board(passenger *one, int width, int height)
{
    uint64_t seed = (uint64_t)width;
    bool in_first = cc_resample_height_first(width, height, MAP_WIDTH, MAP_HEIGHT);
    bool out_first = cc_resample_height_first(MAP_WIDTH, MAP_HEIGHT, width, height);
    cc_picture *picture = &one->picture;

    assert_int_equal(cc_image_create(width, height, 3, &one->photo, NULL), CC_OK);
    for (size_t i = 0; i < one->photo.stride * (size_t)height; i++) {
        one->photo.pixels[i] = (uint8_t)test_random(&seed);
    }
    one->mask = malloc((size_t)width * (size_t)height);
    assert_non_null(one->mask);
    *picture = (cc_picture){.pixels = one->photo.pixels,
                            .stride = one->photo.stride,
                            .width = width,
                            .height = height,
                            .pixel_bytes = 3,
                            .in_count = 2,
                            .out_count = 2,
                            .small = one->small,
                            .mask = one->mask};
    picture->in[in_first ? 1 : 0] = make_pass(&one->axes[0], width, MAP_WIDTH, false);
    picture->in[in_first ? 0 : 1] = make_pass(&one->axes[1], height, MAP_HEIGHT, true);
    picture->out[out_first ? 1 : 0] = make_pass(&one->axes[2], MAP_WIDTH, width, false);
    picture->out[out_first ? 0 : 1] = make_pass(&one->axes[3], MAP_HEIGHT, height, true);
}

static void leave(passenger *one)
{
    for (int i = 0; i < 4; i++) {
        cc_resample_axis_release(&one->axes[i]);
    }
    cc_image_free(&one->photo);
    free(one->mask);
}

static cc_recipe own_recipe(void)
{
    cc_recipe recipe = cc_recipe_guess(MAP_WIDTH, MAP_HEIGHT);

    recipe.stretch = CC_STRETCH_MINMAX;
    return recipe;
}

/* One passenger's masks by the processor, from a network of batch 1. */
static void check_passenger(const passenger *one)
{
    onnx_bytes file = make_network(1);
    cc_recipe recipe = own_recipe();
    float input[3 * MAP_WIDTH * MAP_HEIGHT];
    float map[MAP_WIDTH * MAP_HEIGHT];
    const void *inputs[] = {input};
    void *outputs[] = {map};
    cc_network *network = NULL;
    cc_image small = {0};
    cc_image large = {0};
    bool flat = false;

    assert_int_equal(cc_recipe_prepare(&recipe, &one->photo, NULL, input, NULL), CC_OK);
    assert_int_equal(cc_network_load_memory(file.data, file.size, false, NULL, &network, NULL),
                     CC_OK);
    assert_int_equal(cc_network_run(network, inputs, outputs, NULL, NULL), CC_OK);
    assert_int_equal(cc_recipe_mask(&recipe, map, MAP_WIDTH, MAP_HEIGHT, &small, &flat, NULL),
                     CC_OK);
    assert_int_equal(
        cc_matte_resize(&small, one->photo.width, one->photo.height, NULL, &large, NULL), CC_OK);
    for (int i = 0; i < MAP_WIDTH * MAP_HEIGHT; i++) {
        assert_in_range(one->small[i] - small.pixels[i] + 1, 0, 2);
    }
    for (int i = 0; i < large.width * large.height; i++) {
        assert_in_range(one->mask[i] - large.pixels[i] + 1, 0, 2);
    }
    assert_int_equal(one->picture.tally.finite, MAP_WIDTH * MAP_HEIGHT);
    cc_image_free(&small);
    cc_image_free(&large);
    cc_network_free(network);
    free(file.data);
}

/* `count` pictures of different sizes through a network of batch 3; the bytes that it
 * took. */
static size_t run_batch(int count)
{
    static const int sizes[MOST][2] = {{61, 40}, {20, 16}, {33, 90}};
    onnx_bytes file = make_network(MOST);
    cc_recipe recipe = own_recipe();
    cc_picture_feed feed = {.divide_by_maximum = recipe.divisor == CC_DIVIDE_BY_MAXIMUM,
                            .stretch = true,
                            .sure = 0.9f,
                            .likely = 0.1f};
    cc_network_options options = {.engine = &cc_engine_cuda, .precision = CC_PRECISION_FP32};
    cc_network *network = NULL;
    cc_network_report report;
    passenger passengers[MOST] = {0};
    cc_picture pictures[MOST];
    cc_error error = {0};

    memcpy(feed.mean, recipe.mean, sizeof feed.mean);
    memcpy(feed.deviation, recipe.deviation, sizeof feed.deviation);
    for (int i = 0; i < MOST; i++) {
        board(&passengers[i], sizes[i][0], sizes[i][1]);
        pictures[i] = passengers[i].picture;
    }
    assert_int_equal(cc_network_load_memory(file.data, file.size, false, &options, &network, NULL),
                     CC_OK);
    assert_true(cc_network_takes_pictures(network));
    if (cc_network_run_pictures(network, &feed, pictures, count, NULL, &error) != CC_OK) {
        fail_msg("%s", error.message);
    }
    cc_network_report_get(network, &report);
    assert_true(report.took_pictures);
    print_message("%d pictures: %d launches, %zu bytes\n", count, (int)report.launches,
                  report.peak_bytes);
    assert_int_equal(cc_network_run_pictures(network, &feed, pictures, MOST + 1, NULL, NULL),
                     CC_INVALID_ARGUMENT);
    atomic_bool stop = true;
    assert_int_equal(cc_network_run_pictures(network, &feed, pictures, 1, &stop, NULL),
                     CC_CANCELLED);
    for (int i = 0; i < MOST; i++) {
        if (i < count) {
            passengers[i].picture.tally = pictures[i].tally;
            check_passenger(&passengers[i]);
        }
        leave(&passengers[i]);
    }
    cc_network_free(network);
    assert_nothing_held();
    free(file.data);
    return report.peak_bytes;
}

/* Of the network alone, for three pictures at once. */
static size_t network_bytes(void)
{
    onnx_bytes file = make_network(MOST);
    cc_network_options options = {.engine = &cc_engine_cuda, .precision = CC_PRECISION_FP32};
    cc_network *network = NULL;
    cc_network_report report;

    assert_int_equal(cc_network_load_memory(file.data, file.size, false, &options, &network, NULL),
                     CC_OK);
    cc_network_report_get(network, &report);
    cc_network_free(network);
    free(file.data);
    return report.peak_bytes;
}

static void batches_of_different_sizes(void **state)
{
    (void)state;
    need_kernels();
    use_fake("");
    size_t whole = network_bytes();
    run_batch(3);
    run_batch(1);
    /* Too little for three at once, enough for the pictures beside two. */
    char behaviour[64];
    snprintf(behaviour, sizeof behaviour, "memory=%zu", whole - 1);
    use_fake(behaviour);
    assert_true(run_batch(3) < whole);
}

/* ---- faults ---- */

/* A fault at any launch of the way, or a refusal of any allocation: an error, nothing
 * half done taken for a mask, everything given back. */
static void faults_on_the_way(void **state)
{
    char behaviour[64];
    int failures = 0;

    (void)state;
    need_kernels();
    for (int at = 0;; at++) {
        clearcut_session *session = NULL;
        clearcut_session_options options;
        clearcut_image *photo = make_photo(50, 40, 3);
        clearcut_image *mask = NULL;
        clearcut_error error;
        snprintf(behaviour, sizeof behaviour, "fault=719,at=%d", at);
        use_fake(behaviour);
        clearcut_session_options_init(&options);
        options.model = DATA "mask.onnx";
        options.device = "cuda:1"; /* no probe before it: only what is demanded runs */
        clearcut_status status = clearcut_session_create(&options, &session, &error);
        if (status == CLEARCUT_OK) {
            status = clearcut_session_mask(session, photo, NULL, &mask, &error);
        }
        clearcut_session_free(&session);
        clearcut_image_free(&photo);
        assert_int_equal(fake_counts().allocations, 0);
        assert_int_equal(fake_counts().host_allocations, 0);
        assert_int_equal(fake_counts().executables, 0);
        if (status == CLEARCUT_OK) {
            clearcut_image_free(&mask);
            break;
        }
        assert_int_equal(status, CLEARCUT_DEVICE);
        assert_non_null(strstr(error.message, "719"));
        assert_null(mask);
        failures++;
    }
    print_message("%d faults survived\n", failures);
    assert_true(failures >= 8); /* 2 + 1 + network + 2 + 2 */
}

static void refused_allocations(void **state)
{
    clearcut_session_options options;
    clearcut_session *session = NULL;
    clearcut_image *photo = make_photo(50, 40, 1);
    clearcut_image *mask = NULL;
    int failures = 0;

    (void)state;
    need_kernels();
    use_fake("");
    clearcut_session_options_init(&options);
    options.model = DATA "mask.onnx";
    options.device = "cuda";
    assert_int_equal(clearcut_session_create(&options, &session, NULL), CLEARCUT_OK);
    for (long n = 0;; n++) {
        cc_memory_fail_after(n);
        clearcut_status status = clearcut_session_mask(session, photo, NULL, &mask, NULL);
        cc_memory_fail_after(-1);
        if (status == CLEARCUT_OK) {
            break;
        }
        assert_int_equal(status, CLEARCUT_OUT_OF_MEMORY);
        assert_null(mask);
        failures++;
    }
    print_message("%d refusals survived\n", failures);
    assert_true(failures > 5);
    clearcut_image_free(&mask);
    clearcut_image_free(&photo);
    clearcut_session_free(&session);
    assert_nothing_held();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_and_channels),
        cmocka_unit_test(bytes_over_the_bus),
        cmocka_unit_test(means_sizes_and_layouts_of_ones_own),
        cmocka_unit_test(known_recipes),
        cmocka_unit_test(large_pictures),
        cmocka_unit_test(one_session_many_pictures),
        cmocka_unit_test(a_model_that_the_gpu_refuses),
        cmocka_unit_test(batches_of_different_sizes),
        cmocka_unit_test(faults_on_the_way),
        cmocka_unit_test(refused_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

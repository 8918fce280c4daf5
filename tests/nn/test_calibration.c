/* The ranges of int8 layers in a file: the first result is then that of later ones; and
 * what is damaged or of another model is refused, and leaves no trace. */
#include "network_fixture.h"

#include <unistd.h>

#include "core/checksum.h"
#include "core/file.h"
#include "nn/cpu/backend.h"

#define SIDE 20
#define CHANNELS 64
#define NUMBERS (CHANNELS * SIDE * SIDE)

typedef struct int8_network {
    cc_network *network;
    float output[NUMBERS];
} int8_network;

/* Two layers wide enough for int8. */
static onnx_bytes make_model(uint64_t seed)
{
    network_maker maker = {.builder = onnx_begin(14), .seed = seed, .batch = 1};

    make_value(&maker, CHANNELS, SIDE, SIDE);
    onnx_input(&maker.builder, "v0", CC_FLOAT32, 4, (int64_t[]){1, CHANNELS, SIDE, SIDE});
    make_unary(&maker, make_conv(&maker, &maker.values[0], CHANNELS, 3, 1, 1, 1), "Relu");
    make_conv(&maker, &maker.values[maker.count - 1], CHANNELS, 3, 1, 1, 1);
    onnx_output(&maker.builder, maker.values[maker.count - 1].name);
    return onnx_finish(&maker.builder);
}

static void load(int8_network *to, const onnx_bytes *file, cc_precision precision)
{
    cc_network_options options = {.precision = precision};
    cc_error error = {0};

    if (cc_network_load_memory(file->data, file->size, false, &options, &to->network, &error) !=
        CC_OK) {
        fail_msg("%s", error.message);
    }
}

/* On noise of its own, `size` times as large. */
static void run(int8_network *on, uint64_t seed, float size)
{
    float *input = test_noises(&seed, NUMBERS);
    const void *inputs[] = {input};
    void *outputs[] = {on->output};

    for (int i = 0; i < NUMBERS; i++) {
        input[i] *= size;
    }
    assert_int_equal(cc_network_run(on->network, inputs, outputs, NULL, NULL), CC_OK);
    free(input);
}

typedef struct fixture {
    char path[64];
    onnx_bytes file;
    int8_network measured;
} fixture;

/* A network that has seen six pictures, of which the last is by far the largest, and
 * its calibration. False where this processor has no int8. */
static bool begin(fixture *f)
{
    if (!cc_cpu_has_precision(CC_PRECISION_INT8)) {
        print_message("SKIPPED: this processor has no int8 kernels\n");
        return false;
    }
    snprintf(f->path, sizeof f->path, "/tmp/clearcut-calibration-XXXXXX");
    int descriptor = mkstemp(f->path);
    assert_true(descriptor >= 0);
    close(descriptor);
    f->file = make_model(3);
    load(&f->measured, &f->file, CC_PRECISION_INT8);
    assert_int_equal(cc_network_calibrate(f->measured.network, CC_CALIBRATION_MEASURE, NULL, NULL),
                     CC_OK);
    for (uint64_t i = 0; i < 6; i++) {
        run(&f->measured, 10 + i, i < 5 ? 1 : 3);
    }
    assert_int_equal(cc_network_calibrate(f->measured.network, CC_CALIBRATION_WRITE, f->path, NULL),
                     CC_OK);
    return true;
}

static void end(fixture *f)
{
    cc_network_free(f->measured.network);
    free(f->file.data);
    unlink(f->path);
}

static void test_first_picture_is_as_later_ones(void **state)
{
    fixture f;
    static int8_network told;
    static int8_network untold;

    (void)state;
    if (!begin(&f)) {
        skip();
    }
    load(&told, &f.file, CC_PRECISION_INT8);
    load(&untold, &f.file, CC_PRECISION_INT8);
    assert_int_equal(cc_network_calibrate(told.network, CC_CALIBRATION_READ, f.path, NULL), CC_OK);
    run(&f.measured, 1, 1);
    run(&told, 1, 1);
    run(&untold, 1, 1);
    assert_memory_equal(told.output, f.measured.output, sizeof told.output);
    assert_true(memcmp(untold.output, f.measured.output, sizeof told.output) != 0);
    /* Nor does a picture change what follows. */
    run(&told, 2, 9);
    run(&told, 1, 1);
    assert_memory_equal(told.output, f.measured.output, sizeof told.output);
    cc_network_free(told.network);
    cc_network_free(untold.network);
    end(&f);
}

static void expect_refusal(const char *path, const onnx_bytes *file, cc_status expected)
{
    static int8_network fresh;
    static int8_network other;
    cc_error error = {0};

    load(&fresh, file, CC_PRECISION_INT8);
    load(&other, file, CC_PRECISION_INT8);
    assert_int_equal(cc_network_calibrate(fresh.network, CC_CALIBRATION_READ, path, &error),
                     expected);
    assert_non_null(strstr(error.message, path));
    run(&fresh, 1, 1);
    run(&other, 1, 1);
    assert_memory_equal(fresh.output, other.output, sizeof fresh.output);
    cc_network_free(fresh.network);
    cc_network_free(other.network);
}

static void write_file(const char *path, const void *data, size_t size)
{
    FILE *stream = fopen(path, "wb");

    assert_non_null(stream);
    assert_int_equal(fwrite(data, 1, size, stream), size);
    assert_int_equal(fclose(stream), 0);
}

/* Any byte changed or cut off anywhere. */
static void test_damage_is_refused(void **state)
{
    fixture f;
    cc_buffer text = {0};

    (void)state;
    if (!begin(&f)) {
        skip();
    }
    assert_int_equal(cc_file_read(f.path, 1 << 20, &text, NULL), CC_OK);
    for (size_t at = 0; at < text.size; at += 7) {
        text.data[at] ^= 1;
        write_file(f.path, text.data, text.size);
        expect_refusal(f.path, &f.file, CC_CORRUPT);
        text.data[at] ^= 1;
        if (at > 0) {
            write_file(f.path, text.data, at);
            expect_refusal(f.path, &f.file, CC_CORRUPT);
        }
    }
    cc_buffer_free(&text);
    end(&f);
}

static void put_checksum(cc_buffer *text, size_t end)
{
    char line[32];

    text->size = end;
    snprintf(line, sizeof line, "end %016llx\n",
             (unsigned long long)cc_checksum(0, text->data, text->size));
    assert_int_equal(cc_buffer_append(text, line, strlen(line), 0, NULL), CC_OK);
}

/* Whole files that say impossible things, with the right checksum. */
static void test_lies_are_refused(void **state)
{
    fixture f;
    cc_buffer text = {0};

    (void)state;
    if (!begin(&f)) {
        skip();
    }
    assert_int_equal(cc_file_read(f.path, 1 << 20, &text, NULL), CC_OK);
    char *first = strchr((char *)text.data, '\n') + 1;
    char *second = strchr(first, '\n') + 1;
    size_t end_at = (size_t)(strchr(second, '\n') + 1 - (char *)text.data);
    memcpy(first, "7fc00000", 8); /* not-a-number */
    put_checksum(&text, end_at);
    write_file(f.path, text.data, text.size);
    expect_refusal(f.path, &f.file, CC_CORRUPT);
    memcpy(first, "3f800000", 8); /* 1: zero must lie in the range */
    put_checksum(&text, end_at);
    write_file(f.path, text.data, text.size);
    expect_refusal(f.path, &f.file, CC_CORRUPT);
    memcpy(first, "bf800000", 8);
    put_checksum(&text, (size_t)(second - (char *)text.data)); /* a layer too few */
    write_file(f.path, text.data, text.size);
    expect_refusal(f.path, &f.file, CC_INVALID_ARGUMENT);
    cc_buffer_free(&text);
    end(&f);
}

static void test_others_are_refused(void **state)
{
    fixture f;
    onnx_bytes other = make_model(4);
    static int8_network network;
    cc_error error = {0};

    (void)state;
    if (!begin(&f)) {
        free(other.data);
        skip();
    }
    expect_refusal(f.path, &other, CC_INVALID_ARGUMENT);
    load(&network, &f.file, CC_PRECISION_FP32);
    assert_int_equal(cc_network_calibrate(network.network, CC_CALIBRATION_READ, f.path, &error),
                     CC_INVALID_ARGUMENT);
    assert_non_null(strstr(error.message, "int8"));
    cc_network_free(network.network);
    load(&network, &f.file, CC_PRECISION_INT8); /* nothing measured yet */
    assert_int_equal(cc_network_calibrate(network.network, CC_CALIBRATION_WRITE, f.path, &error),
                     CC_INVALID_ARGUMENT);
    cc_network_free(network.network);
    unlink(f.path);
    free(other.data);
    other = f.file;
    expect_refusal(f.path, &other, CC_NOT_FOUND);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_picture_is_as_later_ones),
        cmocka_unit_test(test_damage_is_refused),
        cmocka_unit_test(test_lies_are_refused),
        cmocka_unit_test(test_others_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

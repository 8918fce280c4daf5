/* The reader: every element type and encoding, and every way a file can be wrong. */
#define _GNU_SOURCE /* mkdtemp, symlink */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nn/graph_test.h"

/* ---- helpers ---- */

/* y = Identity(x), to which a test adds what it is about. */
static onnx_builder begin_identity(void)
{
    onnx_builder b = onnx_begin(13);
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){2});
    onnx_node(&b, "Identity", "x", "y");
    onnx_output(&b, "y");
    return b;
}

static void expect_failure(onnx_bytes file, const cc_onnx_options *options, cc_status expected,
                           const char *named)
{
    cc_graph graph;
    cc_error error = {0};
    cc_status status = cc_onnx_read(file.data, file.size, options, &graph, &error);

    if (status != expected || strstr(error.message, named) == NULL) {
        print_error("expected %s naming '%s', got %s: %s\n", cc_status_name(expected), named,
                    cc_status_name(status), error.message);
    }
    assert_int_equal(status, expected);
    assert_non_null(strstr(error.message, named));
    assert_null(graph.nodes);
    assert_null(graph.values);
    assert_null(graph.arena.head);
    free(file.data);
}

/* Read what the builder holds, then look at the constant "k". */
static const cc_tensor *read_constant(onnx_builder *b, onnx_bytes *file, cc_graph *graph)
{
    cc_error error = {0};

    *file = onnx_finish(b);
    if (cc_onnx_read(file->data, file->size, NULL, graph, &error) != CC_OK) {
        print_error("%s\n", error.message);
        fail();
    }
    for (int i = 0; i < graph->value_count; i++) {
        if (strcmp(graph->values[i].name, "k") == 0) {
            assert_true(graph->values[i].is_constant);
            return &graph->values[i].tensor;
        }
    }
    fail();
    return NULL;
}

static onnx_bytes tensor_head(cc_dtype dtype, int rank, const int64_t *dims)
{
    onnx_bytes tensor = {0};
    for (int i = 0; i < rank; i++) {
        onnx_put_int(&tensor, 1, dims[i]);
    }
    onnx_put_int(&tensor, 2, dtype);
    onnx_put_text(&tensor, 8, "k");
    return tensor;
}

static void end_constant(onnx_bytes *file, cc_graph *graph)
{
    cc_graph_release(graph);
    free(file->data);
}

/* ---- what can be read ---- */

static void reads_raw_data_of_every_type(void **state)
{
    static const cc_dtype dtypes[] = {CC_FLOAT32, CC_UINT8,   CC_INT8,   CC_INT32,
                                      CC_INT64,   CC_FLOAT16, CC_FLOAT64};
    uint8_t bytes[24];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 37 + 1);
    }
    for (size_t d = 0; d < sizeof dtypes / sizeof dtypes[0]; d++) {
        for (int shift = 0; shift < 8; shift++) { /* every alignment in the file */
            onnx_builder b = begin_identity();
            onnx_bytes file;
            cc_graph graph;
            const cc_tensor *k;
            onnx_put_bytes(&b.graph, 10, bytes, (size_t)shift); /* documentation */
            onnx_constant(&b, "k", dtypes[d], 1, (int64_t[]){3}, bytes);
            k = read_constant(&b, &file, &graph);
            assert_int_equal(k->dtype, dtypes[d]);
            assert_int_equal(k->shape.rank, 1);
            assert_int_equal(k->shape.dims[0], 3);
            assert_memory_equal(k->data, bytes, 3 * cc_dtype_size(dtypes[d]));
            if (dtypes[d] != CC_FLOAT16) {
                assert_int_equal((uintptr_t)k->data % cc_dtype_size(dtypes[d]), 0);
            }
            end_constant(&file, &graph);
        }
    }
}

static void booleans_become_zero_and_one(void **state)
{
    onnx_builder b = begin_identity();
    onnx_bytes file;
    cc_graph graph;
    const uint8_t *flags;

    (void)state;
    onnx_constant(&b, "k", CC_BOOL, 1, (int64_t[]){3}, (uint8_t[]){0, 255, 1});
    flags = read_constant(&b, &file, &graph)->data;
    assert_int_equal(flags[0], 0);
    assert_int_equal(flags[1], 1);
    assert_int_equal(flags[2], 1);
    end_constant(&file, &graph);
}

static void reads_typed_fields(void **state)
{
    static const struct {
        cc_dtype dtype;
        unsigned field;
        int64_t values[3];
    } cases[] = {
        {CC_INT32, 5, {-7, 0, 2000000000}},
        {CC_INT8, 5, {-128, 127, -1}},
        {CC_UINT8, 5, {0, 255, 128}},
        {CC_BOOL, 5, {0, 1, 1}},
        {CC_FLOAT16, 5, {0x3c00, 0xc000, 0x7bff}},
        {CC_INT64, 7, {INT64_MIN, -1, INT64_MAX}},
    };

    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        for (int packed = 0; packed < 2; packed++) {
            onnx_builder b = begin_identity();
            onnx_bytes tensor = tensor_head(cases[c].dtype, 1, (int64_t[]){3});
            onnx_bytes list = {0};
            onnx_bytes file;
            cc_graph graph;
            const cc_tensor *k;
            for (int i = 0; i < 3; i++) {
                onnx_put_varint(&list, (uint64_t)cases[c].values[i]);
                if (!packed) {
                    onnx_put_int(&tensor, cases[c].field, cases[c].values[i]);
                }
            }
            if (packed) {
                onnx_put_bytes(&tensor, cases[c].field, list.data, list.size);
            }
            free(list.data);
            onnx_initializer(&b, tensor);
            k = read_constant(&b, &file, &graph);
            for (int i = 0; i < 3; i++) {
                int64_t got = 0;
                size_t size = cc_dtype_size(cases[c].dtype);
                memcpy(&got, (const char *)k->data + (size_t)i * size, size);
                assert_memory_equal(&got, &cases[c].values[i], size);
            }
            end_constant(&file, &graph);
        }
    }
}

static void reads_floats_and_doubles_packed_and_single(void **state)
{
    const float floats[3] = {1.5f, -0.0f, 3e38f};
    const double doubles[3] = {1.5, -0.0, 1e300};

    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        for (int wide = 0; wide < 2; wide++) {
            onnx_builder b = begin_identity();
            onnx_bytes tensor = tensor_head(wide ? CC_FLOAT64 : CC_FLOAT32, 1, (int64_t[]){3});
            onnx_bytes file;
            cc_graph graph;
            const cc_tensor *k;
            const void *values = wide ? (const void *)doubles : (const void *)floats;
            size_t size = wide ? 8 : 4;
            unsigned field = wide ? 10 : 4;
            if (packed) {
                onnx_put_bytes(&tensor, field, values, 3 * size);
            }
            for (size_t i = 0; i < 3 && !packed; i++) {
                onnx_put_varint(&tensor, (uint64_t)field << 3 | (wide ? 1 : 5));
                onnx_put(&tensor, (const char *)values + i * size, size);
            }
            onnx_initializer(&b, tensor);
            k = read_constant(&b, &file, &graph);
            assert_memory_equal(k->data, values, 3 * size);
            end_constant(&file, &graph);
        }
    }
}

static void reads_attributes(void **state)
{
    onnx_builder b = begin_identity();
    onnx_bytes file;
    cc_graph graph;
    cc_error error = {0};
    const cc_node *node;
    const int64_t *ints;
    size_t count;

    (void)state;
    onnx_int(&b, "i", -5);
    onnx_float(&b, "f", 0.25f);
    onnx_string(&b, "s", "nearest");
    onnx_ints(&b, "is", 3, (int64_t[]){1, -2, 3});
    onnx_float_list(&b, "fs", 2, (float[]){0.5f, 2});
    onnx_tensor_attribute(&b, "t", onnx_tensor("", CC_INT32, 1, (int64_t[]){1}, (int32_t[]){9}));
    file = onnx_finish(&b);
    assert_int_equal(cc_onnx_read(file.data, file.size, NULL, &graph, &error), CC_OK);
    node = &graph.nodes[0];
    assert_int_equal(cc_node_int(node, "i", 0), -5);
    assert_int_equal(cc_node_int(node, "absent", 77), 77);
    assert_true(cc_node_float(node, "f", 0) == 0.25f);
    assert_string_equal(cc_node_string(node, "s", ""), "nearest");
    ints = cc_node_ints(node, "is", &count);
    assert_int_equal(count, 3);
    assert_int_equal(ints[1], -2);
    assert_null(cc_node_ints(node, "absent", &count));
    assert_int_equal(count, 0);
    assert_true(cc_node_attribute(node, "fs")->floats[1] == 2);
    assert_int_equal(*(const int32_t *)cc_node_attribute(node, "t")->tensor.data, 9);
    end_constant(&file, &graph);
}

static void unknown_fields_are_skipped(void **state)
{
    onnx_builder b = begin_identity();
    cc_graph graph;
    cc_error error = {0};
    onnx_bytes file;

    (void)state;
    onnx_put_text(&b.node, 900, "from the future");
    onnx_put_int(&b.graph, 901, 5);
    onnx_put_float(&b.graph, 902, 5);
    file = onnx_finish(&b);
    onnx_put_text(&file, 903, "more");
    assert_int_equal(cc_onnx_read(file.data, file.size, NULL, &graph, &error), CC_OK);
    end_constant(&file, &graph);
}

static void open_and_missing_shapes_are_marked(void **state)
{
    onnx_builder b = onnx_begin(11);
    onnx_bytes file;
    cc_graph graph;
    cc_error error = {0};

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 4, (int64_t[]){-1, 3, -1, 8});
    onnx_node(&b, "Identity", "x", "y");
    onnx_output(&b, "y");
    file = onnx_finish(&b);
    assert_int_equal(cc_onnx_read(file.data, file.size, NULL, &graph, &error), CC_OK);
    assert_int_equal(graph.input_count, 1);
    assert_int_equal(graph.opset, 11);
    assert_false(graph.values[graph.inputs[0]].shape_known);
    assert_int_equal(graph.values[graph.inputs[0]].tensor.shape.dims[0], -1);
    assert_int_equal(graph.values[graph.inputs[0]].tensor.shape.dims[1], 3);
    end_constant(&file, &graph);
}

static void a_constant_stands_in_for_an_input_of_its_name(void **state)
{
    onnx_builder b = onnx_begin(9);
    onnx_bytes file;
    cc_graph graph;
    cc_error error = {0};

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){2});
    onnx_input(&b, "k", CC_FLOAT32, 1, (int64_t[]){2});
    onnx_floats(&b, "k", 1, (int64_t[]){2}, (float[]){1, 2});
    onnx_node(&b, "Add", "x k", "y");
    onnx_output(&b, "y");
    file = onnx_finish(&b);
    assert_int_equal(cc_onnx_read(file.data, file.size, NULL, &graph, &error), CC_OK);
    assert_int_equal(graph.input_count, 1);
    assert_true(graph.values[graph.nodes[0].inputs[1]].is_constant);
    end_constant(&file, &graph);
}

/* ---- what is refused ---- */

static void refuses_what_is_not_onnx(void **state)
{
    const char text[] = "This is not a model, whatever its name may say.";
    uint64_t seed = 99;

    (void)state;
    expect_failure((onnx_bytes){0}, NULL, CC_CORRUPT, "not a whole ONNX model");
    onnx_bytes words = {0};
    onnx_put(&words, text, sizeof text);
    expect_failure(words, NULL, CC_CORRUPT, "not a whole ONNX model");
    for (int i = 0; i < 200; i++) {
        onnx_bytes noise = {0};
        cc_graph graph;
        for (int k = 0; k < 100; k++) {
            uint64_t bits = test_random(&seed);
            onnx_put(&noise, &bits, sizeof bits);
        }
        assert_int_not_equal(cc_onnx_read(noise.data, noise.size, NULL, &graph, NULL), CC_OK);
        free(noise.data);
    }
}

static void refuses_groups_and_overlong_numbers(void **state)
{
    onnx_bytes group = {0};
    onnx_bytes number = {0};

    (void)state;
    onnx_put_varint(&group, 7 << 3 | 3);
    expect_failure(group, NULL, CC_CORRUPT, "wire type");
    onnx_put(&number, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11);
    expect_failure(number, NULL, CC_CORRUPT, "64 bits");
}

static void refuses_deep_nesting(void **state)
{
    onnx_bytes nest = {0};
    cc_graph graph;

    (void)state;
    for (int i = 0; i < 10000; i++) { /* each a graph within a graph */
        onnx_bytes outer = {0};
        onnx_put_message(&outer, 7, &nest);
        nest = outer;
        if (nest.size > 1u << 20) {
            break;
        }
    }
    assert_int_not_equal(cc_onnx_read(nest.data, nest.size, NULL, &graph, NULL), CC_OK);
    free(nest.data);
}

static void refuses_other_operator_sets(void **state)
{
    static const int opsets[] = {6, 22, 999};

    (void)state;
    for (size_t i = 0; i < sizeof opsets / sizeof opsets[0]; i++) {
        onnx_builder b = begin_identity();
        b.opset = opsets[i];
        expect_failure(onnx_finish(&b), NULL, CC_UNSUPPORTED, "operator set");
    }
}

static void refuses_other_domains(void **state)
{
    onnx_builder b = begin_identity();

    (void)state;
    onnx_put_text(&b.node, 7, "com.example");
    expect_failure(onnx_finish(&b), NULL, CC_UNSUPPORTED, "com.example");
    b = begin_identity();
    onnx_put_text(&b.node, 7, "com.example");
    expect_failure(onnx_finish(&b), NULL, CC_UNSUPPORTED, "Identity_0");
}

static void refuses_a_dangling_input(void **state)
{
    onnx_builder b = onnx_begin(13);

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){2});
    onnx_node(&b, "Add", "x nowhere", "y");
    onnx_output(&b, "y");
    expect_failure(onnx_finish(&b), NULL, CC_MODEL,
                   "node 'Add_0' (Add): reads 'nowhere', which nothing produces");
}

static void refuses_double_definitions(void **state)
{
    onnx_builder b = begin_identity();

    (void)state;
    onnx_node(&b, "Relu", "x", "y");
    expect_failure(onnx_finish(&b), NULL, CC_MODEL, "'y' is defined twice");
    b = begin_identity();
    onnx_floats(&b, "y", 1, (int64_t[]){1}, (float[]){1});
    expect_failure(onnx_finish(&b), NULL, CC_MODEL, "'y' is defined twice");
    b = begin_identity();
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){2});
    expect_failure(onnx_finish(&b), NULL, CC_MODEL, "'x' is defined twice");
    b = begin_identity();
    onnx_output(&b, "y");
    expect_failure(onnx_finish(&b), NULL, CC_MODEL, "'y' is listed twice");
}

static void refuses_bad_outputs(void **state)
{
    onnx_builder b = onnx_begin(13);

    (void)state;
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){2});
    onnx_node(&b, "Identity", "x", "y");
    expect_failure(onnx_finish(&b), NULL, CC_MODEL, "no output");
    b = begin_identity();
    onnx_output(&b, "ghost");
    expect_failure(onnx_finish(&b), NULL, CC_MODEL, "'ghost'");
}

static void refuse_tensor(onnx_bytes tensor, cc_status status, const char *named)
{
    onnx_builder b = begin_identity();
    onnx_initializer(&b, tensor);
    expect_failure(onnx_finish(&b), NULL, status, named);
}

static void refuses_bad_constants(void **state)
{
    onnx_bytes tensor;

    (void)state;
    refuse_tensor(tensor_head(CC_FLOAT32, 1, (int64_t[]){-1}), CC_CORRUPT, "'k'");
    refuse_tensor(tensor_head(CC_FLOAT32, 2, (int64_t[]){1 << 20, 1 << 20}), CC_CORRUPT,
                  "impossible shape");
    refuse_tensor(tensor_head(CC_FLOAT32, 2, (int64_t[]){INT64_MAX, INT64_MAX}), CC_CORRUPT,
                  "impossible shape");
    refuse_tensor(tensor_head(CC_FLOAT32, 1, (int64_t[]){1 << 30}), CC_CORRUPT,
                  "needs 1073741824 elements and has 0");
    refuse_tensor(tensor_head(CC_FLOAT32, 9, (int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1}),
                  CC_UNSUPPORTED, "more than 8");
    refuse_tensor(tensor_head((cc_dtype)16, 1, (int64_t[]){1}), CC_UNSUPPORTED, "bfloat16");
    refuse_tensor(tensor_head((cc_dtype)8, 1, (int64_t[]){1}), CC_UNSUPPORTED, "string");
    refuse_tensor(tensor_head((cc_dtype)0, 1, (int64_t[]){1}), CC_UNSUPPORTED, "undefined");
    tensor = tensor_head(CC_FLOAT32, 1, (int64_t[]){2});
    onnx_put_bytes(&tensor, 9, "1234567", 7);
    refuse_tensor(tensor, CC_CORRUPT, "needs 8 bytes and has 7");
    tensor = tensor_head(CC_UINT8, 1, (int64_t[]){1});
    onnx_put_int(&tensor, 5, 256);
    refuse_tensor(tensor, CC_CORRUPT, "uint8");
    tensor = tensor_head(CC_FLOAT32, 1, (int64_t[]){0});
    onnx_put_bytes(&tensor, 3, "", 0);
    refuse_tensor(tensor, CC_UNSUPPORTED, "segments");
}

static void refuses_bad_input_shapes(void **state)
{
    onnx_builder b = begin_identity();

    (void)state;
    onnx_input(&b, "far", CC_FLOAT32, 1, (int64_t[]){INT64_MAX});
    expect_failure(onnx_finish(&b), NULL, CC_CORRUPT, "'far'");
    b = begin_identity();
    onnx_input(&b, "odd", (cc_dtype)16, 1, (int64_t[]){1});
    expect_failure(onnx_finish(&b), NULL, CC_UNSUPPORTED, "'odd'");
}

static void refuses_sub_graphs_and_the_like(void **state)
{
    onnx_builder b = begin_identity();
    onnx_bytes attribute = onnx_attribute("then_branch", 5);
    onnx_bytes file;

    (void)state;
    onnx_put_text(&attribute, 6, "");
    onnx_put_message(&b.node, 5, &attribute);
    expect_failure(onnx_finish(&b), NULL, CC_UNSUPPORTED, "'then_branch': holds a sub-graph");
    b = begin_identity();
    onnx_put_text(&b.graph, 15, "");
    expect_failure(onnx_finish(&b), NULL, CC_UNSUPPORTED, "sparse");
    b = begin_identity();
    file = onnx_finish(&b);
    onnx_put_text(&file, 25, "");
    expect_failure(file, NULL, CC_UNSUPPORTED, "functions");
    b = begin_identity();
    file = onnx_finish(&b);
    onnx_put_text(&file, 20, "");
    expect_failure(file, NULL, CC_UNSUPPORTED, "training");
}

static void refuses_bad_attributes(void **state)
{
    onnx_builder b = begin_identity();
    onnx_bytes attribute = onnx_attribute("strange", 99);

    (void)state;
    onnx_put_message(&b.node, 5, &attribute);
    expect_failure(onnx_finish(&b), NULL, CC_UNSUPPORTED, "'strange'");
    b = begin_identity();
    onnx_int(&b, "axis", 1);
    onnx_int(&b, "axis", 2);
    expect_failure(onnx_finish(&b), NULL, CC_CORRUPT, "'axis' twice");
}

static void refuses_control_characters(void **state)
{
    onnx_builder b = begin_identity();

    (void)state;
    onnx_output(&b, "y\x1b[31m");
    expect_failure(onnx_finish(&b), NULL, CC_CORRUPT, "control character");
}

static void keeps_to_its_limits(void **state)
{
    onnx_builder b = begin_identity();
    float *zeros = calloc(1 << 16, sizeof *zeros);
    cc_onnx_options few = {.maximum_nodes = 1};
    cc_onnx_options small = {.maximum_bytes = 1 << 17};

    (void)state;
    onnx_node(&b, "Relu", "y", "z");
    expect_failure(onnx_finish(&b), &few, CC_LIMIT, "limit of 1");
    for (int shift = 0; shift < 4; shift++) { /* at least one is not aligned: copied */
        cc_graph graph;
        cc_status status;
        b = begin_identity();
        onnx_put_bytes(&b.graph, 10, "abcd", (size_t)shift);
        onnx_floats(&b, "k", 1, (int64_t[]){1 << 16}, zeros);
        onnx_bytes file = onnx_finish(&b);
        status = cc_onnx_read(file.data, file.size, &small, &graph, NULL);
        assert_true(status == CC_OK || status == CC_LIMIT);
        cc_graph_release(&graph);
        free(file.data);
    }
    free(zeros);
}

/* ---- external data ---- */

static onnx_bytes external_model(const char *location, const char *offset, const char *length)
{
    const char *const entries[][2] = {
        {"location", location}, {"offset", offset}, {"length", length}};
    onnx_builder b = onnx_begin(13);
    onnx_bytes tensor = tensor_head(CC_FLOAT32, 1, (int64_t[]){2});

    for (int i = 0; i < 3; i++) {
        onnx_bytes entry = {0};
        if (entries[i][1] != NULL) {
            onnx_put_text(&entry, 1, entries[i][0]);
            onnx_put_text(&entry, 2, entries[i][1]);
            onnx_put_message(&tensor, 13, &entry);
        }
    }
    onnx_put_int(&tensor, 14, 1);
    onnx_initializer(&b, tensor);
    onnx_input(&b, "x", CC_FLOAT32, 1, (int64_t[]){2});
    onnx_node(&b, "Add", "x k", "y");
    onnx_output(&b, "y");
    return onnx_finish(&b);
}

static void write_file(const char *folder, const char *name)
{
    static const float numbers[3] = {1, 2, 3};
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(numbers, sizeof numbers, 1, file), 1);
    fclose(file);
}

/* A temporary folder: model/ with weights.bin, sub/weights.bin, links, a pipe; and
 * secret.bin beside it. */
static void make_place(char *root, size_t size)
{
    const char *base = getenv("TMPDIR");
    char path[512];
    char target[512];

    snprintf(root, size, "%s/clearcut-XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(root));
    snprintf(path, sizeof path, "%s/model", root);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file(root, "secret.bin");
    write_file(root, "model/weights.bin");
    snprintf(path, sizeof path, "%s/model/sub", root);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file(root, "model/sub/weights.bin");
    snprintf(target, sizeof target, "%s/secret.bin", root);
    snprintf(path, sizeof path, "%s/model/link.bin", root);
    assert_int_equal(symlink(target, path), 0);
    snprintf(path, sizeof path, "%s/model/up", root);
    assert_int_equal(symlink("..", path), 0);
    snprintf(path, sizeof path, "%s/model/pipe", root);
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void remove_place(const char *root)
{
    static const char *const files[] = {"model/weights.bin", "model/sub/weights.bin",
                                        "model/link.bin",    "model/up",
                                        "model/pipe",        "secret.bin"};
    static const char *const folders[] = {"model/sub", "model", ""};
    char path[512];

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", root, files[i]);
        unlink(path);
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", root, folders[i]);
        rmdir(path);
    }
}

static void external_data_needs_permission(void **state)
{
    (void)state;
    expect_failure(external_model("weights.bin", NULL, NULL), NULL, CC_UNSUPPORTED,
                   "'k' lies in another file");
}

static void external_data_inside_the_folder_is_read(void **state)
{
    static const char *const names[] = {"weights.bin", "sub/weights.bin", "./weights.bin"};
    char root[256];
    char folder[512];

    (void)state;
    make_place(root, sizeof root);
    snprintf(folder, sizeof folder, "%s/model", root);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cc_onnx_options options = {.external_folder = folder};
        onnx_bytes file = external_model(names[i], "4", "8");
        cc_graph graph;
        cc_error error = {0};
        const float *data;
        if (cc_onnx_read(file.data, file.size, &options, &graph, &error) != CC_OK) {
            print_error("%s\n", error.message);
            fail();
        }
        data = graph.values[graph.nodes[0].inputs[1]].tensor.data;
        assert_true(data[0] == 2 && data[1] == 3);
        end_constant(&file, &graph);
    }
    remove_place(root);
}

static void external_data_outside_is_refused(void **state)
{
    char root[256];
    char folder[512];
    char secret[512];

    (void)state;
    make_place(root, sizeof root);
    snprintf(folder, sizeof folder, "%s/model", root);
    snprintf(secret, sizeof secret, "%s/secret.bin", root);
    const struct {
        const char *location;
        const char *offset;
        const char *length;
        cc_status status;
    } cases[] = {
        {"../secret.bin", NULL, NULL, CC_UNSUPPORTED},
        {"sub/../../secret.bin", NULL, NULL, CC_UNSUPPORTED},
        {"../../../../../../etc/passwd", NULL, NULL, CC_UNSUPPORTED},
        {secret, NULL, NULL, CC_UNSUPPORTED},
        {"/etc/passwd", NULL, NULL, CC_UNSUPPORTED},
        {"link.bin", NULL, NULL, CC_UNSUPPORTED},
        {"up/secret.bin", NULL, NULL, CC_UNSUPPORTED},
        {"sub", NULL, NULL, CC_UNSUPPORTED},
        {"sub/", NULL, NULL, CC_UNSUPPORTED},
        {"sub//weights.bin", NULL, NULL, CC_UNSUPPORTED},
        {"pipe", NULL, NULL, CC_UNSUPPORTED},
        {"weights.bin/x", NULL, NULL, CC_UNSUPPORTED},
        {"absent.bin", NULL, NULL, CC_NOT_FOUND},
        {"", NULL, NULL, CC_CORRUPT},
        {NULL, NULL, NULL, CC_CORRUPT},
        {"weights.bin", "8", NULL, CC_CORRUPT},
        {"weights.bin", "18446744073709551615", NULL, CC_CORRUPT},
        {"weights.bin", "18446744073709551616", NULL, CC_CORRUPT},
        {"weights.bin", "-4", NULL, CC_CORRUPT},
        {"weights.bin", "0", "12", CC_CORRUPT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cc_onnx_options options = {.external_folder = folder};
        expect_failure(external_model(cases[i].location, cases[i].offset, cases[i].length),
                       &options, cases[i].status, "constant 'k'");
    }
    remove_place(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_raw_data_of_every_type),
        cmocka_unit_test(booleans_become_zero_and_one),
        cmocka_unit_test(reads_typed_fields),
        cmocka_unit_test(reads_floats_and_doubles_packed_and_single),
        cmocka_unit_test(reads_attributes),
        cmocka_unit_test(unknown_fields_are_skipped),
        cmocka_unit_test(open_and_missing_shapes_are_marked),
        cmocka_unit_test(a_constant_stands_in_for_an_input_of_its_name),
        cmocka_unit_test(refuses_what_is_not_onnx),
        cmocka_unit_test(refuses_groups_and_overlong_numbers),
        cmocka_unit_test(refuses_deep_nesting),
        cmocka_unit_test(refuses_other_operator_sets),
        cmocka_unit_test(refuses_other_domains),
        cmocka_unit_test(refuses_a_dangling_input),
        cmocka_unit_test(refuses_double_definitions),
        cmocka_unit_test(refuses_bad_outputs),
        cmocka_unit_test(refuses_bad_constants),
        cmocka_unit_test(refuses_bad_input_shapes),
        cmocka_unit_test(refuses_sub_graphs_and_the_like),
        cmocka_unit_test(refuses_bad_attributes),
        cmocka_unit_test(refuses_control_characters),
        cmocka_unit_test(keeps_to_its_limits),
        cmocka_unit_test(external_data_needs_permission),
        cmocka_unit_test(external_data_inside_the_folder_is_read),
        cmocka_unit_test(external_data_outside_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Shapes and types of whole networks against onnx.shape_inference: the networks of
 * tools/make_models.py at two sizes, and the real IS-Net file. Skipped where the
 * oracle's Python or the shared files are absent. */
#define _GNU_SOURCE /* mkdtemp */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "core/file.h"
#include "nn/graph_test.h"

static char folder[256];

static const char *shared_folder(void)
{
    const char *shared = getenv("CLEARCUT_SHARED");
    return shared != NULL ? shared : CLEARCUT_SOURCE_DIR "/../shared";
}

/* The oracle's Python, or the test ends as skipped. */
static const char *oracle_python(const char *needed_file)
{
    const char *python = getenv("CLEARCUT_ORACLE_PYTHON");

    if (python == NULL || access(needed_file, R_OK) != 0) {
        print_message("SKIPPED: needs %s and CLEARCUT_ORACLE_PYTHON, a Python that has onnx (make "
                      "test sets it)\n",
                      needed_file);
        skip();
    }
    return python;
}

static void run_command(const char *command)
{
    if (system(command) != 0) {
        print_error("failed: %s\n", command);
        fail();
    }
}

static void prepare(const char *path, int size, bool fuse, cc_file_view *view, cc_graph *graph)
{
    cc_prepare_options options = {.fuse = fuse};
    cc_error error = {0};
    cc_status status = cc_file_map(path, view, &error);

    if (size > 0) {
        options.input_shape = (cc_shape){.rank = 4, .dims = {1, 3, size, size}};
    }
    if (status == CC_OK) {
        status = cc_onnx_read(view->data, view->size, NULL, graph, &error);
    }
    if (status == CC_OK) {
        status = cc_graph_prepare(graph, &options, &error);
    }
    if (status != CC_OK) {
        print_error("%s: %s\n", path, error.message);
        fail();
    }
}

static const cc_value *find_value(const cc_graph *graph, const char *name)
{
    for (int i = 0; i < graph->value_count; i++) {
        if (strcmp(graph->values[i].name, name) == 0) {
            return &graph->values[i];
        }
    }
    return NULL;
}

/* Compare one line "name<TAB>type<TAB>dims"; half precision is widened here. */
static void compare_line(const cc_graph *graph, char *line)
{
    char text[128];
    const char *name = strtok(line, "\t");
    const char *type = strtok(NULL, "\t");
    const char *dims = strtok(NULL, "\n");
    const cc_value *value = name != NULL ? find_value(graph, name) : NULL;
    int expected = type != NULL ? atoi(type) : 0;

    if (value == NULL || dims == NULL || !value->shape_known) {
        print_error("'%s' is not known\n", name != NULL ? name : "");
        fail();
        return;
    }
    cc_shape_text(&value->tensor.shape, text, sizeof text);
    if (strcmp(text, dims) != 0) {
        print_error("'%s' should be %s and is %s\n", name, dims, text);
    }
    assert_string_equal(text, dims);
    assert_int_equal(value->tensor.dtype, expected == CC_FLOAT16 ? CC_FLOAT32 : expected);
}

static void compare_shapes(const char *python, const char *model, int size, int least)
{
    char command[1024];
    char line[1024];
    char number[16] = "";
    cc_file_view view;
    cc_graph graph;
    int lines = 0;
    FILE *shapes;

    prepare(model, size, false, &view, &graph);
    if (size > 0) {
        snprintf(number, sizeof number, "%d", size);
    }
    snprintf(command, sizeof command,
             "'%s' '" CLEARCUT_SOURCE_DIR "/tests/oracle/graph_shapes.py' '%s' %s > '%s/shapes'",
             python, model, number, folder);
    run_command(command);
    snprintf(line, sizeof line, "%s/shapes", folder);
    shapes = fopen(line, "r");
    assert_non_null(shapes);
    while (fgets(line, sizeof line, shapes) != NULL) {
        compare_line(&graph, line);
        lines++;
    }
    fclose(shapes);
    print_message("%s at %s: %d values agree\n", strrchr(model, '/') + 1,
                  size > 0 ? number : "its own size", lines);
    assert_true(lines >= least);
    cc_graph_release(&graph);
    cc_file_unmap(&view);
}

/* After fusion nothing is left but what U2-Net is made of. */
static void check_fused(const char *model, int expected_nodes, double expected_multiply_adds)
{
    cc_file_view view;
    cc_graph graph;
    double multiply_adds = 0;

    prepare(model, 0, true, &view, &graph);
    for (int i = 0; i < graph.node_count; i++) {
        const char *type = graph.nodes[i].op_type;
        multiply_adds += cc_node_multiply_adds(&graph, &graph.nodes[i]);
        if (strcmp(type, "Conv") != 0 && strcmp(type, "Concat") != 0 &&
            strcmp(type, "Resize") != 0 && strcmp(type, "MaxPool") != 0 &&
            strcmp(type, "Sigmoid") != 0) {
            print_error("%s is left\n", type);
            fail();
        }
    }
    assert_int_equal(graph.node_count, expected_nodes);
    assert_true(multiply_adds > expected_multiply_adds * 0.999 &&
                multiply_adds < expected_multiply_adds * 1.001);
    cc_graph_release(&graph);
    cc_file_unmap(&view);
}

static void made_model_agrees(const char *name, double multiply_adds)
{
    char script[512];
    char command[1536];
    char model[512];
    const char *python;

    snprintf(script, sizeof script, "%s/tools/make_models.py", shared_folder());
    python = oracle_python(script);
    snprintf(model, sizeof model, "%s/%s.onnx", folder, name);
    snprintf(command, sizeof command, "'%s' '%s' --model %s --out '%s' > /dev/null", python, script,
             name, model);
    run_command(command);
    compare_shapes(python, model, 320, 900);
    compare_shapes(python, model, 64, 900);
    check_fused(model, 247, multiply_adds);
    unlink(model);
}

/* Counts of multiply-adds as make_models.py prints them. */
static void u2net_agrees(void **state)
{
    (void)state;
    made_model_agrees("u2net", 58.60e9);
}

static void u2netp_agrees(void **state)
{
    (void)state;
    made_model_agrees("u2netp", 19.76e9);
}

static void u2net_half_agrees(void **state)
{
    (void)state;
    made_model_agrees("u2net-half", 14.72e9);
}

/* The export of IS-Net holds sizes as constants; the message must help. */
static void refuses_another_size(const char *model)
{
    cc_prepare_options options = {.input_shape = {.rank = 4, .dims = {1, 3, 256, 256}}};
    cc_file_view view;
    cc_graph graph;
    cc_error error = {0};

    assert_int_equal(cc_file_map(model, &view, &error), CC_OK);
    assert_int_equal(cc_onnx_read(view.data, view.size, NULL, &graph, &error), CC_OK);
    assert_int_equal(cc_graph_prepare(&graph, &options, &error), CC_MODEL);
    assert_non_null(strstr(error.message, "with an input of 1x3x256x256"));
    assert_non_null(strstr(error.message, "/stage1/Concat_2"));
    cc_graph_release(&graph);
    cc_file_unmap(&view);
}

static void isnet_agrees(void **state)
{
    char model[512];
    const char *python;

    (void)state;
    snprintf(model, sizeof model, "%s/models/isnet-general-use-fp16.onnx", shared_folder());
    python = oracle_python(model);
    compare_shapes(python, model, 0, 700);
    refuses_another_size(model);
    check_fused(model, 247, 159.7e9);
}

static int make_folder(void **state)
{
    const char *base = getenv("TMPDIR");

    (void)state;
    snprintf(folder, sizeof folder, "%s/clearcut-XXXXXX", base != NULL ? base : "/tmp");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    char path[512];

    (void)state;
    snprintf(path, sizeof path, "%s/shapes", folder);
    unlink(path);
    rmdir(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(u2netp_agrees),
        cmocka_unit_test(u2net_half_agrees),
        cmocka_unit_test(u2net_agrees),
        cmocka_unit_test(isnet_agrees),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

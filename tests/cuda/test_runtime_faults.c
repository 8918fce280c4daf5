/* What goes wrong with a GPU, and that it ends in a clear error with everything given
 * back. The driver is the fake one, told what to do wrong. */
#include "runtime_fixture.h"

#include <sys/wait.h>
#include <unistd.h>

#include "core/memory.h"
#include "nn/cuda/gpu.h"

/* Two convolutions with a split between them, and a sigmoid. */
static onnx_bytes make_network(int batch)
{
    network_maker maker = {.builder = onnx_begin(13), .seed = 5, .batch = batch};
    made_value input = *make_value(&maker, 3, 12, 12);

    onnx_input(&maker.builder, input.name, CC_FLOAT32, 4, (int64_t[]){batch, 3, 12, 12});
    made_value first = *make_conv(&maker, &input, 64, 3, 1, 1, 1);
    made_value second = *make_conv(&maker, &first, 64, 3, 1, 2, 1);
    made_value sum = *make_binary(&maker, "Add", &second, &first);
    made_value map = *make_conv(&maker, &sum, 1, 3, 1, 1, 1);
    onnx_output(&maker.builder, make_unary(&maker, &map, "Sigmoid")->name);
    return onnx_finish(&maker.builder);
}

static cc_network_options gpu_options(cc_precision precision)
{
    return (cc_network_options){.engine = &cc_engine_cuda, .precision = precision};
}

static void assert_load_fails(const onnx_bytes *file, const cc_network_options *options,
                              cc_status wanted, const char *words)
{
    cc_network *network = NULL;
    cc_error error = {0};
    cc_status status =
        cc_network_load_memory(file->data, file->size, false, options, &network, &error);

    print_message("%s\n", error.message);
    assert_null(network);
    assert_int_equal(status, wanted);
    assert_non_null(strstr(error.message, words));
}

static cc_network *load(const onnx_bytes *file, cc_precision precision)
{
    cc_network_options options = gpu_options(precision);
    cc_network *network = NULL;
    cc_error error = {0};

    if (cc_network_load_memory(file->data, file->size, false, &options, &network, &error) !=
        CC_OK) {
        fail_msg("%s", error.message);
    }
    return network;
}

/* On a constant input of the small network. */
static cc_status run(cc_network *network, float *output, const atomic_bool *cancel, cc_error *error)
{
    static float input[4 * 3 * 12 * 12];
    const void *inputs[] = {input};
    void *outputs[] = {output};

    for (size_t i = 0; i < sizeof input / sizeof input[0]; i++) {
        input[i] = 0.25F * (float)(i % 7) - 0.5F;
    }
    return cc_network_run(network, inputs, outputs, cancel, error);
}

/* ---- the device ---- */

static void devices_that_are_no_use(void **state)
{
    onnx_bytes file = make_network(1);
    cc_network_options options = gpu_options(CC_PRECISION_FP16);

    (void)state;
    use_fake("init=100");
    assert_load_fails(&file, &options, CC_DEVICE, "CUDA_ERROR_NO_DEVICE");
    use_fake("capability=70");
    assert_load_fails(&file, &options, CC_DEVICE, "has compute capability 7.0");
    use_fake("");
    options.device_index = 7;
    assert_load_fails(&file, &options, CC_DEVICE, "cuda:7 is not there");
    assert_nothing_held();
    free(file.data);
}

static void the_second_device(void **state)
{
    onnx_bytes file = make_network(1);
    cc_network_options options = gpu_options(CC_PRECISION_FP16);
    cc_network *network = NULL;
    cc_network_report report;

    (void)state;
    need_kernels();
    use_fake("");
    options.device_index = 1;
    assert_int_equal(cc_network_load_memory(file.data, file.size, false, &options, &network, NULL),
                     CC_OK);
    cc_network_report_get(network, &report);
    assert_string_equal(report.device_name, "Fake GPU 1");
    cc_network_free(network);
    free(file.data);
}

static void images(void **state)
{
    onnx_bytes file = make_network(1);
    cc_network_options options = gpu_options(CC_PRECISION_FP16);
    cc_cuda_gpu gpu;

    (void)state;
    need_kernels();
    use_fake("elf=200");
    assert_load_fails(&file, &options, CC_DEVICE, "install it again");
    assert_nothing_held();
    use_fake("elf=209,ptx=218");
    assert_load_fails(&file, &options, CC_DEVICE, "the fake does not like it");
    assert_nothing_held();
    use_fake("elf=209");
    assert_int_equal(cc_cuda_gpu_open(0, &gpu, NULL), CC_OK);
    assert_string_equal(gpu.level, "sm_80 from PTX");
    assert_non_null(strstr(gpu.note, "refused the machine code (209)"));
    cc_cuda_gpu_close(&gpu);
    use_fake("capability=130"); /* from the future */
    assert_int_equal(cc_cuda_gpu_open(0, &gpu, NULL), CC_OK);
    assert_string_equal(gpu.level, "sm_130 from PTX");
    assert_non_null(strstr(gpu.note, "no machine code for compute capability 13.0"));
    cc_cuda_gpu_close(&gpu);
    assert_nothing_held();
    free(file.data);
}

/* ---- memory ---- */

static void too_little_memory(void **state)
{
    onnx_bytes file = make_network(3);
    cc_network_options options = gpu_options(CC_PRECISION_FP32);
    cc_network_options cpu = {0};
    char behaviour[64];
    char *text = NULL;

    (void)state;
    need_kernels();
    use_fake("memory=1000");
    assert_load_fails(&file, &options, CC_DEVICE, "MB on cuda:0 (Fake GPU 0");
    assert_load_fails(&file, &options, CC_DEVICE, "use a smaller batch");
    assert_nothing_held();

    use_fake("");
    cc_network *whole = load(&file, CC_PRECISION_FP32);
    cc_network_report report;
    cc_network_report_get(whole, &report);
    cc_network_free(whole);
    snprintf(behaviour, sizeof behaviour, "memory=%zu", report.peak_bytes - 1);
    use_fake(behaviour);
    answer got = run_engine(&file, &options);
    answer wanted = run_engine(&file, &cpu);
    assert_true(largest_difference(&got, &wanted) < 1e-3);
    assert_true(got.report.peak_bytes < report.peak_bytes);
    assert_true(got.report.launches > 0);
    free_answer(&got);
    free_answer(&wanted);

    cc_network *parts = load(&file, CC_PRECISION_FP32);
    assert_int_equal(cc_network_explain(parts, 0, &text, NULL), CC_OK);
    assert_non_null(strstr(text, "a batch of 3 runs in parts of 2"));
    cc_free(text);
    cc_network_free(parts);
    assert_nothing_held();
    free(file.data);
}

/* Another process holds most of the GPU: smaller parts, then an error that tells how much
 * is free of how much; when it goes, all is well again. */
static void a_gpu_shared_with_another_process(void **state)
{
    onnx_bytes file = make_network(3);
    cc_network_options options = gpu_options(CC_PRECISION_FP32);
    cc_network_report whole;
    cc_network_report rest;
    char behaviour[96];

    (void)state;
    need_kernels();
    use_fake("");
    cc_network *network = load(&file, CC_PRECISION_FP32);
    cc_network_report_get(network, &whole);
    cc_network_free(network);
    snprintf(behaviour, sizeof behaviour, "memory=10000000,held=%zu",
             (size_t)10000000 - whole.peak_bytes + 1);
    use_fake(behaviour);
    network = load(&file, CC_PRECISION_FP32);
    cc_network_report_get(network, &rest);
    assert_true(rest.peak_bytes < whole.peak_bytes);
    cc_network_free(network);
    use_fake("memory=10000000,held=9990000");
    assert_load_fails(&file, &options, CC_DEVICE, "0.0 MB of 10.0 free");
    assert_load_fails(&file, &options, CC_DEVICE, "use a smaller batch");
    use_fake("memory=10000000");
    network = load(&file, CC_PRECISION_FP32);
    cc_network_report_get(network, &rest);
    assert_int_equal(rest.peak_bytes, whole.peak_bytes);
    cc_network_free(network);
    assert_nothing_held();
    free(file.data);
}

/* Every allocation of ours fails once: no crash, no leak, nothing left on the device. */
static void refused_allocations(void **state)
{
    onnx_bytes file = make_network(1);
    cc_network_options options = gpu_options(CC_PRECISION_FP16);
    int failures = 0;

    (void)state;
    need_kernels();
    use_fake("");
    for (long n = 0;; n++) {
        cc_network *network = NULL;
        cc_memory_fail_after(n);
        cc_status status =
            cc_network_load_memory(file.data, file.size, false, &options, &network, NULL);
        cc_memory_fail_after(-1);
        if (status == CC_OK) {
            cc_network_free(network);
            break;
        }
        assert_int_equal(status, CC_OUT_OF_MEMORY);
        assert_null(network);
        assert_nothing_held();
        failures++;
    }
    print_message("%d refusals survived\n", failures);
    assert_true(failures > 20);
    free(file.data);
}

/* ---- faults of a run ---- */

static void a_gpu_lost_in_the_middle(void **state)
{
    onnx_bytes file = make_network(1);
    float output[144];
    cc_error error = {0};

    (void)state;
    need_kernels();
    use_fake("fault=719,at=3");
    cc_network *network = load(&file, CC_PRECISION_FP16);
    assert_int_equal(run(network, output, NULL, &error), CC_DEVICE);
    assert_non_null(strstr(error.message, "CUDA_ERROR_LAUNCH_FAILED (719)"));
    assert_non_null(strstr(error.message, "dmesg"));
    assert_int_equal(run(network, output, NULL, &error), CC_DEVICE);
    assert_non_null(strstr(error.message, "the GPU was lost earlier"));
    cc_network_free(network);
    assert_int_equal(fake_counts().allocations, 0);
    assert_int_equal(fake_counts().contexts, 0);
    network = load(&file, CC_PRECISION_FP16); /* with a new context all is well */
    assert_int_equal(run(network, output, NULL, NULL), CC_OK);
    cc_network_free(network);
    assert_nothing_held();
    free(file.data);
}

static void a_gpu_that_never_answers(void **state)
{
    cc_cuda_gpu gpu;
    cc_error error = {0};

    (void)state;
    need_kernels();
    use_fake("hang");
    assert_int_equal(cc_cuda_gpu_open(0, &gpu, NULL), CC_OK);
    assert_int_equal(cc_cuda_gpu_enter(&gpu, NULL), CC_OK);
    assert_int_equal(cc_cuda_gpu_wait(&gpu, 1, &error), CC_DEVICE);
    assert_non_null(strstr(error.message, "has not answered for 1 seconds"));
    cc_cuda_gpu_leave(&gpu);
    assert_int_equal(cc_cuda_gpu_enter(&gpu, &error), CC_DEVICE);
    cc_cuda_gpu_close(&gpu);
    assert_int_equal(fake_counts().modules, 1); /* not even asked to go */
}

/* Says yes to everything: the numbers must show it, or our tests prove nothing. */
static void a_driver_that_lies(void **state)
{
    onnx_bytes file = make_network(1);
    cc_network_options options = gpu_options(CC_PRECISION_FP32);
    cc_network_options cpu = {0};

    (void)state;
    need_kernels();
    use_fake("lie");
    answer got = run_engine(&file, &options);
    answer wanted = run_engine(&file, &cpu);
    assert_true(largest_difference(&got, &wanted) > 0.1);
    free_answer(&got);
    free_answer(&wanted);
    free(file.data);
}

static void a_fork_after_loading(void **state)
{
    onnx_bytes file = make_network(1);
    float output[144];
    int status = 0;

    (void)state;
    need_kernels();
    use_fake("");
    cc_network *network = load(&file, CC_PRECISION_FP16);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        cc_error error = {0};
        alarm(20); /* a child that hangs is a failure */
        bool right = run(network, output, NULL, &error) == CC_DEVICE &&
                     strstr(error.message, "before this process was forked") != NULL;
        cc_network_free(network);
        _exit(right ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(run(network, output, NULL, NULL), CC_OK); /* the parent goes on */
    cc_network_free(network);
    assert_nothing_held();
    free(file.data);
}

static void stopping(void **state)
{
    onnx_bytes file = make_network(1);
    float output[144];
    atomic_bool stop = true;

    (void)state;
    need_kernels();
    use_fake("");
    cc_network *network = load(&file, CC_PRECISION_FP16);
    assert_int_equal(run(network, output, &stop, NULL), CC_CANCELLED);
    atomic_store(&stop, false);
    assert_int_equal(run(network, output, &stop, NULL), CC_OK);
    cc_network_free(network);
    assert_nothing_held();
    free(file.data);
}

static void two_networks_on_one_device(void **state)
{
    onnx_bytes file = make_network(1);
    float first[144];
    float second[144];

    (void)state;
    need_kernels();
    use_fake("");
    cc_network *one = load(&file, CC_PRECISION_FP32);
    cc_network *two = load(&file, CC_PRECISION_FP32);
    assert_int_equal(run(one, first, NULL, NULL), CC_OK);
    assert_int_equal(run(two, second, NULL, NULL), CC_OK);
    cc_network_free(one);
    assert_memory_equal(first, second, sizeof first);
    assert_int_equal(run(two, second, NULL, NULL), CC_OK);
    assert_memory_equal(first, second, sizeof first);
    cc_network_free(two);
    assert_nothing_held();
    free(file.data);
}

/* ---- what the engine does not do ---- */

static onnx_bytes make_single(const char *op_type, const int64_t dims[4])
{
    onnx_builder builder = onnx_begin(13);

    onnx_input(&builder, "x", CC_FLOAT32, 4, dims);
    onnx_node(&builder, op_type, "x", "y");
    onnx_output(&builder, "y");
    return onnx_finish(&builder);
}

static void refusals_name_the_node(void **state)
{
    cc_network_options options = gpu_options(CC_PRECISION_FP16);
    onnx_bytes file = make_single("ArgMax", (int64_t[]){1, 2, 3, 4});

    (void)state;
    need_kernels();
    use_fake("");
    assert_load_fails(&file, &options, CC_DEVICE, "ArgMax");
    assert_nothing_held();
    free(file.data);
}

static void wrong_wishes(void **state)
{
    onnx_bytes file = make_network(1);
    cc_network_options options = gpu_options(CC_PRECISION_BF16);

    (void)state;
    use_fake("");
    assert_load_fails(&file, &options, CC_UNSUPPORTED, "fp16 or fp32");
    options = gpu_options(CC_PRECISION_INT8);
    assert_load_fails(&file, &options, CC_UNSUPPORTED, "fp16 or fp32");
    options = gpu_options(CC_PRECISION_FP32);
    options.reference_only = true;
    assert_load_fails(&file, &options, CC_UNSUPPORTED, "--device cpu");
    free(file.data);
}

static void explanation(void **state)
{
    onnx_bytes file = make_network(1);
    char *text = NULL;

    (void)state;
    need_kernels();
    use_fake("");
    cc_network *network = load(&file, CC_PRECISION_FP16);
    assert_int_equal(cc_network_explain(network, 2, &text, NULL), CC_OK);
    print_message("%s", text);
    assert_non_null(strstr(text, "tensor cores"));
    assert_non_null(strstr(text, "few channels"));
    assert_non_null(strstr(text, "in fp16"));
    assert_non_null(strstr(text, "Fake GPU 0"));
    cc_free(text);
    cc_network_free(network);
    assert_nothing_held();
    free(file.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_that_are_no_use),
        cmocka_unit_test(the_second_device),
        cmocka_unit_test(images),
        cmocka_unit_test(too_little_memory),
        cmocka_unit_test(a_gpu_shared_with_another_process),
        cmocka_unit_test(refused_allocations),
        cmocka_unit_test(a_gpu_lost_in_the_middle),
        cmocka_unit_test(a_gpu_that_never_answers),
        cmocka_unit_test(a_driver_that_lies),
        cmocka_unit_test(a_fork_after_loading),
        cmocka_unit_test(stopping),
        cmocka_unit_test(two_networks_on_one_device),
        cmocka_unit_test(refusals_name_the_node),
        cmocka_unit_test(wrong_wishes),
        cmocka_unit_test(explanation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

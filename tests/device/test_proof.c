/* What counts as proof, what the texts say, and a run that is measured for real. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "device/doctor.h"
#include "nn/cuda/driver.h"
#include "nn/cuda/image.h"
#include "nn/engine.h"
#include "nn/ort/library.h"

#define MODEL CLEARCUT_SOURCE_DIR "/tests/cli/data/mask.onnx"

/* What a real GPU would measure. */
static cc_measured honest_gpu(void)
{
    return (cc_measured){
        .claim = CC_CLAIM_OWN_GPU,
        .runs = 10,
        .report = {.operators_total = 114,
                   .operators_on_device = 114,
                   .engine = "cuda/sm_90",
                   .device_name = "NVIDIA H200",
                   .bytes_to_device = 1228800,
                   .bytes_from_device = 409600},
        .wall_ms = {1.1, 1.2, 1.9},
        .device_ms = {0.9, 1.0, 1.1},
        .processor_time_ms = 1.2,
        .cpu_wall_ms = {90, 100, 140},
        .cpu_processor_time_ms = 200,
        .speed_up = {70, 83, 90},
        .difference = 0.003,
        .range = 1,
        .compared = 102400,
        .probed = true,
        .probe = {.threads = 262144, .rounds = 1024, .checked = 97, .multiprocessors = 132},
        .device_file = true,
        .device_file_name = "/dev/nvidia0",
        .utilisation_before = 0,
        .utilisation_during = 97,
        .used_before = 1 << 20,
        .used_during = 600 << 20};
}

static void expect(const cc_measured *measured, bool proven, const char *failed)
{
    cc_verdict verdict;
    bool seen = failed == NULL;

    cc_proof_judge(measured, &verdict);
    assert_int_equal(verdict.proven, proven);
    assert_in_range(verdict.check_count, 2, CC_MOST_CHECKS);
    for (int i = 0; i < verdict.check_count; i++) {
        const cc_check *check = &verdict.checks[i];
        assert_true(check->text[0] != '\0');
        if (failed != NULL && strcmp(check->name, failed) == 0) {
            seen = true;
            assert_false(check->passed);
        } else {
            assert_true(check->passed);
        }
    }
    assert_true(seen);
}

static void every_measurement_can_convict(void **state)
{
    cc_measured m = honest_gpu();

    (void)state;
    expect(&m, true, NULL);
    m.report.operators_on_device = 113;
    expect(&m, false, "operators");
    m = honest_gpu();
    m.report.operators_total = m.report.operators_on_device = 0;
    expect(&m, false, "operators");
    m = honest_gpu();
    m.difference = 0.03;
    expect(&m, false, "answer");
    m = honest_gpu();
    m.not_finite = 1;
    expect(&m, false, "answer");
    m = honest_gpu();
    m.compared = 0;
    expect(&m, false, "answer");
    m = honest_gpu();
    m.probed = false;
    expect(&m, false, "probe");
    m = honest_gpu();
    m.probe.multiprocessors = 1;
    expect(&m, false, "probe");
    m = honest_gpu();
    m.device_ms = (cc_spread){0};
    expect(&m, false, "clock");
    m = honest_gpu();
    m.device_ms.median = 5; /* more than the run took */
    expect(&m, false, "clock");
    m = honest_gpu();
    m.processor_time_ms = 190; /* it computes on the processor */
    expect(&m, false, "processor");
    m = honest_gpu();
    m.device_file = false;
    expect(&m, false, "device-file");
}

/* Containers and MIG hide what NVML would tell: no conviction by that. */
static void nvml_only_supports(void **state)
{
    cc_measured m = honest_gpu();

    (void)state;
    m.utilisation_during = 0;
    expect(&m, true, "utilisation");
    m.used_during = m.used_before;
    m.utilisation_during = 50;
    expect(&m, true, "memory");
    m.utilisation_before = m.utilisation_during = -1;
    m.used_before = m.used_during = -1;
    expect(&m, true, NULL);
}

static void other_claims_need_less(void **state)
{
    cc_measured m = honest_gpu();

    (void)state;
    m.claim = CC_CLAIM_GPU; /* through ONNX Runtime: neither clock nor probe */
    m.probed = false;
    m.device_ms = (cc_spread){0};
    expect(&m, true, NULL);
    m.device_file = false;
    expect(&m, false, "device-file");
    m.claim = CC_CLAIM_LIBRARY;
    expect(&m, true, NULL);
    m.claim = CC_CLAIM_PROCESSOR;
    expect(&m, true, NULL);
}

static void spreads(void **state)
{
    double even[] = {4, 1, 3, 2};
    double odd[] = {9, 1, 5};
    double one[] = {7};
    cc_spread spread = cc_spread_of(even, 4);

    (void)state;
    assert_true(spread.low == 1 && spread.median == 2.5 && spread.high == 4);
    spread = cc_spread_of(odd, 3);
    assert_true(spread.low == 1 && spread.median == 5 && spread.high == 9);
    spread = cc_spread_of(one, 1);
    assert_true(spread.low == 7 && spread.median == 7 && spread.high == 7);
}

/* ---- the last lines ---- */

static char *text_of(const cc_doctor *doctor, bool json)
{
    cc_writer writer = {0};

    if (json) {
        cc_doctor_write_json(doctor, "0", &writer);
    } else {
        cc_doctor_write_text(doctor, "0", &writer);
    }
    assert_false(writer.failed);
    assert_int_equal(cc_buffer_append(&writer.bytes, "", 1, 0, NULL), CC_OK);
    return (char *)writer.bytes.data;
}

static void assert_ends(const char *text, const char *end)
{
    size_t length = strlen(text);

    assert_true(length >= strlen(end));
    assert_string_equal(text + length - strlen(end), end);
}

static void last_lines(void **state)
{
    cc_doctor *doctor = test_calloc(1, sizeof *doctor);
    char *text;

    (void)state;
    doctor->choice.engine = CC_ENGINE_CUDA;
    doctor->measured = honest_gpu();
    cc_proof_judge(&doctor->measured, &doctor->verdict);
    text = text_of(doctor, false);
    assert_ends(text, "\nGPU (CUDA) is the active provider\nSession using GPU: True\n");
    cc_free(text);
    text = text_of(doctor, true);
    assert_non_null(strstr(text, "\"active_provider\":\"GPU (CUDA)\",\"using_gpu\":true"));
    assert_null(strchr(text, '\n'));
    cc_free(text);

    doctor->measured.device_file = false;
    cc_proof_judge(&doctor->measured, &doctor->verdict);
    text = text_of(doctor, false);
    assert_null(strstr(text, "is the active provider"));
    assert_non_null(strstr(text, "GPU (CUDA) is not the active provider: device-file: "));
    assert_ends(text, "Session using GPU: False\n");
    cc_free(text);
    text = text_of(doctor, true);
    assert_non_null(strstr(text, "\"active_provider\":null,\"using_gpu\":false"));
    cc_free(text);
    test_free(doctor);
}

static void json_survives_any_bytes(void **state)
{
    cc_doctor *doctor = test_calloc(1, sizeof *doctor);
    char *text;

    (void)state;
    snprintf(doctor->cpu_name, sizeof doctor->cpu_name, "a\"b\\c\n\x01\xff\xc3");
    text = text_of(doctor, true);
    assert_non_null(strstr(text, "\"a\\\"b\\\\c\\u000a\\u0001\xef\xbf\xbd\xef\xbf\xbd\""));
    cc_free(text);
    test_free(doctor);
}

/* ---- measured ---- */

static cc_doctor *examine(const char *device)
{
    cc_doctor *doctor = test_calloc(1, sizeof *doctor);
    cc_proof_model model = {.path = MODEL};
    cc_device_request request;
    cc_error error;

    assert_int_equal(cc_device_parse(device, &request, NULL), CC_OK);
    cc_doctor_look(doctor);
    cc_error_clear(&error);
    if (cc_doctor_prove(doctor, &request, &model, 3, NULL, NULL, &error) != CC_OK) {
        fail_msg("%s", error.message);
    }
    return doctor;
}

static int bare_machine(void **state)
{
    (void)state;
    setenv("CLEARCUT_LIBCUDA", "/nonexistent/libcuda.so.1", 1);
    setenv("CLEARCUT_LIBNVML", "/nonexistent/libnvidia-ml.so.1", 1);
    setenv("CLEARCUT_ORT", "/nonexistent/libonnxruntime.so", 1);
    cc_cuda_forget();
    cc_ort_forget();
    return 0;
}

static void what_nvml_tells(void **state)
{
    cc_nvml_facts *facts = test_calloc(1, sizeof *facts);

    (void)state;
    cc_nvml_look(facts);
    assert_false(facts->available);
    assert_non_null(strstr(facts->problem, "/nonexistent"));
    setenv("CLEARCUT_LIBNVML", CLEARCUT_STUB_ORT, 1); /* a library, but not that one */
    cc_nvml_look(facts);
    assert_false(facts->available);
    assert_non_null(strstr(facts->problem, "lacks"));
    setenv("CLEARCUT_LIBNVML", CLEARCUT_STUB_NVML, 1);
    cc_nvml_look(facts);
    assert_true(facts->available);
    assert_string_equal(facts->driver_version, "580.65.06");
    assert_int_equal(facts->gpu_count, 2);
    assert_string_equal(facts->gpus[0].name, "Pretended GPU 0");
    assert_int_equal(facts->gpus[0].utilisation, 37);
    assert_true(facts->gpus[0].used == (int64_t)10 << 30);
    assert_true(facts->gpus[0].total == (int64_t)80 << 30);
    assert_false(facts->gpus[0].mig);
    assert_int_equal(facts->gpus[1].utilisation, -1);
    assert_true(facts->gpus[1].used == -1);
    assert_true(facts->gpus[1].mig);
    test_free(facts);
}

static void what_nvml_tells_of_energy(void **state)
{
    double before = 0;
    double after = 0;
    cc_error error = {0};

    (void)state;
    setenv("CLEARCUT_LIBNVML", "/nonexistent/libnvidia-ml.so.1", 1);
    assert_int_equal(cc_nvml_energy("GPU-0", &before, &error), CC_UNSUPPORTED);
    assert_non_null(strstr(error.message, "/nonexistent"));
    setenv("CLEARCUT_LIBNVML", CLEARCUT_STUB_NVML, 1);
    assert_int_equal(cc_nvml_energy("GPU-0", &before, &error), CC_OK);
    while (after <= before) { /* its counter goes on */
        assert_int_equal(cc_nvml_energy("GPU-0", &after, &error), CC_OK);
    }
    assert_true(before > 0);
    assert_int_equal(cc_nvml_energy("GPU-1", &after, &error), CC_UNSUPPORTED);
    assert_non_null(strstr(error.message, "not supported"));
    assert_true(after == 0);
    assert_int_equal(cc_nvml_energy("MIG-7", &after, &error), CC_UNSUPPORTED);
    assert_non_null(strstr(error.message, "MIG"));
}

static void the_processor_is_proven(void **state)
{
    cc_doctor *doctor = examine("auto");
    char name[64];

    (void)state;
    assert_true(cc_doctor_proven(doctor));
    assert_false(cc_doctor_uses_gpu(doctor));
    assert_string_equal(cc_doctor_provider_name(doctor, name, sizeof name), "CPU");
    assert_int_equal(doctor->measured.runs, 3);
    assert_true(doctor->measured.wall_ms.median > 0);
    assert_true(doctor->measured.range > 0);
    assert_true(doctor->here.hint_count > 0);
    test_free(doctor);
}

static void liars_prove_nothing(void **state)
{
    static const struct {
        const char *mode;
        const char *words;
    } lies[] = {{"unwritten", "unwritten"},
                {"nothing", "takes 0 of the model's 0"},
                {"wrong", "takes 0 of the model's 2"},
                {"shared", "takes 1 of the model's 2"},
                {"constant", "answer: differs"},
                {"broken", "does not start"},
                {"old", "1.12 or newer"}};
    char why[CC_DOCTOR_TEXT];

    (void)state;
    setenv("CLEARCUT_ORT", CLEARCUT_STUB_ORT, 1);
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        cc_doctor *doctor;
        setenv("STUB_ORT", lies[i].mode, 1);
        cc_ort_forget();
        doctor = examine("ort:cuda");
        assert_false(cc_doctor_proven(doctor));
        assert_false(cc_doctor_uses_gpu(doctor));
        cc_doctor_why_no_gpu(doctor, why, sizeof why);
        if (strstr(why, lies[i].words) == NULL) {
            fail_msg("%s: \"%s\" does not say \"%s\"", lies[i].mode, why, lies[i].words);
        }
        test_free(doctor);
    }
}

#ifdef CLEARCUT_FAKE_CUDA
/* A driver that does nothing, and one that computes everything right on the
 * processor: neither is a GPU. */
static void fake_drivers_prove_nothing(void **state)
{
    static const char *const modes[] = {"lie", ""};
    static const char *const words[] = {"probe are wrong", ""};
    char why[CC_DOCTOR_TEXT];

    (void)state;
    if (cc_cuda_image_count == 0) {
        print_message("skipped: %s\n", cc_cuda_image_origin);
        skip();
    }
    setenv("CLEARCUT_LIBCUDA", CLEARCUT_FAKE_CUDA, 1);
    for (int i = 0; i < 2; i++) {
        cc_doctor *doctor;
        setenv("FAKE_CUDA", modes[i], 1);
        cc_cuda_forget();
        doctor = examine("cuda");
        assert_false(cc_doctor_uses_gpu(doctor));
        cc_doctor_why_no_gpu(doctor, why, sizeof why);
        assert_true(why[0] != '\0');
        assert_non_null(strstr(why, words[i]));
        if (i == 1) { /* right in everything but that no device was open */
            cc_check file = {0};
            for (int j = 0; j < doctor->verdict.check_count; j++) {
                if (strcmp(doctor->verdict.checks[j].name, "device-file") == 0) {
                    file = doctor->verdict.checks[j];
                }
            }
            assert_non_null(file.name);
            assert_false(file.passed);
        }
        test_free(doctor);
    }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_measurement_can_convict),
        cmocka_unit_test(nvml_only_supports),
        cmocka_unit_test(other_claims_need_less),
        cmocka_unit_test(spreads),
        cmocka_unit_test(last_lines),
        cmocka_unit_test(json_survives_any_bytes),
        cmocka_unit_test_setup(what_nvml_tells, bare_machine),
        cmocka_unit_test_setup(what_nvml_tells_of_energy, bare_machine),
        cmocka_unit_test_setup(the_processor_is_proven, bare_machine),
        cmocka_unit_test_setup(liars_prove_nothing, bare_machine),
#ifdef CLEARCUT_FAKE_CUDA
        cmocka_unit_test_setup(fake_drivers_prove_nothing, bare_machine),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

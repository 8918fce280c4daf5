#include "device/doctor.h"

#include <stdio.h>
#include <string.h>

#include "core/cpu.h"
#include "nn/cuda/image.h"
#include "nn/ort/provider.h"

/* ---- looking ---- */

static void look_at_processor(cc_doctor *doctor)
{
    const cc_cpu *cpu = cc_cpu_detect();

    snprintf(doctor->cpu_name, sizeof doctor->cpu_name, "%s", cc_cpu_model_name());
    snprintf(doctor->cpu_level, sizeof doctor->cpu_level, "%s%s%s%s", cc_cpu_level_name(cpu->level),
             cpu->avx512_vnni ? "+vnni" : "", cpu->avx512_bf16 ? "+bf16" : "",
             cpu->amx_bf16 ? "+amx" : "");
    doctor->threads = cc_default_threads();
}

static void look_at_cuda(cc_doctor *doctor)
{
    const cc_cuda_driver *driver = NULL;

    doctor->images = cc_cuda_image_count;
    snprintf(doctor->kernels, sizeof doctor->kernels, "%s", cc_cuda_image_origin);
    cc_nvml_look(&doctor->nvml);
    if (cc_cuda_open(&driver, NULL) == CC_OK) {
        cc_cuda_facts_get(&doctor->cuda);
        for (int i = 0; i < doctor->cuda.device_count && i < CC_DOCTOR_MOST_GPUS; i++) {
            if (cc_cuda_device_describe(driver, i, &doctor->gpus[doctor->gpu_count], NULL) ==
                CC_OK) {
                doctor->gpu_count++;
            }
        }
    } else {
        cc_cuda_facts_get(&doctor->cuda);
    }
    cc_surroundings_look(doctor->gpu_count > 0, &doctor->here);
}

/* Does a provider that is listed start? Listing itself proves nothing. */
static void try_provider(cc_doctor *doctor, const cc_ort_library *library,
                         const cc_ort_provider *provider)
{
    cc_doctor_provider *found = &doctor->providers[doctor->provider_count];
    cc_ort_options *options = NULL;
    cc_error error;

    cc_error_clear(&error);
    if (doctor->provider_count == CC_DOCTOR_MOST_PROVIDERS ||
        !cc_ort_has_provider(library, provider->full_name)) {
        return;
    }
    doctor->provider_count++;
    snprintf(found->name, sizeof found->name, "%s", provider->name);
    snprintf(found->full_name, sizeof found->full_name, "%s", provider->full_name);
    if (cc_ort_check(library, library->api.CreateSessionOptions(&options), CC_DEVICE,
                     provider->full_name, &error) == CC_OK) {
        cc_ort_provider_append(library, provider, 0, options, &error);
        library->api.ReleaseSessionOptions(options);
    }
    snprintf(found->problem, sizeof found->problem, "%s", error.message);
}

static void look_at_ort(cc_doctor *doctor)
{
    const cc_ort_library *library = NULL;
    cc_error error;

    cc_error_clear(&error);
    cc_ort_search_run(&doctor->search);
    doctor->ort_opened = cc_ort_open(&library, &error) == CC_OK;
    if (!doctor->ort_opened) {
        snprintf(doctor->ort_problem, sizeof doctor->ort_problem, "%s", error.message);
        return;
    }
    snprintf(doctor->ort_version, sizeof doctor->ort_version, "%s", library->version);
    snprintf(doctor->ort_path, sizeof doctor->ort_path, "%s", library->path);
    for (int i = 0; i < cc_ort_provider_count(); i++) {
        try_provider(doctor, library, cc_ort_provider_at(i));
    }
}

void cc_doctor_look(cc_doctor *doctor)
{
    memset(doctor, 0, sizeof *doctor);
    look_at_processor(doctor);
    look_at_cuda(doctor);
    look_at_ort(doctor);
}

/* ---- proving ---- */

static bool is_no_finding(cc_status status)
{
    return status == CC_CANCELLED || status == CC_OUT_OF_MEMORY || status == CC_INVALID_ARGUMENT;
}

cc_status cc_doctor_prove(cc_doctor *doctor, const cc_device_request *device,
                          const cc_proof_model *model, int runs, cc_thread_pool *pool,
                          const atomic_bool *cancel, cc_error *error)
{
    cc_error fault;
    cc_status status;

    cc_error_clear(&fault);
    snprintf(doctor->requested, sizeof doctor->requested, "%s", device->text);
    status = cc_device_choose(device, &doctor->choice, &fault);
    if (status == CC_OK) {
        status =
            cc_proof_measure(&doctor->choice, model, runs, pool, cancel, &doctor->measured, &fault);
        snprintf(doctor->proof_problem, sizeof doctor->proof_problem, "%s",
                 status != CC_OK ? fault.message : "");
    } else {
        snprintf(doctor->choice_problem, sizeof doctor->choice_problem, "%s", fault.message);
    }
    if (is_no_finding(status)) {
        return cc_fail(error, status, "%s", fault.message);
    }
    if (status == CC_OK) {
        cc_proof_judge(&doctor->measured, &doctor->verdict);
    }
    return CC_OK;
}

/* ---- summing up ---- */

bool cc_doctor_proven(const cc_doctor *doctor)
{
    return doctor->choice_problem[0] == '\0' && doctor->proof_problem[0] == '\0' &&
           doctor->verdict.proven;
}

static bool claims_gpu(const cc_doctor *doctor)
{
    return doctor->choice_problem[0] == '\0' &&
           (doctor->measured.claim == CC_CLAIM_GPU || doctor->measured.claim == CC_CLAIM_OWN_GPU);
}

bool cc_doctor_uses_gpu(const cc_doctor *doctor)
{
    return cc_doctor_proven(doctor) && claims_gpu(doctor);
}

const char *cc_doctor_provider_name(const cc_doctor *doctor, char *text, size_t size)
{
    static const struct {
        const char *provider;
        const char *name;
    } gpus[] = {{"cuda", "GPU (CUDA)"},
                {"tensorrt", "GPU (TensorRT)"},
                {"nvtensorrtrtx", "GPU (TensorRT RTX)"},
                {"rocm", "GPU (ROCm)"},
                {"migraphx", "GPU (MIGraphX)"}};
    const cc_device_choice *choice = &doctor->choice;

    if (choice->engine == CC_ENGINE_CPU) {
        snprintf(text, size, "CPU");
    } else if (choice->engine == CC_ENGINE_CUDA) {
        snprintf(text, size, "GPU (CUDA)");
    } else {
        snprintf(text, size, "%s", choice->name);
        for (size_t i = 0; i < sizeof gpus / sizeof gpus[0]; i++) {
            if (strcmp(choice->provider, gpus[i].provider) == 0) {
                snprintf(text, size, "%s", gpus[i].name);
            }
        }
    }
    return text;
}

/* Another device was chosen, or asked for. */
static const char *why_not_chosen(const cc_doctor *doctor)
{
    if (doctor->choice.reason[0] == '\0') {
        return "another device was asked for";
    }
    if (doctor->images == 0) {
        return doctor->kernels;
    }
    return doctor->cuda.problem[0] != '\0' ? doctor->cuda.problem : doctor->choice.reason;
}

const char *cc_doctor_why_no_gpu(const cc_doctor *doctor, char *text, size_t size)
{
    text[0] = '\0';
    if (cc_doctor_uses_gpu(doctor)) {
        return text;
    }
    if (doctor->choice_problem[0] != '\0') {
        snprintf(text, size, "%s", doctor->choice_problem);
    } else if (doctor->proof_problem[0] != '\0') {
        snprintf(text, size, "%s", doctor->proof_problem);
    } else if (!claims_gpu(doctor)) {
        snprintf(text, size, "%s", why_not_chosen(doctor));
    }
    for (int i = 0; i < doctor->verdict.check_count && text[0] == '\0'; i++) {
        const cc_check *check = &doctor->verdict.checks[i];
        if (!check->passed && check->decides) {
            snprintf(text, size, "%s: %s", check->name, check->text);
        }
    }
    return text;
}

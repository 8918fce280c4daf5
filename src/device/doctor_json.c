/* The findings for machines: the keys of docs/devices.md. */
#include <string.h>

#include "device/doctor.h"

/* -1 stands for unknown. */
static void maybe(cc_writer *writer, const char *key, int64_t value)
{
    if (value < 0) {
        cc_json_text(writer, key, NULL);
    } else {
        cc_json_integer(writer, key, value);
    }
}

static void spread(cc_writer *writer, const char *key, const cc_spread *values)
{
    if (values->median <= 0) {
        cc_json_text(writer, key, NULL);
        return;
    }
    cc_json_open(writer, key, '{');
    cc_json_real(writer, "median", values->median);
    cc_json_real(writer, "lowest", values->low);
    cc_json_real(writer, "highest", values->high);
    cc_json_close(writer, '}');
}

static void write_gpus(const cc_doctor *doctor, cc_writer *writer)
{
    cc_json_open(writer, "gpus", '[');
    for (int i = 0; i < doctor->gpu_count; i++) {
        const cc_cuda_device_facts *gpu = &doctor->gpus[i];
        cc_json_open(writer, NULL, '{');
        cc_json_integer(writer, "index", gpu->index);
        cc_json_text(writer, "name", gpu->name);
        cc_json_text(writer, "uuid", gpu->uuid);
        cc_json_text(writer, "pci_bus", gpu->pci_bus);
        cc_json_integer(writer, "memory_bytes", (int64_t)gpu->memory_bytes);
        cc_json_integer(writer, "compute_capability", gpu->compute_major * 10 + gpu->compute_minor);
        cc_json_integer(writer, "multiprocessors", gpu->multiprocessors);
        cc_json_close(writer, '}');
    }
    cc_json_close(writer, ']');
}

static void write_nvml(const cc_nvml_facts *nvml, cc_writer *writer)
{
    cc_json_open(writer, "nvml", '{');
    cc_json_bool(writer, "available", nvml->available);
    cc_json_text(writer, "library", nvml->library);
    cc_json_text(writer, "problem", nvml->problem);
    cc_json_text(writer, "driver_version", nvml->driver_version);
    cc_json_open(writer, "gpus", '[');
    for (int i = 0; i < nvml->gpu_count; i++) {
        const cc_nvml_gpu *gpu = &nvml->gpus[i];
        cc_json_open(writer, NULL, '{');
        cc_json_text(writer, "name", gpu->name);
        cc_json_text(writer, "uuid", gpu->uuid);
        maybe(writer, "utilisation_percent", gpu->utilisation);
        maybe(writer, "used_bytes", gpu->used);
        maybe(writer, "total_bytes", gpu->total);
        cc_json_bool(writer, "mig", gpu->mig);
        cc_json_close(writer, '}');
    }
    cc_json_close(writer, ']');
    cc_json_close(writer, '}');
}

static void write_surroundings(const cc_surroundings *here, cc_writer *writer)
{
    cc_json_open(writer, "surroundings", '{');
    cc_json_bool(writer, "container", here->container);
    cc_json_bool(writer, "wsl", here->wsl);
    maybe(writer, "nvidia_cards", here->nvidia_cards);
    cc_json_bool(writer, "device_files", here->device_files);
    cc_json_bool(writer, "device_files_usable", here->device_files_usable);
    cc_json_text(writer, "NVIDIA_VISIBLE_DEVICES", here->visible);
    cc_json_text(writer, "CUDA_VISIBLE_DEVICES", here->cuda_visible_set ? here->cuda_visible : "");
    cc_json_open(writer, "hints", '[');
    for (int i = 0; i < here->hint_count; i++) {
        cc_json_text(writer, NULL, here->hints[i]);
    }
    cc_json_close(writer, ']');
    cc_json_close(writer, '}');
}

static void write_cuda_engine(const cc_doctor *doctor, cc_writer *writer)
{
    const cc_cuda_facts *cuda = &doctor->cuda;

    cc_json_open(writer, "cuda", '{');
    cc_json_bool(writer, "built_in", doctor->images > 0);
    cc_json_text(writer, "kernels", doctor->kernels);
    cc_json_text(writer, "library", cuda->library);
    maybe(writer, "driver_version", cuda->driver_version > 0 ? cuda->driver_version : -1);
    cc_json_text(writer, "kernel_module", cuda->kernel_module);
    cc_json_text(writer, "problem", cuda->problem);
    cc_json_text(writer, "remedy", cuda->remedy);
    cc_json_open(writer, "looked_for", '[');
    for (int i = 0; i < cuda->attempt_count; i++) {
        cc_json_open(writer, NULL, '{');
        cc_json_text(writer, "path", cuda->attempts[i].path);
        cc_json_bool(writer, "loaded", cuda->attempts[i].loaded);
        cc_json_text(writer, "reason", cuda->attempts[i].reason);
        cc_json_close(writer, '}');
    }
    cc_json_close(writer, ']');
    cc_json_close(writer, '}');
}

static void write_ort_engine(const cc_doctor *doctor, cc_writer *writer)
{
    cc_json_open(writer, "ort", '{');
    cc_json_text(writer, "library", doctor->ort_path);
    cc_json_text(writer, "version", doctor->ort_version);
    cc_json_text(writer, "problem", doctor->ort_problem);
    cc_json_open(writer, "providers", '[');
    for (int i = 0; i < doctor->provider_count; i++) {
        const cc_doctor_provider *provider = &doctor->providers[i];
        cc_json_open(writer, NULL, '{');
        cc_json_text(writer, "name", provider->name);
        cc_json_text(writer, "full_name", provider->full_name);
        cc_json_text(writer, "problem", provider->problem);
        cc_json_close(writer, '}');
    }
    cc_json_close(writer, ']');
    cc_json_open(writer, "looked_at", '[');
    for (int i = 0; i < doctor->search.count; i++) {
        cc_json_open(writer, NULL, '{');
        cc_json_text(writer, "where", doctor->search.places[i].where);
        cc_json_text(writer, "found", doctor->search.places[i].file);
        cc_json_close(writer, '}');
    }
    cc_json_close(writer, ']');
    cc_json_close(writer, '}');
}

static void write_checks(const cc_verdict *verdict, cc_writer *writer)
{
    cc_json_open(writer, "checks", '[');
    for (int i = 0; i < verdict->check_count; i++) {
        const cc_check *check = &verdict->checks[i];
        cc_json_open(writer, NULL, '{');
        cc_json_text(writer, "name", check->name);
        cc_json_bool(writer, "passed", check->passed);
        cc_json_bool(writer, "decides", check->decides);
        cc_json_text(writer, "text", check->text);
        cc_json_close(writer, '}');
    }
    cc_json_close(writer, ']');
}

static void write_proof(const cc_doctor *doctor, cc_writer *writer)
{
    const cc_measured *m = &doctor->measured;
    bool measured = doctor->choice_problem[0] == '\0' && doctor->proof_problem[0] == '\0';

    cc_json_open(writer, "proof", '{');
    cc_json_text(writer, "model", doctor->model);
    cc_json_text(writer, "problem",
                 doctor->choice_problem[0] != '\0' ? doctor->choice_problem
                                                   : doctor->proof_problem);
    cc_json_bool(writer, "proven", cc_doctor_proven(doctor));
    if (measured) {
        cc_json_integer(writer, "runs", m->runs);
        cc_json_text(writer, "engine", m->report.engine);
        cc_json_text(writer, "device_name", m->report.device_name);
        cc_json_integer(writer, "ops_total", m->report.operators_total);
        cc_json_integer(writer, "ops_on_device", m->report.operators_on_device);
        cc_json_real(writer, "load_ms", m->load_ms);
        spread(writer, "wall_ms", &m->wall_ms);
        spread(writer, "device_ms", &m->device_ms);
        cc_json_real(writer, "processor_time_ms", m->processor_time_ms);
        spread(writer, "cpu_wall_ms", &m->cpu_wall_ms);
        cc_json_real(writer, "cpu_processor_time_ms", m->cpu_processor_time_ms);
        spread(writer, "speed_up", &m->speed_up);
        cc_json_real(writer, "largest_difference", m->difference);
        cc_json_real(writer, "answer_range", m->range);
        cc_json_integer(writer, "bytes_to_device", (int64_t)m->report.bytes_to_device);
        cc_json_integer(writer, "bytes_from_device", (int64_t)m->report.bytes_from_device);
        cc_json_integer(writer, "memory_bytes", (int64_t)m->report.peak_bytes);
        maybe(writer, "utilisation_before_percent", m->utilisation_before);
        maybe(writer, "utilisation_during_percent", m->utilisation_during);
        maybe(writer, "gpu_used_before_bytes", m->used_before);
        maybe(writer, "gpu_used_during_bytes", m->used_during);
    }
    write_checks(&doctor->verdict, writer);
    cc_json_close(writer, '}');
}

void cc_doctor_write_json(const cc_doctor *doctor, const char *version, cc_writer *writer)
{
    char name[96];
    char why[CC_DOCTOR_TEXT];

    cc_json_open(writer, NULL, '{');
    cc_json_text(writer, "version", version);
    cc_json_open(writer, "cpu", '{');
    cc_json_text(writer, "name", doctor->cpu_name);
    cc_json_text(writer, "level", doctor->cpu_level);
    cc_json_integer(writer, "threads", doctor->threads);
    cc_json_close(writer, '}');
    write_gpus(doctor, writer);
    write_nvml(&doctor->nvml, writer);
    write_surroundings(&doctor->here, writer);
    cc_json_open(writer, "engines", '{');
    write_cuda_engine(doctor, writer);
    write_ort_engine(doctor, writer);
    cc_json_close(writer, '}');
    cc_json_text(writer, "requested", doctor->requested);
    write_proof(doctor, writer);
    cc_json_text(writer, "active_provider",
                 cc_doctor_proven(doctor) ? cc_doctor_provider_name(doctor, name, sizeof name)
                                          : NULL);
    cc_json_bool(writer, "using_gpu", cc_doctor_uses_gpu(doctor));
    cc_json_text(writer, "reason", cc_doctor_why_no_gpu(doctor, why, sizeof why));
    cc_json_close(writer, '}');
}

/* The findings in words. */
#include <string.h>

#include "device/doctor.h"

#define GIB (1024.0 * 1024.0 * 1024.0)

static void write_processor(const cc_doctor *doctor, cc_writer *writer)
{
    cc_write(writer,
             "Processor\n  %s; kernels for %s; %d thread%s (affinity and container quota "
             "respected)\n\n",
             doctor->cpu_name, doctor->cpu_level, doctor->threads, doctor->threads == 1 ? "" : "s");
}

/* ---- NVIDIA ---- */

static void write_gpu(const cc_doctor *doctor, int index, cc_writer *writer)
{
    const cc_cuda_device_facts *gpu = &doctor->gpus[index];

    cc_write(writer, "  GPU %d: %s, %.1f GiB, compute capability %d.%d, %d multiprocessors, %s\n",
             gpu->index, gpu->name, (double)gpu->memory_bytes / GIB, gpu->compute_major,
             gpu->compute_minor, gpu->multiprocessors,
             gpu->uuid[0] != '\0' ? gpu->uuid : gpu->pci_bus);
}

static void write_nvml(const cc_nvml_facts *nvml, cc_writer *writer)
{
    if (!nvml->available) {
        cc_write(writer, "  NVML (utilisation, memory in use): not available: %s\n", nvml->problem);
        return;
    }
    cc_write(writer, "  NVML: driver %s\n", nvml->driver_version);
    for (int i = 0; i < nvml->gpu_count; i++) {
        const cc_nvml_gpu *gpu = &nvml->gpus[i];
        cc_write(writer, "    %s: ", gpu->name);
        if (gpu->utilisation >= 0) {
            cc_write(writer, "%d %% busy, ", gpu->utilisation);
        } else {
            cc_write(writer, "utilisation not told%s, ", gpu->mig ? " (MIG)" : "");
        }
        cc_write(writer, "%.1f of %.1f GiB in use\n", gpu->used >= 0 ? (double)gpu->used / GIB : 0,
                 gpu->total >= 0 ? (double)gpu->total / GIB : 0);
    }
}

static void write_nvidia(const cc_doctor *doctor, cc_writer *writer)
{
    const cc_cuda_facts *cuda = &doctor->cuda;

    cc_write(writer, "NVIDIA\n");
    if (cuda->library[0] != '\0') {
        cc_write(writer, "  driver: %s, CUDA %d.%d\n", cuda->library, cuda->driver_version / 1000,
                 cuda->driver_version % 1000 / 10);
    } else {
        cc_write(writer, "  driver: libcuda.so.1 was not found\n");
    }
    if (cuda->kernel_module[0] != '\0') {
        cc_write(writer, "  kernel module: %s\n", cuda->kernel_module);
    }
    for (int i = 0; i < doctor->gpu_count; i++) {
        write_gpu(doctor, i, writer);
    }
    write_nvml(&doctor->nvml, writer);
    if (doctor->here.container) {
        cc_write(writer, "  this process lives in a container\n");
    }
    cc_write(writer, "\n");
}

/* ---- engines ---- */

static void write_cuda_engine(const cc_doctor *doctor, cc_writer *writer)
{
    const cc_cuda_facts *cuda = &doctor->cuda;

    if (doctor->images == 0) {
        cc_write(writer,
                 "  cuda  not in this program: %s\n"
                 "        to mend it: build clearcut where nvcc is installed\n",
                 doctor->kernels);
    }
    if (doctor->gpu_count > 0) {
        if (doctor->images > 0) {
            cc_write(writer,
                     "  cuda  built in (%s, %d sets of kernels); a driver and %d GPU%s are "
                     "here\n",
                     doctor->kernels, doctor->images, doctor->gpu_count,
                     doctor->gpu_count == 1 ? "" : "s");
        }
        return;
    }
    cc_write(writer, "  cuda  cannot work: %s\n",
             cuda->problem[0] != '\0' ? cuda->problem : "no driver");
    for (int i = 0; i < cuda->attempt_count; i++) {
        cc_write(writer, "        looked for %s: %s\n", cuda->attempts[i].path,
                 cuda->attempts[i].loaded ? "loaded" : cuda->attempts[i].reason);
    }
    for (int i = 0; i < doctor->here.hint_count; i++) {
        cc_write(writer, "        to mend it: %s\n", doctor->here.hints[i]);
    }
    if (cuda->remedy[0] != '\0' && doctor->here.hint_count == 0) {
        cc_write(writer, "        to mend it: %s\n", cuda->remedy);
    }
}

static const char *place_text(const cc_ort_place *place)
{
    switch (place->state) {
    case CC_ORT_PLACE_EMPTY: return "nothing there";
    case CC_ORT_PLACE_LIBRARY: return place->file;
    case CC_ORT_PLACE_OLD_WHEEL: return "a Python package older than 1.19: no C library in it";
    case CC_ORT_PLACE_BY_NAME: return "asked of the loader";
    }
    return "";
}

static void write_ort_engine(const cc_doctor *doctor, cc_writer *writer)
{
    if (!doctor->ort_opened) {
        cc_write(writer, "  ort   cannot work (it is optional): %s\n", doctor->ort_problem);
        for (int i = 0; i < doctor->search.count; i++) {
            cc_write(writer, "        looked at %s: %s\n", doctor->search.places[i].where,
                     place_text(&doctor->search.places[i]));
        }
        return;
    }
    cc_write(writer, "  ort   ONNX Runtime %s: %s\n", doctor->ort_version, doctor->ort_path);
    for (int i = 0; i < doctor->provider_count; i++) {
        const cc_doctor_provider *provider = &doctor->providers[i];
        cc_write(writer, "        ort:%-9s %s%s\n", provider->name,
                 provider->problem[0] == '\0' ? "starts" : "cannot work: ", provider->problem);
    }
}

static void write_engines(const cc_doctor *doctor, cc_writer *writer)
{
    cc_write(writer, "Engines\n  cpu   built in, works\n");
    write_cuda_engine(doctor, writer);
    write_ort_engine(doctor, writer);
    cc_write(writer, "\n");
}

/* ---- proof ---- */

static void write_spread(cc_writer *writer, const char *what, const cc_spread *ms)
{
    if (ms->median > 0) {
        cc_write(writer, "  %-24s %.3f ms (%.3f to %.3f)\n", what, ms->median, ms->low, ms->high);
    }
}

static void write_measurements(const cc_doctor *doctor, cc_writer *writer)
{
    const cc_measured *m = &doctor->measured;

    cc_write(writer, "  %-24s %s, %s\n", "ran on", m->report.engine, m->report.device_name);
    write_spread(writer, "a run there", &m->wall_ms);
    write_spread(writer, "by the device's clock", &m->device_ms);
    write_spread(writer, "a run on the processor", &m->cpu_wall_ms);
    if (m->speed_up.median > 0) {
        cc_write(writer, "  %-24s %.2fx (%.2fx to %.2fx, turn by turn)\n", "speed-up",
                 m->speed_up.median, m->speed_up.low, m->speed_up.high);
    }
    if (m->report.bytes_to_device + m->report.bytes_from_device > 0) {
        cc_write(writer, "  %-24s %llu bytes there, %llu back\n", "over the bus, each run",
                 (unsigned long long)m->report.bytes_to_device,
                 (unsigned long long)m->report.bytes_from_device);
    }
    if (m->report.peak_bytes > 0) {
        cc_write(writer, "  %-24s %.1f MiB\n", "memory of the network",
                 (double)m->report.peak_bytes / 1048576.0);
    }
}

static void write_checks(const cc_doctor *doctor, cc_writer *writer)
{
    for (int i = 0; i < doctor->verdict.check_count; i++) {
        const cc_check *check = &doctor->verdict.checks[i];
        const char *mark = check->passed ? "proved " : check->decides ? "FAILED " : "no sign";
        cc_write(writer, "  %s  %-12s %s\n", mark, check->name, check->text);
    }
}

static void write_proof(const cc_doctor *doctor, cc_writer *writer)
{
    if (doctor->choice_problem[0] != '\0') {
        cc_write(writer, "Proof\n  not possible: %s\n\n", doctor->choice_problem);
        return;
    }
    cc_write(writer, "Proof: device %s, model %s, %d turns\n", doctor->requested, doctor->model,
             doctor->measured.runs);
    if (doctor->proof_problem[0] != '\0') {
        cc_write(writer, "  FAILED  %s\n\n", doctor->proof_problem);
        return;
    }
    write_measurements(doctor, writer);
    write_checks(doctor, writer);
    cc_write(writer, "\n");
}

static void write_verdict(const cc_doctor *doctor, cc_writer *writer)
{
    char name[96];
    char why[CC_DOCTOR_TEXT];
    bool gpu = cc_doctor_uses_gpu(doctor);

    cc_doctor_provider_name(doctor, name, sizeof name);
    cc_doctor_why_no_gpu(doctor, why, sizeof why);
    if (cc_doctor_proven(doctor)) {
        cc_write(writer, "%s is the active provider\n", name);
    }
    if (!gpu) {
        cc_write(writer, "%s is not the active provider: %s\n",
                 strncmp(name, "GPU", 3) == 0 ? name : "GPU (CUDA)", why);
    }
    cc_write(writer, "Session using GPU: %s\n", gpu ? "True" : "False");
}

void cc_doctor_write_text(const cc_doctor *doctor, const char *version, cc_writer *writer)
{
    cc_write(writer, "clearcut %s: what this machine can run, and what it does\n\n", version);
    write_processor(doctor, writer);
    write_nvidia(doctor, writer);
    write_engines(doctor, writer);
    write_proof(doctor, writer);
    write_verdict(doctor, writer);
}

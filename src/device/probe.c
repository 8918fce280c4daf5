#define _GNU_SOURCE /* getrandom */
#include "device/probe.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/memory.h"
#include "nn/cuda/gpu.h"

#if defined(__linux__)
#include <sys/random.h>
#endif

uint64_t cc_probe_nonce(void)
{
    double now = cc_clock_ms();
    uint64_t nonce = 0;

    memcpy(&nonce, &now, sizeof nonce);
    nonce ^= (uint64_t)getpid() << 32;
#if defined(__linux__)
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) == (ssize_t)sizeof random) {
        nonce ^= random;
    }
#endif
    return nonce;
}

/* What the GPU writes, in one block of its memory: answers, multiprocessors, clock. */
typedef struct answers {
    uint64_t *values;
    uint64_t *clock;
    uint32_t *multiprocessors;
    size_t bytes;
    unsigned char *block; /* of this machine */
} answers;

static cc_status make_room(const cc_probe *probe, answers *room, cc_error *error)
{
    size_t threads = (size_t)probe->threads;

    room->bytes = threads * (2 * sizeof(uint64_t) + sizeof(uint32_t));
    room->block = cc_alloc_zeroed(room->bytes, 1);
    if (room->block == NULL) {
        return cc_fail_memory(error, room->bytes);
    }
    room->values = (uint64_t *)(void *)room->block;
    room->clock = room->values + threads;
    room->multiprocessors = (uint32_t *)(void *)(room->clock + threads);
    return CC_OK;
}

static cc_status run_on(cc_cuda_gpu *gpu, const cc_probe *probe, uint64_t nonce, answers *room,
                        cc_error *error)
{
    size_t threads = (size_t)probe->threads;
    cc_cuda_address address = 0;
    cc_cuda_launch launch;
    cc_cuda_probe task = {
        .nonce = nonce, .threads = (uint32_t)probe->threads, .rounds = (uint32_t)probe->rounds};
    cc_status status = cc_cuda_gpu_allocate(gpu, room->bytes, &address, NULL, error);

    if (status != CC_OK) {
        return status;
    }
    task.answers = (uint64_t *)(uintptr_t)address;
    task.clock = task.answers + threads;
    task.multiprocessor = (uint32_t *)(uintptr_t)(task.clock + threads);
    status = cc_cuda_probe_launch(&task, &launch, error);
    if (status == CC_OK) {
        status = cc_cuda_gpu_launch(gpu, &launch, &task, error);
    }
    if (status == CC_OK) {
        status = cc_cuda_gpu_check(
            gpu, gpu->driver->cuMemcpyDtoHAsync_v2(room->block, address, room->bytes, gpu->stream),
            "fetching the answers", error);
    }
    if (status == CC_OK) {
        status = cc_cuda_gpu_wait(gpu, 30, error);
    }
    cc_cuda_gpu_free(gpu, address);
    return status;
}

/* Recompute a sample, spread over all threads; the rest must at least be there. */
static void check_answers(cc_probe *probe, uint64_t nonce, const answers *room)
{
    enum { SAMPLES = 97 };
    double begin = cc_clock_ms();

    for (int i = 0; i < SAMPLES; i++) {
        uint32_t thread = (uint32_t)((uint64_t)i * (uint64_t)(probe->threads - 1) / (SAMPLES - 1));
        probe->checked++;
        probe->wrong +=
            room->values[thread] != cc_cuda_probe_answer(nonce, thread, (uint32_t)probe->rounds);
    }
    probe->processor_ms = (cc_clock_ms() - begin) / SAMPLES * probe->threads;
    for (int i = 0; i < probe->threads; i++) {
        probe->wrong += room->values[i] == 0; /* one in 2^64 by chance */
    }
}

static void read_side_facts(cc_probe *probe, const answers *room)
{
    bool seen[1024] = {false};
    uint64_t first = UINT64_MAX;
    uint64_t last = 0;

    for (int i = 0; i < probe->threads; i++) {
        uint32_t place = room->multiprocessors[i] % 1024;
        probe->multiprocessors += !seen[place];
        seen[place] = true;
        first = room->clock[i] < first ? room->clock[i] : first;
        last = room->clock[i] > last ? room->clock[i] : last;
    }
    probe->device_ms = last > first ? (double)(last - first) * 1e-6 : 0;
}

static cc_status ask_with(cc_cuda_gpu *gpu, cc_probe *probe, answers *room, cc_error *error)
{
    uint64_t nonce = cc_probe_nonce();
    size_t free_bytes = 0;
    size_t total = 0;
    double begin;
    cc_status status = cc_cuda_gpu_check(gpu, gpu->driver->cuMemGetInfo_v2(&free_bytes, &total),
                                         "asking for the free memory", error);

    if (status != CC_OK) {
        return status;
    }
    probe->memory_free = (int64_t)free_bytes;
    probe->memory_total = (int64_t)total;
    begin = cc_clock_ms();
    status = run_on(gpu, probe, nonce, room, error);
    probe->wall_ms = cc_clock_ms() - begin;
    if (status != CC_OK) {
        return status;
    }
    check_answers(probe, nonce, room);
    read_side_facts(probe, room);
    if (probe->wrong > 0) {
        return cc_fail(error, CC_DEVICE,
                       "%s: %d of %d answers of the probe are wrong: the driver reports success, "
                       "but nothing (or nothing right) is computed. A faulty GPU, or a library "
                       "that only looks like a driver: run `clearcut doctor`",
                       gpu->facts.name, probe->wrong, probe->threads);
    }
    return CC_OK;
}

static cc_status ask(cc_cuda_gpu *gpu, cc_probe *probe, cc_error *error)
{
    answers room = {0};
    cc_status status = make_room(probe, &room, error);

    if (room.block == NULL) {
        return status;
    }
    status = ask_with(gpu, probe, &room, error);
    cc_free(room.block);
    return status;
}

cc_status cc_probe_gpu(int index, bool thorough, cc_probe *probe, cc_error *error)
{
    cc_cuda_gpu gpu;
    cc_status status;

    *probe = (cc_probe){.threads = thorough ? 262144 : 8192, .rounds = thorough ? 1024 : 32};
    status = cc_cuda_gpu_open(index, &gpu, error);
    if (status != CC_OK) {
        return status;
    }
    status = cc_cuda_gpu_enter(&gpu, error);
    if (status == CC_OK) {
        status = ask(&gpu, probe, error);
        cc_cuda_gpu_leave(&gpu);
    }
    cc_cuda_gpu_close(&gpu);
    return status;
}

bool cc_probe_device_file(char *name, int size)
{
    static const char *const starts[] = {"/dev/nvidia", "/dev/dxg", "/dev/kfd", "/dev/dri/render"};
    DIR *entries = opendir("/proc/self/fd");
    const struct dirent *entry;
    bool found = false;

    while (entries != NULL && !found && (entry = readdir(entries)) != NULL) {
        char link[300];
        char target[300];
        ssize_t length;
        snprintf(link, sizeof link, "/proc/self/fd/%s", entry->d_name);
        length = readlink(link, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
            found = found || strncmp(target, starts[i], strlen(starts[i])) == 0;
        }
        if (found && name != NULL) {
            snprintf(name, (size_t)size, "%s", target);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return found;
}

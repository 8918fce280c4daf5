#include "cuda/fake_driver.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cuda/emulation.h"
#include "nn/cuda/driver.h"
#define CC_CUDA_DEVICE_CODE /* names and structures only: nothing of the product is linked */
#include "nn/cuda/kernels/launch.h"

/* The entries are declared by nobody: they are found by name. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#define EXPORT __attribute__((visibility("default")))

enum { MOST_DEVICES = 8, MOST_ALLOCATIONS = 512, SHARED_UNASKED = 48 * 1024 };

static const struct kernel {
    const char *name;
    size_t parameter_bytes;
} kernels[] = {
#define KERNEL(enumerator, name, structure, threads, shared) {#name, sizeof(structure)},
    CC_CUDA_KERNELS(KERNEL)
#undef KERNEL
};

/* ---- what the handles of the driver are here ---- */

struct CUctx_st {
    int device;
};

struct CUfunc_st {
    const struct kernel *kernel;
    size_t shared_allowed;
};

struct CUmod_st {
    struct CUfunc_st functions[sizeof kernels / sizeof kernels[0]];
};

typedef enum work_kind { WORK_LAUNCH, WORK_COPY, WORK_FILL, WORK_EVENT } work_kind;

typedef struct work {
    work_kind kind;
    const struct kernel *kernel;
    uint32_t grid[3];
    uint32_t block[3];
    size_t shared_bytes;
    void *parameters;
    void *to;
    const void *from;
    size_t bytes;
    unsigned char fill;
    struct CUevent_st *event;
} work;

typedef struct work_list {
    work *items;
    int count;
    int capacity;
} work_list;

struct CUgraph_st {
    work_list list;
};

struct CUgraphExec_st {
    work_list list;
};

struct CUevent_st {
    double ms;
    bool happened;
};

struct CUstream_st {
    work_list queue;
    struct CUgraph_st *capturing;
    bool asked; /* once since work was added */
};

static struct {
    pthread_mutex_t lock;
    pid_t process;
    int version;
    int devices;
    int capability;
    uint64_t memory;
    uint64_t held; /* by another process */
    int elf_error;
    int ptx_error;
    int fault;
    uint64_t fault_at;
    bool lie;
    bool hang;
    int sticky; /* the error after which every call fails */
    struct CUctx_st contexts[MOST_DEVICES];
    struct {
        void *memory;
        size_t bytes;
    } allocations[MOST_ALLOCATIONS];
    fake_cuda_counts counts;
} fake = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local int pushed;

/* What nobody will free, because the GPU seems to hang or the process was forked, stays
 * known here: on purpose, which leak checkers shall understand. */
static void *kept[64];

static void *keep(void *handle)
{
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (kept[i] == NULL) {
            kept[i] = handle;
            break;
        }
    }
    return handle;
}

static void drop(void *handle)
{
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        kept[i] = kept[i] == handle ? NULL : kept[i];
    }
    free(handle);
}

EXPORT void fake_cuda_state(fake_cuda_counts *counts)
{
    pthread_mutex_lock(&fake.lock);
    *counts = fake.counts;
    counts->pushed = pushed;
    pthread_mutex_unlock(&fake.lock);
}

/* ---- rules ---- */

static int bad(const char *why)
{
    fake.counts.bad_calls++;
    if (fake.counts.message[0] == '\0') {
        snprintf(fake.counts.message, sizeof fake.counts.message, "%s", why);
    }
    return 1; /* CUDA_ERROR_INVALID_VALUE */
}

/* Begin a call that needs a context: 0 with the lock held, or an error without. */
static int begin_call(const char *name)
{
    int result = 0;

    pthread_mutex_lock(&fake.lock);
    if (fake.process != getpid()) {
        result = CC_CUDA_NOT_INITIALIZED;
    } else if (fake.sticky != 0) {
        result = fake.sticky;
    } else if (pushed == 0) {
        bad(name);
        result = 201; /* CUDA_ERROR_INVALID_CONTEXT */
    }
    if (result != 0) {
        pthread_mutex_unlock(&fake.lock);
    }
    return result;
}

static int end_call(int result)
{
    pthread_mutex_unlock(&fake.lock);
    return result;
}

#define BEGIN(name)                                                                                \
    do {                                                                                           \
        int begun = begin_call(name);                                                              \
        if (begun != 0) {                                                                          \
            return begun;                                                                          \
        }                                                                                          \
    } while (0)

/* ---- options ---- */

static bool option(const char *name, double *number)
{
    const char *text = getenv("FAKE_CUDA");
    size_t length = strlen(name);

    while (text != NULL && *text != '\0') {
        if (strncmp(text, name, length) == 0 && strchr("=,", text[length]) != NULL) {
            *number = text[length] == '=' ? strtod(text + length + 1, NULL) : 1;
            return true;
        }
        text = strchr(text, ',');
        text = text != NULL ? text + 1 : NULL;
    }
    return false;
}

static double number_or(const char *name, double otherwise)
{
    option(name, &otherwise);
    return otherwise;
}

/* ---- start and devices ---- */

EXPORT int cuInit(unsigned flags)
{
    int result = (int)number_or("init", 0);

    (void)flags;
    pthread_mutex_lock(&fake.lock);
    if (fake.process != 0 && fake.process != getpid()) {
        return end_call(CC_CUDA_NOT_INITIALIZED);
    }
    fake.process = getpid();
    fake.version = (int)number_or("version", 13000);
    fake.devices = (int)number_or("devices", 2);
    fake.capability = (int)number_or("capability", 80);
    fake.memory = (uint64_t)number_or("memory", 4e9);
    fake.held = (uint64_t)number_or("held", 0);
    fake.elf_error = (int)number_or("elf", 0);
    fake.ptx_error = (int)number_or("ptx", 0);
    fake.fault = (int)number_or("fault", 0);
    fake.fault_at = (uint64_t)number_or("at", 0);
    fake.lie = number_or("lie", 0) != 0;
    fake.hang = number_or("hang", 0) != 0;
    fake.sticky = 0;
    fake.counts = (fake_cuda_counts){0};
    return end_call(result);
}

EXPORT int cuDriverGetVersion(int *version)
{
    *version = (int)number_or("version", 13000);
    return 0;
}

EXPORT int cuGetErrorName(int result, const char **name)
{
    static const struct {
        int result;
        const char *name;
    } names[] = {{1, "CUDA_ERROR_INVALID_VALUE"},
                 {2, "CUDA_ERROR_OUT_OF_MEMORY"},
                 {3, "CUDA_ERROR_NOT_INITIALIZED"},
                 {34, "CUDA_ERROR_STUB_LIBRARY"},
                 {100, "CUDA_ERROR_NO_DEVICE"},
                 {200, "CUDA_ERROR_INVALID_IMAGE"},
                 {209, "CUDA_ERROR_NO_BINARY_FOR_GPU"},
                 {719, "CUDA_ERROR_LAUNCH_FAILED"},
                 {802, "CUDA_ERROR_SYSTEM_NOT_READY"},
                 {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"},
                 {999, "CUDA_ERROR_UNKNOWN"}};

    *name = "CUDA_ERROR_OF_THE_FAKE";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        *name = names[i].result == result ? names[i].name : *name;
    }
    return 0;
}

EXPORT int cuGetErrorString(int result, const char **text)
{
    *text = fake.counts.message[0] != '\0' && result == fake.sticky ? fake.counts.message
                                                                    : "as the test wanted it";
    return 0;
}

EXPORT int cuDeviceGetCount(int *count)
{
    *count = fake.devices;
    return 0;
}

EXPORT int cuDeviceGet(int *device, int index)
{
    *device = index;
    return index < fake.devices ? 0 : CC_CUDA_INVALID_DEVICE;
}

EXPORT int cuDeviceGetName(char *name, int size, int device)
{
    snprintf(name, (size_t)size, "Fake GPU %d", device);
    return 0;
}

EXPORT int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    (void)device;
    *value = attribute == 16   ? 108
             : attribute == 75 ? fake.capability / 10
             : attribute == 76 ? fake.capability % 10
             : attribute == 97 ? 96 * 1024
                               : 0;
    return 0;
}

EXPORT int cuDeviceTotalMem_v2(size_t *bytes, int device)
{
    (void)device;
    *bytes = fake.memory;
    return 0;
}

EXPORT int cuDeviceGetPCIBusId(char *text, int size, int device)
{
    snprintf(text, (size_t)size, "0000:%02X:00.0", 16 + device);
    return 0;
}

EXPORT int cuDeviceGetUuid_v2(cc_cuda_uuid *uuid, int device)
{
    for (int i = 0; i < 16; i++) {
        uuid->bytes[i] = (char)(16 * i + device);
    }
    return 0;
}

/* ---- contexts ---- */

EXPORT int cuDevicePrimaryCtxRetain(cc_cuda_context *context, int device)
{
    pthread_mutex_lock(&fake.lock);
    if (fake.process != getpid()) {
        return end_call(CC_CUDA_NOT_INITIALIZED);
    }
    fake.counts.contexts++;
    fake.contexts[device].device = device;
    *context = &fake.contexts[device];
    return end_call(0);
}

EXPORT int cuDevicePrimaryCtxRelease_v2(int device)
{
    (void)device;
    pthread_mutex_lock(&fake.lock);
    fake.counts.contexts--;
    if (fake.counts.contexts == 0) {
        fake.sticky = 0; /* the next context is a new one */
    }
    return end_call(fake.counts.contexts < 0 ? bad("a context released twice") : 0);
}

EXPORT int cuCtxPushCurrent_v2(cc_cuda_context context)
{
    if (fake.process != getpid()) {
        return CC_CUDA_NOT_INITIALIZED;
    }
    pushed += context != NULL;
    return 0;
}

EXPORT int cuCtxPopCurrent_v2(cc_cuda_context *context)
{
    *context = NULL;
    pushed--;
    return pushed < 0 ? bad("a context popped twice") : 0;
}

/* ---- modules ---- */

EXPORT int cuModuleLoadDataEx(cc_cuda_module *module, const void *image, unsigned count,
                              int *options, void **values)
{
    bool elf = memcmp(image,
                      "\x7f"
                      "ELF",
                      4) == 0;
    int refused;

    BEGIN("cuModuleLoadDataEx");
    refused = elf ? fake.elf_error : fake.ptx_error;
    if (!elf && strstr(image, ".version") == NULL) {
        refused = CC_CUDA_INVALID_IMAGE;
    }
    for (unsigned i = 0; i < count && refused != 0; i++) {
        if (options[i] == 5) { /* CU_JIT_ERROR_LOG_BUFFER */
            strcpy(values[i], "the fake does not like it");
        }
    }
    if (refused != 0) {
        return end_call(refused);
    }
    *module = keep(calloc(1, sizeof **module));
    fake.counts.modules++;
    return end_call(0);
}

EXPORT int cuModuleUnload(cc_cuda_module module)
{
    pthread_mutex_lock(&fake.lock);
    drop(module);
    fake.counts.modules--;
    return end_call(fake.sticky);
}

EXPORT int cuModuleGetFunction(cc_cuda_function *function, cc_cuda_module module, const char *name)
{
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        if (strcmp(kernels[i].name, name) == 0 && cuda_emulation_has_kernel(name)) {
            module->functions[i] = (struct CUfunc_st){&kernels[i], SHARED_UNASKED};
            *function = &module->functions[i];
            return 0;
        }
    }
    return CC_CUDA_NOT_FOUND;
}

EXPORT int cuFuncSetAttribute(cc_cuda_function function, int attribute, int value)
{
    if (attribute == 8) { /* MAX_DYNAMIC_SHARED_SIZE_BYTES */
        function->shared_allowed = (size_t)value;
    }
    return 0;
}

EXPORT int cuFuncGetAttribute(int *value, int attribute, cc_cuda_function function)
{
    (void)attribute;
    (void)function;
    *value = 0;
    return 0;
}

EXPORT int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, cc_cuda_function function,
                                                       int threads, size_t shared_bytes)
{
    (void)function;
    (void)threads;
    (void)shared_bytes;
    *blocks = 2;
    return 0;
}

/* ---- memory ---- */

EXPORT int cuMemGetInfo_v2(size_t *free_bytes, size_t *all_bytes)
{
    BEGIN("cuMemGetInfo");
    *free_bytes = fake.memory - fake.held - fake.counts.bytes;
    *all_bytes = fake.memory;
    return end_call(0);
}

EXPORT int cuMemAlloc_v2(cc_cuda_address *address, size_t bytes)
{
    BEGIN("cuMemAlloc");
    if (bytes == 0) {
        return end_call(bad("cuMemAlloc of nothing"));
    }
    if (fake.held + fake.counts.bytes + bytes > fake.memory) {
        return end_call(CC_CUDA_OUT_OF_MEMORY);
    }
    for (int i = 0; i < MOST_ALLOCATIONS; i++) {
        if (fake.allocations[i].memory == NULL) {
            void *memory = NULL;
            if (posix_memalign(&memory, 256, bytes) != 0) {
                return end_call(CC_CUDA_OUT_OF_MEMORY);
            }
            memset(memory, 0xFF, bytes);
            fake.allocations[i].memory = memory;
            fake.allocations[i].bytes = bytes;
            fake.counts.allocations++;
            fake.counts.bytes += bytes;
            if (fake.counts.bytes > fake.counts.peak_bytes) {
                fake.counts.peak_bytes = fake.counts.bytes;
            }
            *address = (cc_cuda_address)(uintptr_t)memory;
            return end_call(0);
        }
    }
    return end_call(CC_CUDA_OUT_OF_MEMORY);
}

EXPORT int cuMemFree_v2(cc_cuda_address address)
{
    /* On a lost device too, so that sanitizers see no leak of the fake's own. */
    pthread_mutex_lock(&fake.lock);
    for (int i = 0; i < MOST_ALLOCATIONS; i++) {
        if (fake.allocations[i].memory == (void *)(uintptr_t)address) {
            free(fake.allocations[i].memory);
            fake.allocations[i].memory = NULL;
            fake.counts.allocations--;
            fake.counts.bytes -= fake.allocations[i].bytes;
            return end_call(fake.sticky);
        }
    }
    return end_call(bad("cuMemFree of what was not allocated"));
}

EXPORT int cuMemHostAlloc(void **memory, size_t bytes, unsigned flags)
{
    (void)flags;
    BEGIN("cuMemHostAlloc");
    *memory = calloc(1, bytes > 0 ? bytes : 1);
    fake.counts.host_allocations += *memory != NULL;
    return end_call(*memory != NULL ? 0 : CC_CUDA_OUT_OF_MEMORY);
}

EXPORT int cuMemFreeHost(void *memory)
{
    pthread_mutex_lock(&fake.lock);
    free(memory);
    fake.counts.host_allocations--;
    return end_call(fake.sticky);
}

/* ---- work ---- */

static double now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void add_work(work_list *list, const work *item)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity > 0 ? 2 * list->capacity : 64;
        list->items = realloc(list->items, (size_t)list->capacity * sizeof *list->items);
        if (list->items == NULL) {
            abort(); /* test code: there is nobody to tell */
        }
    }
    list->items[list->count++] = *item;
}

static void *copy_bytes(const void *from, size_t bytes)
{
    void *copy = malloc(bytes);

    return copy != NULL ? memcpy(copy, from, bytes) : NULL;
}

static void clear_list(work_list *list)
{
    for (int i = 0; i < list->count; i++) {
        free(list->items[i].parameters);
    }
    free(list->items);
    *list = (work_list){0};
}

static int enqueue(cc_cuda_stream stream, work item)
{
    add_work(stream->capturing != NULL ? &stream->capturing->list : &stream->queue, &item);
    stream->asked = false;
    return end_call(0);
}

static void do_launch(const work *item)
{
    if (fake.fault != 0 && fake.counts.launches >= fake.fault_at) {
        fake.sticky = fake.fault;
        fake.fault = 0;
        return;
    }
    fake.counts.launches++;
    if (!fake.lie && cuda_emulation_launch(item->kernel->name, item->grid, item->block,
                                           item->shared_bytes, item->parameters) != 0) {
        bad(cuda_emulation_message());
        fake.sticky = CC_CUDA_LAUNCH_FAILED;
    }
}

static void do_work(const work *item)
{
    switch (item->kind) {
    case WORK_LAUNCH: do_launch(item); break;
    case WORK_COPY: memcpy(item->to, item->from, item->bytes); break;
    case WORK_FILL: memset(item->to, item->fill, item->bytes); break;
    case WORK_EVENT:
        item->event->ms = now_ms();
        item->event->happened = true;
        break;
    }
}

static int drain(cc_cuda_stream stream)
{
    for (int i = 0; i < stream->queue.count && fake.sticky == 0; i++) {
        do_work(&stream->queue.items[i]);
    }
    clear_list(&stream->queue);
    return fake.sticky;
}

EXPORT int cuLaunchKernel(cc_cuda_function function, unsigned grid_x, unsigned grid_y,
                          unsigned grid_z, unsigned block_x, unsigned block_y, unsigned block_z,
                          unsigned shared_bytes, cc_cuda_stream stream, void **parameters,
                          void **extra)
{
    (void)extra;
    BEGIN("cuLaunchKernel");
    if (shared_bytes > function->shared_allowed) {
        return end_call(bad("more shared memory than was asked for"));
    }
    return enqueue(
        stream, (work){.kind = WORK_LAUNCH,
                       .kernel = function->kernel,
                       .grid = {grid_x, grid_y, grid_z},
                       .block = {block_x, block_y, block_z},
                       .shared_bytes = shared_bytes,
                       .parameters = copy_bytes(parameters[0], function->kernel->parameter_bytes)});
}

EXPORT int cuMemcpyHtoDAsync_v2(cc_cuda_address to, const void *from, size_t bytes,
                                cc_cuda_stream stream)
{
    BEGIN("cuMemcpyHtoDAsync");
    return enqueue(
        stream,
        (work){.kind = WORK_COPY, .to = (void *)(uintptr_t)to, .from = from, .bytes = bytes});
}

EXPORT int cuMemcpyDtoHAsync_v2(void *to, cc_cuda_address from, size_t bytes, cc_cuda_stream stream)
{
    BEGIN("cuMemcpyDtoHAsync");
    return enqueue(
        stream,
        (work){.kind = WORK_COPY, .to = to, .from = (const void *)(uintptr_t)from, .bytes = bytes});
}

EXPORT int cuMemsetD8Async(cc_cuda_address to, unsigned char value, size_t bytes,
                           cc_cuda_stream stream)
{
    BEGIN("cuMemsetD8Async");
    return enqueue(
        stream,
        (work){.kind = WORK_FILL, .to = (void *)(uintptr_t)to, .fill = value, .bytes = bytes});
}

/* ---- streams and events ---- */

EXPORT int cuStreamCreate(cc_cuda_stream *stream, unsigned flags)
{
    (void)flags;
    BEGIN("cuStreamCreate");
    *stream = keep(calloc(1, sizeof **stream));
    fake.counts.streams++;
    return end_call(0);
}

EXPORT int cuStreamDestroy_v2(cc_cuda_stream stream)
{
    pthread_mutex_lock(&fake.lock);
    clear_list(&stream->queue);
    drop(stream);
    fake.counts.streams--;
    return end_call(fake.sticky);
}

/* Work is never done at the first question: who does not wait reads old bytes. */
EXPORT int cuStreamQuery(cc_cuda_stream stream)
{
    BEGIN("cuStreamQuery");
    if (stream->capturing != NULL) {
        return end_call(900); /* CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED */
    }
    if (fake.hang || (!stream->asked && stream->queue.count > 0)) {
        stream->asked = true;
        return end_call(CC_CUDA_NOT_READY);
    }
    return end_call(drain(stream));
}

EXPORT int cuStreamSynchronize(cc_cuda_stream stream)
{
    BEGIN("cuStreamSynchronize");
    return end_call(drain(stream));
}

EXPORT int cuEventCreate(cc_cuda_event *event, unsigned flags)
{
    (void)flags;
    BEGIN("cuEventCreate");
    *event = calloc(1, sizeof **event);
    fake.counts.events++;
    return end_call(0);
}

EXPORT int cuEventDestroy_v2(cc_cuda_event event)
{
    pthread_mutex_lock(&fake.lock);
    free(event);
    fake.counts.events--;
    return end_call(fake.sticky);
}

EXPORT int cuEventRecord(cc_cuda_event event, cc_cuda_stream stream)
{
    BEGIN("cuEventRecord");
    event->happened = false;
    return enqueue(stream, (work){.kind = WORK_EVENT, .event = event});
}

EXPORT int cuEventSynchronize(cc_cuda_event event)
{
    (void)event;
    return 0;
}

EXPORT int cuEventElapsedTime(float *ms, cc_cuda_event begin, cc_cuda_event end)
{
    BEGIN("cuEventElapsedTime");
    if (!begin->happened || !end->happened) {
        return end_call(CC_CUDA_NOT_READY);
    }
    *ms = (float)(end->ms - begin->ms);
    return end_call(0);
}

/* ---- graphs ---- */

EXPORT int cuStreamBeginCapture_v2(cc_cuda_stream stream, int mode)
{
    (void)mode;
    BEGIN("cuStreamBeginCapture");
    stream->capturing = calloc(1, sizeof *stream->capturing);
    fake.counts.graphs++;
    return end_call(0);
}

EXPORT int cuStreamEndCapture(cc_cuda_stream stream, cc_cuda_graph *graph)
{
    BEGIN("cuStreamEndCapture");
    if (stream->capturing == NULL) {
        return end_call(bad("a capture ended that was not begun"));
    }
    *graph = stream->capturing;
    stream->capturing = NULL;
    return end_call(0);
}

#ifndef FAKE_CUDA_IS_OLD /* a driver from before CUDA 11.4 */
EXPORT int cuGraphInstantiateWithFlags(cc_cuda_graph_exec *executable, cc_cuda_graph graph,
                                       unsigned long long flags)
{
    (void)flags;
    BEGIN("cuGraphInstantiateWithFlags");
    *executable = calloc(1, sizeof **executable);
    for (int i = 0; i < graph->list.count; i++) {
        work item = graph->list.items[i];
        if (item.kind == WORK_LAUNCH) {
            item.parameters = copy_bytes(item.parameters, item.kernel->parameter_bytes);
        }
        add_work(&(*executable)->list, &item);
    }
    fake.counts.executables++;
    return end_call(0);
}
#endif

EXPORT int cuGraphLaunch(cc_cuda_graph_exec executable, cc_cuda_stream stream)
{
    BEGIN("cuGraphLaunch");
    for (int i = 0; i < executable->list.count; i++) {
        work item = executable->list.items[i];
        if (item.kind == WORK_LAUNCH) {
            item.parameters = copy_bytes(item.parameters, item.kernel->parameter_bytes);
        }
        add_work(&stream->queue, &item);
    }
    stream->asked = false;
    return end_call(0);
}

EXPORT int cuGraphExecDestroy(cc_cuda_graph_exec executable)
{
    pthread_mutex_lock(&fake.lock);
    clear_list(&executable->list);
    free(executable);
    fake.counts.executables--;
    return end_call(fake.sticky);
}

EXPORT int cuGraphDestroy(cc_cuda_graph graph)
{
    pthread_mutex_lock(&fake.lock);
    clear_list(&graph->list);
    free(graph);
    fake.counts.graphs--;
    return end_call(fake.sticky);
}

/* Finds the driver, or says exactly why there is none. */
#define _GNU_SOURCE /* dladdr */
#include "nn/cuda/driver.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The loader's own ways first (ld.so.cache, LD_LIBRARY_PATH), then the folders
 * that Windows' WSL2, container runtimes and NixOS use without telling it. */
static const char *const usual_places[] = {
    "libcuda.so.1",
    "/usr/lib/wsl/lib/libcuda.so.1",
    "/usr/local/nvidia/lib64/libcuda.so.1",
    "/run/opengl-driver/lib/libcuda.so.1",
};

enum { MOST_DEVICES = 64 };

/* One driver a process: guarded by `lock`. */
static struct {
    pthread_mutex_t lock;
    void *library;
    pid_t process; /* that called cuInit: nothing of it survives a fork */
    bool looked;
    cc_cuda_driver driver;
    cc_cuda_facts facts;
    bool kept[MOST_DEVICES]; /* contexts; of others nothing is kept */
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- the surroundings ---- */

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static void read_kernel_module(char *line, size_t size)
{
    FILE *file = fopen("/proc/driver/nvidia/version", "re");

    line[0] = '\0';
    if (file != NULL) {
        if (fgets(line, (int)size, file) == NULL) {
            line[0] = '\0';
        }
        line[strcspn(line, "\n")] = '\0';
        fclose(file);
    }
}

static void look_around(cc_cuda_facts *facts)
{
    const char *control = "/dev/nvidiactl";

    read_kernel_module(facts->kernel_module, sizeof facts->kernel_module);
    facts->wsl = is_there("/dev/dxg");
    facts->device_files = facts->wsl || is_there(control);
    facts->device_files_usable = access(facts->wsl ? "/dev/dxg" : control, R_OK | W_OK) == 0;
}

/* ---- the library ---- */

static void *try_place(cc_cuda_attempt *attempt, const char *path)
{
    void *library = NULL;
    const char *reason;

    snprintf(attempt->path, sizeof attempt->path, "%s", path);
    attempt->exists = strchr(path, '/') != NULL && is_there(path);
    if (strchr(path, '/') != NULL && !attempt->exists) {
        snprintf(attempt->reason, sizeof attempt->reason, "no such file");
        return NULL;
    }
    library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    attempt->loaded = library != NULL;
    if (library == NULL) {
        reason = dlerror();
        snprintf(attempt->reason, sizeof attempt->reason, "%s",
                 reason != NULL ? reason : "refused without a reason");
    }
    return library;
}

static void *find_library(cc_cuda_facts *facts)
{
    const char *named = getenv("CLEARCUT_LIBCUDA");
    size_t places = sizeof usual_places / sizeof usual_places[0];
    void *library = NULL;

    if (named != NULL && named[0] != '\0') {
        facts->attempt_count = 1;
        return try_place(&facts->attempts[0], named);
    }
    for (size_t i = 0; i < places && library == NULL; i++) {
        library = try_place(&facts->attempts[facts->attempt_count++], usual_places[i]);
    }
    return library;
}

/* ISO C has no conversion from an object's address to a function's; POSIX says
 * that copying the bytes is one. */
static bool find_entry(void *library, const char *name, void *function)
{
    void *address = dlsym(library, name);

    memcpy(function, &address, sizeof address);
    return address != NULL;
}

static void find_entries(void *library, cc_cuda_driver *driver, cc_cuda_facts *facts)
{
    char *missing = facts->missing_symbol;

#define REQUIRED(name, arguments)                                                                  \
    if (!find_entry(library, #name, &driver->name) && missing[0] == '\0') {                        \
        snprintf(missing, sizeof facts->missing_symbol, "%s", #name);                              \
    }
#define OPTIONAL(name, arguments) find_entry(library, #name, &driver->name);
    CC_CUDA_ENTRIES(REQUIRED, OPTIONAL)
#undef REQUIRED
#undef OPTIONAL
}

/* Where the loader found it: the file that some address inside belongs to. */
static void name_library(const cc_cuda_driver *driver, cc_cuda_facts *facts)
{
    void *address = NULL;
    Dl_info info;

    memcpy(&address, &driver->cuInit, sizeof address);
    if (address != NULL && dladdr(address, &info) != 0 && info.dli_fname != NULL) {
        snprintf(facts->library, sizeof facts->library, "%s", info.dli_fname);
    }
}

/* ---- what came of it ---- */

static void say_no_library(cc_cuda_facts *facts)
{
    const cc_cuda_attempt *told = &facts->attempts[0];

    for (int i = 0; i < facts->attempt_count; i++) {
        told = facts->attempts[i].exists ? &facts->attempts[i] : told;
    }
    facts->state = CC_CUDA_NO_LIBRARY;
    snprintf(facts->problem, sizeof facts->problem,
             "NVIDIA's driver library %.200s cannot be loaded: %.220s", told->path, told->reason);
    if (told->exists) {
        snprintf(facts->remedy, sizeof facts->remedy,
                 "the file is there, but the loader does not take it: install NVIDIA's driver "
                 "again, for this machine's architecture");
    } else if (facts->wsl) {
        snprintf(facts->remedy, sizeof facts->remedy,
                 "this is WSL2: install NVIDIA's driver in Windows (none inside Linux) and see "
                 "that /usr/lib/wsl/lib/libcuda.so.1 is there");
    } else if (facts->kernel_module[0] != '\0') {
        snprintf(facts->remedy, sizeof facts->remedy,
                 "the kernel has the driver, so this container lacks its libraries: start it with "
                 "--gpus all and NVIDIA_DRIVER_CAPABILITIES=compute,utility");
    } else {
        snprintf(facts->remedy, sizeof facts->remedy,
                 "if the machine has an NVIDIA GPU, install its driver; in a container, start it "
                 "with --gpus all (NVIDIA Container Toolkit)");
    }
}

static void say_too_old(cc_cuda_facts *facts, const char *what)
{
    facts->state = CC_CUDA_NOT_USABLE;
    snprintf(facts->problem, sizeof facts->problem, "%.200s is no driver that clearcut can use: %s",
             facts->library[0] != '\0' ? facts->library : facts->attempts[0].path, what);
    snprintf(facts->remedy, sizeof facts->remedy,
             "update NVIDIA's driver to 470 (CUDA 11.4) or newer");
}

static void say_result(cc_cuda_facts *facts, const cc_cuda_driver *driver, cc_cuda_result result,
                       const char *what)
{
    const char *name = NULL;
    const char *text = NULL;

    facts->result = result;
    if (driver->cuGetErrorName(result, &name) != 0 || name == NULL) {
        name = "unknown error";
    }
    if (driver->cuGetErrorString(result, &text) != 0 || text == NULL) {
        text = "no description";
    }
    snprintf(facts->result_name, sizeof facts->result_name, "%s", name);
    snprintf(facts->problem, sizeof facts->problem, "%s: %.60s (%d): %.200s", what, name, result,
             text);
    snprintf(facts->remedy, sizeof facts->remedy, "%s", cc_cuda_remedy(result));
    if (result == CC_CUDA_STUB_LIBRARY) {
        size_t used = strlen(facts->problem);
        snprintf(facts->problem + used, sizeof facts->problem - used, " (%.180s)", facts->library);
    }
}

static void start_driver(cc_cuda_driver *driver, cc_cuda_facts *facts)
{
    cc_cuda_result result = driver->cuInit(0);

    facts->state = CC_CUDA_NOT_USABLE;
    if (driver->cuDriverGetVersion(&driver->version) != 0) {
        driver->version = 0;
    }
    facts->driver_version = driver->version;
    if (result == 0 && driver->version < CC_CUDA_LEAST_VERSION) {
        char what[96];
        snprintf(what, sizeof what, "it offers CUDA %d.%d, and 11.4 is the least",
                 driver->version / 1000, driver->version % 1000 / 10);
        say_too_old(facts, what);
        return;
    }
    if (result == 0) {
        result = driver->cuDeviceGetCount(&facts->device_count);
    }
    if (result == 0 && facts->device_count < 1) {
        result = CC_CUDA_NO_DEVICE;
    }
    if (result == 0) {
        facts->state = CC_CUDA_READY;
        return;
    }
    facts->state = result == CC_CUDA_NO_DEVICE ? CC_CUDA_NO_GPU : CC_CUDA_NOT_USABLE;
    facts->device_count = 0;
    say_result(facts, driver, result, "starting NVIDIA's driver");
}

static void look_for_driver(void)
{
    cc_cuda_facts *facts = &shared.facts;
    cc_cuda_driver *driver = &shared.driver;

    memset(facts, 0, sizeof *facts);
    memset(driver, 0, sizeof *driver);
    look_around(facts);
    shared.library = find_library(facts);
    if (shared.library == NULL) {
        say_no_library(facts);
        return;
    }
    find_entries(shared.library, driver, facts);
    name_library(driver, facts);
    if (facts->missing_symbol[0] != '\0') {
        char what[96];
        snprintf(what, sizeof what, "it has no %s", facts->missing_symbol);
        say_too_old(facts, what);
        return;
    }
    shared.process = getpid();
    start_driver(driver, facts);
}

/* The child of a fork has the library, but none of its threads and mappings. */
static bool is_after_fork(void)
{
    return shared.process != 0 && shared.process != getpid();
}

static void say_forked(cc_cuda_facts *facts)
{
    facts->state = CC_CUDA_NOT_USABLE;
    facts->result = CC_CUDA_NOT_INITIALIZED;
    snprintf(facts->problem, sizeof facts->problem,
             "NVIDIA's driver was started before this process was forked, and does not survive "
             "that");
    snprintf(facts->remedy, sizeof facts->remedy, "%s", cc_cuda_remedy(CC_CUDA_NOT_INITIALIZED));
}

/* With the lock held. */
static void look_if_needed(void)
{
    if (is_after_fork()) {
        say_forked(&shared.facts);
    } else if (!shared.looked || shared.facts.state != CC_CUDA_READY) {
        if (shared.library != NULL) {
            dlclose(shared.library);
            shared.library = NULL;
        }
        look_for_driver();
    }
    shared.looked = true;
}

cc_status cc_cuda_open(const cc_cuda_driver **driver, cc_error *error)
{
    cc_status status = CC_OK;

    *driver = NULL;
    pthread_mutex_lock(&shared.lock);
    look_if_needed();
    if (shared.facts.state == CC_CUDA_READY) {
        *driver = &shared.driver;
    } else {
        status = cc_fail(error, CC_DEVICE, "%s%s%s", shared.facts.problem,
                         shared.facts.remedy[0] != '\0' ? "; " : "", shared.facts.remedy);
    }
    pthread_mutex_unlock(&shared.lock);
    return status;
}

void cc_cuda_facts_get(cc_cuda_facts *facts)
{
    pthread_mutex_lock(&shared.lock);
    if (!shared.looked || is_after_fork()) {
        look_if_needed();
    }
    *facts = shared.facts;
    pthread_mutex_unlock(&shared.lock);
}

void cc_cuda_forget(void)
{
    pthread_mutex_lock(&shared.lock);
    if (shared.library != NULL) {
        dlclose(shared.library);
    }
    shared.library = NULL;
    shared.process = 0;
    shared.looked = false;
    memset(&shared.driver, 0, sizeof shared.driver);
    memset(&shared.facts, 0, sizeof shared.facts);
    memset(shared.kept, 0, sizeof shared.kept);
    pthread_mutex_unlock(&shared.lock);
}

/* Set or clear the mark; true if that changed it. */
static bool mark_context(int index, bool keep)
{
    bool changes = false;

    pthread_mutex_lock(&shared.lock);
    if (index >= 0 && index < MOST_DEVICES) {
        changes = shared.kept[index] != keep;
        shared.kept[index] = keep;
    }
    pthread_mutex_unlock(&shared.lock);
    return changes;
}

bool cc_cuda_keep_context(int index)
{
    return mark_context(index, true);
}

bool cc_cuda_drop_context(int index)
{
    return mark_context(index, false);
}

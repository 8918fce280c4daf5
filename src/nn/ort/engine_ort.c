/* The engine that hands a network to ONNX Runtime. */
#define _GNU_SOURCE /* mkdtemp */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/cpu.h"
#include "core/file.h"
#include "core/threads.h"
#include "nn/ort/ort_network.h"

/* ---- a profiled run, for libraries that cannot be asked ---- */

enum { FOLDER_SIZE = 512 };

static cc_status make_folder(char *folder, cc_error *error)
{
    const char *base = getenv("TMPDIR");

    base = base != NULL && base[0] != '\0' && strlen(base) < FOLDER_SIZE / 2 ? base : "/tmp";
    snprintf(folder, FOLDER_SIZE, "%s/clearcut-ort-XXXXXX", base);
    if (mkdtemp(folder) == NULL) {
        folder[0] = '\0';
        return cc_fail(error, CC_IO,
                       "%s: no temporary folder can be made, which ONNX Runtime needs for its "
                       "profile; set TMPDIR",
                       base);
    }
    return CC_OK;
}

static void remove_folder(const char *folder)
{
    DIR *entries = folder[0] != '\0' ? opendir(folder) : NULL;
    const struct dirent *entry;

    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        char path[2 * FOLDER_SIZE];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.') {
            unlink(path);
        }
    }
    if (entries != NULL) {
        closedir(entries);
        rmdir(folder);
    }
}

/* The library writes PREFIX_DATE.json and tells the name. */
static cc_status end_profile(cc_ort_network *network, cc_error *error)
{
    enum { MOST_BYTES = 256 << 20 };
    const cc_ort_library *library = network->library;
    cc_buffer text = {0};
    char *path = NULL;
    cc_status status = cc_ort_check(
        library, library->api.SessionEndProfiling(network->session, library->allocator, &path),
        CC_DEVICE, "it does not write its profile", error);

    if (status != CC_OK || path == NULL) {
        return status != CC_OK ? status
                               : cc_fail(error, CC_DEVICE, "ONNX Runtime %s (%s): no profile",
                                         library->version, library->path);
    }
    status = cc_file_read(path, MOST_BYTES, &text, error);
    if (status == CC_OK) {
        status = cc_ort_assignment_from_profile((const char *)text.data, text.size,
                                                &network->placed, error);
    } else {
        cc_error_context(error, "the profile of ONNX Runtime %s", library->version);
        status = CC_DEVICE;
    }
    cc_buffer_free(&text);
    cc_ort_check(library, library->api.AllocatorFree(library->allocator, path), CC_DEVICE, "",
                 NULL);
    return status;
}

/* ---- loading ---- */

/* Make the session and learn who does what. */
static cc_status open_session(cc_ort_network *network, const cc_ort_recipe *recipe, cc_error *error)
{
    bool profiled = recipe->profile_prefix != NULL;
    cc_status status = cc_ort_session_create(network->library, network->provider, recipe,
                                             &network->session, error);

    if (status == CC_OK) {
        status = cc_ort_describe(network, recipe->options, error);
    }
    if (status == CC_OK) {
        status = cc_ort_make_room(network, 0, network->signature.input_count, error);
    }
    if (status == CC_OK && (profiled || cc_ort_needs_rehearsal(network))) {
        status = cc_ort_rehearse(network, error);
    }
    if (status == CC_OK) {
        status = cc_ort_make_room(network, network->signature.input_count,
                                  network->signature.input_count + network->signature.output_count,
                                  error);
    }
    if (status == CC_OK) {
        network->placed_by = profiled ? "a profiled run" : "the session";
        status = profiled ? end_profile(network, error)
                          : cc_ort_assignment_read(network->library, network->session,
                                                   &network->placed, error);
    }
    return status;
}

/* With or without a profile, as the library's age demands. */
static cc_status open_traced(cc_ort_network *network, cc_ort_recipe *recipe, cc_error *error)
{
    char folder[FOLDER_SIZE] = "";
    char prefix[FOLDER_SIZE + 16];
    cc_status status = CC_OK;

    recipe->profile_prefix = NULL;
    if (network->library->api_version < CC_ORT_ASSIGNMENT) {
        status = make_folder(folder, error);
        snprintf(prefix, sizeof prefix, "%s/profile", folder);
        recipe->profile_prefix = prefix;
    }
    if (status == CC_OK) {
        status = open_session(network, recipe, error);
    }
    remove_folder(folder);
    recipe->profile_prefix = NULL;
    return status;
}

static cc_status refuse_sharing(const cc_ort_network *network, size_t on_device, cc_error *error)
{
    char others[320];

    return cc_fail(error, CC_DEVICE,
                   "ort:%s was demanded, but %s takes %zu of the model's %zu operators (told by %s "
                   "of ONNX Runtime %s, %s); elsewhere are %s. Use --device cuda, cpu or ort:cpu, "
                   "or export the model without these operators",
                   network->provider->name, network->provider->full_name, on_device,
                   network->placed.count, network->placed_by, network->library->version,
                   network->library->path,
                   cc_ort_assignment_others(&network->placed, network->provider->full_name, others,
                                            sizeof others)[0] != '\0'
                       ? others
                       : "none");
}

/* A demanded provider does all of it, or it is an error. */
static cc_status check_placement(const cc_ort_network *network, cc_error *error)
{
    size_t on_device = cc_ort_assignment_of(&network->placed, network->provider->full_name);

    if (on_device < network->placed.count ||
        (on_device == 0 && network->provider->append != NULL)) {
        return refuse_sharing(network, on_device, error);
    }
    return CC_OK;
}

static void close_session(cc_ort_network *network)
{
    int count = network->signature.input_count + network->signature.output_count;

    if (network->session != NULL) {
        network->library->api.ReleaseSession(network->session);
    }
    for (int i = 0; i < count && network->ours != NULL; i++) {
        cc_free(network->ours[i].name);
        cc_free(network->ours[i].halves);
    }
    cc_free(network->ours);
    cc_free(network->ports);
    cc_free(network->names);
    cc_free(network->values);
    cc_ort_assignment_release(&network->placed);
    network->session = NULL;
    network->ours = NULL;
    network->ports = NULL;
    network->names = NULL;
    network->values = NULL;
    network->signature = (cc_signature){0};
}

/* The library refused because the processor would have to help: let it, to count
 * who would do what, and say that instead. Keeps the first message if that fails. */
static cc_status explain_refusal(cc_ort_network *network, cc_ort_recipe *recipe, cc_status status,
                                 cc_error *error)
{
    cc_error first = error != NULL ? *error : (cc_error){0};

    if (network->provider->append == NULL || strstr(first.message, "fallback to CPU EP") == NULL) {
        return status;
    }
    close_session(network);
    recipe->may_fall_back = true;
    if (open_traced(network, recipe, NULL) == CC_OK && check_placement(network, error) != CC_OK) {
        return CC_DEVICE;
    }
    *error = first;
    return CC_DEVICE;
}

static void name_it(cc_ort_network *network)
{
    const cc_ort_library *library = network->library;

    snprintf(network->engine, sizeof network->engine, "ort/%s", network->provider->full_name);
    if (network->provider->append == NULL) {
        snprintf(network->device_name, sizeof network->device_name, "%s", cc_cpu_model_name());
    } else {
        snprintf(network->device_name, sizeof network->device_name, "%s of ONNX Runtime %s",
                 network->provider->full_name, library->version);
    }
}

static cc_status check_options(const cc_network_source *source, const cc_network_options *options,
                               cc_ort_model_facts *facts, cc_error *error)
{
    cc_status status;

    if (options->precision != CC_PRECISION_FP32) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "ONNX Runtime computes as the model says; leave out --precision or give "
                       "fp32");
    }
    if (options->reference_only) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "the plain reference operators are the cpu engine's; use --device cpu");
    }
    status = cc_ort_model_scan(source->data, source->size, facts, error);
    if (status == CC_OK && facts->external_data && !options->allow_external_data) {
        status = cc_fail(error, CC_UNSUPPORTED,
                         "weights lie in files beside the model, which are not read here");
    }
    return status;
}

static cc_status build(cc_ort_network *network, const cc_network_source *source,
                       const cc_network_options *options, cc_error *error)
{
    cc_ort_model_facts facts;
    cc_ort_recipe recipe = {.source = source, .options = options, .facts = &facts};
    cc_status status = cc_ort_provider_find(options->provider, &network->provider, error);

    if (status == CC_OK) {
        status = check_options(source, options, &facts, error);
    }
    if (status == CC_OK) {
        status = cc_ort_open(&network->library, error);
    }
    if (status == CC_OK) {
        status = cc_ort_provider_check(network->library, network->provider, error);
    }
    if (status == CC_OK) {
        status = cc_ort_check(network->library,
                              network->library->api.CreateRunOptions(&network->run_options),
                              CC_DEVICE, "it makes no run options", error);
    }
    if (status != CC_OK) {
        return status;
    }
    network->process = getpid();
    network->threads = cc_thread_pool_size(options->pool);
    name_it(network);
    status = open_traced(network, &recipe, error);
    return status == CC_OK ? check_placement(network, error)
                           : explain_refusal(network, &recipe, status, error);
}

void cc_ort_network_free(cc_ort_network *network)
{
    if (network != NULL) {
        close_session(network);
        if (network->run_options != NULL) {
            network->library->api.ReleaseRunOptions(network->run_options);
        }
        cc_free(network);
    }
}

/* ---- the engine ---- */

static void ort_release(void *state)
{
    cc_ort_network_free(state);
}

static cc_status ort_load(const cc_network_source *source, const cc_network_options *options,
                          void **state, cc_error *error)
{
    cc_ort_network *network = cc_alloc_zeroed(1, sizeof *network);
    cc_error unused; /* explain_refusal reads the message */
    cc_status status;

    *state = NULL;
    if (network == NULL) {
        return cc_fail_memory(error, sizeof *network);
    }
    status = build(network, source, options, error != NULL ? error : &unused);
    if (status != CC_OK) {
        cc_ort_network_free(network);
        return status;
    }
    *state = network;
    return CC_OK;
}

static const cc_signature *ort_signature(const void *state)
{
    return &((const cc_ort_network *)state)->signature;
}

static cc_status ort_run(void *state, const void *const *inputs, void *const *outputs,
                         const atomic_bool *cancel, cc_error *error)
{
    return cc_ort_run(state, inputs, outputs, cancel, error);
}

static void ort_report(const void *state, cc_network_report *report)
{
    const cc_ort_network *network = state;

    *report = (cc_network_report){.operators_total = (int)network->placed.count,
                                  .operators_on_device = (int)cc_ort_assignment_of(
                                      &network->placed, network->provider->full_name),
                                  .level = network->provider->full_name};
    report->operators_fast = report->operators_on_device;
    snprintf(report->engine, sizeof report->engine, "%s", network->engine);
    snprintf(report->device_name, sizeof report->device_name, "%s", network->device_name);
}

/* Mean milliseconds of `runs` runs on zeros. */
static cc_status time_runs(cc_ort_network *network, int runs, double *mean, cc_error *error)
{
    double begin = cc_clock_ms();
    cc_status status = CC_OK;

    for (int i = 0; i < runs && status == CC_OK; i++) {
        status = cc_ort_rehearse(network, error);
    }
    *mean = runs > 0 ? (cc_clock_ms() - begin) / runs : 0;
    return status;
}

static cc_status ort_explain(void *state, int runs, char **text, cc_error *error)
{
    enum { LINE = 400 };
    cc_ort_network *network = state;
    size_t size = (network->placed.count + 3) * LINE;
    size_t used = 0;
    double mean = 0;
    cc_status status = time_runs(network, runs, &mean, error);

    *text = NULL;
    if (status != CC_OK) {
        return status;
    }
    *text = cc_alloc(size);
    if (*text == NULL) {
        return cc_fail_memory(error, size);
    }
    used = (size_t)snprintf(*text, size,
                            "ONNX Runtime %s, %s: %zu operators before its fusions, told by %s\n",
                            network->library->version, network->library->path,
                            network->placed.count, network->placed_by);
    for (size_t i = 0; i < network->placed.count; i++) {
        const cc_ort_placed *item = &network->placed.items[i];
        used += (size_t)snprintf(*text + used, size - used, "%-20.100s %-28.100s %.160s\n",
                                 item->type, item->provider, item->name);
    }
    if (runs > 0) {
        snprintf(*text + used, size - used, "whole run: %.3f ms on average over %d runs\n", mean,
                 runs);
    }
    return CC_OK;
}

const cc_engine cc_engine_ort = {
    .name = "ort",
    .load = ort_load,
    .release = ort_release,
    .signature = ort_signature,
    .run = ort_run,
    .report = ort_report,
    .explain = ort_explain,
};

/* Running a session: values over the caller's arrays, stopping, checking. */
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "nn/ort/ort_network.h"

/* ---- stopping: the library looks at a flag of its own between operators ---- */

typedef struct watcher {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool done; /* under the lock */
    bool started;
    const atomic_bool *cancel;
    const cc_ort_library *library;
    cc_ort_run_options *options;
} watcher;

static void *watch(void *context)
{
    enum { PAUSE_NS = 5000000 };
    watcher *self = context;

    pthread_mutex_lock(&self->lock);
    while (!self->done) {
        struct timespec until;
        if (atomic_load(self->cancel)) {
            cc_ort_check(self->library, self->library->api.RunOptionsSetTerminate(self->options),
                         CC_DEVICE, "", NULL);
            break;
        }
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += PAUSE_NS;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&self->wake, &self->lock, &until);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

/* Without the thread the run simply cannot be stopped in its middle. */
static void watcher_start(watcher *self, const cc_ort_network *network, const atomic_bool *cancel)
{
    *self =
        (watcher){.cancel = cancel, .library = network->library, .options = network->run_options};
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->wake, NULL);
    self->started = cancel != NULL && pthread_create(&self->thread, NULL, watch, self) == 0;
}

static void watcher_stop(watcher *self)
{
    if (self->started) {
        pthread_mutex_lock(&self->lock);
        self->done = true;
        pthread_cond_signal(&self->wake);
        pthread_mutex_unlock(&self->lock);
        pthread_join(self->thread, NULL);
        cc_ort_check(self->library, self->library->api.RunOptionsUnsetTerminate(self->options),
                     CC_DEVICE, "", NULL);
    }
    pthread_cond_destroy(&self->wake);
    pthread_mutex_destroy(&self->lock);
}

/* ---- values ---- */

static size_t elements_of(const cc_tensor *tensor)
{
    return (size_t)cc_shape_elements(&tensor->shape);
}

static cc_status make_value(cc_ort_network *network, size_t slot, void *data, cc_error *error)
{
    const cc_tensor *tensor = &network->ports[slot].tensor;
    const cc_ort_port *ours = &network->ours[slot];
    size_t bytes = elements_of(tensor) * cc_dtype_size((cc_dtype)ours->element_type);
    cc_ort_status *status = network->library->api.CreateTensorWithDataAsOrtValue(
        network->library->memory, ours->half ? (void *)ours->halves : data, bytes,
        tensor->shape.dims, (size_t)tensor->shape.rank, ours->element_type, &network->values[slot]);

    return cc_ort_check(network->library, status, CC_INTERNAL, ours->name, error);
}

static void drop_values(cc_ort_network *network)
{
    int count = network->signature.input_count + network->signature.output_count;

    for (int i = 0; i < count; i++) {
        if (network->values[i] != NULL) {
            network->library->api.ReleaseValue(network->values[i]);
            network->values[i] = NULL;
        }
    }
}

static cc_status fail_run(const cc_ort_network *network, cc_ort_status *status,
                          const atomic_bool *cancel, cc_error *error)
{
    if (status != NULL && cancel != NULL && atomic_load(cancel)) {
        network->library->api.ReleaseStatus(status);
        return cc_fail(error, CC_CANCELLED, "stopped as asked");
    }
    return cc_ort_check(network->library, status,
                        network->provider->append != NULL ? CC_DEVICE : CC_MODEL, "the run failed",
                        error);
}

/* outputs: their values are in network->values (NULL = made by the library). */
static cc_status call(cc_ort_network *network, const atomic_bool *cancel, cc_error *error)
{
    size_t inputs = (size_t)network->signature.input_count;
    size_t outputs = (size_t)network->signature.output_count;
    cc_ort_status *status;
    watcher stopper;

    watcher_start(&stopper, network, cancel);
    status = network->library->api.Run(network->session, network->run_options, network->names,
                                       (const cc_ort_value *const *)network->values, inputs,
                                       network->names + inputs, outputs, network->values + inputs);
    watcher_stop(&stopper);
    return fail_run(network, status, cancel, error);
}

/* ---- did it write? ---- */

/* All bits set is a float that no arithmetic gives: a NaN made by a processor has
 * other bits. Integers and booleans have no such value and are not checked. */
enum { PATTERN = 0xff };

static bool is_float(const cc_ort_port *ours)
{
    return ours->element_type == CC_FLOAT32 || ours->half;
}

static cc_status check_written(const cc_ort_network *network, size_t slot, const void *data,
                               cc_error *error)
{
    const cc_ort_port *ours = &network->ours[slot];
    size_t count = elements_of(&network->ports[slot].tensor);
    const uint32_t *words = data;
    size_t untouched = 0;

    for (size_t i = 0; i < count; i++) {
        untouched += ours->half ? ours->halves[i] == 0xffffu : words[i] == 0xffffffffu;
    }
    if (untouched == 0) {
        return CC_OK;
    }
    return cc_fail(error, CC_DEVICE,
                   "ONNX Runtime %s (%s): %s reported success but left %zu of %zu values of "
                   "\"%s\" unwritten; do not trust this library",
                   network->library->version, network->library->path, network->provider->full_name,
                   untouched, count, ours->name);
}

static cc_status take_output(const cc_ort_network *network, size_t slot, void *data,
                             cc_error *error)
{
    const cc_ort_port *ours = &network->ours[slot];
    size_t count = elements_of(&network->ports[slot].tensor);
    float *wide = data;
    cc_status status = is_float(ours) ? check_written(network, slot, data, error) : CC_OK;

    for (size_t i = 0; i < count && ours->half; i++) {
        wide[i] = cc_half_to_float(ours->halves[i]);
    }
    return status;
}

/* ---- the run ---- */

static cc_status prepare_input(cc_ort_network *network, size_t slot, const void *data,
                               cc_error *error)
{
    const cc_ort_port *ours = &network->ours[slot];
    size_t count = elements_of(&network->ports[slot].tensor);
    const float *wide = data;

    for (size_t i = 0; i < count && ours->half; i++) {
        ours->halves[i] = cc_float_to_half(wide[i]);
    }
    /* The library takes the pointer without const, and does not write to inputs. */
    return make_value(network, slot, (void *)(uintptr_t)data, error);
}

static cc_status prepare_output(cc_ort_network *network, size_t slot, void *data, cc_error *error)
{
    const cc_ort_port *ours = &network->ours[slot];
    size_t count = elements_of(&network->ports[slot].tensor);

    if (is_float(ours)) {
        memset(ours->half ? (void *)ours->halves : data, PATTERN,
               count * cc_dtype_size((cc_dtype)ours->element_type));
    }
    return make_value(network, slot, data, error);
}

cc_status cc_ort_run(cc_ort_network *network, const void *const *inputs, void *const *outputs,
                     const atomic_bool *cancel, cc_error *error)
{
    size_t input_count = (size_t)network->signature.input_count;
    size_t count = input_count + (size_t)network->signature.output_count;
    cc_status status = CC_OK;

    if (network->process != getpid()) {
        return cc_fail(error, CC_DEVICE,
                       "this process was forked after ONNX Runtime was started, whose threads "
                       "stayed behind; load the network in the child");
    }
    if (cancel != NULL && atomic_load(cancel)) {
        return cc_fail(error, CC_CANCELLED, "stopped as asked");
    }
    for (size_t i = 0; i < count && status == CC_OK; i++) {
        status = i < input_count ? prepare_input(network, i, inputs[i], error)
                                 : prepare_output(network, i, outputs[i - input_count], error);
    }
    if (status == CC_OK) {
        status = call(network, cancel, error);
    }
    for (size_t i = input_count; i < count && status == CC_OK; i++) {
        status = take_output(network, i, outputs[i - input_count], error);
    }
    drop_values(network);
    return status;
}

/* ---- the rehearsal ---- */

bool cc_ort_needs_rehearsal(const cc_ort_network *network)
{
    for (int i = 0; i < network->signature.output_count; i++) {
        const cc_shape *shape = &network->signature.outputs[i].tensor.shape;
        for (int j = 0; j < shape->rank; j++) {
            if (shape->dims[j] < 0) {
                return true;
            }
        }
    }
    return false;
}

/* The shape of an output that the library has made. */
static cc_status read_output_shape(cc_ort_network *network, size_t slot, cc_error *error)
{
    const cc_ort_api *api = &network->library->api;
    cc_shape *shape = &network->ports[slot].tensor.shape;
    cc_ort_tensor_type *type = NULL;
    size_t rank = 0;
    cc_status status =
        cc_ort_check(network->library, api->GetTensorTypeAndShape(network->values[slot], &type),
                     CC_MODEL, network->ours[slot].name, error);

    if (status == CC_OK) {
        status = cc_ort_check(network->library, api->GetDimensionsCount(type, &rank), CC_MODEL,
                              network->ours[slot].name, error);
    }
    if (status == CC_OK && rank > CC_MAX_RANK) {
        status = cc_fail(error, CC_UNSUPPORTED, "\"%s\" has %zu dimensions; at most %d",
                         network->ours[slot].name, rank, CC_MAX_RANK);
    }
    if (status == CC_OK) {
        shape->rank = (int)rank;
        status = cc_ort_check(network->library, api->GetDimensions(type, shape->dims, rank),
                              CC_MODEL, network->ours[slot].name, error);
    }
    if (type != NULL) {
        api->ReleaseTensorTypeAndShapeInfo(type);
    }
    return status;
}

cc_status cc_ort_rehearse(cc_ort_network *network, cc_error *error)
{
    size_t input_count = (size_t)network->signature.input_count;
    size_t count = input_count + (size_t)network->signature.output_count;
    void **zeros = cc_alloc_zeroed(input_count + 1, sizeof(void *));
    cc_status status = CC_OK;

    if (zeros == NULL) {
        return cc_fail_memory(error, input_count);
    }
    for (size_t i = 0; i < input_count && status == CC_OK; i++) {
        size_t bytes =
            elements_of(&network->ports[i].tensor) * cc_dtype_size(network->ports[i].tensor.dtype);
        zeros[i] = cc_alloc_zeroed(bytes + 1, 1);
        status = zeros[i] != NULL ? prepare_input(network, i, zeros[i], error)
                                  : cc_fail_memory(error, bytes);
    }
    if (status == CC_OK) {
        status = call(network, NULL, error);
    }
    for (size_t i = input_count; i < count && status == CC_OK; i++) {
        status = read_output_shape(network, i, error);
    }
    drop_values(network);
    for (size_t i = 0; i < input_count; i++) {
        cc_free(zeros[i]);
    }
    cc_free(zeros);
    return status;
}

/* ---- room ---- */

cc_status cc_ort_make_room(cc_ort_network *network, int from, int to, cc_error *error)
{
    for (int i = from; i < to; i++) {
        const cc_tensor *tensor = &network->ports[i].tensor;
        int64_t elements = cc_shape_elements(&tensor->shape);
        char text[96];
        if (elements < 0) {
            return cc_fail(error, CC_LIMIT, "\"%s\" is %s: too large", network->ours[i].name,
                           cc_shape_text(&tensor->shape, text, sizeof text));
        }
        if (network->ours[i].half && network->ours[i].halves == NULL) {
            network->ours[i].halves =
                cc_alloc_array((size_t)elements + 1, sizeof *network->ours[i].halves);
            if (network->ours[i].halves == NULL) {
                return cc_fail_memory(error, (unsigned long long)elements * 2);
            }
        }
    }
    return CC_OK;
}

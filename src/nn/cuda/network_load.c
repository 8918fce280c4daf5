/* Making a network ready on a GPU. */
#include <string.h>

#include "nn/cuda/network_cuda.h"
#include "nn/onnx.h"
#include "nn/passes/passes.h"

static cc_status read_graph(const cc_network_source *source, const cc_network_options *options,
                            const cc_shape *input_shape, cc_graph *graph, cc_error *error)
{
    cc_onnx_options reading = {.external_folder =
                                   options->allow_external_data ? source->folder : NULL};
    cc_prepare_options preparing = {
        .input_shape = *input_shape, .wanted_outputs = options->wanted_outputs, .fuse = true};
    cc_status status = cc_onnx_read(source->data, source->size, &reading, graph, error);

    return status == CC_OK ? cc_graph_prepare(graph, &preparing, error) : status;
}

/* ---- what the network takes and gives ---- */

static int value_of_port(const cc_graph *graph, int port)
{
    return port < graph->input_count ? graph->inputs[port]
                                     : graph->outputs[port - graph->input_count];
}

/* Pictures of a run: the first dimension of every input and output, if they agree. */
static int batch_of(const cc_graph *graph)
{
    int64_t batch = 0;

    for (int i = 0; i < graph->input_count + graph->output_count; i++) {
        const cc_shape *shape = &graph->values[value_of_port(graph, i)].tensor.shape;
        if (shape->rank < 1 || shape->dims[0] < 1 || shape->dims[0] > INT_MAX ||
            (i > 0 && shape->dims[0] != batch)) {
            return 1;
        }
        batch = shape->dims[0];
    }
    return (int)batch;
}

static cc_status describe(cc_cuda_network *network, const cc_graph *graph, cc_error *error)
{
    size_t count = (size_t)graph->input_count + (size_t)graph->output_count;

    network->ports = cc_arena_alloc(&network->arena, count, sizeof *network->ports);
    network->slots = cc_arena_alloc(&network->arena, count, sizeof *network->slots);
    if (network->ports == NULL || network->slots == NULL) {
        return cc_fail_memory(error, count * sizeof *network->ports);
    }
    for (size_t i = 0; i < count; i++) {
        const cc_value *value = &graph->values[value_of_port(graph, (int)i)];
        cc_port *port = &network->ports[i];
        *port = (cc_port){cc_arena_strndup(&network->arena, value->name, strlen(value->name)),
                          value->tensor};
        if (port->name == NULL) {
            return cc_fail_memory(error, strlen(value->name) + 1);
        }
        port->tensor.data = NULL;
    }
    network->signature = (cc_signature){.inputs = network->ports,
                                        .outputs = network->ports + graph->input_count,
                                        .input_count = graph->input_count,
                                        .output_count = graph->output_count};
    network->batch = batch_of(graph);
    return CC_OK;
}

/* ---- memory ---- */

/* A program for `network->part` pictures, and its memory. *lacking: the device has too
 * little. */
static cc_status build(cc_cuda_network *network, const cc_graph *graph, cc_cuda_storage storage,
                       bool *lacking, cc_error *error)
{
    cc_status status = cc_cuda_program_build(graph, storage, network->gpu.facts.multiprocessors,
                                             &network->program, error);

    if (status == CC_OK) {
        status = cc_cuda_gpu_allocate(&network->gpu, cc_cuda_program_bytes(&network->program),
                                      &network->block, lacking, error);
    }
    if (status == CC_OK) {
        status = cc_cuda_program_place(&network->program, network->block, error);
    }
    if (*lacking) {
        cc_cuda_program_release(&network->program);
    }
    return status;
}

/* Half as many pictures at once, and the graph for them. */
static cc_status shrink(cc_cuda_network *network, const cc_network_source *source,
                        const cc_network_options *options, cc_graph *graph, cc_error *error)
{
    cc_shape shape = network->signature.inputs[0].tensor.shape;

    network->part = (network->part + 1) / 2;
    shape.dims[0] = network->part;
    cc_graph_release(graph);
    cc_status status = read_graph(source, options, &shape, graph, error);
    if (status == CC_OK && batch_of(graph) != network->part) {
        return cc_fail(error, CC_DEVICE,
                       "the GPU's memory is too small for %d pictures at once, and the network "
                       "cannot be cut into batches of %d; ask for a smaller batch",
                       network->batch, network->part);
    }
    return status;
}

/* The whole batch at once if memory allows, else in as few parts as it allows. */
static cc_status fit(cc_cuda_network *network, const cc_network_source *source,
                     const cc_network_options *options, cc_cuda_storage storage, cc_graph *graph,
                     cc_error *error)
{
    bool lacking = false;
    cc_status status = build(network, graph, storage, &lacking, error);

    while (status != CC_OK && lacking && network->part > 1) {
        lacking = false;
        status = shrink(network, source, options, graph, error);
        if (status == CC_OK) {
            status = build(network, graph, storage, &lacking, error);
        }
    }
    return status;
}

static void place_slots(cc_cuda_network *network)
{
    const cc_cuda_program *program = &network->program;
    int inputs = network->signature.input_count;
    cc_cuda_address buffers = network->block + program->constant_bytes + program->counter_bytes;
    size_t offset = 0;

    for (int i = 0; i < inputs + network->signature.output_count; i++) {
        int buffer = i < inputs ? program->input_planes[i] : program->output_planes[i - inputs];
        size_t whole = (size_t)cc_shape_elements(&network->ports[i].tensor.shape) * sizeof(float);
        cc_cuda_slot *slot = &network->slots[i];
        slot->bytes = whole / (size_t)network->batch * (size_t)network->part;
        slot->address = buffers + program->buffers[buffer].offset;
        slot->offset = offset;
        offset += (slot->bytes + CC_ALIGNMENT - 1) / CC_ALIGNMENT * CC_ALIGNMENT;
    }
    network->staging_bytes = offset;
}

static cc_status allocate_staging(cc_cuda_network *network, cc_error *error)
{
    void *staging = NULL;
    cc_status status;

    place_slots(network);
    status = cc_cuda_gpu_allocate_host(&network->gpu, network->staging_bytes, &staging, error);
    network->staging = staging;
    return status;
}

/* ---- constants ---- */

/* Also clears the counters of split convolutions: every launch leaves them so. */
static cc_status upload(cc_cuda_network *network, cc_thread_pool *pool, cc_error *error)
{
    const cc_cuda_driver *driver = network->gpu.driver;
    const cc_cuda_program *program = &network->program;
    void *packed = cc_alloc_aligned(program->constant_bytes + 1);
    cc_cuda_result result = 0;
    cc_status status;

    if (packed == NULL) {
        return cc_fail_memory(error, program->constant_bytes);
    }
    cc_cuda_program_pack(program, pool, packed);
    if (program->constant_bytes > 0) {
        result = driver->cuMemcpyHtoDAsync_v2(network->block, packed, program->constant_bytes,
                                              network->gpu.stream);
    }
    if (result == 0 && program->counter_bytes > 0) {
        result = driver->cuMemsetD8Async(network->block + program->constant_bytes, 0,
                                         program->counter_bytes, network->gpu.stream);
    }
    status = cc_cuda_gpu_check(&network->gpu, result, "sending the weights to the GPU", error);
    if (status == CC_OK) {
        status = cc_cuda_gpu_wait(&network->gpu, 0, error);
    }
    if (network->gpu.lost != CC_CUDA_NOT_READY) {
        cc_free_aligned(packed); /* else the GPU may still read it: better lost than wrong */
    }
    return status;
}

/* ---- the sequence of launches ---- */

static cc_status capture(cc_cuda_network *network, bool conversions, cc_cuda_graph *graph,
                         cc_error *error)
{
    enum { CAPTURE_THREAD_LOCAL = 1 };
    cc_cuda_gpu *gpu = &network->gpu;
    cc_status status = cc_cuda_gpu_check(
        gpu, gpu->driver->cuStreamBeginCapture_v2(gpu->stream, CAPTURE_THREAD_LOCAL),
        "beginning to capture the network", error);

    if (status != CC_OK) {
        return status;
    }
    status = cc_cuda_network_launch(network, conversions, error);
    cc_cuda_result ended = gpu->driver->cuStreamEndCapture(gpu->stream, graph);
    if (status == CC_OK) {
        status = cc_cuda_gpu_check(gpu, ended, "capturing the network", error);
    }
    return status;
}

cc_status cc_cuda_network_capture(cc_cuda_network *network, bool conversions,
                                  cc_cuda_graph_exec *replay, cc_error *error)
{
    const cc_cuda_driver *driver = network->gpu.driver;
    cc_cuda_graph graph = NULL;
    cc_status status = capture(network, conversions, &graph, error);

    *replay = NULL;
    if (status == CC_OK) {
        status =
            cc_cuda_gpu_check(&network->gpu, driver->cuGraphInstantiateWithFlags(replay, graph, 0),
                              "making the captured network runnable", error);
    }
    if (graph != NULL) {
        driver->cuGraphDestroy(graph);
    }
    return status;
}

static cc_status make_events(cc_cuda_network *network, cc_error *error)
{
    const cc_cuda_driver *driver = network->gpu.driver;
    cc_cuda_result result = driver->cuEventCreate(&network->begin, 0);

    if (result == 0) {
        result = driver->cuEventCreate(&network->end, 0);
    }
    return cc_cuda_gpu_check(&network->gpu, result, "making an event", error);
}

/* ---- all of it ---- */

static cc_status check_options(const cc_network_options *options, cc_cuda_storage *storage,
                               cc_error *error)
{
    if (options->reference_only) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "the scalar references run on the processor: use --device cpu with them");
    }
    if (options->precision != CC_PRECISION_FP32 && options->precision != CC_PRECISION_FP16) {
        return cc_fail(error, CC_UNSUPPORTED,
                       "the GPU engine computes in fp16 or fp32: leave out --precision or give "
                       "one of them");
    }
    *storage = options->precision == CC_PRECISION_FP16 ? CC_CUDA_F16 : CC_CUDA_F32;
    return CC_OK;
}

static cc_status prepare_on_device(cc_cuda_network *network, const cc_network_source *source,
                                   const cc_network_options *options, cc_cuda_storage storage,
                                   cc_graph *graph, cc_error *error)
{
    cc_status status = fit(network, source, options, storage, graph, error);

    if (status == CC_OK) {
        status = upload(network, options->pool, error);
    }
    if (status == CC_OK) {
        status = allocate_staging(network, error);
    }
    if (status == CC_OK) {
        status = make_events(network, error);
    }
    return status == CC_OK ? cc_cuda_network_capture(network, true, &network->replay, error)
                           : status;
}

cc_status cc_cuda_network_prepare(cc_cuda_network *network, const cc_network_source *source,
                                  const cc_network_options *options, cc_error *error)
{
    cc_graph graph = {0};
    cc_cuda_storage storage = CC_CUDA_F32;
    cc_status status = check_options(options, &storage, error);

    if (status == CC_OK) {
        status = cc_cuda_gpu_open(options->device_index, &network->gpu, error);
    }
    if (status == CC_OK) {
        status = read_graph(source, options, &options->input_shape, &graph, error);
    }
    if (status == CC_OK) {
        status = describe(network, &graph, error);
    }
    if (status == CC_OK) {
        network->part = network->batch;
        status = cc_cuda_gpu_enter(&network->gpu, error);
    }
    if (status == CC_OK) {
        status = prepare_on_device(network, source, options, storage, &graph, error);
        cc_cuda_gpu_leave(&network->gpu);
    }
    cc_graph_release(&graph);
    network->program.graph = NULL;
    return status;
}

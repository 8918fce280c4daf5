/* Addresses into the parameters of every launch, and its shape. */
#include "nn/cuda/program.h"

/* The block of device memory, taken apart. */
typedef struct block {
    const cc_cuda_program *program;
    uint64_t constants;
    uint64_t counters;
    uint64_t buffers;
} block;

static void *address(uint64_t number)
{
    return (void *)(uintptr_t)number;
}

static void *constant_at(const block *at, size_t offset)
{
    return offset == CC_CUDA_NOWHERE ? NULL : address(at->constants + offset);
}

static void *buffer_at(const block *at, int buffer)
{
    return buffer == CC_CUDA_NOBODY ? NULL
                                    : address(at->buffers + at->program->buffers[buffer].offset);
}

static cc_cuda_tensor tensor_at(const block *at, int value)
{
    const cc_cuda_program *program = at->program;
    cc_cuda_tensor tensor = cc_cuda_value_tensor(program, value);
    int32_t channel = 0;
    const cc_cuda_value *root = &program->values[cc_cuda_root(program, value, &channel)];
    unsigned char *first = root->buffer != CC_CUDA_NOBODY ? buffer_at(at, root->buffer)
                                                          : constant_at(at, root->constant);

    tensor.data = first + (size_t)channel * cc_cuda_element_bytes(program->storage);
    return tensor;
}

static void place_conv(const block *at, cc_cuda_step *step)
{
    cc_cuda_conv *conv = &step->parameters.conv;

    conv->input = tensor_at(at, step->input);
    conv->output = tensor_at(at, step->output);
    conv->weights = constant_at(at, step->constants[0]);
    conv->bias = constant_at(at, step->constants[1]);
    if (step->second != CC_CUDA_NOBODY) {
        cc_cuda_tensor residual = tensor_at(at, step->second);
        conv->residual = residual.data;
        conv->residual_stride = residual.stride;
    }
    if (step->partial != CC_CUDA_NOBODY) {
        conv->partial = buffer_at(at, step->partial);
        conv->arrived = address(at->counters);
    }
}

static void place_resize(const block *at, cc_cuda_step *step)
{
    cc_cuda_resize *resize = &step->parameters.resize;

    resize->input = tensor_at(at, step->input);
    resize->output = tensor_at(at, step->output);
    resize->rows = constant_at(at, step->constants[0]);
    resize->row_weights = constant_at(at, step->constants[1]);
    resize->columns = constant_at(at, step->constants[2]);
    resize->column_weights = constant_at(at, step->constants[3]);
}

static void place_binary(const block *at, cc_cuda_step *step)
{
    step->parameters.binary.a = tensor_at(at, step->input);
    step->parameters.binary.b = tensor_at(at, step->second);
    step->parameters.binary.output = tensor_at(at, step->output);
}

static void place_gemm(const block *at, cc_cuda_step *step)
{
    step->parameters.gemm.input = tensor_at(at, step->input);
    step->parameters.gemm.output = tensor_at(at, step->output);
    step->parameters.gemm.weights = constant_at(at, step->constants[0]);
    step->parameters.gemm.bias = constant_at(at, step->constants[1]);
}

static void place_norm(const block *at, cc_cuda_step *step)
{
    step->parameters.norm.input = tensor_at(at, step->input);
    step->parameters.norm.output = tensor_at(at, step->output);
    step->parameters.norm.scale = constant_at(at, step->constants[0]);
    step->parameters.norm.bias = constant_at(at, step->constants[1]);
}

/* Kernels that know elements, not pixels. */
static cc_status place_elements(const block *at, cc_cuda_step *step, cc_error *error)
{
    cc_cuda_storage storage = at->program->storage;
    cc_cuda_parameters *parameters = &step->parameters;

    if (step->kind == CC_CUDA_STEP_MOVE) {
        parameters->move.input = tensor_at(at, step->input).data;
        parameters->move.output = tensor_at(at, step->output).data;
        return cc_cuda_move_launch(&parameters->move, storage, &step->launch, error);
    }
    parameters->matmul.a = tensor_at(at, step->input).data;
    parameters->matmul.b = tensor_at(at, step->second).data;
    parameters->matmul.output = tensor_at(at, step->output).data;
    return cc_cuda_matmul_launch(&parameters->matmul, storage, &step->launch, error);
}

static void place_planes(const block *at, cc_cuda_step *step)
{
    int value = step->kind == CC_CUDA_STEP_FROM_PLANES ? step->output : step->input;

    step->parameters.planes.planes = buffer_at(at, step->planes);
    step->parameters.planes.tensor = tensor_at(at, value);
}

static cc_status place_convolution(const block *at, cc_cuda_step *step, cc_error *error)
{
    cc_cuda_storage storage = at->program->storage;

    place_conv(at, step);
    switch (step->kind) {
    case CC_CUDA_STEP_CONV:
        return cc_cuda_conv_launch(&step->parameters.conv, step->tile, &step->launch, error);
    case CC_CUDA_STEP_CONV_FEW:
        return cc_cuda_conv_few_launch(&step->parameters.conv, storage, &step->launch, error);
    default:
        return cc_cuda_conv_plain_launch(&step->parameters.conv, storage, &step->launch, error);
    }
}

static cc_status place_step(const block *at, cc_cuda_step *step, cc_error *error)
{
    cc_cuda_storage storage = at->program->storage;
    cc_cuda_parameters *parameters = &step->parameters;
    cc_cuda_launch *launch = &step->launch;

    switch (step->kind) {
    case CC_CUDA_STEP_CONV:
    case CC_CUDA_STEP_CONV_FEW:
    case CC_CUDA_STEP_CONV_PLAIN: return place_convolution(at, step, error);
    case CC_CUDA_STEP_POOL:
        parameters->pool.input = tensor_at(at, step->input);
        parameters->pool.output = tensor_at(at, step->output);
        return cc_cuda_pool_launch(&parameters->pool, storage, launch, error);
    case CC_CUDA_STEP_RESIZE:
        place_resize(at, step);
        return cc_cuda_resize_launch(&parameters->resize, storage, launch, error);
    case CC_CUDA_STEP_UNARY:
        parameters->unary.input = tensor_at(at, step->input);
        parameters->unary.output = tensor_at(at, step->output);
        return cc_cuda_unary_launch(&parameters->unary, storage, launch, error);
    case CC_CUDA_STEP_BINARY:
        place_binary(at, step);
        return cc_cuda_binary_launch(&parameters->binary, storage, launch, error);
    case CC_CUDA_STEP_GLOBAL_POOL:
        parameters->global_pool.input = tensor_at(at, step->input);
        parameters->global_pool.output = tensor_at(at, step->output);
        return cc_cuda_global_pool_launch(&parameters->global_pool, storage, launch, error);
    case CC_CUDA_STEP_GEMM:
        place_gemm(at, step);
        return cc_cuda_gemm_launch(&parameters->gemm, storage, launch, error);
    case CC_CUDA_STEP_SOFTMAX:
        parameters->softmax.input = tensor_at(at, step->input);
        parameters->softmax.output = tensor_at(at, step->output);
        return cc_cuda_softmax_launch(&parameters->softmax, storage, launch, error);
    case CC_CUDA_STEP_INSTANCE_NORM:
        place_norm(at, step);
        return cc_cuda_instance_norm_launch(&parameters->norm, storage, launch, error);
    case CC_CUDA_STEP_ROW_NORM:
        place_norm(at, step);
        return cc_cuda_row_norm_launch(&parameters->norm, storage, launch, error);
    case CC_CUDA_STEP_ROW_REDUCE:
        parameters->row_reduce.input = tensor_at(at, step->input);
        parameters->row_reduce.output = tensor_at(at, step->output);
        return cc_cuda_row_reduce_launch(&parameters->row_reduce, storage, launch, error);
    case CC_CUDA_STEP_MOVE:
    case CC_CUDA_STEP_MATMUL: return place_elements(at, step, error);
    case CC_CUDA_STEP_FROM_PLANES:
        place_planes(at, step);
        return cc_cuda_from_planes_launch(&parameters->planes, storage, launch, error);
    case CC_CUDA_STEP_TO_PLANES:
        place_planes(at, step);
        return cc_cuda_to_planes_launch(&parameters->planes, storage, launch, error);
    case CC_CUDA_STEP_KIND_COUNT: break;
    }
    return cc_fail(error, CC_INTERNAL, "unknown step of the GPU's program");
}

static block take_apart(const cc_cuda_program *program, uint64_t base)
{
    return (block){.program = program,
                   .constants = base,
                   .counters = base + program->constant_bytes,
                   .buffers = base + program->constant_bytes + program->counter_bytes};
}

cc_cuda_tensor cc_cuda_program_tensor(const cc_cuda_program *program, uint64_t base, int value)
{
    block at = take_apart(program, base);

    return tensor_at(&at, value);
}

cc_status cc_cuda_program_place(cc_cuda_program *program, uint64_t base, cc_error *error)
{
    block at = take_apart(program, base);

    for (int i = 0; i < program->step_count; i++) {
        cc_cuda_step *step = &program->steps[i];
        cc_error reason = {0};
        cc_status status = place_step(&at, step, &reason);
        if (status != CC_OK) {
            return cc_fail(error, status == CC_UNSUPPORTED ? CC_DEVICE : status,
                           "%s '%s': %s; use --device cpu for this model", step->op_type,
                           step->name, reason.message);
        }
    }
    return CC_OK;
}

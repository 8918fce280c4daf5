/* The growing parts of a program. */
#include "nn/cuda/program.h"

#include <string.h>

/* The array with room for one more, which may have moved; NULL when memory is refused,
 * and then it is as before. */
static void *grow(void *array, int count, int *capacity, size_t size)
{
    int wanted = *capacity > 0 ? 2 * *capacity : 64;
    void *larger;

    if (count < *capacity) {
        return array;
    }
    larger = cc_realloc_array(array, (size_t)wanted, size);
    if (larger != NULL) {
        *capacity = wanted;
    }
    return larger;
}

static size_t round_up(size_t bytes)
{
    return (bytes + CC_CUDA_PLACE_ALIGNMENT - 1) & ~(size_t)(CC_CUDA_PLACE_ALIGNMENT - 1);
}

int cc_cuda_add_buffer(cc_cuda_program *program, size_t bytes)
{
    cc_cuda_buffer *buffers =
        grow(program->buffers, program->buffer_count, &program->buffer_capacity, sizeof *buffers);

    if (buffers == NULL) {
        return CC_CUDA_NOBODY;
    }
    program->buffers = buffers;
    program->buffers[program->buffer_count] =
        (cc_cuda_buffer){.bytes = round_up(bytes), .first_step = INT_MAX, .last_step = -1};
    return program->buffer_count++;
}

static int add_value(cc_cuda_program *program, const cc_cuda_value *value)
{
    cc_cuda_value *values =
        grow(program->values, program->value_count, &program->value_capacity, sizeof *values);

    if (values == NULL) {
        return CC_CUDA_NOBODY;
    }
    program->values = values;
    program->values[program->value_count] = *value;
    return program->value_count++;
}

/* The buffer of a root is made with the memory plan, when slices are settled. */
int cc_cuda_add_value(cc_cuda_program *program, const int32_t nchw[4])
{
    return add_value(program, &(cc_cuda_value){.batch = nchw[0],
                                               .channels = nchw[1],
                                               .height = nchw[2],
                                               .width = nchw[3],
                                               .parent = CC_CUDA_NOBODY,
                                               .buffer = CC_CUDA_NOBODY,
                                               .constant = CC_CUDA_NOWHERE});
}

int cc_cuda_add_slice(cc_cuda_program *program, int parent, int32_t channel, int32_t channels)
{
    cc_cuda_value slice = program->values[parent];

    slice.parent = parent;
    slice.channel = channel;
    slice.channels = channels;
    slice.needs_alignment = false;
    return add_value(program, &slice);
}

int cc_cuda_add_step(cc_cuda_program *program, cc_cuda_step_kind kind, const cc_node *node)
{
    const char *op_type = node != NULL ? node->op_type : "";
    const char *name = node != NULL && node->name != NULL ? node->name : "";
    cc_cuda_step *step;
    cc_cuda_step *steps =
        grow(program->steps, program->step_count, &program->step_capacity, sizeof *steps);

    if (steps == NULL) {
        return CC_CUDA_NOBODY;
    }
    program->steps = steps;
    step = &program->steps[program->step_count];
    *step = (cc_cuda_step){
        .kind = kind,
        .op_type = cc_arena_strndup(&program->arena, op_type, strlen(op_type)),
        .name = cc_arena_strndup(&program->arena, name, strlen(name)),
        .input = CC_CUDA_NOBODY,
        .second = CC_CUDA_NOBODY,
        .output = CC_CUDA_NOBODY,
        .constants = {CC_CUDA_NOWHERE, CC_CUDA_NOWHERE, CC_CUDA_NOWHERE, CC_CUDA_NOWHERE},
        .planes = CC_CUDA_NOBODY,
        .partial = CC_CUDA_NOBODY};
    if (step->op_type == NULL || step->name == NULL) {
        return CC_CUDA_NOBODY;
    }
    return program->step_count++;
}

static size_t add_constant(cc_cuda_program *program, cc_cuda_constant constant)
{
    cc_cuda_constant *constants = grow(program->constants, program->constant_count,
                                       &program->constant_capacity, sizeof *constants);

    if (constants == NULL) {
        return CC_CUDA_NOWHERE;
    }
    program->constants = constants;
    constant.offset = program->constant_bytes;
    program->constant_bytes += round_up(constant.bytes);
    program->constants[program->constant_count++] = constant;
    return constant.offset;
}

size_t cc_cuda_add_constant(cc_cuda_program *program, const void *data, size_t bytes)
{
    return add_constant(program, (cc_cuda_constant){.data = data, .bytes = bytes});
}

size_t cc_cuda_add_packed(cc_cuda_program *program, int step, const float *weights, size_t bytes,
                          void (*pack)(const cc_cuda_conv *, const float *, void *))
{
    return add_constant(
        program, (cc_cuda_constant){.data = weights, .bytes = bytes, .step = step, .pack = pack});
}

int cc_cuda_root(const cc_cuda_program *program, int value, int32_t *channel)
{
    int32_t sum = 0;

    while (program->values[value].parent != CC_CUDA_NOBODY) {
        sum += program->values[value].channel;
        value = program->values[value].parent;
    }
    if (channel != NULL) {
        *channel = sum;
    }
    return value;
}

cc_cuda_tensor cc_cuda_value_tensor(const cc_cuda_program *program, int value)
{
    const cc_cuda_value *slice = &program->values[value];
    const cc_cuda_value *root = &program->values[cc_cuda_root(program, value, NULL)];

    return (cc_cuda_tensor){.stride = cc_cuda_value_stride(root),
                            .batch = slice->batch,
                            .height = slice->height,
                            .width = slice->width,
                            .channels = slice->channels};
}

size_t cc_cuda_program_bytes(const cc_cuda_program *program)
{
    return program->constant_bytes + program->counter_bytes + program->buffer_bytes;
}

void cc_cuda_program_release(cc_cuda_program *program)
{
    cc_free(program->values);
    cc_free(program->buffers);
    cc_free(program->constants);
    cc_free(program->steps);
    cc_arena_release(&program->arena);
    memset(program, 0, sizeof *program);
}

/* ---- constants ---- */

typedef struct packing {
    const cc_cuda_program *program;
    unsigned char *bytes;
} packing;

static void pack_one(void *context, int task, int worker)
{
    const packing *work = context;
    const cc_cuda_constant *constant = &work->program->constants[task];
    void *to = work->bytes + constant->offset;

    (void)worker;
    if (constant->pack != NULL) {
        constant->pack(&work->program->steps[constant->step].parameters.conv, constant->data, to);
    } else {
        memcpy(to, constant->data, constant->bytes);
    }
}

void cc_cuda_program_pack(const cc_cuda_program *program, cc_thread_pool *pool, void *bytes)
{
    packing work = {program, bytes};

    cc_thread_pool_run(pool, pack_one, &work, program->constant_count);
}

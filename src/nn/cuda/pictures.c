/* The picture's way round the network on the GPU: pixels in, masks out.
 *
 *   pixels -> (resample, resample) -> normalise -> the network -> range -> stretch ->
 *   (resample, resample) -> mask
 */
#include <string.h>

#include "nn/cuda/pictures.h"

/* ---- what goes in and comes out ---- */

/* The value that the caller's first tensor becomes, and the one that becomes the first
 * of its outputs. */
static int find_input(const cc_cuda_program *program)
{
    for (int i = 0; i < program->step_count; i++) {
        if (program->steps[i].kind == CC_CUDA_STEP_FROM_PLANES) {
            return program->steps[i].output;
        }
    }
    return CC_CUDA_NOBODY;
}

static int find_map(const cc_cuda_program *program)
{
    for (int i = 0; i < program->step_count; i++) {
        if (program->steps[i].kind == CC_CUDA_STEP_TO_PLANES) {
            return program->steps[i].input;
        }
    }
    return CC_CUDA_NOBODY;
}

bool cc_cuda_takes_pictures(const void *state)
{
    const cc_cuda_network *network = state;
    const cc_signature *signature = &network->signature;
    const cc_shape *input = &signature->inputs[0].tensor.shape;
    int from = find_input(&network->program);
    int map = find_map(&network->program);

    return signature->input_count == 1 && signature->output_count > 0 && from != CC_CUDA_NOBODY &&
           map != CC_CUDA_NOBODY && input->rank == 4 && input->dims[1] == 3 &&
           input->dims[0] == network->batch && signature->outputs[0].tensor.shape.rank == 4 &&
           network->program.values[map].batch == network->program.values[from].batch &&
           network->program.values[map].channels <= 256;
}

/* ---- kernels ---- */

static void *address(cc_cuda_address number)
{
    return (void *)(uintptr_t)number;
}

static cc_status launch(cc_cuda_way *way, cc_status status, const cc_cuda_launch *shape,
                        void *parameters, cc_error *error)
{
    if (status == CC_UNSUPPORTED) { /* more pixels than a launch can count */
        return CC_LIMIT;
    }
    if (status == CC_OK) {
        status = cc_cuda_gpu_launch(&way->network->gpu, shape, parameters, error);
        way->work->launches++;
    }
    return status;
}

static cc_status clear(cc_cuda_way *way, cc_cuda_address at, size_t bytes, cc_error *error)
{
    cc_cuda_gpu *gpu = &way->network->gpu;

    return cc_cuda_gpu_check(gpu, gpu->driver->cuMemsetD8Async(at, 0, bytes, gpu->stream),
                             "clearing what the GPU counts", error);
}

/* The weights of a pass into their place, unless they are there already. */
static cc_status send_table(cc_cuda_way *way, int slot, const cc_picture_pass *pass,
                            cc_error *error)
{
    cc_cuda_table *kept = &way->network->pictures.tables[slot];
    size_t column = (size_t)pass->output_size * sizeof(int32_t);
    const cc_cuda_rows parts[3] = {{(unsigned char *)(uintptr_t)pass->first, column, column, 1},
                                   {(unsigned char *)(uintptr_t)pass->count, column, column, 1},
                                   {(unsigned char *)(uintptr_t)pass->weights,
                                    column * (size_t)pass->taps, column * (size_t)pass->taps, 1}};
    cc_cuda_address at = way->tables[slot];
    cc_status status = CC_OK;

    if (kept->address == at && kept->input_size == pass->input_size &&
        kept->output_size == pass->output_size && kept->filter == pass->filter) {
        return CC_OK;
    }
    kept->address = 0;
    for (int i = 0; i < 3 && status == CC_OK; i++) {
        status = cc_cuda_send_rows(way->network, at, &parts[i], way->work, error);
        at += parts[i].row_bytes;
    }
    if (status == CC_OK) {
        *kept = (cc_cuda_table){way->tables[slot], kept->room, pass->input_size, pass->output_size,
                                pass->filter};
    }
    return status;
}

/* A picture on the device. */
typedef struct surface {
    cc_cuda_address pixels;
    int width;
    int height;
    int pixel_bytes;
} surface;

/* One pass from `from` to packed pixels at `to`; *from is then what came out. */
static cc_status resample(cc_cuda_way *way, int slot, const cc_picture_pass *pass, surface *from,
                          cc_cuda_address to, int channels, cc_cuda_address maximum,
                          cc_error *error)
{
    cc_cuda_address table = way->tables[slot];
    size_t column = (size_t)pass->output_size * sizeof(int32_t);
    cc_cuda_resample resample = {
        .source = address(from->pixels),
        .output = address(to),
        .first = address(table),
        .count = address(table + column),
        .weights = address(table + 2 * column),
        .maximum = address(maximum),
        .source_stride = (int64_t)from->width * from->pixel_bytes,
        .pixel_bytes = from->pixel_bytes,
        .channels = channels,
        .height = pass->vertical ? pass->output_size : from->height,
        .width = pass->vertical ? from->width : pass->output_size,
        .taps = pass->taps,
        .vertical = pass->vertical,
    };
    cc_cuda_launch shape;
    cc_status status = send_table(way, slot, pass, error);

    if (status == CC_OK) {
        status = launch(way, cc_cuda_resample_launch(&resample, &shape, error), &shape, &resample,
                        error);
    }
    *from = (surface){to, resample.width, resample.height, channels};
    return status;
}

/* ---- in ---- */

static cc_status send_picture(cc_cuda_way *way, const cc_picture *picture, cc_error *error)
{
    size_t row = (size_t)picture->width * (size_t)picture->pixel_bytes;
    const cc_cuda_rows rows = {(unsigned char *)(uintptr_t)picture->pixels, picture->stride, row,
                               (size_t)picture->height};

    return cc_cuda_send_rows(way->network, way->picture, &rows, way->work, error);
}

static cc_status normalise(cc_cuda_way *way, int index, cc_error *error)
{
    cc_cuda_storage storage = way->network->program.storage;
    cc_cuda_normalise normalise = {
        .source = address(way->squashed), .output = way->input, .divisor = 255};
    size_t one = (size_t)way->input.height * (size_t)way->input.width * (size_t)way->input.stride *
                 cc_cuda_element_bytes(storage);
    cc_cuda_launch shape;

    normalise.output.data = (unsigned char *)way->input.data + (size_t)index * one;
    normalise.output.batch = 1;
    normalise.maximum = way->feed->divide_by_maximum ? address(way->maximum) : NULL;
    memcpy(normalise.mean, way->feed->mean, sizeof normalise.mean);
    memcpy(normalise.deviation, way->feed->deviation, sizeof normalise.deviation);
    return launch(way, cc_cuda_normalise_launch(&normalise, storage, &shape, error), &shape,
                  &normalise, error);
}

/* Picture `index` of the part into the network's input. */
static cc_status bring_in(cc_cuda_way *way, const cc_picture *picture, int index, cc_error *error)
{
    surface at = {way->picture, picture->width, picture->height, picture->pixel_bytes};
    int last = picture->in_count - 1;
    cc_status status = send_picture(way, picture, error);

    if (status == CC_OK) {
        status = clear(way, way->maximum, sizeof(uint32_t), error);
    }
    for (int i = 0; i <= last && status == CC_OK; i++) {
        status = resample(way, i, &picture->in[i], &at, i < last ? way->between : way->squashed, 3,
                          i < last ? 0 : way->maximum, error);
    }
    return status == CC_OK ? normalise(way, index, error) : status;
}

/* ---- out ---- */

static cc_status make_classes(cc_cuda_way *way, cc_error *error)
{
    cc_cuda_classes classes = {way->map, address(way->small)};
    cc_cuda_launch shape;

    return launch(way,
                  cc_cuda_classes_launch(&classes, way->network->program.storage, &shape, error),
                  &shape, &classes, error);
}

static cc_status make_masks(cc_cuda_way *way, cc_error *error)
{
    cc_cuda_storage storage = way->network->program.storage;
    cc_cuda_activation activation = {way->feed->sigmoid ? CC_CUDA_SIGMOID : CC_CUDA_NONE, 0, 0};
    cc_cuda_tensor map = way->map;
    cc_cuda_launch shape;
    cc_status status = clear(way, way->ranges, way->range_bytes, error);

    map.channels = 1; /* the first is the mask */
    cc_cuda_mask_range range = {map, address(way->ranges), way->feed->sure, way->feed->likely,
                                activation};
    cc_cuda_mask_stretch stretch = {map, way->feed->stretch ? address(way->ranges) : NULL,
                                    address(way->small), activation};
    if (status == CC_OK) {
        status = launch(way, cc_cuda_mask_range_launch(&range, storage, &shape, error), &shape,
                        &range, error);
    }
    if (status == CC_OK) {
        status = launch(way, cc_cuda_mask_stretch_launch(&stretch, storage, &shape, error), &shape,
                        &stretch, error);
    }
    return status;
}

static void read_tally(const uint32_t *words, cc_picture_tally *tally)
{
    *tally = (cc_picture_tally){cc_cuda_range_value(words[CC_CUDA_RANGE_LOW], CC_CUDA_RANGE_LOW),
                                cc_cuda_range_value(words[CC_CUDA_RANGE_HIGH], CC_CUDA_RANGE_HIGH),
                                words[CC_CUDA_RANGE_FINITE], words[CC_CUDA_RANGE_SURE],
                                words[CC_CUDA_RANGE_LIKELY]};
}

static cc_status fetch_tallies(cc_cuda_way *way, cc_picture *pictures, int count, cc_error *error)
{
    size_t bytes = (size_t)count * CC_CUDA_RANGE_WORDS * sizeof(uint32_t);
    uint32_t *words = cc_alloc_zeroed(bytes, 1);
    const cc_cuda_rows rows = {(unsigned char *)words, bytes, bytes, 1};
    cc_status status = CC_OK;

    if (words == NULL) {
        return cc_fail_memory(error, bytes);
    }
    if (!way->feed->classes) {
        status = cc_cuda_fetch_rows(way->network, &rows, way->ranges, way->work, error);
    }
    for (int i = 0; i < count && status == CC_OK; i++) {
        pictures[i].tally = (cc_picture_tally){0};
        if (!way->feed->classes) {
            read_tally(words + (size_t)i * CC_CUDA_RANGE_WORDS, &pictures[i].tally);
        }
    }
    cc_free(words);
    return status;
}

/* The small mask to the picture's size, where the picture itself lay. */
static cc_status fetch_mask(cc_cuda_way *way, const cc_picture *picture, cc_cuda_address small,
                            cc_error *error)
{
    surface at = {small, way->map.width, way->map.height, 1};
    int last = picture->out_count - 1;
    size_t width = (size_t)picture->width;
    const cc_cuda_rows rows = {picture->mask, width, width, (size_t)picture->height};
    cc_status status = CC_OK;

    if (picture->out_count == 0) {
        return CC_OK;
    }
    for (int i = 0; i <= last && status == CC_OK; i++) {
        status = resample(way, 2 + i, &picture->out[i], &at, i < last ? way->between : way->picture,
                          1, 0, error);
    }
    return status == CC_OK ? cc_cuda_fetch_rows(way->network, &rows, way->picture, way->work, error)
                           : status;
}

static cc_status bring_out(cc_cuda_way *way, cc_picture *picture, int index, cc_error *error)
{
    cc_cuda_address small = way->small + (cc_cuda_address)((size_t)index * way->map_bytes);
    const cc_cuda_rows rows = {picture->small, way->map_bytes, way->map_bytes, 1};
    cc_status status = CC_OK;

    if (picture->small != NULL) {
        status = cc_cuda_fetch_rows(way->network, &rows, small, way->work, error);
    }
    return status == CC_OK ? fetch_mask(way, picture, small, error) : status;
}

/* ---- all of it ---- */

static cc_status run_network(cc_cuda_way *way, cc_error *error)
{
    cc_cuda_network *network = way->network;
    const cc_cuda_program *program = &network->program;

    for (int i = 0; i < program->step_count; i++) {
        way->work->launches += !cc_cuda_is_conversion(&program->steps[i]);
    }
    return cc_cuda_gpu_check(
        &network->gpu,
        network->gpu.driver->cuGraphLaunch(network->pictures.replay, network->gpu.stream),
        "starting the network on the GPU", error);
}

static cc_status go(cc_cuda_way *way, cc_picture *pictures, int count, cc_error *error)
{
    cc_status status = cc_cuda_network_begin(way->network, error);

    for (int i = 0; i < count && status == CC_OK; i++) {
        status = bring_in(way, &pictures[i], i, error);
    }
    if (status == CC_OK) {
        status = run_network(way, error);
    }
    if (status == CC_OK) {
        status = way->feed->classes ? make_classes(way, error) : make_masks(way, error);
    }
    if (status == CC_OK) {
        status = fetch_tallies(way, pictures, count, error);
    }
    for (int i = 0; i < count && status == CC_OK; i++) {
        status = bring_out(way, &pictures[i], i, error);
    }
    if (status == CC_OK) {
        status = cc_cuda_network_end(way->network, error);
    }
    way->network->pictures.in_flight = false; /* `finish` waits for all */
    return cc_cuda_network_finish(way->network, status, way->work, error);
}

static cc_status run_part(cc_cuda_network *network, const cc_picture_feed *feed,
                          cc_picture *pictures, int count, cc_cuda_work *work, cc_error *error)
{
    const cc_cuda_program *program = &network->program;
    cc_cuda_way way = {.network = network, .feed = feed, .work = work};
    cc_status status = CC_OK;

    way.input = cc_cuda_program_tensor(program, network->block, find_input(program));
    way.map = cc_cuda_program_tensor(program, network->block, find_map(program));
    status = cc_cuda_pictures_block(&way, pictures, count, error);
    if (status == CC_OK && network->pictures.replay == NULL) {
        status = cc_cuda_network_capture(network, false, &network->pictures.replay, error);
    }
    return status == CC_OK ? go(&way, pictures, count, error) : status;
}

cc_status cc_cuda_run_pictures(void *state, const cc_picture_feed *feed, cc_picture *pictures,
                               int count, const atomic_bool *cancel, cc_error *error)
{
    cc_cuda_network *network = state;
    cc_cuda_work work = {.pictures = true};
    cc_status status;

    if (count < 1 || count > network->batch) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "%d pictures for a network of batch %d", count,
                       network->batch);
    }
    status = cc_cuda_gpu_enter(&network->gpu, error);
    for (int first = 0; first < count && status == CC_OK; first += network->part) {
        int left = count - first;
        if (cancel != NULL && atomic_load_explicit(cancel, memory_order_relaxed)) {
            status = cc_fail(error, CC_CANCELLED, "stopped as asked");
            break;
        }
        status = run_part(network, feed, pictures + first,
                          left < network->part ? left : network->part, &work, error);
    }
    cc_cuda_gpu_leave(&network->gpu);
    network->last = status == CC_OK ? work : (cc_cuda_work){0};
    return status;
}

void cc_cuda_pictures_release(cc_cuda_network *network)
{
    cc_cuda_pictures *pictures = &network->pictures;

    if (pictures->replay != NULL) {
        network->gpu.driver->cuGraphExecDestroy(pictures->replay);
    }
    cc_cuda_gpu_free_host(&network->gpu, pictures->lanes);
    cc_cuda_gpu_free(&network->gpu, pictures->block);
    *pictures = (cc_cuda_pictures){0};
}

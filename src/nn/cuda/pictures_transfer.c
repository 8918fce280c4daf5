/* Rows of bytes between the caller and the device, through two pieces of page-locked
 * memory: one is filled (or emptied) by the processor while the other travels, so that a
 * picture of any size needs no more than 8 MiB of it. */
#include <string.h>

#include "nn/cuda/network_cuda.h"

/* Copy bytes `position` .. `position + count - 1` of the packed rows out or in. */
static void copy_piece(const cc_cuda_rows *rows, size_t position, unsigned char *piece,
                       size_t count, bool into_rows)
{
    while (count > 0) {
        size_t within = position % rows->row_bytes;
        size_t run = rows->row_bytes - within;
        unsigned char *at = rows->first + position / rows->row_bytes * rows->stride + within;
        if (rows->stride == rows->row_bytes || run > count) {
            run = count; /* packed rows are one */
        }
        memcpy(into_rows ? at : piece, into_rows ? piece : at, run);
        position += run;
        piece += run;
        count -= run;
    }
}

static size_t piece_size(size_t left)
{
    return left < CC_CUDA_LANE_BYTES ? left : CC_CUDA_LANE_BYTES;
}

static cc_status need_lanes(cc_cuda_network *network, cc_error *error)
{
    void *lanes = NULL;
    cc_status status = CC_OK;

    if (network->pictures.lanes == NULL) {
        status =
            cc_cuda_gpu_allocate_host(&network->gpu, (size_t)2 * CC_CUDA_LANE_BYTES, &lanes, error);
        network->pictures.lanes = lanes;
    }
    return status;
}

static unsigned char *lane_of(const cc_cuda_network *network, int lane)
{
    return network->pictures.lanes + (size_t)lane * CC_CUDA_LANE_BYTES;
}

/* Before a lane may be touched again: what was copied from it has arrived. */
static cc_status settle(cc_cuda_network *network, cc_error *error)
{
    if (!network->pictures.in_flight) {
        return CC_OK;
    }
    network->pictures.in_flight = false;
    return cc_cuda_gpu_wait(&network->gpu, 0, error);
}

cc_status cc_cuda_send_rows(cc_cuda_network *network, cc_cuda_address to, const cc_cuda_rows *from,
                            cc_cuda_work *work, cc_error *error)
{
    cc_cuda_pictures *pictures = &network->pictures;
    size_t all = from->row_bytes * from->rows;
    cc_status status = need_lanes(network, error);

    for (size_t position = 0; position < all && status == CC_OK;) {
        size_t count = piece_size(all - position);
        unsigned char *lane = lane_of(network, pictures->lane);
        copy_piece(from, position, lane, count, false);
        status = settle(network, error);
        if (status != CC_OK) {
            break;
        }
        status = cc_cuda_gpu_check(&network->gpu,
                                   network->gpu.driver->cuMemcpyHtoDAsync_v2(
                                       to + position, lane, count, network->gpu.stream),
                                   "sending a picture to the GPU", error);
        pictures->in_flight = true;
        pictures->lane = 1 - pictures->lane;
        position += count;
    }
    work->bytes_to_device += status == CC_OK ? all : 0;
    return status;
}

static cc_status fetch_piece(cc_cuda_network *network, cc_cuda_address from, size_t count,
                             cc_error *error)
{
    return cc_cuda_gpu_check(
        &network->gpu,
        network->gpu.driver->cuMemcpyDtoHAsync_v2(lane_of(network, network->pictures.lane), from,
                                                  count, network->gpu.stream),
        "fetching a mask from the GPU", error);
}

cc_status cc_cuda_fetch_rows(cc_cuda_network *network, const cc_cuda_rows *to, cc_cuda_address from,
                             cc_cuda_work *work, cc_error *error)
{
    cc_cuda_pictures *pictures = &network->pictures;
    size_t all = to->row_bytes * to->rows;
    cc_status status = need_lanes(network, error);

    if (status == CC_OK) {
        status = settle(network, error); /* both lanes are free */
    }
    if (status == CC_OK && all > 0) {
        status = fetch_piece(network, from, piece_size(all), error);
    }
    for (size_t position = 0; position < all && status == CC_OK;) {
        size_t count = piece_size(all - position);
        const int arrived = pictures->lane;
        status = cc_cuda_gpu_wait(&network->gpu, 0, error);
        pictures->lane = 1 - arrived;
        if (status == CC_OK && position + count < all) {
            status = fetch_piece(network, from + position + count,
                                 piece_size(all - position - count), error);
        }
        if (status == CC_OK) {
            copy_piece(to, position, lane_of(network, arrived), count, true);
        }
        position += count;
    }
    work->bytes_from_device += status == CC_OK ? all : 0;
    return status;
}

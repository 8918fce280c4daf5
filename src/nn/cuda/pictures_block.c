/* One block of device memory for everything beside the network itself. */
#include <string.h>

#include "nn/cuda/pictures.h"

static size_t place(size_t *end, size_t bytes)
{
    size_t begin = *end;

    *end +=
        (bytes + CC_CUDA_PLACE_ALIGNMENT - 1) / CC_CUDA_PLACE_ALIGNMENT * CC_CUDA_PLACE_ALIGNMENT;
    return begin;
}

static size_t table_bytes(const cc_picture_pass *pass)
{
    return (size_t)pass->output_size * ((size_t)pass->taps + 2) * sizeof(int32_t);
}

/* The bytes after the first of two passes, of a picture of this size. */
static size_t between_bytes(const cc_picture_pass *passes, int count, int width, int height,
                            int channels)
{
    if (count < 2) {
        return 0;
    }
    return (passes[0].vertical ? (size_t)width * (size_t)passes[0].output_size
                               : (size_t)passes[0].output_size * (size_t)height) *
           (size_t)channels;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

typedef struct needs {
    size_t picture;
    size_t between;
} needs;

static needs find_needs(cc_cuda_way *way, const cc_picture *pictures, int count)
{
    needs most = {0};

    for (int i = 0; i < count; i++) {
        const cc_picture *picture = &pictures[i];
        size_t pixels = (size_t)picture->width * (size_t)picture->height;
        most.picture = larger(most.picture, pixels * (size_t)picture->pixel_bytes);
        most.between = larger(most.between, between_bytes(picture->in, picture->in_count,
                                                          picture->width, picture->height, 3));
        most.between = larger(most.between, between_bytes(picture->out, picture->out_count,
                                                          way->map.width, way->map.height, 1));
        for (int k = 0; k < 2; k++) {
            if (k < picture->in_count) {
                way->table_bytes[k] = larger(way->table_bytes[k], table_bytes(&picture->in[k]));
            }
            if (k < picture->out_count) {
                way->table_bytes[2 + k] =
                    larger(way->table_bytes[2 + k], table_bytes(&picture->out[k]));
            }
        }
    }
    return most;
}

/* Offsets first; addresses once the block is known. */
static void lay_out(cc_cuda_way *way, const needs *most)
{
    size_t part = (size_t)way->network->part;
    size_t end = 0;

    way->map_bytes = (size_t)way->map.height * (size_t)way->map.width;
    way->range_bytes = part * CC_CUDA_RANGE_WORDS * sizeof(uint32_t);
    way->ranges = place(&end, way->range_bytes);
    way->small = place(&end, part * way->map_bytes);
    way->squashed = place(&end, (size_t)way->input.height * (size_t)way->input.width * 3);
    way->maximum = place(&end, sizeof(uint32_t));
    for (int i = 0; i < 4; i++) {
        way->tables[i] = place(&end, way->table_bytes[i]);
    }
    way->picture = place(&end, most->picture);
    way->between = place(&end, most->between);
    way->bytes = end;
}

/* A block of at least way->bytes: the largest picture so far decides. */
static cc_status need_block(cc_cuda_way *way, cc_error *error)
{
    cc_cuda_pictures *pictures = &way->network->pictures;
    cc_cuda_gpu *gpu = &way->network->gpu;
    bool lacking = false;
    cc_status status;

    if (pictures->block_bytes >= way->bytes) {
        return CC_OK;
    }
    cc_cuda_gpu_free(gpu, pictures->block);
    pictures->block = 0;
    pictures->block_bytes = 0;
    memset(pictures->tables, 0, sizeof pictures->tables);
    status = cc_cuda_gpu_allocate(gpu, way->bytes, &pictures->block, &lacking, error);
    if (status == CC_OK) {
        pictures->block_bytes = way->bytes;
    } else if (lacking) {
        status = cc_fail(error, CC_LIMIT,
                         "cuda:%d has no %.1f MB left for the pictures beside the network",
                         gpu->facts.index, (double)way->bytes / 1e6);
    }
    return status;
}

static void add_base(cc_cuda_way *way)
{
    cc_cuda_pictures *pictures = &way->network->pictures;
    cc_cuda_address base = pictures->block;

    way->ranges += base;
    way->small += base;
    way->squashed += base;
    way->maximum += base;
    way->picture += base;
    way->between += base;
    for (int i = 0; i < 4; i++) {
        cc_cuda_table *kept = &pictures->tables[i];
        way->tables[i] += base;
        if (kept->address != way->tables[i] || kept->room != way->table_bytes[i]) {
            *kept = (cc_cuda_table){.room = way->table_bytes[i]}; /* others will lie there */
        }
    }
}

cc_status cc_cuda_pictures_block(cc_cuda_way *way, const cc_picture *pictures, int count,
                                 cc_error *error)
{
    needs most = find_needs(way, pictures, count);
    cc_status status;

    lay_out(way, &most);
    status = need_block(way, error);
    if (status == CC_OK) {
        add_base(way);
    }
    return status;
}

/* The way of pictures round the network, from inside: pictures.c and pictures_block.c. */
#ifndef CLEARCUT_NN_CUDA_PICTURES_H
#define CLEARCUT_NN_CUDA_PICTURES_H

#include "nn/cuda/network_cuda.h"

/* What stays the same for all pictures of a part, and where everything lies: one block, in
 * the order of the addresses. */
typedef struct cc_cuda_way {
    cc_cuda_network *network;
    const cc_picture_feed *feed;
    cc_cuda_work *work;
    cc_cuda_tensor input; /* of the network, all pictures of a part */
    cc_cuda_tensor map;   /* its answer; all channels */
    cc_cuda_address ranges;
    cc_cuda_address small;
    cc_cuda_address squashed;
    cc_cuda_address maximum;
    cc_cuda_address tables[4]; /* in 0, in 1, out 0, out 1 */
    size_t table_bytes[4];     /* the most that this run needs of each */
    cc_cuda_address picture;
    cc_cuda_address between;
    size_t range_bytes;
    size_t map_bytes; /* of one picture's small mask */
    size_t bytes;     /* of the whole block */
} cc_cuda_way;

/* Lay out the block for these pictures (way->network, input and map are set) and make it
 * large enough. What was sent earlier and still lies in its place is kept. CC_LIMIT if the
 * device has too little memory left; the network goes on to work. The stream is idle and
 * the context current. */
cc_status cc_cuda_pictures_block(cc_cuda_way *way, const cc_picture *pictures, int count,
                                 cc_error *error);

#endif

/* Convolution: one family, several algorithms, a cost model that picks. */
#ifndef CLEARCUT_NN_CPU_CONVOLUTION_H
#define CLEARCUT_NN_CPU_CONVOLUTION_H

#include "nn/backend.h"
#include "nn/cpu/kernels.h"

/* A number as it lies in a model file: at any address. */
typedef float cc_file_float __attribute__((aligned(1), may_alias));

/* A convolution as the algorithms see it. Pointers are borrowed while preparing;
 * arrays of two are [0] = height, [1] = width. */
typedef struct cc_convolution {
    int batch;
    int input_channels;
    int output_channels;
    int groups;
    int input[2];
    int output[2];
    int kernel[2];
    int stride[2];
    int dilation[2];
    int pad[2];                   /* top, left */
    int border;                   /* zeros needed around the input */
    const cc_file_float *weights; /* [output channel][input channel of the group][row][column] */
    const cc_file_float *bias;    /* NULL if none */
    cc_fusion fusion;
    cc_precision precision; /* what may be lost */
    cc_layout input_layout; /* as it lies now; the algorithm may ask for another */
    int input_blocks;
    const uint8_t *input_lanes; /* of each block, if the input is BLOCKED */
} cc_convolution;

typedef struct cc_convolution_algorithm {
    const char *name;
    /* Name of what it needs beyond the kernels' level; NULL = nothing. */
    const char *(*level)(const cc_kernels *kernels);
    cc_layout input_layout;
    cc_layout output_layout;
    /* Can it compute this one? */
    bool (*suits)(const cc_convolution *convolution, const cc_kernels *kernels);
    /* Zeros that it reads around a BLOCKED input; NULL = none. */
    int (*border)(const cc_convolution *convolution);
    /* Estimated time in units of one multiply-add at the machine's peak; only
     * compared between algorithms. See cost_model in convolution.c. */
    double (*cost)(const cc_convolution *convolution, const cc_kernels *kernels);
    /* Pack weights and bias. On success *data belongs to the caller, who ends it
     * with release; `scratch` is what a run needs on `workers` threads. */
    cc_status (*prepare)(const cc_convolution *convolution, const cc_kernels *kernels,
                         cc_thread_pool *pool, void **data, size_t *bytes, size_t *scratch,
                         cc_error *error);
    /* residual is NULL if there is none. */
    void (*run)(const void *data, const cc_kernels *kernels, const cc_view *input,
                const cc_view *residual, const cc_view *output, cc_execution *execution);
    void (*release)(void *data);
    /* What a run reads of `data`, to be fetched into a cache before it is needed; NULL =
     * not told. */
    const void *(*weights)(const void *data, size_t *bytes);
    /* As cc_family.range, of `data`. */
    cc_input_range *(*range)(void *data);
} cc_convolution_algorithm;

/* Each in the file of its name; two variants share a file with their base. */
extern const cc_convolution_algorithm cc_convolution_direct;
extern const cc_convolution_algorithm cc_convolution_planes;
extern const cc_convolution_algorithm cc_convolution_one_channel;
extern const cc_convolution_algorithm cc_convolution_depthwise;
extern const cc_convolution_algorithm cc_convolution_grouped;
extern const cc_convolution_algorithm cc_convolution_weigh_planes;
extern const cc_convolution_algorithm cc_convolution_split;
extern const cc_convolution_algorithm cc_convolution_split_planes;
extern const cc_convolution_algorithm cc_convolution_split_to_planes;
extern const cc_convolution_algorithm cc_convolution_bf16;
extern const cc_convolution_algorithm cc_convolution_int8;
extern const cc_convolution_algorithm cc_convolution_winograd_4;
extern const cc_convolution_algorithm cc_convolution_winograd_6;
extern const cc_convolution_algorithm cc_convolution_winograd_4_stream;
extern const cc_convolution_algorithm cc_convolution_winograd_6_stream;

/* All of them, in the order in which they are asked; the tests drive every one. */
#define CC_CONVOLUTION_ALGORITHMS ((size_t)15)
extern const cc_convolution_algorithm *const cc_convolution_algorithms[CC_CONVOLUTION_ALGORITHMS];

/* ---- measuring (convolution_measure.c) ---- */

/* What a measured choice is remembered by: sizes, fusion and precision. */
uint64_t cc_convolution_key(const cc_convolution *convolution);

/* Another algorithm than the estimated one must be that much faster to be chosen: less
 * would be noise, and may cost memory. */
#define CC_MEASURED_ADVANTAGE 0.95

/* The fastest of some algorithms, all of which suit and take the same layouts; the first
 * is the estimated one. `border` is enough for all. NULL where memory is refused. */
const cc_convolution_algorithm *
cc_convolution_measure(const cc_convolution *convolution,
                       const cc_convolution_algorithm *const *algorithms, int count, int border,
                       cc_thread_pool *pool);

/* ---- shared by the algorithms ---- */

/* a / b rounded up, for a >= 0 and b > 0. */
static inline int cc_divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

/* Runs that an int8 layer looks at its input, unless it is told a range. */
#define CC_CALIBRATION_RUNS 4

/* Blocks of the input, laid out as it is or as it will be after a conversion. */
int cc_input_blocks(const cc_convolution *convolution);

/* Channels held by one of these blocks. */
int cc_input_lanes(const cc_convolution *convolution, int block);

/* Activations that only limit a value; everything passes if there is none. False
 * for the other ones: then the limits let everything pass. */
bool cc_clamp_limits(const cc_fusion *fusion, float *low, float *high);

/* Weights in the order of cc_direct_tile: [group of output blocks][input block]
 * [tap][lane][output lanes of the group]. Groups have wide_blocks blocks; if the
 * number of output blocks is odd, the last one has one. */
typedef struct cc_packed_weights {
    float *data;
    size_t bytes;
    int output_blocks;
    int group_blocks;
    int groups;
    int taps;
    int input_channels;
    int input_blocks;
    const uint8_t *lanes; /* of each input block, owned */
    int *block_channels;  /* channels before each input block, owned */
} cc_packed_weights;

/* The arrangement of weights without their data: sizes, lanes, offsets. lanes may
 * be NULL: full blocks, the last one with the rest. */
cc_status cc_packed_weights_arrange(cc_packed_weights *packed, int input_channels,
                                    int output_channels, const uint8_t *lanes, int blocks, int taps,
                                    int group_blocks, cc_error *error);
void cc_packed_weights_release(cc_packed_weights *packed);

/* Start of the weights of a group, and blocks in that group. */
size_t cc_packed_group_offset(const cc_packed_weights *packed, int group);
int cc_packed_group_blocks(const cc_packed_weights *packed, int group);

/* Pack [output channel][input channel][tap] on the pool. */
cc_status cc_packed_weights_fill(cc_packed_weights *packed, const cc_file_float *weights,
                                 int output_channels, cc_thread_pool *pool, cc_error *error);

/* Bias padded with zeros to whole blocks, 64-byte aligned; NULL on failure. */
float *cc_padded_bias(const cc_file_float *bias, int channels);

/* Zeros that the taps reach on the widest side: what most algorithms need. */
int cc_tap_border(const cc_convolution *convolution);

/* Rows of taps that meet the picture, of those from input row `top` on: the others only
 * add zeros. */
void cc_tap_rows_inside(int kernel, int dilation, int height, int top, int *first, int *count);

/* Bytes of a second-level cache that a block of work may fill. */
size_t cc_cache_share(void);

/* Size of tile for a row of this width: as few and as even tiles as possible. */
int cc_even_tile(int width, int maximum);

#endif

/* What the plan and a backend's kernels agree on: layouts, views, families.
 *
 * A backend is a list of kernel families. The plan asks each family whether it
 * can run a node *before* anything is placed, so what runs where is known, and
 * can be shown, before the first run.
 */
#ifndef CLEARCUT_NN_BACKEND_H
#define CLEARCUT_NN_BACKEND_H

#include "core/threads.h"
#include "nn/graph.h"
#include "nn/network.h"

/* How the elements of a value lie in memory.
 *
 * PLAIN: row-major and packed, as the references see it. For rank 4 that is
 * [batch][channel][row][column].
 *
 * BLOCKED (float32, rank 4 only): [batch][block][row][column][CC_BLOCK] where a
 * block holds up to CC_BLOCK channels, with `border` rows and columns of zeros on
 * all four sides of every block, so that kernels need no code for padding. Lanes
 * of a block beyond its channels hold finite numbers that mean nothing. */
typedef enum cc_layout { CC_PLAIN, CC_BLOCKED } cc_layout;

#define CC_BLOCK 16

/* Widest border that the plan grants; kernels that need more must not ask. */
#define CC_MAX_BORDER 32

/* The elements of one value, in one layout. Strides count floats. For PLAIN a
 * block is one channel; values of other ranks than 4 are one row. */
typedef struct cc_view {
    float *data; /* element 0 of row 0, column 0, block 0: borders lie before it */
    cc_layout layout;
    int batch;
    int channels;
    int blocks;
    int height;
    int width;
    int border;
    ptrdiff_t row_stride;
    ptrdiff_t block_stride;
    ptrdiff_t batch_stride;
    const uint8_t *lanes; /* BLOCKED: how many channels each block holds, 1..CC_BLOCK.
                             Concatenation without copies leaves gaps between parts. */
} cc_view;

/* Question and answer about one node. The plan fills in the first group. */
typedef struct cc_placement {
    const cc_graph *graph;
    const cc_node *node;
    /* How each input lies if nobody converts it (data is NULL); NULL for
     * constants and inputs left out. */
    const cc_view *const *inputs;
    cc_precision precision;   /* what may be lost */
    struct cc_tuning *tuning; /* what was measured, see nn/tuning.h; NULL = nothing */

    /* A family that says yes fills in the rest. */
    cc_layout *input_layouts; /* for inputs that are not NULL */
    int *input_borders;       /* zeros it reads around each BLOCKED input */
    cc_layout output_layout;
    int lanes_from;          /* which input's arrangement of channels a BLOCKED output has, or: */
#define CC_LANES_FRESH (-1)  /* CC_BLOCK to a block, the last one with the rest */
#define CC_LANES_JOINED (-2) /* all inputs' blocks after each other */
} cc_placement;

struct cc_step;

/* What a running step may use. */
typedef struct cc_execution {
    cc_thread_pool *pool;
    void *scratch; /* step->scratch_bytes, CC_ALIGNMENT-aligned, undefined content */
    const struct cc_step *step;
    int clears_left; /* output borders still to be zeroed; see cc_parallel */
    /* What the next steps will read first, their weights: a family may ask for it beside
     * its own work, so that it is in the cache by then. NULL = nothing. */
    const unsigned char *ahead;
    size_t ahead_bytes;
} cc_execution;

/* Run the tasks on the pool; the first call of each step also zeroes the borders
 * of the buffers that begin to live in this step, beside the tasks. A family's
 * run must therefore call this at least once, and must read no border of its own
 * output. Its tasks are free to write the interior only. */
void cc_parallel(cc_execution *execution, cc_task task, void *context, int task_count);

/* The same for short tasks that write `floats` numbers each: as many as are worth a
 * thread's while are handed out at a time, and the caller does few of them alone. */
void cc_parallel_rows(cc_execution *execution, cc_task task, void *context, int task_count,
                      int floats);

/* What an int8 layer needs to know of its input. */
typedef struct cc_input_range {
    float low; /* at most 0: borders are zeros */
    float high;
    int runs_left; /* that look at their input and widen the range; then it is settled */
    bool measured; /* by a run, or read from a file */
} cc_input_range;

/* One way to run one group of operators. */
typedef struct cc_family {
    const char *name;

    /* Can it run this node in these shapes? On true the answer is filled in. */
    bool (*supports)(cc_placement *placement);

    /* After placement: choose the algorithm, pack constants, set step->state,
     * step->algorithm and step->scratch_bytes. Input and output views are final
     * but for their addresses and borders. May use the pool. Reads constants from
     * the graph, and may not keep pointers to them. NULL = nothing to prepare. */
    cc_status (*prepare)(const cc_graph *graph, struct cc_step *step, cc_thread_pool *pool,
                         cc_error *error);
    void (*run)(const struct cc_step *step, cc_execution *execution);
    void (*release)(void *state); /* NULL = state needs none */
    /* The range that this step works with, which is the state's; NULL if it needs none.
     * A step that has one tells its weights as well. */
    cc_input_range *(*range)(void *state);
} cc_family;

/* One step of the plan. */
typedef struct cc_step {
    const cc_family *family;  /* NULL: the operator's scalar reference */
    const cc_node *node;      /* NULL: a conversion of layout */
    const char *algorithm;    /* static text for --explain */
    const char *level;        /* instruction set, static text; NULL = cc_cpu_detect()'s */
    cc_precision precision;   /* what may be lost */
    struct cc_tuning *tuning; /* the plan's */
    bool measured;            /* the algorithm was chosen by measuring */
    int *input_borders;       /* zeros that it reads around each BLOCKED input */
    int *input_storages;      /* indices into the plan's storages; -1 = constant or left out */
    int input_count;
    int *output_storages;
    int output_count;
    const cc_view **inputs; /* as input_storages; NULL where that is -1 */
    const cc_view **outputs;
    void *state;         /* the family's, ended by family->release */
    size_t state_bytes;  /* for the report */
    bool repacks;        /* the state exists while the step runs only; see plan_repack.c */
    const void *weights; /* what a run reads of the state, for cc_execution.ahead; or NULL */
    size_t weights_bytes;
    size_t scratch_bytes;
    size_t scratch_offset;
    double multiply_adds;
    const cc_view **clears;
    int clear_count;
    struct cc_op_call *call; /* of a reference step */
} cc_step;

#endif

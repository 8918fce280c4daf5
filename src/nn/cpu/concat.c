/* Concatenation along channels: mostly nothing to do, see plan_concat.c. */
#include <string.h>

#include "nn/cpu/families.h"
#include "nn/cpu/view.h"

typedef struct concat_part {
    const cc_view *from;
    cc_view to; /* the slice of the output */
} concat_part;

static bool supports(cc_placement *placement)
{
    const cc_node *node = placement->node;
    const cc_value *values = placement->graph->values;
    const cc_tensor *output = &values[node->outputs[0]].tensor;
    bool all_plain = true;
    bool any_constant = false;

    for (int i = 0; i < node->input_count; i++) {
        any_constant = any_constant || placement->inputs[i] == NULL;
        all_plain =
            all_plain && placement->inputs[i] != NULL && placement->inputs[i]->layout == CC_PLAIN;
    }
    if (strcmp(node->op_type, "Concat") != 0 || any_constant || output->dtype != CC_FLOAT32 ||
        output->shape.rank != 4) {
        return false;
    }
    int64_t axis = cc_node_int(node, "axis", 1);
    if (axis != 1 && axis != -3) {
        return false;
    }
    placement->output_layout = all_plain ? CC_PLAIN : CC_BLOCKED;
    placement->lanes_from = all_plain ? CC_LANES_FRESH : CC_LANES_JOINED;
    for (int i = 0; i < node->input_count; i++) {
        placement->input_layouts[i] = placement->output_layout;
    }
    return true;
}

/* One task is one block (plain: one channel) of one picture. */
static void copy_block(void *context, int task, int worker)
{
    const concat_part *part = context;
    const cc_view *from = part->from;
    const cc_view *to = &part->to;
    int picture = task / from->blocks;
    int block = task % from->blocks;
    size_t row_bytes =
        (size_t)from->width * sizeof(float) * (from->layout == CC_BLOCKED ? CC_BLOCK : 1);

    (void)worker;
    for (int y = 0; y < from->height; y++) {
        memcpy(cc_view_row(to, picture, block, y), cc_view_row(from, picture, block, y), row_bytes);
    }
}

static void run(const cc_step *step, cc_execution *execution)
{
    int first_block = 0;

    for (int i = 0; i < step->input_count; i++) {
        concat_part part = {step->inputs[i], *step->outputs[0]};
        part.to.data += first_block * part.to.block_stride;
        if (part.from->data != part.to.data) {
            cc_parallel(execution, copy_block, &part, part.from->batch * part.from->blocks);
        }
        first_block += part.from->blocks;
    }
}

const cc_family cc_cpu_concat = {.name = "concat", .supports = supports, .run = run};

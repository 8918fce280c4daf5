/* Concatenation without copies: producers write into their slice of the result. */
#include <string.h>

#include "nn/cpu/backend.h"
#include "nn/plan.h"

/* May this storage become a slice? It must be written by a step into the arena
 * and have no place in another concatenation. Only batches of one keep the parts
 * of a plain concatenation in one piece. */
static bool can_become_slice(const cc_plan *plan, int index, const cc_storage *whole)
{
    const cc_storage *part = &plan->storages[index];

    return part->parent < 0 && part->place == CC_PLACE_ARENA && part->layout == whole->layout &&
           (whole->layout == CC_BLOCKED || whole->view.batch == 1) && part != whole;
}

static bool join(cc_plan *plan, const cc_step *step)
{
    int whole = step->output_storages[0];
    int64_t offset = 0;
    bool all_joined = true;

    for (int i = 0; i < step->input_count; i++) {
        int index = step->input_storages[i];
        cc_storage *part = &plan->storages[index];
        bool again = false;
        for (int k = 0; k < i; k++) {
            again = again || step->input_storages[k] == index;
        }
        if (!again && can_become_slice(plan, index, &plan->storages[whole])) {
            part->parent = whole;
            part->parent_offset = offset;
        } else {
            all_joined = false;
        }
        offset += part->layout == CC_BLOCKED ? part->view.blocks
                                             : part->view.blocks * part->view.block_stride;
    }
    return all_joined;
}

static void remove_step(cc_plan *plan, int index)
{
    memmove(&plan->steps[index], &plan->steps[index + 1],
            (size_t)(plan->step_count - index - 1) * sizeof *plan->steps);
    plan->step_count--;
}

void cc_plan_join_concats(cc_plan *plan)
{
    for (int i = 0; i < plan->step_count;) {
        const cc_step *step = &plan->steps[i];
        if (step->family == cc_cpu_concat_family() && join(plan, step)) {
            remove_step(plan, i);
        } else {
            i++;
        }
    }
}

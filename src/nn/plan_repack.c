/* Low memory: weights are packed anew for every run, from the model file.
 *
 * Packed weights are most of what a large network holds (176 of u2net's 290 MB). A file
 * that stays mapped costs nothing that the system cannot take back at any time, so a step
 * can do with it: its state is made before the step runs, and ended after. What that costs
 * is the packing, in every run; docs/engine.md has it measured.
 */
#include "nn/plan.h"

/* Smaller states are kept: they cost more time than memory. */
#define KEPT_BYTES ((size_t)16 << 10)

/* Can the constant be read again later? Those that passes computed cannot, unless the
 * graph knows how; see cc_graph_set_aside. */
static bool stays(const cc_value *value)
{
    return !value->owns_data || value->halves != NULL;
}

/* Only convolutions read weights while they are prepared, their second input. INT8 layers
 * learn the range of their input in the first runs, and keep it in their state. */
static bool can_repack(const cc_plan *plan, const cc_step *step)
{
    return plan->low_memory && plan->precision != CC_PRECISION_INT8 && step->family != NULL &&
           step->family->prepare != NULL && step->family->release != NULL &&
           step->state_bytes >= KEPT_BYTES && step->node != NULL && step->node->input_count > 1 &&
           step->node->inputs[1] >= 0 && plan->graph->values[step->node->inputs[1]].is_constant &&
           stays(&plan->graph->values[step->node->inputs[1]]);
}

void cc_plan_set_aside(cc_plan *plan, cc_step *step)
{
    if (!can_repack(plan, step)) {
        return;
    }
    step->family->release(step->state);
    step->state = NULL;
    step->weights = NULL;
    step->weights_bytes = 0;
    step->repacks = true;
    cc_graph_set_aside(plan->graph, step->node->inputs[1]);
}

cc_status cc_plan_bring_back(cc_plan *plan, const cc_step *step, cc_error *error)
{
    cc_status status = CC_OK;

    for (int i = 0; step->node != NULL && i < step->node->input_count && status == CC_OK; i++) {
        if (step->node->inputs[i] >= 0) {
            status = cc_graph_bring_back(plan->graph, step->node->inputs[i], error);
        }
    }
    return status;
}

void cc_plan_drop_constant(cc_plan *plan, int value)
{
    if (plan->low_memory && stays(&plan->graph->values[value])) {
        cc_graph_set_aside(plan->graph, value);
    } else {
        cc_graph_drop_constant(plan->graph, value);
    }
}

cc_status cc_plan_repack(cc_plan *plan, cc_step *step, cc_error *error)
{
    cc_status status = cc_plan_bring_back(plan, step, error);

    if (status == CC_OK) {
        status = step->family->prepare(plan->graph, step, plan->pool, error);
    }
    cc_graph_set_aside(plan->graph, step->node->inputs[1]);
    if (status != CC_OK) {
        cc_error_context(error, "%s", step->node->name);
        if (step->state != NULL) {
            step->family->release(step->state);
        }
        step->state = NULL;
    }
    return status;
}

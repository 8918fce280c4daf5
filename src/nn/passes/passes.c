#include "nn/passes/passes.h"

#include "nn/passes/pass.h"

/* The order matters: what hides a pattern from a later pass goes first. Residual
 * sums come last: they find the activations before and after them merged, and the
 * activation pass need not know of them. */
static const cc_pass fusions[] = {
    cc_pass_no_operation, cc_pass_undone,     cc_pass_compose_activation, cc_pass_padding,
    cc_pass_affine,       cc_pass_activation, cc_pass_residual,
};

static cc_status run_fusions(cc_graph *graph, cc_error *error)
{
    cc_rewrite rewrite;
    cc_status status = cc_rewrite_begin(&rewrite, graph, error);

    for (size_t i = 0; i < sizeof fusions / sizeof fusions[0]; i++) {
        for (int node = 0; node < graph->node_count && status == CC_OK; node++) {
            if (!graph->nodes[node].removed) {
                status = fusions[i](&rewrite, node, error);
            }
        }
    }
    cc_rewrite_end(&rewrite);
    return status;
}

static void keep_wanted_outputs(cc_graph *graph, int wanted)
{
    if (wanted > 0 && wanted < graph->output_count) {
        graph->output_count = wanted;
    }
}

/* Structure first, so that everything after may rely on it. The first sort looks
 * at the whole file, so that a cycle is found even where no output needs it. */
static cc_status clean(cc_graph *graph, const cc_prepare_options *options, cc_error *error)
{
    cc_status status = cc_pass_check_structure(graph, error);

    if (status == CC_OK) {
        status = cc_pass_sort(graph, error);
    }
    if (status == CC_OK) {
        keep_wanted_outputs(graph, options->wanted_outputs);
        status = cc_pass_constants(graph, error);
    }
    if (status == CC_OK) {
        status = cc_pass_remove_dead(graph, error);
    }
    if (status == CC_OK) {
        status = cc_pass_check_operators(graph, error);
    }
    if (status == CC_OK) {
        status = cc_pass_separate_outputs(graph, error);
    }
    return status;
}

/* Exports often hold sizes as constants, which only fit the size of the export. */
static cc_status infer(cc_graph *graph, const cc_prepare_options *options, cc_error *error)
{
    char text[128];
    cc_status status = cc_graph_infer(graph, error);

    if (status == CC_MODEL && options->input_shape.rank > 0) {
        cc_error_context(error, "with an input of %s, which the model may not be made for",
                         cc_shape_text(&options->input_shape, text, sizeof text));
    }
    return status;
}

static cc_status complete(cc_graph *graph, const cc_prepare_options *options, cc_error *error)
{
    cc_status status = cc_pass_widen_half(graph, error);

    if (status == CC_OK) {
        status = cc_pass_input_shapes(graph, options, error);
    }
    if (status == CC_OK) {
        status = infer(graph, options, error);
    }
    if (status == CC_OK) {
        status = cc_pass_remove_dead(graph, error);
    }
    return status;
}

cc_status cc_graph_prepare(cc_graph *graph, const cc_prepare_options *options, cc_error *error)
{
    static const cc_prepare_options defaults = {.fuse = true};
    const cc_prepare_options *chosen = options != NULL ? options : &defaults;
    cc_status status = clean(graph, chosen, error);

    if (status == CC_OK) {
        status = complete(graph, chosen, error);
    }
    if (status == CC_OK && chosen->fuse) {
        status = run_fusions(graph, error);
    }
    if (status == CC_OK) {
        status = cc_pass_remove_dead(graph, error);
    }
    return status == CC_OK ? cc_pass_sort(graph, error) : status;
}

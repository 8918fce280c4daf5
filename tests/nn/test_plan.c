/* The plan itself: no two living buffers share a byte, slices lie where the
 * concatenation expects them, and borders are zeroed before they are read. */
#include "network_fixture.h"

#include "nn/plan.h"

typedef struct planned {
    cc_graph graph;
    cc_plan plan;
} planned;

static void plan_network(planned *result, const onnx_bytes *file)
{
    cc_prepare_options options = {.fuse = true};
    cc_error error = {0};

    memset(result, 0, sizeof *result);
    if (cc_onnx_read(file->data, file->size, NULL, &result->graph, &error) != CC_OK ||
        cc_graph_prepare(&result->graph, &options, &error) != CC_OK ||
        cc_plan_build(&result->plan, &result->graph, &(cc_network_options){0}, &error) != CC_OK) {
        fail_msg("%s", error.message);
    }
}

static void free_planned(planned *plan)
{
    cc_plan_release(&plan->plan);
    cc_graph_release(&plan->graph);
}

/* Mark each byte of the arena with the buffer that owns it during the step; a byte
 * that is marked already belongs to two. */
typedef struct owner_map {
    int *owner;
    size_t lines;
} owner_map;

static void claim(owner_map *map, size_t offset, size_t bytes, int who, int step)
{
    for (size_t line = offset / CC_ALIGNMENT;
         line < (offset + bytes + CC_ALIGNMENT - 1) / CC_ALIGNMENT; line++) {
        assert_true(line < map->lines);
        if (map->owner[line] != 0) {
            fail_msg("step %d: buffers %d and %d share byte %zu", step, map->owner[line], who,
                     line * CC_ALIGNMENT);
        }
        map->owner[line] = who;
    }
}

static void check_step(const cc_plan *plan, int step, owner_map *map)
{
    memset(map->owner, 0, map->lines * sizeof *map->owner);
    for (int i = 0; i < plan->storage_count; i++) {
        const cc_storage *storage = &plan->storages[i];
        bool living = storage->first_step <= step && storage->last_step >= step;
        if (storage->parent < 0 && storage->place == CC_PLACE_ARENA && living &&
            storage->first_step >= 0) {
            claim(map, storage->offset, storage->bytes, i + 1, step);
        }
    }
    if (plan->steps[step].scratch_bytes > 0) {
        claim(map, plan->steps[step].scratch_offset, plan->steps[step].scratch_bytes,
              plan->storage_count + 1, step);
    }
}

/* Each storage a step touches must live during that step. */
static void check_lives(const cc_plan *plan, int step)
{
    const cc_step *s = &plan->steps[step];

    for (int i = 0; i < s->input_count; i++) {
        if (s->input_storages[i] >= 0) {
            const cc_storage *root = &plan->storages[cc_plan_root(plan, s->input_storages[i])];
            bool given = root->place == CC_PLACE_CONSTANT || root->place == CC_PLACE_CALLER_INPUT;
            assert_true(given || (root->first_step <= step && root->last_step >= step));
            assert_true(root->view.border >= s->input_borders[i]);
        }
    }
}

static void check_plan(const cc_plan *plan)
{
    owner_map map = {.lines = plan->memory_bytes / CC_ALIGNMENT + 1};

    map.owner = calloc(map.lines, sizeof *map.owner);
    assert_non_null(map.owner);
    for (int step = 0; step < plan->step_count; step++) {
        check_step(plan, step, &map);
        check_lives(plan, step);
    }
    free(map.owner);
}

static void test_no_two_living_buffers_overlap(void **state)
{
    (void)state;
    for (int i = 0; i < 80; i++) {
        onnx_bytes file =
            make_random_network((uint64_t)(500 + i), 4 + i % 20, 1, 8 + i % 30, 40 - i % 31);
        planned network;
        plan_network(&network, &file);
        check_plan(&network.plan);
        free_planned(&network);
        free(file.data);
    }
}

/* x -> conv 24 -> relu -> a; a -> conv 8 -> b; concat(b, a) -> conv: no copies. */
static void test_concatenation_without_copies(void **state)
{
    network_maker maker = {.builder = onnx_begin(14), .seed = 9};
    planned network;
    int slices = 0;

    (void)state;
    make_value(&maker, 3, 20, 20);
    onnx_input(&maker.builder, "v0", CC_FLOAT32, 4, (int64_t[]){1, 3, 20, 20});
    made_value a = *make_conv(&maker, &maker.values[0], 24, 3, 1, 1, 1);
    made_value b = *make_conv(&maker, &a, 8, 3, 1, 1, 1);
    made_value both = *make_concat(&maker, &b, &a);
    made_value *last = make_conv(&maker, &both, 16, 3, 1, 1, 1);
    onnx_output(&maker.builder, last->name);
    onnx_bytes file = onnx_finish(&maker.builder);
    plan_network(&network, &file);
    for (int i = 0; i < network.plan.storage_count; i++) {
        const cc_storage *storage = &network.plan.storages[i];
        if (storage->parent >= 0) {
            const cc_view *whole = &network.plan.storages[storage->parent].view;
            assert_true(storage->view.data ==
                        whole->data + storage->parent_offset * whole->block_stride);
            slices++;
        }
    }
    assert_int_equal(slices, 2);
    for (int i = 0; i < network.plan.step_count; i++) {
        const cc_node *node = network.plan.steps[i].node;
        assert_true(node == NULL || strcmp(node->op_type, "Concat") != 0);
    }
    free_planned(&network);
    free(file.data);
}

/* A chain needs two or three buffers, not one for each layer. */
static void test_buffers_are_used_again(void **state)
{
    network_maker maker = {.builder = onnx_begin(14), .seed = 9};
    planned network;
    made_value *last;
    size_t one = (size_t)16 * 50 * 50 * sizeof(float);

    (void)state;
    make_value(&maker, 3, 40, 40);
    onnx_input(&maker.builder, "v0", CC_FLOAT32, 4, (int64_t[]){1, 3, 40, 40});
    last = make_conv(&maker, &maker.values[0], 16, 5, 1, 1, 1);
    for (int i = 0; i < 20; i++) {
        last = make_conv(&maker, last, 16, 5, 1, 1, 1);
    }
    onnx_output(&maker.builder, last->name);
    onnx_bytes file = onnx_finish(&maker.builder);
    plan_network(&network, &file);
    assert_true(network.plan.memory_bytes < 4 * one);
    free_planned(&network);
    free(file.data);
}

/* The result must not depend on what the arena held before. */
static void test_no_step_reads_old_memory(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        onnx_bytes file = make_random_network((uint64_t)(900 + i), 12, 1, 22, 27);
        planned network;
        uint64_t seed = 4;
        cc_error error = {0};
        plan_network(&network, &file);
        const cc_graph *graph = &network.graph;
        float *input = test_noises(&seed, 3 * 22 * 27);
        float *outputs[2][2] = {{NULL}};
        for (int run = 0; run < 2; run++) {
            void *to[2] = {NULL, NULL};
            for (int k = 0; k < graph->output_count; k++) {
                size_t bytes = test_tensor_bytes(&graph->values[graph->outputs[k]].tensor);
                outputs[run][k] = malloc(bytes + 1);
                to[k] = outputs[run][k];
            }
            memset(network.plan.memory, run == 0 ? 0 : 0xff, network.plan.memory_bytes);
            assert_int_equal(
                cc_plan_run(&network.plan, (const void *[]){input}, to, NULL, NULL, &error), CC_OK);
        }
        for (int k = 0; k < graph->output_count; k++) {
            assert_memory_equal(outputs[0][k], outputs[1][k],
                                test_tensor_bytes(&graph->values[graph->outputs[k]].tensor));
            free(outputs[0][k]);
            free(outputs[1][k]);
        }
        free(input);
        free_planned(&network);
        free(file.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_two_living_buffers_overlap),
        cmocka_unit_test(test_concatenation_without_copies),
        cmocka_unit_test(test_buffers_are_used_again),
        cmocka_unit_test(test_no_step_reads_old_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Measured choices: results stay right and the same for any number of threads; the file
 * is used later, and a damaged one is not. */
#include "network_fixture.h"

#include <dirent.h>
#include <unistd.h>

#include "core/file.h"
#include "core/memory.h"

typedef struct fixture {
    char folder[64];
    char file[400];
    onnx_bytes model;
} fixture;

static cc_network *load(const fixture *f, bool tune, int threads, cc_thread_pool **pool)
{
    cc_network_options options = {.tune = tune, .tuning_folder = f->folder};
    cc_network *network = NULL;
    cc_error error = {0};

    assert_int_equal(cc_thread_pool_create(threads, pool, NULL), CC_OK);
    options.pool = *pool;
    if (cc_network_load_memory(f->model.data, f->model.size, false, &options, &network, &error) !=
        CC_OK) {
        fail_msg("%s", error.message);
    }
    return network;
}

/* The result on noise, and the plan; both the caller's to free. */
static float *result_of(const fixture *f, bool tune, int threads, size_t *count, char **plan)
{
    cc_thread_pool *pool;
    cc_network *network = load(f, tune, threads, &pool);
    uint64_t seed = 9;
    float *input =
        test_noises(&seed, (size_t)cc_shape_elements(&cc_network_input(network, 0)->shape));
    *count = (size_t)cc_shape_elements(&cc_network_output(network, 0)->shape);
    float *output = malloc(*count * sizeof *output);
    float *middle =
        malloc((size_t)cc_shape_elements(&cc_network_output(network, 1)->shape) * sizeof *middle);
    const void *inputs[] = {input};
    void *outputs[] = {output, middle};

    assert_int_equal(cc_network_run(network, inputs, outputs, NULL, NULL), CC_OK);
    assert_int_equal(cc_network_explain(network, 0, plan, NULL), CC_OK);
    cc_network_free(network);
    cc_thread_pool_destroy(pool);
    free(input);
    free(middle);
    return output;
}

static void begin(fixture *f)
{
    snprintf(f->folder, sizeof f->folder, "/tmp/clearcut-tuning-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->model = make_random_network(31, 14, 1, 37, 41);
}

static void find_file(fixture *f)
{
    DIR *folder = opendir(f->folder);
    int files = 0;

    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] != '.') {
            snprintf(f->file, sizeof f->file, "%s/%s", f->folder, entry->d_name);
            files++;
        }
    }
    closedir(folder);
    assert_int_equal(files, 1);
}

static void end(fixture *f)
{
    unlink(f->file);
    rmdir(f->folder);
    free(f->model.data);
}

static void test_remembered(void **state)
{
    fixture f;
    size_t count;
    char *plans[4];

    (void)state;
    begin(&f);
    float *estimated = result_of(&f, false, 1, &count, &plans[0]);
    float *tuned = result_of(&f, true, 2, &count, &plans[1]);
    find_file(&f);
    float *one = result_of(&f, false, 1, &count, &plans[2]);
    float *three = result_of(&f, false, 3, &count, &plans[3]);
    assert_memory_equal(tuned, one, count * sizeof *one);
    assert_memory_equal(tuned, three, count * sizeof *one);
    float largest = 1;
    for (size_t i = 0; i < count; i++) {
        largest = fmaxf(largest, fabsf(estimated[i]));
    }
    for (size_t i = 0; i < count; i++) {
        assert_true(fabsf(tuned[i] - estimated[i]) <= 1e-4F * largest);
    }
    assert_null(strstr(plans[0], "(measured)"));
    assert_non_null(strstr(plans[0], "as estimated"));
    assert_non_null(strstr(plans[1], "(measured)"));
    assert_non_null(strstr(plans[1], "measured now"));
    assert_non_null(strstr(plans[2], "(measured)"));
    assert_non_null(strstr(plans[2], "earlier --tune"));
    for (int i = 0; i < 4; i++) {
        cc_free(plans[i]);
    }
    free(estimated);
    free(tuned);
    free(one);
    free(three);
    end(&f);
}

/* Damaged, cut short, or of algorithms that do not exist: as if it were not there. */
static void test_damage_counts_as_none(void **state)
{
    fixture f;
    size_t count;
    char *plan = NULL;
    cc_buffer text = {0};

    (void)state;
    begin(&f);
    free(result_of(&f, true, 1, &count, &plan));
    cc_free(plan);
    find_file(&f);
    assert_int_equal(cc_file_read(f.file, 1 << 20, &text, NULL), CC_OK);
    for (size_t at = 3; at < text.size; at += text.size / 9) {
        FILE *file = fopen(f.file, "wb");
        assert_non_null(file);
        text.data[at] ^= 4;
        assert_int_equal(fwrite(text.data, 1, at % 2 ? text.size : at + 1, file),
                         at % 2 ? text.size : at + 1);
        text.data[at] ^= 4;
        fclose(file);
        free(result_of(&f, false, 1, &count, &plan));
        assert_null(strstr(plan, "(measured)"));
        assert_non_null(strstr(plan, "damaged or of another version"));
        cc_free(plan);
    }
    cc_buffer_free(&text);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_remembered),
        cmocka_unit_test(test_damage_counts_as_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

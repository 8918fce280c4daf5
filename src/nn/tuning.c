#include "nn/tuning.h"

#include <stdio.h>
#include <string.h>

#include "core/checksum.h"
#include "core/cpu.h"
#include "core/file.h"
#include "core/memory.h"
#include "nn/cpu/backend.h"

#define FIRST_LINE "clearcut tuning 1\n"
#define FILE_LIMIT ((size_t)1 << 20)

/* ---- which file? ---- */

static uint64_t text_checksum(uint64_t checksum, const char *text)
{
    return cc_checksum(checksum, text, strlen(text));
}

/* Operators and shapes, precision, processor and kernels. */
static uint64_t graph_checksum(const cc_graph *graph, cc_precision precision)
{
    uint64_t checksum = text_checksum((uint64_t)precision, cc_cpu_model_name());

    checksum = text_checksum(checksum, cc_cpu_kernels_name());
    for (int i = 0; i < graph->node_count; i++) {
        const cc_node *node = &graph->nodes[i];
        if (node->removed || node->output_count < 1 || node->outputs[0] < 0) {
            continue;
        }
        const cc_shape *shape = &graph->values[node->outputs[0]].tensor.shape;
        checksum = text_checksum(checksum, node->op_type);
        checksum = cc_checksum(checksum, shape->dims, (size_t)shape->rank * sizeof *shape->dims);
    }
    return checksum;
}

static cc_status name_file(cc_tuning *tuning, const cc_graph *graph, const char *folder,
                           cc_precision precision, cc_error *error)
{
    size_t size = strlen(folder) + sizeof "/tuning-0123456789abcdef";

    tuning->path = cc_alloc(size);
    if (tuning->path == NULL) {
        return cc_fail_memory(error, size);
    }
    snprintf(tuning->path, size, "%s/tuning-%016llx", folder,
             (unsigned long long)graph_checksum(graph, precision));
    return CC_OK;
}

/* ---- entries ---- */

const cc_tuning_entry *cc_tuning_find(const cc_tuning *tuning, uint64_t layer)
{
    for (int i = 0; tuning != NULL && i < tuning->count; i++) {
        if (tuning->entries[i].layer == layer) {
            return &tuning->entries[i];
        }
    }
    return NULL;
}

void cc_tuning_add(cc_tuning *tuning, uint64_t layer, const char *algorithm, bool activates_after)
{
    if (tuning->count == tuning->capacity) {
        int capacity = tuning->capacity * 2 + 32;
        cc_tuning_entry *more = cc_alloc_array((size_t)capacity, sizeof *more);
        if (more == NULL) {
            return;
        }
        if (tuning->count > 0) {
            memcpy(more, tuning->entries, (size_t)tuning->count * sizeof *more);
        }
        cc_free(tuning->entries);
        tuning->entries = more;
        tuning->capacity = capacity;
    }
    cc_tuning_entry *entry = &tuning->entries[tuning->count++];
    *entry = (cc_tuning_entry){.layer = layer, .activates_after = activates_after};
    snprintf(entry->algorithm, sizeof entry->algorithm, "%s", algorithm);
}

/* ---- reading ---- */

/* The last line, if the file is whole. */
static const char *find_end(const char *text)
{
    const char *end = strstr(text, "\nend ");
    unsigned long long checksum = 0;
    char rest = 0;

    if (strncmp(text, FIRST_LINE, strlen(FIRST_LINE)) != 0 || end == NULL ||
        sscanf(end + 1, "end %16llx%c", &checksum, &rest) != 2 || rest != '\n' ||
        checksum != cc_checksum(0, text, (size_t)(end + 1 - text))) {
        return NULL;
    }
    return end + 1;
}

static void read_entries(cc_tuning *tuning, const char *text)
{
    const char *end = find_end(text);

    if (end == NULL) {
        tuning->state = "remembered choices are damaged or of another version, and ignored; --tune "
                        "measures anew";
        return;
    }
    for (const char *line = text + strlen(FIRST_LINE); line < end; line = strchr(line, '\n') + 1) {
        unsigned long long layer = 0;
        int after = 0;
        char name[CC_TUNING_NAME_SIZE] = "";
        if (sscanf(line, "%16llx %d %39[^\n]", &layer, &after, name) == 3) {
            cc_tuning_add(tuning, layer, name, after != 0);
        }
    }
    tuning->state = "choices as measured by an earlier --tune";
}

cc_status cc_tuning_open(cc_tuning *tuning, const cc_graph *graph, const char *folder,
                         cc_precision precision, bool measure, cc_thread_pool *pool,
                         cc_error *error)
{
    cc_buffer text = {0};
    cc_status status = CC_OK;

    *tuning = (cc_tuning){.measuring = measure, .pool = pool, .state = "choices as estimated"};
    if (folder != NULL) {
        status = name_file(tuning, graph, folder, precision, error);
    }
    if (measure) {
        tuning->state = "choices as measured now";
    } else if (status == CC_OK && tuning->path != NULL &&
               cc_file_read(tuning->path, FILE_LIMIT, &text, NULL) == CC_OK &&
               cc_buffer_append(&text, "", 1, 0, NULL) == CC_OK) {
        read_entries(tuning, (const char *)text.data);
    }
    cc_buffer_free(&text);
    return status;
}

/* ---- writing ---- */

static cc_status describe(const cc_tuning *tuning, cc_buffer *text, cc_error *error)
{
    cc_status status = cc_buffer_append(text, FIRST_LINE, strlen(FIRST_LINE), 0, error);
    char line[128];

    for (int i = 0; i < tuning->count && status == CC_OK; i++) {
        const cc_tuning_entry *entry = &tuning->entries[i];
        int length =
            snprintf(line, sizeof line, "%016llx %d %s\n", (unsigned long long)entry->layer,
                     (int)entry->activates_after, entry->algorithm);
        status = cc_buffer_append(text, line, (size_t)length, 0, error);
    }
    if (status == CC_OK) {
        int length = snprintf(line, sizeof line, "end %016llx\n",
                              (unsigned long long)cc_checksum(0, text->data, text->size));
        status = cc_buffer_append(text, line, (size_t)length, 0, error);
    }
    return status;
}

cc_status cc_tuning_save(const cc_tuning *tuning, cc_error *error)
{
    cc_buffer text = {0};
    cc_output output = {0};
    cc_status status;

    if (!tuning->measuring || tuning->path == NULL) {
        return CC_OK;
    }
    status = describe(tuning, &text, error);
    if (status == CC_OK) {
        status = cc_output_open(&output, tuning->path, error);
    }
    if (status == CC_OK) {
        status = cc_output_write(&output, text.data, text.size, error);
    }
    if (status == CC_OK) {
        status = cc_output_commit(&output, error);
    }
    if (status != CC_OK) {
        cc_error_context(error, "remembering what --tune measured");
    }
    cc_output_abort(&output);
    cc_buffer_free(&text);
    return status;
}

void cc_tuning_release(cc_tuning *tuning)
{
    cc_free(tuning->entries);
    cc_free(tuning->path);
    *tuning = (cc_tuning){0};
}

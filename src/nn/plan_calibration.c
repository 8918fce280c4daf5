/* The ranges that int8 layers work with, kept in a file.
 *
 * A line for each layer in the order of the plan, all numbers hexadecimal:
 *
 *   clearcut calibration 1
 *   LOW HIGH CHECKSUM NAME (FROM .. TO)   bits of the range as float32; checksum of the
 *   ...                                   weights as packed; the rest is for people
 *   end CHECKSUM                          of all bytes before this line
 *
 * Whoever reads one takes it whole or not at all: it must be undamaged, and its layers
 * must be those of the plan, with the same weights.
 */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/checksum.h"
#include "core/file.h"
#include "nn/plan.h"

#define FIRST_LINE "clearcut calibration 1\n"
#define FILE_LIMIT ((size_t)4 << 20)

/* NULL for a step that is not computed in int8. */
static cc_input_range *range_of(const cc_step *step)
{
    return step->family != NULL && step->family->range != NULL && step->state != NULL
               ? step->family->range(step->state)
               : NULL;
}

static uint64_t weights_checksum(const cc_step *step)
{
    return cc_checksum(0, step->weights, step->weights_bytes);
}

static cc_status check_precision(const cc_plan *plan, cc_error *error)
{
    if (plan->precision == CC_PRECISION_INT8) {
        return CC_OK;
    }
    return cc_fail(error, CC_INVALID_ARGUMENT,
                   "calibration is for int8 only; add --precision int8, or leave it out");
}

cc_status cc_plan_calibration_measure(cc_plan *plan, cc_error *error)
{
    cc_status status = check_precision(plan, error);

    for (int i = 0; i < plan->step_count && status == CC_OK; i++) {
        cc_input_range *range = range_of(&plan->steps[i]);
        if (range != NULL) {
            range->runs_left = INT_MAX;
        }
    }
    return status;
}

/* ---- writing ---- */

static cc_status append_text(cc_buffer *text, const char *line, cc_error *error)
{
    return cc_buffer_append(text, line, strlen(line), 0, error);
}

/* Names come from a file of anybody's: nothing of them may look like another line. */
static void copy_name(const char *name, char *to, size_t size)
{
    size_t used = 0;

    for (; name[used] != '\0' && used + 1 < size; used++) {
        to[used] = (char)(name[used] > ' ' && name[used] <= '~' ? name[used] : '_');
    }
    to[used] = '\0';
}

static uint32_t bits_of(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static cc_status append_layer(cc_buffer *text, const cc_step *step, const cc_input_range *range,
                              cc_error *error)
{
    char name[128];
    char line[256];

    if (!range->measured) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "no picture has gone through the network yet: there are no ranges to keep");
    }
    copy_name(step->node->name, name, sizeof name);
    float low = fmaxf(range->low, -FLT_MAX);
    float high = fminf(range->high, FLT_MAX);
    snprintf(line, sizeof line, "%08x %08x %016llx %s (%.4g .. %.4g)\n", bits_of(low),
             bits_of(high), (unsigned long long)weights_checksum(step), name, (double)low,
             (double)high);
    return append_text(text, line, error);
}

static cc_status describe(const cc_plan *plan, cc_buffer *text, cc_error *error)
{
    cc_status status = append_text(text, FIRST_LINE, error);
    char line[64];

    for (int i = 0; i < plan->step_count && status == CC_OK; i++) {
        const cc_input_range *range = range_of(&plan->steps[i]);
        if (range != NULL) {
            status = append_layer(text, &plan->steps[i], range, error);
        }
    }
    if (status == CC_OK) {
        snprintf(line, sizeof line, "end %016llx\n",
                 (unsigned long long)cc_checksum(0, text->data, text->size));
        status = append_text(text, line, error);
    }
    return status;
}

cc_status cc_plan_calibration_write(const cc_plan *plan, const char *path, cc_error *error)
{
    cc_buffer text = {0};
    cc_output output = {0};
    cc_status status = check_precision(plan, error);

    if (status == CC_OK) {
        status = describe(plan, &text, error);
    }
    if (status == CC_OK) {
        status = cc_output_open(&output, path, error);
    }
    if (status == CC_OK) {
        status = cc_output_write(&output, text.data, text.size, error);
    }
    if (status == CC_OK) {
        status = cc_output_commit(&output, error);
    }
    cc_output_abort(&output);
    cc_buffer_free(&text);
    return status;
}

/* ---- reading ---- */

static cc_status damaged(const char *path, cc_error *error)
{
    return cc_fail(error, CC_CORRUPT,
                   "%s: is no calibration that this version can read, or is damaged; make it anew "
                   "with --calibrate-to",
                   path);
}

static cc_status foreign(const char *path, const char *layer, cc_error *error)
{
    return cc_fail(error, CC_INVALID_ARGUMENT,
                   "%s: was made for another model, size of input or kind of processor (layer %s "
                   "differs); make it anew with --calibrate-to",
                   path, layer);
}

/* The last line, whose checksum must be that of all before it; NULL if not. */
static const char *find_end(const char *text)
{
    const char *end = strstr(text, "\nend ");
    unsigned long long checksum = 0;
    char rest;

    if (strncmp(text, FIRST_LINE, strlen(FIRST_LINE)) != 0 || end == NULL) {
        return NULL;
    }
    end++;
    if (sscanf(end, "end %16llx%c", &checksum, &rest) != 2 || rest != '\n' ||
        strchr(end, '\n')[1] != '\0' || checksum != cc_checksum(0, text, (size_t)(end - text))) {
        return NULL;
    }
    return end;
}

/* One line to a range and a checksum; the start of the next line, or NULL. */
static const char *read_line(const char *line, cc_input_range *range, uint64_t *checksum)
{
    unsigned low = 0;
    unsigned high = 0;
    unsigned long long weights = 0;

    if (sscanf(line, "%8x %8x %16llx ", &low, &high, &weights) != 3) {
        return NULL;
    }
    *range = (cc_input_range){.low = float_of(low), .high = float_of(high), .measured = true};
    *checksum = weights;
    line = strchr(line, '\n');
    return line != NULL && range->low <= 0 && range->low >= -FLT_MAX && range->high >= 0 &&
                   range->high <= FLT_MAX
               ? line + 1
               : NULL;
}

/* Compare all, and take what is read only if `take`. */
static cc_status match(cc_plan *plan, const char *path, const char *text, bool take,
                       cc_error *error)
{
    const char *end = find_end(text);
    const char *line = text + strlen(FIRST_LINE);

    for (int i = 0; i < plan->step_count && end != NULL; i++) {
        cc_step *step = &plan->steps[i];
        cc_input_range *range = range_of(step);
        cc_input_range read;
        uint64_t checksum = 0;
        if (range == NULL) {
            continue;
        }
        if (line >= end) {
            return foreign(path, step->node->name, error);
        }
        line = read_line(line, &read, &checksum);
        if (line == NULL) {
            return damaged(path, error);
        }
        if (checksum != weights_checksum(step)) {
            return foreign(path, step->node->name, error);
        }
        if (take) {
            *range = read;
        }
    }
    if (end == NULL) {
        return damaged(path, error);
    }
    return line == end ? CC_OK : foreign(path, "after the last", error);
}

cc_status cc_plan_calibration_read(cc_plan *plan, const char *path, cc_error *error)
{
    cc_buffer text = {0};
    cc_status status = check_precision(plan, error);

    if (status == CC_OK) {
        status = cc_file_read(path, FILE_LIMIT, &text, error);
        if (status != CC_OK) {
            cc_error_context(error, "%s", path);
        }
    }
    if (status == CC_OK) {
        status = cc_buffer_append(&text, "", 1, 0, error);
    }
    if (status == CC_OK) {
        status = match(plan, path, (const char *)text.data, false, error);
    }
    if (status == CC_OK) {
        status = match(plan, path, (const char *)text.data, true, error);
    }
    cc_buffer_free(&text);
    return status;
}

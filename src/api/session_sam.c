/* Segment Anything (Kirillov et al. 2023), as rembg 2.0.77 runs it (rembg/sessions/sam.py):
 * the picture is laid into 684 x 1024 by bilinear sampling, samples 0..255; the encoder makes
 * an embedding of it; the decoder makes masks of embedding and prompts, which are brought back
 * the same way, and what is above 0 in any of them is the subject. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/session.h"
#include "core/clock.h"
#include "core/memory.h"
#include "image/pixels.h"

enum { INPUT_HEIGHT = 684, INPUT_WIDTH = 1024, MOST_PROMPTS = 64, ROWS_PER_TASK = 32 };

/* The mask that a user may draw on an older one; never given. */
enum { LOW_SIDE = 256, LOW_ELEMENTS = LOW_SIDE * LOW_SIDE };

struct cc_session_sam {
    cc_network *decoder;
    int points; /* that the decoder was loaded for */
    char decoder_path[CC_PATH_SIZE];
    float *masks; /* the decoder's first output */
    int mask_count;
    int mask_height;
    int mask_width;
};

/* ---- loading ---- */

/* An input that does not suit is the file's fault here, not the caller's. */
static cc_status blame_file(cc_status status, const char *path, const char *what, cc_error *fault)
{
    char reason[sizeof fault->message];

    if (status != CC_INVALID_ARGUMENT) {
        return status;
    }
    snprintf(reason, sizeof reason, "%s", fault->message);
    return cc_fail(fault, CC_MODEL, "%s: is no %s of Segment Anything (%s)", path, what, reason);
}

static cc_status load_encoder(clearcut_session *session, const char *path, cc_error *fault)
{
    cc_network_options options = cc_runtime_network_options(&session->runtime);
    const cc_tensor *tensor;
    cc_status status;

    options.wanted_outputs = 1;
    options.low_memory = session->low_memory;
    options.input_shape = cc_shape_make(3, (int64_t[]){INPUT_HEIGHT, INPUT_WIDTH, 3});
    status = cc_network_load_file(path, &options, &session->network, fault);
    if (status != CC_OK) {
        return blame_file(status, path, "encoder", fault);
    }
    tensor = cc_network_output(session->network, 0);
    if (cc_network_input_count(session->network) != 1 ||
        cc_network_input(session->network, 0)->dtype != CC_FLOAT32 || tensor->dtype != CC_FLOAT32 ||
        tensor->shape.rank != 4) {
        return cc_fail(fault, CC_MODEL, "%s: is no encoder of Segment Anything", path);
    }
    session->input = cc_alloc_aligned((size_t)INPUT_HEIGHT * INPUT_WIDTH * 3 * sizeof(float));
    session->output = cc_alloc_aligned((size_t)cc_shape_elements(&tensor->shape) * sizeof(float));
    if (session->input == NULL || session->output == NULL) {
        return cc_fail_memory(fault, (size_t)INPUT_HEIGHT * INPUT_WIDTH * 3 * sizeof(float));
    }
    return CC_OK;
}

/* Its first output must be masks of the encoder's picture. */
static cc_status take_masks(cc_session_sam *sam, cc_error *fault)
{
    const cc_shape *shape = &cc_network_output(sam->decoder, 0)->shape;

    if (cc_network_output(sam->decoder, 0)->dtype != CC_FLOAT32 || shape->rank != 4 ||
        shape->dims[0] != 1 || shape->dims[1] > 16 || shape->dims[2] != INPUT_HEIGHT ||
        shape->dims[3] != INPUT_WIDTH) {
        return cc_fail(fault, CC_MODEL, "%s: is no decoder of Segment Anything", sam->decoder_path);
    }
    sam->mask_count = (int)shape->dims[1];
    sam->mask_height = (int)shape->dims[2];
    sam->mask_width = (int)shape->dims[3];
    cc_free_aligned(sam->masks);
    sam->masks = cc_alloc_aligned((size_t)cc_shape_elements(shape) * sizeof(float));
    return sam->masks != NULL
               ? CC_OK
               : cc_fail_memory(fault, (size_t)cc_shape_elements(shape) * sizeof(float));
}

/* The decoder for this many points. What is the same for every picture goes into it as a
 * constant, above all the sizes that it scales its masks to. */
static cc_status load_decoder(clearcut_session *session, int points, cc_error *fault)
{
    static const float size[2] = {INPUT_HEIGHT, INPUT_WIDTH};
    static const float no_mask = 0;
    cc_session_sam *sam = session->sam;
    cc_network_options options = cc_runtime_network_options(&session->runtime);
    float *low = cc_alloc_zeroed(LOW_ELEMENTS, sizeof *low);
    cc_known_input known[] = {
        {"image_embeddings", cc_network_output(session->network, 0)->shape, NULL},
        {"point_coords", cc_shape_make(3, (int64_t[]){1, points, 2}), NULL},
        {"point_labels", cc_shape_make(2, (int64_t[]){1, points}), NULL},
        {"mask_input", cc_shape_make(4, (int64_t[]){1, 1, LOW_SIDE, LOW_SIDE}), low},
        {"has_mask_input", cc_shape_make(1, (int64_t[]){1}), &no_mask},
        {"orig_im_size", cc_shape_make(1, (int64_t[]){2}), size}};
    cc_status status;

    if (low == NULL) {
        return cc_fail_memory(fault, LOW_ELEMENTS * sizeof *low);
    }
    cc_network_free(sam->decoder);
    sam->decoder = NULL;
    sam->points = points;
    options.wanted_outputs = 1;
    options.known_inputs = known;
    options.known_input_count = (int)(sizeof known / sizeof known[0]);
    status = cc_network_load_file(sam->decoder_path, &options, &sam->decoder, fault);
    cc_free(low);
    return status == CC_OK ? take_masks(sam, fault)
                           : blame_file(status, sam->decoder_path, "decoder", fault);
}

cc_status cc_session_open_sam(clearcut_session *session, const cc_model_source *source,
                              cc_error *fault)
{
    cc_status status;

    if (session->has_feeding) {
        return cc_fail(fault, CC_INVALID_ARGUMENT,
                       "Segment Anything has a recipe of its own; mean, deviation, size and "
                       "layout are for other files");
    }
    if (session->runtime.device.engine != CC_ENGINE_CPU) {
        status = cc_fail(fault, CC_DEVICE, "sam runs on the processor only; use --device cpu");
        if (!cc_runtime_retreat(&session->runtime, status, fault)) {
            return status;
        }
        *fault = (cc_error){0};
    }
    session->sam = cc_alloc_zeroed(1, sizeof *session->sam);
    if (session->sam == NULL) {
        return cc_fail_memory(fault, sizeof *session->sam);
    }
    snprintf(session->sam->decoder_path, sizeof session->sam->decoder_path, "%s",
             source->companion);
    snprintf(session->recipe_text, sizeof session->recipe_text,
             "%dx%d, samples 0..255, prompts; masks above 0", INPUT_WIDTH, INPUT_HEIGHT);
    status = load_encoder(session, source->path, fault);
    return status == CC_OK ? load_decoder(session, 2, fault) : status;
}

void cc_session_release_sam(clearcut_session *session)
{
    if (session->sam != NULL) {
        cc_network_free(session->sam->decoder);
        cc_free_aligned(session->sam->masks);
        cc_free(session->sam);
        session->sam = NULL;
    }
}

/* ---- sampling: SciPy's map_coordinates of order 1, outside 0 ---- */

/* Between which samples a position lies, and the share of the second; false outside. */
static bool between(double position, int size, int *first, int *second, double *share)
{
    if (!(position >= 0 && position <= size - 1)) {
        return false;
    }
    *first = (int)floor(position);
    *second = *first + 1 < size ? *first + 1 : *first;
    *share = position - *first;
    return true;
}

typedef struct laying {
    const cc_image *image; /* 3 channels */
    double step;           /* pixels of the picture for one of the input */
    float *tensor;
} laying;

static void lay_row(const laying *job, int y)
{
    float *to = job->tensor + (size_t)y * INPUT_WIDTH * 3;
    int top = 0;
    int bottom = 0;
    double down = 0;
    bool inside = between(job->step * y, job->image->height, &top, &bottom, &down);

    for (int x = 0; x < INPUT_WIDTH; x++, to += 3) {
        int left = 0;
        int right = 0;
        double along = 0;
        bool here = inside && between(job->step * x, job->image->width, &left, &right, &along);
        for (int c = 0; c < 3; c++) {
            const uint8_t *upper = cc_image_row(job->image, top);
            const uint8_t *lower = cc_image_row(job->image, bottom);
            /* the products in SciPy's order: what is cut off below depends on it */
            double value = here ? upper[left * 3 + c] * (1 - down) * (1 - along) +
                                      upper[right * 3 + c] * (1 - down) * along +
                                      lower[left * 3 + c] * down * (1 - along) +
                                      lower[right * 3 + c] * down * along
                                : 0;
            to[c] = (float)(int)value;
        }
    }
}

static void lay_rows(void *context, int task, int worker)
{
    int first = task * ROWS_PER_TASK;

    (void)worker;
    for (int y = first; y < first + ROWS_PER_TASK && y < INPUT_HEIGHT; y++) {
        lay_row(context, y);
    }
}

typedef struct lifting {
    const cc_session_sam *sam;
    double step; /* pixels of the map for one of the picture */
    cc_image *mask;
} lifting;

/* Is any map above 0 there? */
static bool is_subject(const cc_session_sam *sam, const int at[4], double down, double along)
{
    size_t width = (size_t)sam->mask_width;
    size_t plane = width * (size_t)sam->mask_height;

    for (int m = 0; m < sam->mask_count; m++) {
        const float *upper = sam->masks + (size_t)m * plane + (size_t)at[0] * width;
        const float *lower = sam->masks + (size_t)m * plane + (size_t)at[1] * width;
        double value = (double)upper[at[2]] * (1 - down) * (1 - along) +
                       (double)upper[at[3]] * (1 - down) * along +
                       (double)lower[at[2]] * down * (1 - along) +
                       (double)lower[at[3]] * down * along;
        if ((float)value > 0) {
            return true;
        }
    }
    return false;
}

static void lift_rows(void *context, int task, int worker)
{
    const lifting *job = context;
    const cc_session_sam *sam = job->sam;
    int first = task * ROWS_PER_TASK;

    (void)worker;
    for (int y = first; y < first + ROWS_PER_TASK && y < job->mask->height; y++) {
        uint8_t *row = cc_image_row(job->mask, y);
        int at[4] = {0};
        double down = 0;
        double along = 0;
        bool inside = between(job->step * y, sam->mask_height, &at[0], &at[1], &down);
        for (int x = 0; x < job->mask->width; x++) {
            row[x] = inside && between(job->step * x, sam->mask_width, &at[2], &at[3], &along) &&
                             is_subject(sam, at, down, along)
                         ? 255
                         : 0;
        }
    }
}

static int tasks_for(int rows)
{
    return (rows + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
}

/* ---- a picture ---- */

static double scale_of(const cc_image *image)
{
    double across = (double)INPUT_WIDTH / image->width;
    double down = (double)INPUT_HEIGHT / image->height;

    return across < down ? across : down;
}

static cc_status encode(clearcut_session *session, const cc_image *image, clearcut_timing *timing,
                        cc_error *fault)
{
    const void *inputs[1] = {session->input};
    void *outputs[1] = {session->output};
    double begin = cc_clock_ms();
    cc_image color = {0};
    laying job = {&color, 1 / scale_of(image), session->input};
    cc_status status = cc_image_convert(image, 3, &color, fault);

    cc_session_tell_stage(session, CLEARCUT_STAGE_PREPROCESS);
    if (status == CC_OK) {
        cc_thread_pool_run(session->runtime.pool, lay_rows, &job, tasks_for(INPUT_HEIGHT));
    }
    cc_image_free(&color);
    cc_api_add_time(timing, CC_TIMED_PREPROCESS, begin);
    if (status != CC_OK) {
        return status;
    }
    begin = cc_clock_ms();
    cc_session_tell_stage(session, CLEARCUT_STAGE_INFER);
    status = cc_network_run(session->network, inputs, outputs, cc_runtime_flag(&session->runtime),
                            fault);
    cc_api_add_time(timing, CC_TIMED_INFER, begin);
    return status;
}

/* Prompts as the decoder wants them: in pixels of its picture, and one more that says
 * nothing (label -1), which Segment Anything has where there is no rectangle. */
static cc_status decode(clearcut_session *session, const clearcut_prompt *prompts, int count,
                        double scale, cc_error *fault)
{
    float points[(MOST_PROMPTS + 1) * 2] = {0};
    float labels[MOST_PROMPTS + 1] = {0};
    const void *inputs[3] = {NULL};
    void *outputs[1];
    cc_network *decoder;
    cc_status status = CC_OK;

    for (int i = 0; i < count; i++) {
        points[2 * i] = (float)((double)(float)prompts[i].x * scale);
        points[2 * i + 1] = (float)((double)(float)prompts[i].y * scale);
        labels[i] = (float)prompts[i].label;
    }
    labels[count] = -1;
    if (session->sam->points != count + 1 || session->sam->decoder == NULL) {
        status = load_decoder(session, count + 1, fault);
    }
    if (status != CC_OK) {
        return status;
    }
    decoder = session->sam->decoder;
    outputs[0] = session->sam->masks;
    for (int i = 0; i < cc_network_input_count(decoder) && i < 3; i++) {
        const char *name = cc_network_input_name(decoder, i);
        inputs[i] = strcmp(name, "point_coords") == 0   ? (const void *)points
                    : strcmp(name, "point_labels") == 0 ? (const void *)labels
                                                        : (const void *)session->output;
    }
    return cc_network_run(decoder, inputs, outputs, cc_runtime_flag(&session->runtime), fault);
}

static cc_status check_prompts(const clearcut_cut_options *wanted, cc_error *fault)
{
    if (wanted->prompt_count < 0 || wanted->prompt_count > MOST_PROMPTS ||
        (wanted->prompt_count > 0 && wanted->prompts == NULL)) {
        return cc_fail(fault, CC_INVALID_ARGUMENT, "%d prompts; 1 to %d points, or 0",
                       wanted->prompt_count, MOST_PROMPTS);
    }
    for (int i = 0; i < wanted->prompt_count; i++) {
        const clearcut_prompt *prompt = &wanted->prompts[i];
        if (!isfinite(prompt->x) || !isfinite(prompt->y) || prompt->label < 0 ||
            prompt->label > 3) {
            return cc_fail(fault, CC_INVALID_ARGUMENT,
                           "prompt %d: a point has finite coordinates and a label 0 to 3", i + 1);
        }
    }
    return CC_OK;
}

cc_status cc_session_run_sam(clearcut_session *session, const cc_image *image,
                             const clearcut_cut_options *wanted, cc_image *mask, cc_error *fault)
{
    /* rembg's default: whole numbers */
    const clearcut_prompt middle = {1, image->width / 2, image->height / 2};
    bool given = wanted->prompt_count > 0;
    lifting job = {session->sam, scale_of(image), mask};
    double begin;
    cc_status status = check_prompts(wanted, fault);

    *mask = (cc_image){0};
    if (status == CC_OK) {
        status = cc_runtime_check(&session->runtime, fault);
    }
    if (status == CC_OK) {
        status = encode(session, image, wanted->timing, fault);
    }
    begin = cc_clock_ms();
    if (status == CC_OK) {
        status = decode(session, given ? wanted->prompts : &middle,
                        given ? wanted->prompt_count : 1, scale_of(image), fault);
    }
    cc_api_add_time(wanted->timing, CC_TIMED_INFER, begin);
    begin = cc_clock_ms();
    if (status == CC_OK) {
        cc_session_tell_stage(session, CLEARCUT_STAGE_POSTPROCESS);
        status = cc_image_create(image->width, image->height, 1, mask, fault);
    }
    if (status == CC_OK) {
        cc_thread_pool_run(session->runtime.pool, lift_rows, &job, tasks_for(image->height));
    }
    cc_api_add_time(wanted->timing, CC_TIMED_POSTPROCESS, begin);
    return status;
}

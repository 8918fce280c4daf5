#include "matte/laplacian.h"

#include <string.h>

#include "core/memory.h"
#include "matte/trimap.h"

/* ---- which pixels, in which order ---- */

static int32_t index_value(uint8_t trimap_sample, int32_t *unknowns)
{
    if (trimap_sample == CC_TRIMAP_UNKNOWN) {
        return (*unknowns)++;
    }
    return trimap_sample == CC_TRIMAP_FOREGROUND ? CC_MATTING_FOREGROUND : CC_MATTING_BACKGROUND;
}

static void number_pixels(cc_matting_system *system, const cc_image *trimap)
{
    int32_t *index = system->index;

    for (int y = 0; y < system->height; y++) {
        const uint8_t *row = cc_image_row(trimap, y);
        for (int x = 0; x < system->width; x++) {
            bool starts =
                row[x] == CC_TRIMAP_UNKNOWN && (x == 0 || row[x - 1] != CC_TRIMAP_UNKNOWN);
            system->run_count += starts;
            *index++ = index_value(row[x], &system->unknowns);
        }
    }
    for (int i = 0; i < 2 * system->width + 2; i++) {
        *index++ = CC_MATTING_BACKGROUND;
    }
}

static void find_runs(cc_matting_system *system)
{
    int32_t run = 0;

    for (int y = 0; y < system->height; y++) {
        int32_t row = y * system->width;
        if (y % CC_MATTING_STRIP_ROWS == 0) {
            system->strip_runs[y / CC_MATTING_STRIP_ROWS] = run;
        }
        for (int x = 0; x < system->width; x++) {
            if (system->index[row + x] < 0) {
                continue;
            }
            if (x == 0 || system->index[row + x - 1] < 0) {
                system->runs[run++] = (cc_matting_run){row + x, system->index[row + x], 0};
            }
            system->runs[run - 1].length++;
        }
    }
    system->strip_runs[system->strip_count] = run;
}

/* ---- the windows ---- */

enum { WINDOW = 9, SIDE = 3 };

/* Keeps the covariance of a flat window invertible; the value PyMatting uses. */
static const double epsilon = 1e-7;

typedef struct window {
    double color[WINDOW][3];    /* minus their mean */
    double weighted[WINDOW][3]; /* the inverse covariance times that */
    int32_t pixel[WINDOW];
} window;

typedef struct assembly {
    cc_matting_system *system;
    const cc_image *image;
    const atomic_bool *cancel;
    int parity; /* of the strips being worked on */
} assembly;

/* Colours of the window around (x, y), in 0..1, minus their mean. */
static void load_window(const assembly *job, int x, int y, window *at)
{
    int channels = job->image->channels;
    int green = channels >= 3 ? 1 : 0;
    double mean[3] = {0, 0, 0};

    for (int i = 0; i < WINDOW; i++) {
        int row = y - 1 + i / SIDE;
        int column = x - 1 + i % SIDE;
        const uint8_t *pixel = cc_image_row(job->image, row) + (size_t)column * (size_t)channels;
        for (int c = 0; c < 3; c++) {
            at->color[i][c] = pixel[c * green] / 255.0;
            mean[c] += at->color[i][c];
        }
        at->pixel[i] = row * job->system->width + column;
    }
    for (int i = 0; i < WINDOW; i++) {
        for (int c = 0; c < 3; c++) {
            at->color[i][c] -= mean[c] / WINDOW;
        }
    }
}

/* The covariance of the colours, with epsilon / 9 on its diagonal. */
static void covariance(const window *at, double matrix[3][3])
{
    for (int a = 0; a < 3; a++) {
        for (int b = a; b < 3; b++) {
            double sum = a == b ? epsilon : 0.0;
            for (int i = 0; i < WINDOW; i++) {
                sum += at->color[i][a] * at->color[i][b];
            }
            matrix[a][b] = matrix[b][a] = sum / WINDOW;
        }
    }
}

/* Solve matrix * x = b for a symmetric positive definite matrix by LDL'. Where all
 * colours of a window lie on a line, two of its eigenvalues are epsilon / 9 and the
 * determinant is lost in rounding: an adjugate is then wrong in the fourth digit,
 * which outweighs epsilon. This is not. */
static void solve_3x3(double m[3][3], const double b[3], double x[3])
{
    double l10 = m[0][1] / m[0][0];
    double l20 = m[0][2] / m[0][0];
    double d1 = m[1][1] - l10 * m[0][1];
    double rest = m[1][2] - l20 * m[0][1];
    double l21 = rest / d1;
    double d2 = m[2][2] - l20 * m[0][2] - l21 * rest;
    double y1 = b[1] - l10 * b[0];
    double y2 = b[2] - l20 * b[0] - l21 * y1;

    x[2] = y2 / d2;
    x[1] = y1 / d1 - l21 * x[2];
    x[0] = b[0] / m[0][0] - l10 * x[1] - l20 * x[2];
}

static void prepare_window(const assembly *job, int x, int y, window *at)
{
    double matrix[3][3];

    load_window(job, x, y, at);
    covariance(at, matrix);
    for (int i = 0; i < WINDOW; i++) {
        solve_3x3(matrix, at->color[i], at->weighted[i]);
    }
}

/* What the window adds to the matrix entry of its pixels i and j. */
static inline double pair_value(const window *at, int i, int j)
{
    double affinity = at->weighted[i][0] * at->color[j][0] + at->weighted[i][1] * at->color[j][1] +
                      at->weighted[i][2] * at->color[j][2];
    return -(1.0 + affinity) / WINDOW;
}

static inline void add_pair(cc_matting_system *system, const window *at, int i, int j)
{
    int32_t a = system->index[at->pixel[i]];
    int32_t b = system->index[at->pixel[j]];

    if (a >= 0 && b >= 0) {
        int slot = cc_matting_slot(j % SIDE - i % SIDE, j / SIDE - i / SIDE);
        system->later[(size_t)slot * (size_t)system->unknowns + (size_t)a] += pair_value(at, i, j);
    } else if (a >= 0 && b == CC_MATTING_FOREGROUND) {
        system->right[a] -= pair_value(at, i, j);
    } else if (b >= 0 && a == CC_MATTING_FOREGROUND) {
        system->right[b] -= pair_value(at, i, j);
    }
}

static void add_window(const assembly *job, int x, int y)
{
    cc_matting_system *system = job->system;
    window at;

    prepare_window(job, x, y, &at);
    for (int i = 0; i < WINDOW; i++) {
        int32_t unknown = system->index[at.pixel[i]];
        if (unknown >= 0) {
            system->diagonal[unknown] += 1.0 + pair_value(&at, i, i);
        }
        for (int j = i + 1; j < WINDOW; j++) {
            add_pair(system, &at, i, j);
        }
    }
}

/* Has the column any unknown in the three rows around y? */
static inline bool column_has_unknown(const cc_matting_system *system, int x, int y)
{
    const int32_t *index = system->index + (size_t)y * (size_t)system->width + x;
    return index[-system->width] >= 0 || index[0] >= 0 || index[system->width] >= 0;
}

static void add_row(const assembly *job, int y)
{
    bool left = column_has_unknown(job->system, 0, y);
    bool middle = column_has_unknown(job->system, 1, y);

    for (int x = 1; x + 1 < job->system->width; x++) {
        bool right = column_has_unknown(job->system, x + 1, y);
        if (left || middle || right) {
            add_window(job, x, y);
        }
        left = middle;
        middle = right;
    }
}

static void add_strip(void *context, int task, int worker)
{
    const assembly *job = context;
    int first = (2 * task + job->parity) * CC_MATTING_STRIP_ROWS;
    int end = first + CC_MATTING_STRIP_ROWS;

    (void)worker;
    for (int y = first > 0 ? first : 1; y < end && y + 1 < job->system->height; y++) {
        if (job->cancel != NULL && atomic_load_explicit(job->cancel, memory_order_relaxed)) {
            return;
        }
        add_row(job, y);
    }
}

/* ---- making and freeing ---- */

static cc_status check(const cc_image *image, const cc_image *trimap, cc_error *error)
{
    if (image->width != trimap->width || image->height != trimap->height || trimap->channels != 1) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "a trimap of %dx%d with %d channels does not fit a picture of %dx%d",
                       trimap->width, trimap->height, trimap->channels, image->width,
                       image->height);
    }
    if (image->width < SIDE || image->height < SIDE) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "alpha matting needs a picture of 3x3 pixels or more, not %dx%d",
                       image->width, image->height);
    }
    return cc_image_check_size((uint64_t)image->width, (uint64_t)image->height, 0, error);
}

static cc_status check_memory(const cc_matting_system *system, cc_error *error)
{
    uint64_t bytes = cc_matting_bytes((uint64_t)system->width * (uint64_t)system->height,
                                      (uint64_t)system->unknowns);

    if (bytes > CC_MATTING_MAX_BYTES) {
        return cc_fail(error, CC_LIMIT,
                       "alpha matting of %d unknown pixels would take %llu MB, more than the "
                       "%llu allowed; use a smaller picture, a smaller erode size or wider "
                       "thresholds",
                       (int)system->unknowns, (unsigned long long)(bytes >> 20),
                       (unsigned long long)(CC_MATTING_MAX_BYTES >> 20));
    }
    return CC_OK;
}

static cc_status allocate(cc_matting_system *system, cc_error *error)
{
    size_t unknowns = (size_t)system->unknowns;

    system->runs = cc_alloc_array((size_t)system->run_count, sizeof *system->runs);
    system->strip_runs =
        cc_alloc_array((size_t)system->strip_count + 1, sizeof *system->strip_runs);
    system->diagonal = cc_alloc_zeroed(unknowns, sizeof *system->diagonal);
    system->later = cc_alloc_zeroed(unknowns * CC_MATTING_LATER, sizeof *system->later);
    system->right = cc_alloc_zeroed(unknowns, sizeof *system->right);
    if (system->runs == NULL || system->strip_runs == NULL || system->diagonal == NULL ||
        system->later == NULL || system->right == NULL) {
        return cc_fail_memory(error, unknowns * (CC_MATTING_LATER + 2) * sizeof(double));
    }
    return CC_OK;
}

cc_status cc_matting_system_empty(const cc_image *trimap, cc_matting_system *system,
                                  cc_error *error)
{
    size_t cells = (size_t)trimap->width * ((size_t)trimap->height + 2) + 2;
    cc_status status;

    memset(system, 0, sizeof *system);
    system->width = trimap->width;
    system->height = trimap->height;
    system->strip_count = (trimap->height + CC_MATTING_STRIP_ROWS - 1) / CC_MATTING_STRIP_ROWS;
    for (int slot = 0; slot < CC_MATTING_LATER; slot++) {
        system->offset[slot] = cc_matting_slot_y(slot) * trimap->width + cc_matting_slot_x(slot);
    }
    system->index = cc_alloc_array(cells, sizeof *system->index);
    if (system->index == NULL) {
        return cc_fail_memory(error, cells * sizeof *system->index);
    }
    number_pixels(system, trimap);
    status = check_memory(system, error);
    if (status == CC_OK) {
        status = allocate(system, error);
    }
    if (status == CC_OK) {
        find_runs(system);
    } else {
        cc_matting_system_free(system);
    }
    return status;
}

cc_status cc_matting_system_make(const cc_image *image, const cc_image *trimap,
                                 cc_thread_pool *pool, const atomic_bool *cancel,
                                 cc_matting_system *system, cc_error *error)
{
    assembly job = {system, image, cancel, 0};
    cc_status status = check(image, trimap, error);

    memset(system, 0, sizeof *system);
    if (status == CC_OK) {
        status = cc_matting_system_empty(trimap, system, error);
    }
    if (status == CC_OK) {
        cc_thread_pool_run(pool, add_strip, &job, (system->strip_count + 1) / 2);
        job.parity = 1;
        cc_thread_pool_run(pool, add_strip, &job, system->strip_count / 2);
        if (cancel != NULL && atomic_load(cancel)) {
            status = cc_fail(error, CC_CANCELLED, "alpha matting was cancelled");
        }
    }
    if (status != CC_OK) {
        cc_matting_system_free(system);
    }
    return status;
}

void cc_matting_system_free(cc_matting_system *system)
{
    cc_free(system->index);
    cc_free(system->runs);
    cc_free(system->strip_runs);
    cc_free(system->diagonal);
    cc_free(system->later);
    cc_free(system->right);
    memset(system, 0, sizeof *system);
}

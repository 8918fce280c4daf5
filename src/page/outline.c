#include "page/outline.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/memory.h"

enum { UPSAMPLING = 2, MAX_SIZE = 1024 };

/* How much of its area a component loses at the picture's corner, against the
 * centre, when the largest is chosen (from the rehearsal of the page model). */
#define CENTRALITY 0.6

/* Distance from the frame, in map pixels, that counts as on it. */
#define FRAME_REACH 0.6

/* The doubled map with the labels of its components. */
typedef struct grid {
    float *value;
    int32_t *label; /* 0 = below the level, -1 = not visited, else component number */
    int32_t *stack;
    int size;
    float level;
} grid;

typedef struct component {
    int32_t label;
    int area;
    double x_sum;
    double y_sum;
    int32_t first; /* its first sample in reading order */
} component;

static float clean(float value)
{
    if (!(value > 0.0F)) { /* NaN lands here too */
        return 0.0F;
    }
    return value < 1.0F ? value : 1.0F;
}

/* Keys' cubic convolution (1981), a = -0.5, at +-1/4 of a sample: the two phases
 * of doubling. The second phase is the first one mirrored. */
static const float PHASE[4] = {-0.0703125F, 0.8671875F, 0.2265625F, -0.0234375F};

/* Which samples of a line of `size` a doubled one is made of; the ends are repeated. */
static void cubic_taps(int size, int doubled, int tap[4])
{
    int base = doubled / 2;
    int step = doubled % 2 == 0 ? -1 : 1;

    for (int k = 0; k < 4; k++) {
        int at = base + (k - 1) * step;
        tap[k] = at < 0 ? 0 : at >= size ? size - 1 : at;
    }
}

static float cubic_sum(float a, float b, float c, float d)
{
    return PHASE[0] * a + PHASE[1] * b + PHASE[2] * c + PHASE[3] * d;
}

/* One row, twice as wide. */
static void double_width(const float *restrict samples, int size, float *restrict row)
{
    for (int x = 0; x < 2 * size; x++) {
        int tap[4];
        cubic_taps(size, x, tap);
        row[x] =
            clean(cubic_sum(samples[tap[0]], samples[tap[1]], samples[tap[2]], samples[tap[3]]));
    }
}

/* All columns at once, so that the compiler uses whole vectors. */
static void double_height(const float *rows, int size, int wide, float *restrict doubled)
{
    for (int y = 0; y < 2 * size; y++) {
        int tap[4];
        cubic_taps(size, y, tap);
        const float *a = rows + tap[0] * wide;
        const float *b = rows + tap[1] * wide;
        const float *c = rows + tap[2] * wide;
        const float *d = rows + tap[3] * wide;
        for (int x = 0; x < wide; x++) {
            doubled[y * wide + x] = cubic_sum(a[x], b[x], c[x], d[x]);
        }
    }
}

/* `rows` has room for the map at double width, and for one row of the map. */
static void upsample(const float *map, int size, float *rows, float *doubled)
{
    int wide = size * UPSAMPLING;
    float *cleaned = rows + size * wide;

    for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
            cleaned[x] = clean(map[y * size + x]);
        }
        double_width(cleaned, size, rows + y * wide);
    }
    double_height(rows, size, wide, doubled);
}

static void grid_free(grid *g)
{
    cc_free(g->value);
    cc_free(g->label);
    cc_free(g->stack);
    memset(g, 0, sizeof *g);
}

static cc_status grid_create(const float *map, int size, grid *g, cc_error *error)
{
    int wide = size * UPSAMPLING;
    size_t samples = (size_t)wide * (size_t)wide;
    float *rows = cc_alloc_array(samples / UPSAMPLING + (size_t)size, sizeof *rows);

    g->size = wide;
    g->value = cc_alloc_array(samples, sizeof *g->value);
    g->label = cc_alloc_array(samples, sizeof *g->label);
    g->stack = cc_alloc_array(samples, sizeof *g->stack);
    if (rows == NULL || g->value == NULL || g->label == NULL || g->stack == NULL) {
        cc_free(rows);
        grid_free(g);
        return cc_fail_memory(error, samples * 3 * sizeof(float));
    }
    upsample(map, size, rows, g->value);
    cc_free(rows);
    for (size_t i = 0; i < samples; i++) {
        g->label[i] = g->value[i] > g->level ? -1 : 0;
    }
    return CC_OK;
}

/* Put a sample on the stack once. */
static int push(grid *g, int32_t sample, int32_t label, int depth)
{
    if (g->label[sample] == -1) {
        g->label[sample] = label;
        g->stack[depth++] = sample;
    }
    return depth;
}

/* Label everything 4-connected to `first`. */
static component flood(grid *g, int32_t first, int32_t label)
{
    component found = {label, 0, 0.0, 0.0, first};
    int depth = push(g, first, label, 0);

    while (depth > 0) {
        int32_t sample = g->stack[--depth];
        int x = sample % g->size;
        int y = sample / g->size;

        found.area++;
        found.x_sum += x + 0.5;
        found.y_sum += y + 0.5;
        depth = x > 0 ? push(g, sample - 1, label, depth) : depth;
        depth = x + 1 < g->size ? push(g, sample + 1, label, depth) : depth;
        depth = y > 0 ? push(g, sample - g->size, label, depth) : depth;
        depth = y + 1 < g->size ? push(g, sample + g->size, label, depth) : depth;
    }
    return found;
}

static double central_area(const component *part, int size)
{
    double x = part->x_sum / part->area / size - 0.5;
    double y = part->y_sum / part->area / size - 0.5;

    return part->area * (1.0 - CENTRALITY * hypot(x, y));
}

/* The winning component (area 0 if there is none); *total is the area of all. */
static component choose(grid *g, double *total)
{
    component best = {0};
    double best_score = 0.0;
    int32_t samples = g->size * g->size;
    int32_t labels = 0;

    *total = 0.0;
    for (int32_t i = 0; i < samples; i++) {
        if (g->label[i] != -1) {
            continue;
        }
        component part = flood(g, i, ++labels);
        double score = central_area(&part, g->size);
        *total += part.area;
        if (score > best_score) {
            best_score = score;
            best = part;
        }
    }
    return best;
}

/* A crack is the border between a sample of the component and the neighbour on
 * one of its sides; walking clockwise along cracks goes round the component. */
typedef struct crack {
    int x;
    int y;
    int side; /* 0 up, 1 right, 2 down, 3 left */
} crack;

static const int STEP_X[4] = {0, 1, 0, -1};
static const int STEP_Y[4] = {-1, 0, 1, 0};

static bool inside(const grid *g, int32_t label, int x, int y)
{
    return x >= 0 && y >= 0 && x < g->size && y < g->size && g->label[y * g->size + x] == label;
}

static crack next_crack(const grid *g, int32_t label, crack at)
{
    int turn = (at.side + 1) % 4;
    int forward_x = at.x + STEP_X[turn];
    int forward_y = at.y + STEP_Y[turn];
    int outer_x = forward_x + STEP_X[at.side];
    int outer_y = forward_y + STEP_Y[at.side];

    if (!inside(g, label, forward_x, forward_y)) {
        return (crack){at.x, at.y, turn};
    }
    if (inside(g, label, outer_x, outer_y)) {
        return (crack){outer_x, outer_y, (at.side + 3) % 4};
    }
    return (crack){forward_x, forward_y, at.side};
}

/* Where the level is crossed between a crack's sample and its outer neighbour. */
static cc_outline_point crossing(const grid *g, crack at)
{
    int outer_x = at.x + STEP_X[at.side];
    int outer_y = at.y + STEP_Y[at.side];
    double along = 0.5; /* beyond the frame: half a sample out, which is the frame */
    cc_outline_point point;

    if (outer_x >= 0 && outer_y >= 0 && outer_x < g->size && outer_y < g->size) {
        double high = (double)g->value[at.y * g->size + at.x];
        double low = (double)g->value[outer_y * g->size + outer_x];
        along = (high - (double)g->level) / (high - low);
    }
    point.at.x = (at.x + 0.5 + along * STEP_X[at.side]) / UPSAMPLING;
    point.at.y = (at.y + 0.5 + along * STEP_Y[at.side]) / UPSAMPLING;
    double size = (double)g->size / UPSAMPLING;
    point.on_frame = point.at.x < FRAME_REACH || point.at.y < FRAME_REACH ||
                     point.at.x > size - FRAME_REACH || point.at.y > size - FRAME_REACH;
    return point;
}

/* Walk round a component; returns the number of points, stores them if asked. */
static int walk(const grid *g, const component *part, cc_outline_point *points)
{
    crack start = {part->first % g->size, part->first / g->size, 0};
    crack at = start;
    int count = 0;

    do {
        if (points != NULL) {
            points[count] = crossing(g, at);
        }
        count++;
        at = next_crack(g, part->label, at);
    } while (at.x != start.x || at.y != start.y || at.side != start.side);
    return count;
}

static double outline_area(const cc_outline *outline)
{
    double sum = 0.0;

    for (int i = 0; i < outline->count; i++) {
        cc_point a = outline->points[i].at;
        cc_point b = outline->points[(i + 1) % outline->count].at;
        sum += a.x * b.y - b.x * a.y;
    }
    return 0.5 * sum;
}

static cc_status collect(const grid *g, const component *part, double total, cc_outline *outline,
                         cc_error *error)
{
    int count = walk(g, part, NULL);
    cc_outline_point *points = cc_alloc_array((size_t)count, sizeof *points);

    if (points == NULL) {
        return cc_fail_memory(error, (unsigned long long)count * sizeof *points);
    }
    walk(g, part, points);
    outline->points = points;
    outline->count = count;
    outline->area = outline_area(outline);
    outline->coverage = outline->area / (outline->size * outline->size);
    outline->others = (total - part->area) / part->area;
    return CC_OK;
}

cc_status cc_outline_trace(const float *map, int size, double level, cc_outline *outline,
                           cc_error *error)
{
    grid g = {.level = (float)level};
    double total;
    cc_status status;

    memset(outline, 0, sizeof *outline);
    if (size < 2 || size > MAX_SIZE) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "page map of size %d: must be 2 to %d", size,
                       MAX_SIZE);
    }
    if (!(level >= 0.0 && level <= 1.0)) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "outline level %g: must be 0 to 1", level);
    }
    outline->size = size;
    status = grid_create(map, size, &g, error);
    if (status != CC_OK) {
        return status;
    }
    component best = choose(&g, &total);
    if (best.area > 0) {
        status = collect(&g, &best, total, outline, error);
    }
    grid_free(&g);
    return status;
}

void cc_outline_free(cc_outline *outline)
{
    cc_free(outline->points);
    memset(outline, 0, sizeof *outline);
}

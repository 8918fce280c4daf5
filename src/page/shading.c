#include "page/shading.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"

/* Cells along the longer side: a cell of A4 is about 5 mm, wider than a line of text
 * is high and narrower than most shadows' edges are soft. */
enum { CELLS_ALONG = 60, MOST_CELLS = CELLS_ALONG + 1, SMALLEST_CELL = 8 };

/* Which pixels of a cell are its paper: the brightest quarter. */
#define PAPER_SHARE 0.25

/* Paper is even: over that quarter, brightness may rise by this share. */
#define UNEVEN 0.22

/* Paper in shadow has at least this share of the brightness of paper in light. */
#define DEEPEST_SHADOW 0.22

/* Colour of a paper cell against the typical one: largest difference of the channels'
 * shares of the brightness. Lamps of two colours on one page stay below. */
#define COLOUR_TOLERANCE 0.09

/* From here on the paper itself is coloured, not the light: the weakest channel has
 * this share of the strongest. The light of a tungsten lamp on a camera set for
 * daylight reaches about 0.5. */
#define TINTED_BELOW 0.5

/* Under this share of paper cells nothing is corrected. */
#define LEAST_FOUND 0.1

/* No correction brightens by more. */
#define DARKEST_PAPER 40.0F

/* One cell while the picture is measured. */
typedef struct cell {
    float colour[3];
    float luma;
    float spread; /* of the brightest quarter, as a share of its mean */
    bool paper;
} cell;

typedef struct measuring {
    const cc_image *image;
    const cc_shading *shading;
    cell *cells;
} measuring;

static int luma_of(const uint8_t *pixel, int channels)
{
    return channels == 1 ? pixel[0] : (pixel[0] * 77 + pixel[1] * 150 + pixel[2] * 29) >> 8;
}

/* Pixels of large cells are taken every `step`: a thousand are enough. */
static int step_of(const cc_shading *shading)
{
    double side = fmin(shading->cell_width, shading->cell_height);
    return side > 64.0 ? (int)(side / 32.0) : 1;
}

typedef struct span {
    int left;
    int top;
    int right;
    int bottom;
    int step;
} span;

static span span_of(const measuring *m, int column, int row)
{
    const cc_shading *s = m->shading;
    span area = {(int)(column * s->cell_width), (int)(row * s->cell_height),
                 (int)((column + 1) * s->cell_width), (int)((row + 1) * s->cell_height),
                 step_of(s)};

    area.right = area.right > m->image->width ? m->image->width : area.right;
    area.bottom = area.bottom > m->image->height ? m->image->height : area.bottom;
    return area;
}

/* The luma above which the brightest quarter of `count` pixels lies. */
static int quarter_level(const int histogram[256], int count)
{
    int wanted = (int)ceil(PAPER_SHARE * count);
    int level = 255;

    for (int above = histogram[255]; above < wanted && level > 0; above += histogram[level]) {
        level--;
    }
    return level;
}

/* The luma that only a hundredth exceeds: the upper end, without single bright specks. */
static int top_level(const int histogram[256], int count)
{
    int level = 255;

    for (int above = histogram[255]; above * 100 < count && level > 0; above += histogram[level]) {
        level--;
    }
    return level;
}

static int count_luma(const cc_image *image, const span *area, int histogram[256])
{
    int count = 0;

    memset(histogram, 0, 256 * sizeof *histogram);
    for (int y = area->top; y < area->bottom; y += area->step) {
        const uint8_t *row = cc_image_row(image, y);
        for (int x = area->left; x < area->right; x += area->step) {
            histogram[luma_of(row + (size_t)x * (size_t)image->channels, image->channels)]++;
            count++;
        }
    }
    return count;
}

static void measure_cell(const measuring *m, int column, int row, cell *result)
{
    const cc_image *image = m->image;
    span area = span_of(m, column, row);
    int histogram[256];
    int count = count_luma(image, &area, histogram);
    int level = quarter_level(histogram, count);
    int top = top_level(histogram, count);
    double sum[3] = {0.0, 0.0, 0.0};
    int taken = 0;

    for (int y = area.top; y < area.bottom; y += area.step) {
        const uint8_t *line = cc_image_row(image, y);
        for (int x = area.left; x < area.right; x += area.step) {
            const uint8_t *pixel = line + (size_t)x * (size_t)image->channels;
            int luma = luma_of(pixel, image->channels);
            if (luma < level || luma > top) {
                continue;
            }
            for (int c = 0; c < image->channels; c++) {
                sum[c] += pixel[c];
            }
            taken++;
        }
    }
    for (int c = 0; c < 3; c++) {
        double value = taken > 0 ? sum[c < image->channels ? c : 0] / taken : 0.0;
        result->colour[c] = (float)value;
    }
    result->luma =
        0.30F * result->colour[0] + 0.59F * result->colour[1] + 0.11F * result->colour[2];
    result->spread = (float)(top - level) / fmaxf(1.0F, result->luma);
}

static void measure_row(void *context, int row, int worker)
{
    const measuring *m = context;

    (void)worker;
    for (int column = 0; column < m->shading->columns; column++) {
        measure_cell(m, column, row, &m->cells[row * m->shading->columns + column]);
    }
}

/* ---- which cells show paper ---- */

/* The luma that a tenth of the even cells exceeds: paper in good light. */
static float bright_paper(const cell *cells, int count)
{
    int histogram[256] = {0};
    int even = 0;

    for (int i = 0; i < count; i++) {
        if (cells[i].spread < (float)UNEVEN) {
            histogram[(int)fminf(255.0F, cells[i].luma)]++;
            even++;
        }
    }
    return even > 0 ? (float)top_level(histogram, (even + 9) / 10) : 255.0F;
}

/* Mean colour of the even cells that are bright, as shares of their luma. */
static void typical_colour(const cell *cells, int count, float least, float share[3])
{
    double sum[4] = {0.0, 0.0, 0.0, 0.0};

    for (int i = 0; i < count; i++) {
        if (cells[i].spread < (float)UNEVEN && cells[i].luma >= least) {
            for (int c = 0; c < 3; c++) {
                sum[c] += (double)cells[i].colour[c];
            }
            sum[3] += (double)cells[i].luma;
        }
    }
    for (int c = 0; c < 3; c++) {
        share[c] = sum[3] > 0.0 ? (float)(sum[c] / sum[3]) : 1.0F;
    }
}

static bool has_colour(const cell *one, const float share[3])
{
    for (int c = 0; c < 3; c++) {
        if (fabsf(one->colour[c] / fmaxf(1.0F, one->luma) - share[c]) >
            (float)COLOUR_TOLERANCE * 3.0F * share[c]) {
            return false;
        }
    }
    return true;
}

static void mark_paper(cell *cells, int count, float share[3])
{
    float bright = bright_paper(cells, count);

    typical_colour(cells, count, 0.7F * bright, share);
    for (int i = 0; i < count; i++) {
        cells[i].paper = cells[i].spread < (float)UNEVEN &&
                         cells[i].luma > (float)DEEPEST_SHADOW * bright &&
                         has_colour(&cells[i], share);
    }
}

/* A dark field or picture is even too, and in poor light bright enough. It differs from
 * a shadow in how it begins: paper is where paper can be reached from well-lit paper in
 * hops of up to two cells (over an uneven one) without the brightness falling to less
 * than this share in one hop. The edges of shadows rarely halve the light. */
#define DEEPEST_STEP 0.45F
enum { HOP = 2 };

typedef struct spreading {
    cell *cells;
    int columns;
    int rows;
    bool *reached;
    int *queue; /* room for every cell once */
    int queued;
} spreading;

static void reach_from(spreading *s, int from)
{
    int x = from % s->columns;
    int y = from / s->columns;

    for (int j = y - HOP; j <= y + HOP; j++) {
        for (int i = x - HOP; i <= x + HOP; i++) {
            int at = j * s->columns + i;
            if (i < 0 || i >= s->columns || j < 0 || j >= s->rows || s->reached[at] ||
                !s->cells[at].paper || s->cells[at].luma < DEEPEST_STEP * s->cells[from].luma) {
                continue;
            }
            s->reached[at] = true;
            s->queue[s->queued++] = at;
        }
    }
}

static int keep_reachable(spreading *s)
{
    int count = s->columns * s->rows;
    float bright = bright_paper(s->cells, count);

    for (int i = 0; i < count; i++) {
        if (s->cells[i].paper && s->cells[i].luma >= 0.7F * bright) {
            s->reached[i] = true;
            s->queue[s->queued++] = i;
        }
    }
    for (int next = 0; next < s->queued; next++) {
        reach_from(s, s->queue[next]);
    }
    for (int i = 0; i < count; i++) {
        s->cells[i].paper = s->reached[i];
    }
    return s->queued;
}

/* ---- filling and smoothing ---- */

/* Cells without paper take the weighted mean of the paper around them, nearer cells
 * counting more (inverse fourth power of the distance); rings are widened until
 * there is some. */
static void fill_cell(const cell *cells, const cc_shading *s, int x, int y, float *out)
{
    int limit = s->columns > s->rows ? s->columns : s->rows;
    double sum[3] = {0.0, 0.0, 0.0};
    double weight = 0.0;

    for (int reach = 4; weight <= 0.0 && reach <= 2 * limit; reach *= 2) {
        for (int dy = -reach; dy <= reach; dy++) {
            for (int dx = -reach; dx <= reach; dx++) {
                int square = dx * dx + dy * dy;
                const cell *one;
                if (x + dx < 0 || x + dx >= s->columns || y + dy < 0 || y + dy >= s->rows) {
                    continue;
                }
                one = &cells[(y + dy) * s->columns + x + dx];
                if (one->paper) {
                    double w = 1.0 / ((double)square * square + 1e-3);
                    for (int c = 0; c < s->channels; c++) {
                        sum[c] += w * (double)one->colour[c];
                    }
                    weight += w;
                }
            }
        }
    }
    for (int c = 0; c < s->channels; c++) {
        out[c] = weight > 0.0 ? (float)(sum[c] / weight) : 255.0F;
    }
}

static int clamp_index(int i, int count)
{
    return i < 0 ? 0 : i >= count ? count - 1 : i;
}

/* 1 2 1 in both directions, from `from` into the shading. */
static void smooth(const float *from, cc_shading *s)
{
    static const float weight[3] = {0.25F, 0.5F, 0.25F};

    for (int y = 0; y < s->rows; y++) {
        for (int x = 0; x < s->columns * s->channels; x++) {
            float sum = 0.0F;
            for (int dy = -1; dy <= 1; dy++) {
                for (int dx = -1; dx <= 1; dx++) {
                    int column = clamp_index(x / s->channels + dx, s->columns);
                    int row = clamp_index(y + dy, s->rows);
                    sum += weight[dy + 1] * weight[dx + 1] *
                           from[(row * s->columns + column) * s->channels + x % s->channels];
                }
            }
            s->paper[y * s->columns * s->channels + x] = fmaxf(DARKEST_PAPER, sum);
        }
    }
}

static void fill_and_smooth(const cell *cells, float *scratch, cc_shading *s)
{
    for (int i = 0; i < s->rows * s->columns; i++) {
        float *out = scratch + (size_t)i * (size_t)s->channels;
        fill_cell(cells, s, i % s->columns, i / s->columns, out);
        if (s->tinted) {
            float luma = 0.30F * out[0] + 0.59F * out[1] + 0.11F * out[2];
            out[0] = out[1] = out[2] = luma;
        }
    }
    smooth(scratch, s);
}

/* ---- the whole ---- */

static void divide_page(const cc_image *image, cc_shading *s)
{
    double side = fmax(image->width, image->height) / (double)CELLS_ALONG;

    side = fmax(side, SMALLEST_CELL);
    s->columns = (int)fmax(1.0, floor(image->width / side + 0.5));
    s->rows = (int)fmax(1.0, floor(image->height / side + 0.5));
    s->cell_width = (double)image->width / s->columns;
    s->cell_height = (double)image->height / s->rows;
    s->channels = image->channels;
}

static void evaluate(spreading *spread, float *scratch, cc_shading *s)
{
    int count = s->columns * s->rows;
    float share[3];

    mark_paper(spread->cells, count, share);
    s->found = (float)keep_reachable(spread) / (float)count;
    s->tinted =
        s->channels == 3 && fminf(share[0], fminf(share[1], share[2])) <
                                (float)TINTED_BELOW * fmaxf(share[0], fmaxf(share[1], share[2]));
    if (s->found < (float)LEAST_FOUND) {
        for (int i = 0; i < count * s->channels; i++) {
            s->paper[i] = 255.0F;
        }
    } else {
        fill_and_smooth(spread->cells, scratch, s);
    }
}

cc_status cc_shading_measure(const cc_image *image, cc_thread_pool *pool, cc_shading *shading,
                             cc_error *error)
{
    cc_shading s = {0};
    spreading spread = {0};
    float *scratch;
    size_t count;

    memset(shading, 0, sizeof *shading);
    if (image->channels != 1 && image->channels != 3) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "shading is measured on pictures without transparency");
    }
    divide_page(image, &s);
    count = (size_t)s.columns * (size_t)s.rows;
    spread.columns = s.columns;
    spread.rows = s.rows;
    spread.cells = cc_alloc_zeroed(count, sizeof *spread.cells);
    spread.reached = cc_alloc_zeroed(count, sizeof *spread.reached);
    spread.queue = cc_alloc_zeroed(count, sizeof *spread.queue);
    scratch = cc_alloc_zeroed(count * (size_t)s.channels, sizeof *scratch);
    s.paper = cc_alloc_zeroed(count * (size_t)s.channels, sizeof *s.paper);
    if (spread.cells != NULL && spread.reached != NULL && spread.queue != NULL && scratch != NULL &&
        s.paper != NULL) {
        measuring m = {image, &s, spread.cells};
        cc_thread_pool_run(pool, measure_row, &m, s.rows);
        evaluate(&spread, scratch, &s);
        *shading = s;
    } else {
        cc_shading_free(&s);
    }
    cc_free(spread.cells);
    cc_free(spread.reached);
    cc_free(spread.queue);
    cc_free(scratch);
    return shading->paper != NULL ? CC_OK : cc_fail_memory(error, count * sizeof(cell));
}

void cc_shading_free(cc_shading *shading)
{
    cc_free(shading->paper);
    memset(shading, 0, sizeof *shading);
}

/* ---- factors ---- */

/* The two cells about a coordinate and the share of the second. */
typedef struct between {
    int first;
    int second;
    float share;
} between;

static between locate(int pixel, double cell_size, int count)
{
    double at = (pixel + 0.5) / cell_size - 0.5;
    int low = (int)floor(at);
    between result = {clamp_index(low, count), clamp_index(low + 1, count), (float)(at - low)};
    return result;
}

/* One row's paper at the cells' columns. */
static void mix_rows(const cc_shading *s, int y, float *mixed)
{
    between v = locate(y, s->cell_height, s->rows);
    size_t line = (size_t)s->columns * (size_t)s->channels;
    const float *above = s->paper + (size_t)v.first * line;
    const float *below = s->paper + (size_t)v.second * line;

    for (size_t i = 0; i < line; i++) {
        mixed[i] = above[i] + v.share * (below[i] - above[i]);
    }
}

/* Pixels from `begin` to `end` lie between two columns of cells (or beyond the last):
 * paper is a straight line there. */
static void fill_gains(const cc_shading *s, const float *left, const float *right, int column,
                       int begin, int end, float *gain)
{
    const float per_pixel = (float)(1.0 / s->cell_width);
    float start = (float)((begin + 0.5) / s->cell_width - 0.5 - column);

    for (int c = 0; c < s->channels; c++) {
        float slope = (right[c] - left[c]) * per_pixel;
        float value = left[c] + (right[c] - left[c]) * start;
        for (int x = begin; x < end; x++) {
            gain[x * s->channels + c] = 255.0F / (value + slope * (float)(x - begin));
        }
    }
}

void cc_shading_gains(const cc_shading *shading, int y, int width, float *gain)
{
    const cc_shading *s = shading;
    float mixed[MOST_CELLS * 3];
    int begin = 0;

    mix_rows(s, y, mixed);
    for (int column = -1; column < s->columns; column++) {
        const float *left = mixed + clamp_index(column, s->columns) * s->channels;
        const float *right = mixed + clamp_index(column + 1, s->columns) * s->channels;
        int end = (int)ceil((column + 1.5) * s->cell_width - 0.5);
        end = column + 1 == s->columns || end > width ? width : end;
        fill_gains(s, left, right, column, begin, end, gain);
        begin = end;
    }
}

float cc_shading_gain_at(const cc_shading *shading, int x, int y, int channel)
{
    const cc_shading *s = shading;
    between h = locate(x, s->cell_width, s->columns);
    between v = locate(y, s->cell_height, s->rows);
    double corner[2][2];

    for (int j = 0; j < 2; j++) {
        for (int i = 0; i < 2; i++) {
            int row = j ? v.second : v.first;
            int column = i ? h.second : h.first;
            corner[j][i] = (double)s->paper[(row * s->columns + column) * s->channels + channel];
        }
    }
    double upper = corner[0][0] * (1.0 - (double)h.share) + corner[0][1] * (double)h.share;
    double lower = corner[1][0] * (1.0 - (double)h.share) + corner[1][1] * (double)h.share;
    return (float)(255.0 / (upper * (1.0 - (double)v.share) + lower * (double)v.share));
}

#include "page/textlines.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "image/pixels.h"
#include "image/resample.h"
#include "page/finish.h"
#include "page/groups.h"

/* The page is looked at with this many pixels along its longer side: letters of ten
 * points on A4 are then about ten pixels high. */
enum { LONG_SIDE = 1600 };

/* Letters and pieces of words, in shares of the longer side. */
#define LONGEST_WORD 0.12
#define TALLEST_LETTER 0.035
enum { SMALLEST_LETTER = 4, FEWEST_PIXELS = 6 };

/* Profiles are taken over strips this many to the side, so that columns and a slight
 * skew do no harm. */
enum { STRIPS = 4 };

/* Windows that smooth profiles, in rows: within a letter, and over more than a line. */
enum { FINE = 5, COARSE = 61 };

/* A row of a line has this many dark pixels. */
#define LEAST_INK 3.0F

/* When the axis is beyond doubt: enough letters, and the profile across the lines at
 * least so much sharper. Measured with bench/page/orientation.sh, see docs/page.md. */
enum { ENOUGH_LETTERS = 60 };
#define SURE_SHARPNESS 0.8

/* When the direction is: so many pieces of lines, so much more ink above the small
 * letters than below (share of their own), and so many standard deviations of it. */
enum { ENOUGH_LINES = 12 };
#define SURE_EXCESS 0.012
#define SURE_DEVIATIONS 4.0

/* Skew is looked for between these, in steps. */
#define MOST_SKEW 2.0
#define SKEW_STEP 0.1
enum { SKEW_STEPS = 41 };

#define DEGREE (3.14159265358979323846 / 180.0)

/* The letters as runs; `across` is the size along the lines once they run across. */
typedef struct letters {
    cc_group_run *runs; /* owned; only y, begin, end matter */
    int count;
    int width;
    int height;
} letters;

/* ---- finding letters ---- */

static cc_status shrink(const cc_image *page, cc_thread_pool *pool, cc_image *small,
                        cc_error *error)
{
    int longer = page->width > page->height ? page->width : page->height;
    double scale = longer > LONG_SIDE ? (double)LONG_SIDE / longer : 1.0;
    int width = (int)fmax(1.0, floor(page->width * scale + 0.5));
    int height = (int)fmax(1.0, floor(page->height * scale + 0.5));
    cc_image reduced = {0};
    cc_status status = cc_image_resize(page, width, height, CC_FILTER_BOX, pool, &reduced, error);

    if (status == CC_OK && page->channels != 1) {
        status = cc_image_convert(&reduced, 1, small, error);
        cc_image_free(&reduced);
        return status;
    }
    *small = reduced;
    return status;
}

static bool is_letter(const cc_group_run *group, int longer)
{
    int width = group->right - group->left;
    int height = group->bottom - group->top;
    int large = width > height ? width : height;
    int small = width > height ? height : width;

    return large >= SMALLEST_LETTER && group->pixels >= FEWEST_PIXELS &&
           large <= LONGEST_WORD * longer && small <= TALLEST_LETTER * longer &&
           group->pixels * 12 >= large * small;
}

/* Keep the runs of letters, at the beginning of the list. */
static int keep_letters(cc_groups *groups, int longer, bool *letter)
{
    int kept = 0;
    int count = 0;

    for (int i = 0; i < groups->count; i++) {
        int root = cc_groups_root(groups, i);
        letter[i] = is_letter(&groups->runs[root], longer);
        count += letter[i] && root == i;
    }
    for (int i = 0; i < groups->count; i++) {
        if (letter[i]) {
            groups->runs[kept++] = groups->runs[i];
        }
    }
    groups->count = kept;
    return count;
}

static cc_status find_letters(const cc_image *page, cc_thread_pool *pool, letters *found,
                              int *count, cc_error *error)
{
    cc_image small = {0};
    cc_groups groups = {0};
    bool *letter;
    cc_status status = shrink(page, pool, &small, error);

    if (status == CC_OK) {
        status = cc_page_finish(&small, CC_FINISH_BILEVEL, pool, error);
    }
    if (status == CC_OK) {
        status = cc_groups_find(&small, &groups, error);
    }
    letter = cc_alloc_zeroed((size_t)groups.count + 1, sizeof *letter);
    if (status == CC_OK && letter == NULL) {
        status = cc_fail_memory(error, (unsigned long long)groups.count);
    }
    if (status == CC_OK) {
        int longer = small.width > small.height ? small.width : small.height;
        *count = keep_letters(&groups, longer, letter);
        *found = (letters){groups.runs, groups.count, small.width, small.height};
    } else {
        cc_groups_free(&groups);
    }
    cc_free(letter);
    cc_image_free(&small);
    return status;
}

/* ---- profiles ---- */

/* The ink of each row (or, with `down`, of each column) in each of the strips, along
 * lines that rise by `slope`. profile: STRIPS x length, zeroed here. */
static void project(const letters *l, bool down, double slope, float *profile)
{
    int length = down ? l->width : l->height;
    int along = down ? l->height : l->width;

    memset(profile, 0, (size_t)STRIPS * (size_t)length * sizeof *profile);
    for (int i = 0; i < l->count; i++) {
        for (int x = l->runs[i].begin; x < l->runs[i].end; x++) {
            int at = down ? l->runs[i].y : x;
            int across = down ? x : l->runs[i].y;
            int strip = at * STRIPS / along;
            double shifted = across + slope * (at - 0.5 * along);
            int row = (int)(shifted + 0.5);
            if (shifted >= 0.0 && row < length) {
                profile[strip * length + row] += 1.0F;
            }
        }
    }
}

/* Means over windows of `size` (odd) rows, cut at the ends. */
static void smooth(const float *p, int length, int size, float *result)
{
    int half = size / 2;
    float sum = 0.0F;

    for (int y = -half; y < length; y++) {
        sum += y + half < length ? p[y + half] : 0.0F;
        sum -= y - half - 1 >= 0 ? p[y - half - 1] : 0.0F;
        if (y >= 0) {
            int begin = y - half > 0 ? y - half : 0;
            int end = y + half < length - 1 ? y + half : length - 1;
            result[y] = sum / (float)(end - begin + 1);
        }
    }
}

/* How much the ink swings between lines and gaps: variance of a finely smoothed
 * profile about a coarsely smoothed one, against the latter's own square. scratch: two
 * times `length`. */
static double swing(const float *profile, int length, float *scratch)
{
    float *fine = scratch;
    float *coarse = scratch + length;
    double change = 0.0;
    double ink = 0.0;

    for (int strip = 0; strip < STRIPS; strip++) {
        const float *p = profile + (size_t)strip * (size_t)length;
        smooth(p, length, FINE, fine);
        smooth(p, length, COARSE, coarse);
        for (int y = 0; y < length; y++) {
            double d = (double)fine[y] - (double)coarse[y];
            change += d * d;
            ink += (double)coarse[y] * (double)coarse[y];
        }
    }
    return ink > 0.0 ? change / ink : 0.0;
}

/* How much neighbouring rows differ over the whole width: the more, the better the
 * slope. */
static double whole_sharpness(const float *profile, int length, float *sum)
{
    double change = 0.0;

    for (int y = 0; y < length; y++) {
        sum[y] = 0.0F;
        for (int strip = 0; strip < STRIPS; strip++) {
            sum[y] += profile[(size_t)strip * (size_t)length + (size_t)y];
        }
    }
    for (int y = 1; y < length; y++) {
        double d = (double)sum[y] - (double)sum[y - 1];
        change += d * d;
    }
    return change;
}

/* ---- skew ---- */

static void measure_skew(const letters *l, bool down, float *profile, float *sum,
                         cc_textlines *lines)
{
    double score[SKEW_STEPS];
    int length = down ? l->width : l->height;
    int best = 0;
    double mean = 0.0;

    for (int i = 0; i < SKEW_STEPS; i++) {
        double degrees = (i - SKEW_STEPS / 2) * SKEW_STEP;
        project(l, down, tan(degrees * DEGREE), profile);
        score[i] = whole_sharpness(profile, length, sum);
        mean += score[i] / SKEW_STEPS;
        best = score[i] > score[best] ? i : best;
    }
    lines->skew = (best - SKEW_STEPS / 2) * SKEW_STEP;
    if (best > 0 && best < SKEW_STEPS - 1) { /* the parabola through three points */
        double left = score[best - 1];
        double right = score[best + 1];
        double bend = left - 2.0 * score[best] + right;
        lines->skew += bend < 0.0 ? 0.5 * SKEW_STEP * (left - right) / bend : 0.0;
        lines->skew_sure = score[best] > 1.5 * mean;
    }
    if (down) { /* a column leaning right is a line that falls, once turned */
        lines->skew = -lines->skew;
    }
    if (!lines->skew_sure) {
        lines->skew = 0.0;
    }
}

/* ---- which way is up ---- */

/* What all pieces of lines say together. */
typedef struct tally {
    int lines;
    double sum;     /* of the excess above, in shares of the line's own ink */
    double squares; /* of it */
} tally;

/* The rows at which the profile rises and falls most steeply; the small letters lie
 * between. */
static void find_band(const float *p, int begin, int end, int *rise, int *fall)
{
    float steepest = 0.0F;
    float lowest = 0.0F;

    *rise = *fall = begin;
    for (int y = begin + 1; y < end - 1; y++) {
        float change = p[y + 1] - p[y - 1];
        if (change > steepest) {
            steepest = change;
            *rise = y;
        }
        if (change <= lowest) {
            lowest = change;
            *fall = y;
        }
    }
}

/* The ink from row `from` on, in steps of `step`, up to an empty row or `reach` rows. */
static double ink_beyond(const float *p, int from, int step, int reach, int begin, int end)
{
    double sum = 0.0;

    for (int i = 0; i < reach && from >= begin && from < end && p[from] > 0.0F; i++) {
        sum += (double)p[from];
        from += step;
    }
    return sum;
}

/* A line: rows begin .. end - 1 stand out in ink; first .. last - 1 is all that may
 * belong to it. */
typedef struct line_rows {
    int first;
    int begin;
    int end;
    int last;
} line_rows;

static void count_line(const float *p, const line_rows *line, tally *result)
{
    int rise;
    int fall;
    double own = 0.0;

    find_band(p, line->begin > line->first + 2 ? line->begin - 2 : line->first,
              line->end < line->last - 2 ? line->end + 2 : line->last, &rise, &fall);
    for (int y = rise; y <= fall; y++) {
        own += (double)p[y];
    }
    if (fall - rise >= SMALLEST_LETTER && own > 0.0) {
        int reach = fall - rise;
        /* The rows next to the band are its blurred edge. */
        double above = ink_beyond(p, rise - 2, -1, reach, line->first, line->last);
        double below = ink_beyond(p, fall + 2, 1, reach, line->first, line->last);
        double excess = fmax(-1.0, fmin(1.0, (above - below) / own));
        result->lines++;
        result->sum += excess;
        result->squares += excess * excess;
    }
}

/* Lines of a strip: where the fine profile is above the coarse one; each reaches half
 * way to the next. */
static void count_strip(const float *p, int length, float *scratch, tally *result)
{
    float *fine = scratch;
    float *coarse = scratch + length;
    line_rows line = {0, 0, 0, 0}; /* the one before; empty at first */

    smooth(p, length, FINE, fine);
    smooth(p, length, COARSE, coarse);
    for (int y = 0; y < length;) {
        int begin = y;
        while (y < length && fine[y] > coarse[y] && fine[y] >= LEAST_INK) {
            y++;
        }
        if (y - begin >= SMALLEST_LETTER) {
            line.last = (line.end + begin + 1) / 2;
            if (line.end > 0) {
                count_line(p, &line, result);
            }
            line = (line_rows){line.end > 0 ? line.last : 0, begin, y, length};
        }
        y = y > begin ? y : y + 1;
    }
    if (line.end > 0) {
        count_line(p, &line, result);
    }
}

static void measure_direction(const letters *l, bool down, double skew, float *profile,
                              float *scratch, cc_textlines *lines)
{
    int length = down ? l->width : l->height;
    tally result = {0, 0.0, 0.0};
    double mean;

    project(l, down, tan((down ? -skew : skew) * DEGREE), profile);
    for (int strip = 0; strip < STRIPS; strip++) {
        count_strip(profile + (size_t)strip * (size_t)length, length, scratch, &result);
    }
    if (result.lines < ENOUGH_LINES || !(result.squares > 0.0)) {
        return;
    }
    mean = result.sum / result.lines;
    lines->up = result.sum / sqrt(result.squares);
    lines->excess = mean;
    lines->sure =
        lines->axis_sure && fabs(lines->up) >= SURE_DEVIATIONS && fabs(mean) >= SURE_EXCESS;
}

/* ---- the whole ---- */

static void evaluate(const letters *l, float *profile, float *sum, cc_textlines *lines)
{
    double rows;
    double columns;
    bool down;
    bool upright;

    project(l, false, 0.0, profile);
    rows = swing(profile, l->height, sum);
    project(l, true, 0.0, profile);
    columns = swing(profile, l->width, sum);
    lines->sharpness = rows > 0.0 && columns > 0.0 ? log(rows / columns) : 0.0;
    lines->axis_sure = lines->letters >= ENOUGH_LETTERS && fabs(lines->sharpness) >= SURE_SHARPNESS;
    down = lines->sharpness < 0.0;
    if (!lines->axis_sure) {
        return;
    }
    measure_skew(l, down, profile, sum, lines);
    measure_direction(l, down, lines->skew, profile, sum, lines);
    /* With lines that run down, "above" was the left: the page was turned anticlockwise
     * if the letters' tops are there, and a clockwise turn brings it upright. */
    upright = lines->up > 0.0;
    lines->turn = !lines->sure ? 0 : down ? (upright ? 1 : 3) : (upright ? 0 : 2);
}

cc_status cc_textlines_measure(const cc_image *page, cc_thread_pool *pool, cc_textlines *lines,
                               cc_error *error)
{
    letters found = {0};
    float *profile;
    size_t longer;
    cc_status status;

    memset(lines, 0, sizeof *lines);
    status = find_letters(page, pool, &found, &lines->letters, error);
    if (status != CC_OK) {
        memset(lines, 0, sizeof *lines);
        return status;
    }
    longer = (size_t)(found.width > found.height ? found.width : found.height);
    profile = cc_alloc_array(longer * (STRIPS + 2), sizeof *profile);
    if (profile == NULL) {
        status = cc_fail_memory(error, longer * (STRIPS + 2) * sizeof *profile);
        memset(lines, 0, sizeof *lines);
    } else {
        evaluate(&found, profile, profile + longer * STRIPS, lines);
    }
    cc_free(profile);
    cc_free(found.runs);
    return status;
}

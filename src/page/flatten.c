#include "page/flatten.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "image/pixels.h"
#include "page/curl.h"
#include "page/geometry.h"

#define MM_PER_INCH 25.4
#define DEGREE (3.14159265358979323846 / 180.0)

/* ---- proportions ---- */

/* The sheet's size in mm, the way that its proportions lie. */
static void lay_sheet(double shorter, double longer, cc_flattening *result)
{
    bool landscape = result->measured_aspect > 1.0;

    result->width_mm = landscape ? longer : shorter;
    result->height_mm = landscape ? shorter : longer;
}

static void snap_to_format(cc_flattening *result)
{
    double proportion = fmax(result->aspect, 1.0 / result->aspect);
    const cc_paper *paper = cc_paper_by_aspect(result->aspect, NULL);

    if (paper != NULL) {
        result->paper = paper->name;
        result->aspect_source = CC_ASPECT_FORMAT;
        lay_sheet(paper->width_mm, paper->height_mm, result);
        result->aspect = result->width_mm / result->height_mm;
    } else if (proportion > CC_RECEIPT_PROPORTION) {
        result->paper = "receipt";
        lay_sheet(CC_RECEIPT_WIDTH_MM, CC_RECEIPT_WIDTH_MM * proportion, result);
    }
}

void cc_flatten_proportions(const cc_image *image, const cc_flatten_request *request,
                            cc_flattening *result)
{
    const double *mm = request->sheet_mm;

    memset(result, 0, sizeof *result);
    result->paper = "";
    result->measured_aspect =
        cc_quad_aspect(&request->quad, image->width, image->height, request->focal_length_pixels);
    result->aspect = result->measured_aspect;
    if (mm[0] > 0.0 && mm[1] > 0.0) {
        lay_sheet(fmin(mm[0], mm[1]), fmax(mm[0], mm[1]), result);
        result->aspect = result->width_mm / result->height_mm;
        result->aspect_source = CC_ASPECT_GIVEN;
        result->paper = "given";
    } else if (request->aspect > 0.0) {
        result->aspect = request->aspect;
        result->aspect_source = CC_ASPECT_GIVEN;
    } else if (!request->keep_measured) {
        snap_to_format(result);
    }
}

/* ---- size in pixels ---- */

static void turn_proportions(cc_flattening *result, int turn)
{
    if (turn % 2 != 0) {
        double width = result->width_mm;
        result->width_mm = result->height_mm;
        result->height_mm = width;
        result->aspect = 1.0 / result->aspect;
    }
}

/* Shrink a size of nobody's choosing to the ceiling. */
static void respect_ceiling(uint64_t ceiling, double *width, double *height)
{
    double limit = (double)(ceiling != 0 ? ceiling : CC_IMAGE_DEFAULT_MAX_PIXELS);

    if (*width * *height > limit) {
        double scale = sqrt(limit / (*width * *height));
        *width = floor(fmax(1.0, *width * scale));
        *height = floor(fmax(1.0, *height * scale));
    }
}

/* Width and height of the result before it is turned by `turn` quarters. */
static cc_status choose_size(const cc_flatten_request *request, const cc_flattening *result,
                             int turn, int *width, int *height, cc_error *error)
{
    /* What was asked for is meant for the turned page. */
    int wanted_width = turn % 2 != 0 ? request->height : request->width;
    int wanted_height = turn % 2 != 0 ? request->width : request->height;
    double w = wanted_width;
    double h = wanted_height;

    if (w == 0 && h == 0) {
        cc_quad_output_size(&request->quad, result->aspect, request->max_pixels, width, height);
        w = *width;
        h = *height;
        if (request->dots_per_inch > 0.0 && result->width_mm > 0.0) {
            w = result->width_mm / MM_PER_INCH * request->dots_per_inch;
            h = result->height_mm / MM_PER_INCH * request->dots_per_inch;
            respect_ceiling(request->max_pixels, &w, &h);
        }
    } else if (h == 0) {
        h = w / result->aspect;
    } else if (w == 0) {
        w = h * result->aspect;
    }
    *width = (int)fmax(1.0, fmin(1e6, floor(w + 0.5)));
    *height = (int)fmax(1.0, fmin(1e6, floor(h + 0.5)));
    return cc_image_check_size((uint64_t)*width, (uint64_t)*height, request->max_pixels, error);
}

static void settle_resolution(const cc_flatten_request *request, const cc_image *flat,
                              cc_flattening *result)
{
    if (result->width_mm > 0.0) {
        result->dots_per_inch = flat->width * MM_PER_INCH / result->width_mm;
    } else {
        result->dots_per_inch = request->dots_per_inch;
        if (request->dots_per_inch > 0.0) {
            result->width_mm = flat->width * MM_PER_INCH / request->dots_per_inch;
            result->height_mm = flat->height * MM_PER_INCH / request->dots_per_inch;
        }
    }
}

/* ---- curl ---- */

/* The bends that are to be used; true if there are any. A page none of whose sides the
 * finder saw bend is not looked at again: it is flat. */
static bool choose_curl(const cc_image *image, const cc_flatten_request *request, cc_curl *curl)
{
    bool bent = false;

    memset(curl, 0, sizeof *curl);
    for (int i = 0; i < 4 && request->dewarp != CC_DEWARP_OFF; i++) {
        cc_point a = request->quad.corner[i];
        cc_point b = request->quad.corner[(i + 1) % 4];
        double share = fabs(request->curl.bulge[i]) / fmax(1.0, cc_point_distance(a, b));
        if (isfinite(share) && share > 0.0 && share <= CC_DEWARP_MOST) {
            curl->bulge[i] = request->curl.bulge[i];
            bent = bent || request->dewarp == CC_DEWARP_ON || share >= CC_DEWARP_LEAST;
        }
    }
    if (bent) {
        cc_curl_measure(image, &request->quad, curl);
    }
    return bent;
}

/* ---- the way up, and skew ---- */

/* Corners so that the page comes out turned by quarters, clockwise. */
static cc_quad turn_quad(const cc_quad *quad, int turn)
{
    cc_quad turned;

    for (int i = 0; i < 4; i++) {
        turned.corner[i] = quad->corner[(i + 4 - turn) % 4];
    }
    return turned;
}

static cc_curl turn_curl(const cc_curl *curl, int turn)
{
    cc_curl turned;

    for (int i = 0; i < 4; i++) {
        turned.bulge[i] = curl->bulge[(i + 4 - turn) % 4];
    }
    return turned;
}

/* The EXIF orientation that turns a picture clockwise by quarters. */
static cc_status turn_picture(cc_image *image, int turn, cc_error *error)
{
    static const int orientation[4] = {1, 6, 3, 8};

    return turn == 0 ? CC_OK : cc_image_orient(image, orientation[turn], error);
}

/* The quad whose picture, of the same size, is the page turned by the skew about its
 * middle: lines that rise by `degrees` come out level. */
static cc_status skewed_quad(const cc_quad *quad, int width, int height, double degrees,
                             cc_quad *skewed, cc_error *error)
{
    double matrix[9];
    double cosine = cos(degrees * DEGREE);
    double sine = sin(degrees * DEGREE);
    cc_status status = cc_quad_homography(quad, width, height, matrix, error);

    for (int i = 0; i < 4 && status == CC_OK; i++) {
        double dx = (i == 1 || i == 2 ? 0.5 : -0.5) * width;
        double dy = (i >= 2 ? 0.5 : -0.5) * height;
        double u = 0.5 * width + cosine * dx + sine * dy;
        double v = 0.5 * height - sine * dx + cosine * dy;
        double w = matrix[6] * u + matrix[7] * v + matrix[8];
        skewed->corner[i].x = (matrix[0] * u + matrix[1] * v + matrix[2]) / w;
        skewed->corner[i].y = (matrix[3] * u + matrix[4] * v + matrix[5]) / w;
    }
    return status;
}

/* What lies beyond the sheet's edges after the skew was taken out becomes white. */
static void clear_beyond(cc_image *flat, double degrees)
{
    double cosine = cos(degrees * DEGREE);
    double sine = sin(degrees * DEGREE);

    for (int y = 0; y < flat->height; y++) {
        uint8_t *row = cc_image_row(flat, y);
        for (int x = 0; x < flat->width; x++) {
            double dx = x + 0.5 - 0.5 * flat->width;
            double dy = y + 0.5 - 0.5 * flat->height;
            if (fabs(cosine * dx + sine * dy) > 0.5 * flat->width ||
                fabs(cosine * dy - sine * dx) > 0.5 * flat->height) {
                memset(row + (size_t)x * (size_t)flat->channels, 255, (size_t)flat->channels);
            }
        }
    }
}

/* ---- the whole ---- */

/* What the steps share. */
typedef struct work {
    const cc_image *image;
    const cc_flatten_request *request;
    cc_thread_pool *pool;
    cc_quad quad; /* as it is warped */
    cc_curl curl;
    bool bent;
    int width;
    int height;
} work;

static cc_status warp(const work *w, cc_image *flat, cc_error *error)
{
    return w->bent ? cc_page_warp_curled(w->image, &w->quad, &w->curl, w->width, w->height, w->pool,
                                         flat, error)
                   : cc_page_warp(w->image, &w->quad, w->width, w->height, w->pool, flat, error);
}

/* Look at the text of the flat page: which way up, and how level. */
static cc_status read_lines(const work *w, cc_image *flat, cc_flattening *result,
                            cc_textlines *lines, cc_error *error)
{
    bool automatic = w->request->turn == CC_TURN_AUTO;
    cc_status status = CC_OK;

    memset(lines, 0, sizeof *lines);
    if (automatic || w->request->finish != CC_FINISH_PHOTO) {
        status = cc_textlines_measure(flat, w->pool, lines, error);
    }
    if (status == CC_OK && automatic) {
        result->turn = lines->turn;
        result->turn_sure = lines->sure;
        status = turn_picture(flat, lines->turn, error);
        turn_proportions(result, lines->turn);
    }
    return status;
}

/* Warp once more with the skew taken out; the measured skew is that of the page before
 * any automatic turn, and stays the same through it. */
static cc_status straighten(work *w, double degrees, cc_image *flat, cc_flattening *result,
                            cc_error *error)
{
    cc_quad turned = w->quad;
    cc_image level = {0};
    cc_status status;

    if (result->turn != 0 && w->request->turn == CC_TURN_AUTO) {
        turned = turn_quad(&w->quad, result->turn);
        w->curl = turn_curl(&w->curl, result->turn);
    }
    w->width = flat->width;
    w->height = flat->height;
    status = skewed_quad(&turned, w->width, w->height, degrees, &w->quad, error);
    if (status == CC_OK) {
        status = warp(w, &level, error);
    }
    if (status == CC_OK) {
        cc_image_free(flat);
        *flat = level;
        result->skew = degrees;
    }
    return status;
}

static cc_status make_page(work *w, cc_image *flat, cc_flattening *result, cc_error *error)
{
    cc_finish finish = w->request->finish;
    cc_textlines lines;
    cc_status status = warp(w, flat, error);

    if (status == CC_OK) {
        status = read_lines(w, flat, result, &lines, error);
    }
    if (status == CC_OK && finish != CC_FINISH_PHOTO && lines.skew_sure &&
        fabs(lines.skew) >= CC_SKEW_LEAST && fabs(lines.skew) <= CC_SKEW_MOST) {
        status = straighten(w, lines.skew, flat, result, error);
    }
    if (status == CC_OK) {
        status = cc_page_finish(flat, finish, w->pool, error);
    }
    if (status == CC_OK && result->skew != 0.0) {
        clear_beyond(flat, result->skew);
    }
    return status;
}

static cc_status check_request(const cc_flatten_request *request, cc_error *error)
{
    const double *mm = request->sheet_mm;

    if (request->width < 0 || request->height < 0) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "a flat page of %d x %d pixels", request->width,
                       request->height);
    }
    if (request->aspect != 0 && !(request->aspect >= 0.01 && request->aspect <= 100)) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "an aspect of %g; 0.01 to 100", request->aspect);
    }
    if (request->dots_per_inch != 0 &&
        !(request->dots_per_inch >= 1 && request->dots_per_inch <= 9600)) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "%g dots per inch; 1 to 9600",
                       request->dots_per_inch);
    }
    if ((mm[0] != 0 || mm[1] != 0) &&
        !(mm[0] >= 1 && mm[1] >= 1 && mm[0] <= 5000 && mm[1] <= 5000)) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "a sheet of %g x %g mm; 1 to 5000", mm[0],
                       mm[1]);
    }
    if (request->turn < CC_TURN_AUTO || request->turn > 3) {
        return cc_fail(error, CC_INVALID_ARGUMENT, "%d quarter turns; 0 to 3", request->turn);
    }
    return cc_quad_check(&request->quad, error);
}

cc_status cc_page_flatten(const cc_image *image, const cc_flatten_request *request,
                          cc_thread_pool *pool, cc_image *flat, cc_flattening *result,
                          cc_error *error)
{
    work w = {.image = image, .request = request, .pool = pool, .quad = request->quad};
    int turn = request->turn == CC_TURN_AUTO ? 0 : request->turn;
    cc_status status = check_request(request, error);

    memset(flat, 0, sizeof *flat);
    memset(result, 0, sizeof *result);
    if (status != CC_OK) {
        return status;
    }
    cc_flatten_proportions(image, request, result);
    status = choose_size(request, result, turn, &w.width, &w.height, error);
    if (status != CC_OK) {
        memset(result, 0, sizeof *result);
        return status;
    }
    w.bent = choose_curl(image, request, &w.curl);
    result->dewarped = w.bent;
    if (turn != 0) {
        int width = w.width;
        w.quad = turn_quad(&request->quad, turn);
        w.curl = turn_curl(&w.curl, turn);
        w.width = turn % 2 != 0 ? w.height : w.width;
        w.height = turn % 2 != 0 ? width : w.height;
        turn_proportions(result, turn);
        result->turn = turn;
    }
    status = make_page(&w, flat, result, error);
    if (status == CC_OK && request->turn == CC_TURN_AUTO && result->turn % 2 != 0 &&
        (request->width != 0 || request->height != 0)) {
        /* A size that was asked for is that of the turned page: once more, knowing it. */
        cc_flatten_request again = *request;
        again.turn = result->turn;
        cc_image_free(flat);
        status = cc_page_flatten(image, &again, pool, flat, result, error);
        result->turn_sure = status == CC_OK;
        return status;
    }
    if (status == CC_OK) {
        settle_resolution(request, flat, result);
        flat->metadata.dots_per_inch = result->dots_per_inch;
    } else {
        cc_image_free(flat);
        memset(result, 0, sizeof *result);
    }
    return status;
}

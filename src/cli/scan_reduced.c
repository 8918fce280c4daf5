/* --corners-only: a large photo is looked at in a smaller decoding, which takes half the time. */
#include "heap.h"
#include "scan.h"

/* Long side that is enough to place corners: the network sees 256 pixels, and edges are
 * refined to a fraction of a pixel. Photos of twice this and more are decoded at 1/2. */
enum { ENOUGH = 1600 };

void cli_scan_allow_reduced(cli_scan_settings *wanted)
{
    if (wanted->corners_only && wanted->corners == NULL && wanted->model == NULL &&
        wanted->explain == NULL && wanted->review == NULL) {
        wanted->pictures.minimum_long_side = ENOUGH;
        cli_heap_in_huge_pages();
    }
}

static void scale_points(clearcut_point *points, double x, double y)
{
    for (int i = 0; i < 4; i++) {
        points[i].x *= x;
        points[i].y *= y;
    }
}

void cli_scan_to_full_size(cli_scan_job *work)
{
    double x = (double)clearcut_image_full_width(work->photo) / clearcut_image_width(work->photo);
    double y = (double)clearcut_image_full_height(work->photo) / clearcut_image_height(work->photo);
    clearcut_page_details *details = &work->details;

    scale_points(work->page.corners, x, y);
    scale_points(details->candidates[0], x, y);
    scale_points(details->candidates[1], x, y);
    scale_points(details->refused_corners, x, y);
    for (int i = 0; i < 4; i++) {
        details->corner_error[i] *= x;
        details->curl[i] *= x;
    }
}

/* The picture's whole way on the device: the tables that an engine needs for it. */
#include <stdio.h>
#include <string.h>

#include "api/session.h"
#include "core/clock.h"
#include "image/pixels.h"
#include "matte/subject.h"

bool cc_session_takes_pictures(const clearcut_session *session)
{
    const cc_shape *shape = &cc_network_output(session->network, 0)->shape;

    return !session->recipe.channels_last && cc_network_takes_pictures(session->network) &&
           shape->rank == 4 && shape->dims[0] == 1;
}

/* ---- the tables ---- */

/* The weights from one size to another, as they were kept or made anew. */
static cc_status need_axis(cc_session_axis *kept, int from, int to, cc_filter filter,
                           cc_error *fault)
{
    cc_status status;

    if (kept->axis.input_size == from && kept->axis.output_size == to && kept->filter == filter) {
        return CC_OK;
    }
    cc_resample_axis_release(&kept->axis);
    memset(&kept->axis, 0, sizeof kept->axis);
    status = cc_resample_axis_create(from, to, filter, &kept->axis, fault);
    kept->filter = filter;
    return status;
}

static cc_picture_pass pass_of(const cc_session_axis *kept, bool vertical)
{
    return (cc_picture_pass){.vertical = vertical,
                             .input_size = kept->axis.input_size,
                             .output_size = kept->axis.output_size,
                             .filter = (int)kept->filter,
                             .taps = kept->axis.taps,
                             .first = kept->axis.first,
                             .count = kept->axis.count,
                             .weights = kept->axis.weights};
}

/* From one size to another in the passes of cc_image_resize, in its order; where nothing
 * changes one pass along the rows, whose weights are then 1 and 0. */
static cc_status plan_resize(cc_session_axis axes[2], const int from[2], const int to[2],
                             cc_filter filter, cc_picture_pass passes[2], int *count,
                             cc_error *fault)
{
    bool rows_change = from[1] != to[1];
    bool columns_change = from[0] != to[0] || !rows_change;
    bool height_first =
        columns_change && rows_change && cc_resample_height_first(from[0], from[1], to[0], to[1]);
    cc_status status = CC_OK;

    *count = 0;
    for (int i = 0; i < 2 && status == CC_OK; i++) {
        int axis = (i == 0) == height_first;
        if (axis == 0 ? columns_change : rows_change) {
            status = need_axis(&axes[axis], from[axis], to[axis], filter, fault);
            passes[(*count)++] = pass_of(&axes[axis], axis == 1);
        }
    }
    return status;
}

static cc_status plan_picture(clearcut_session *session, const cc_image *image, cc_picture *picture,
                              cc_error *fault)
{
    const int size[2] = {image->width, image->height};
    const int input[2] = {session->recipe.width, session->recipe.height};
    const int map[2] = {session->map_width, session->map_height};
    cc_status status = plan_resize(session->axes, size, input, session->recipe.filter, picture->in,
                                   &picture->in_count, fault);

    picture->pixels = image->pixels;
    picture->stride = image->stride;
    picture->width = image->width;
    picture->height = image->height;
    picture->pixel_bytes = image->channels;
    if (status == CC_OK) { /* the filter of cc_matte_resize */
        status = plan_resize(session->axes + 2, map, size, CC_FILTER_LANCZOS, picture->out,
                             &picture->out_count, fault);
    }
    return status;
}

void cc_session_release_pictures(clearcut_session *session)
{
    for (int i = 0; i < 4; i++) {
        cc_resample_axis_release(&session->axes[i].axis);
    }
    memset(session->axes, 0, sizeof session->axes);
}

/* ---- the run ---- */

static cc_picture_feed feed_of(const cc_recipe *recipe)
{
    cc_picture_feed feed = {.divide_by_maximum = recipe->divisor == CC_DIVIDE_BY_MAXIMUM,
                            .classes = recipe->stretch == CC_STRETCH_CLASSES,
                            .sigmoid = recipe->stretch == CC_STRETCH_SIGMOID_MINMAX,
                            .stretch = recipe->stretch != CC_STRETCH_NONE,
                            .sure = (float)CC_SUBJECT_SURE,
                            .likely = (float)CC_SUBJECT_LIKELY};

    memcpy(feed.mean, recipe->mean, sizeof feed.mean);
    memcpy(feed.deviation, recipe->deviation, sizeof feed.deviation);
    return feed;
}

static cc_status make_masks(const clearcut_session *session, const cc_image *image, cc_image *small,
                            cc_image *large, cc_error *fault)
{
    cc_status status = cc_image_create(session->map_width, session->map_height, 1, small, fault);

    return status == CC_OK ? cc_image_create(image->width, image->height, 1, large, fault) : status;
}

/* Colour pixels on the device: masks in `small` and `large`, which exist. */
static cc_status run_color(clearcut_session *session, const cc_image *image,
                           clearcut_timing *timing, cc_image *small, cc_image *large,
                           cc_error *fault)
{
    cc_picture_feed feed = feed_of(&session->recipe);
    cc_picture picture = {.small = small->pixels, .mask = large->pixels};
    double begin = cc_clock_ms();
    cc_status status;

    cc_session_tell_stage(session, CLEARCUT_STAGE_PREPROCESS);
    status = plan_picture(session, image, &picture, fault);
    cc_api_add_time(timing, CC_TIMED_PREPROCESS, begin);
    if (status != CC_OK) {
        return status;
    }
    begin = cc_clock_ms();
    cc_session_tell_stage(session, CLEARCUT_STAGE_INFER);
    status = cc_network_run_pictures(session->network, &feed, &picture, 1,
                                     cc_runtime_flag(&session->runtime), fault);
    cc_api_add_time(timing, CC_TIMED_INFER, begin);
    session->tally = picture.tally;
    session->has_tally = status == CC_OK;
    return status;
}

static void tell_no_room(clearcut_session *session, const cc_error *why)
{
    char text[sizeof why->message + 64];

    if (!session->told_no_room) {
        snprintf(text, sizeof text, "%s: the processor resizes such pictures", why->message);
        cc_session_tell_note(session, text);
        session->told_no_room = true; /* a folder of photos need not say it for each */
    }
}

cc_status cc_session_run_picture(clearcut_session *session, const cc_image *image,
                                 clearcut_timing *timing, cc_image *small, cc_image *large,
                                 cc_error *fault)
{
    cc_image color = {0};
    cc_status status = make_masks(session, image, small, large, fault);

    if (status == CC_OK && image->channels < 3) {
        status = cc_image_convert(image, 3, &color, fault);
    }
    if (status == CC_OK) {
        status =
            run_color(session, color.pixels != NULL ? &color : image, timing, small, large, fault);
    }
    if (status == CC_LIMIT) {
        tell_no_room(session, fault);
    }
    if (status != CC_OK) {
        cc_image_free(small);
        cc_image_free(large);
    }
    cc_image_free(&color);
    return status;
}

#include "image/pixels.h"

#include <string.h>

#include "core/memory.h"
#include "image/deep.h"
#include "image/profile.h"

/* ---- orientation ---- */

/* Tiles that are read along columns and written along rows stay in the first
 * cache level: 32 x 32 pixels of 4 bytes are 4 KB on each side. */
#define TILE 32

/* Pixels in memory, whatever their samples are: of 8 bits, or of 16. */
typedef struct pixel_field {
    uint8_t *first;
    size_t pixel; /* bytes, as all below */
    size_t row;
    int width;
    int height;
} pixel_field;

static pixel_field field_of(const cc_image *image, bool deep)
{
    size_t samples = (size_t)image->channels;
    pixel_field field = {image->pixels, samples, image->stride, image->width, image->height};

    if (deep) {
        field.first = (uint8_t *)image->deep;
        field.pixel = samples * sizeof(uint16_t);
        field.row = (size_t)image->width * field.pixel;
    }
    return field;
}

/* Where the upright pixel (x, y) comes from:
 * origin + x * step_x + y * step_y, in bytes of the stored picture. */
typedef struct pixel_walk {
    const uint8_t *origin;
    ptrdiff_t step_x;
    ptrdiff_t step_y;
} pixel_walk;

static pixel_walk orientation_walk(const pixel_field *stored, int orientation)
{
    ptrdiff_t pixel = (ptrdiff_t)stored->pixel;
    ptrdiff_t row = (ptrdiff_t)stored->row;
    bool swap = orientation >= 5;
    bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    pixel_walk walk = {stored->first, pixel, row};

    if (from_right) {
        walk.origin += (stored->width - 1) * pixel;
        walk.step_x = -pixel;
    }
    if (from_bottom) {
        walk.origin += (stored->height - 1) * row;
        walk.step_y = -row;
    }
    if (swap) {
        ptrdiff_t step = walk.step_x;
        walk.step_x = walk.step_y;
        walk.step_y = step;
    }
    return walk;
}

static inline void copy_tile(const pixel_walk *walk, const pixel_field *upright, int left, int top,
                             size_t pixel)
{
    int right = left + TILE < upright->width ? left + TILE : upright->width;
    int bottom = top + TILE < upright->height ? top + TILE : upright->height;

    for (int y = top; y < bottom; y++) {
        const uint8_t *from = walk->origin + left * walk->step_x + y * walk->step_y;
        uint8_t *to = upright->first + (size_t)y * upright->row + (size_t)left * pixel;
        for (int x = left; x < right; x++) {
            memcpy(to, from, pixel);
            from += walk->step_x;
            to += pixel;
        }
    }
}

static void copy_turned(const pixel_field *stored, int orientation, const pixel_field *upright)
{
    pixel_walk walk = orientation_walk(stored, orientation);

    for (int top = 0; top < upright->height; top += TILE) {
        for (int left = 0; left < upright->width; left += TILE) {
            /* A constant pixel size turns the copy into one or two moves. */
            switch (upright->pixel) {
            case 1: copy_tile(&walk, upright, left, top, 1); break;
            case 2: copy_tile(&walk, upright, left, top, 2); break;
            case 3: copy_tile(&walk, upright, left, top, 3); break;
            case 4: copy_tile(&walk, upright, left, top, 4); break;
            case 6: copy_tile(&walk, upright, left, top, 6); break;
            default: copy_tile(&walk, upright, left, top, 8); break;
            }
        }
    }
}

static void turn(const cc_image *stored, int orientation, bool deep, cc_image *upright)
{
    pixel_field from = field_of(stored, deep);
    pixel_field to = field_of(upright, deep);

    copy_turned(&from, orientation, &to);
}

cc_status cc_image_orient(cc_image *image, int orientation, cc_error *error)
{
    cc_image upright;
    cc_status status;
    bool swap = orientation >= 5;

    if (orientation < 2 || orientation > 8) {
        return CC_OK;
    }
    status = cc_image_create(swap ? image->height : image->width,
                             swap ? image->width : image->height, image->channels, &upright, error);
    if (status == CC_OK && image->deep != NULL) {
        status = cc_deep_create(&upright, error);
    }
    if (status != CC_OK) {
        cc_image_free(&upright);
        return status;
    }
    turn(image, orientation, false, &upright);
    if (image->deep != NULL) {
        turn(image, orientation, true, &upright);
    }
    upright.metadata = image->metadata;
    memset(&image->metadata, 0, sizeof image->metadata);
    cc_image_free(image);
    *image = upright;
    return CC_OK;
}

/* ---- channels ---- */

/* ITU-R BT.601 luma in 16-bit fixed point, rounded: what Pillow calls L. */
static inline uint8_t luma(const uint8_t *rgb)
{
    return (uint8_t)((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
}

static void convert_row(const uint8_t *from, int from_channels, uint8_t *to, int to_channels,
                        int width)
{
    bool from_grey = from_channels <= 2;
    bool to_grey = to_channels <= 2;
    bool from_alpha = from_channels == 2 || from_channels == 4;
    bool to_alpha = to_channels == 2 || to_channels == 4;

    for (int x = 0; x < width; x++) {
        if (to_grey) {
            to[0] = from_grey ? from[0] : luma(from);
        } else {
            to[0] = from[0];
            to[1] = from_grey ? from[0] : from[1];
            to[2] = from_grey ? from[0] : from[2];
        }
        if (to_alpha) {
            to[to_channels - 1] = from_alpha ? from[from_channels - 1] : 255;
        }
        from += from_channels;
        to += to_channels;
    }
}

/* Create `result` beside `source` with its metadata, less a profile that does
 * not describe the new kind of channels. */
static cc_status create_like(const cc_image *source, int channels, cc_image *result,
                             cc_error *error)
{
    cc_status status = cc_image_create(source->width, source->height, channels, result, error);

    if (status == CC_OK) {
        status = cc_image_copy_metadata(source, result, error);
    }
    if (status != CC_OK) {
        cc_image_free(result);
        return status;
    }
    if ((source->channels <= 2) != (channels <= 2)) {
        cc_image_drop_profile(result);
    }
    return CC_OK;
}

cc_status cc_image_convert(const cc_image *source, int channels, cc_image *result, cc_error *error)
{
    cc_status status;

    if (channels == source->channels) {
        return cc_image_copy(source, result, error);
    }
    status = create_like(source, channels, result, error);
    for (int y = 0; status == CC_OK && y < source->height; y++) {
        convert_row(cc_image_row(source, y), source->channels, cc_image_row(result, y), channels,
                    source->width);
    }
    return status;
}

/* ---- compositing ---- */

/* value / 255, rounded, exact for 0..65535. */
static inline unsigned divide_by_255(unsigned value)
{
    value += 128;
    return (value + (value >> 8)) >> 8;
}

static void flatten_row(const uint8_t *from, uint8_t *to, int width, int colors,
                        const uint8_t *background)
{
    for (int x = 0; x < width; x++) {
        unsigned alpha = from[colors];
        for (int c = 0; c < colors; c++) {
            to[c] = (uint8_t)divide_by_255(from[c] * alpha + background[c] * (255 - alpha));
        }
        from += colors + 1;
        to += colors;
    }
}

/* Grey over a coloured background needs colour in the result. */
static cc_status flatten_grey_over_color(const cc_image *source, const uint8_t background[3],
                                         cc_image *result, cc_error *error)
{
    cc_image colored;
    cc_status status = cc_image_convert(source, 4, &colored, error);

    if (status == CC_OK) {
        status = cc_image_flatten(&colored, background, result, error);
        cc_image_free(&colored);
    }
    return status;
}

cc_status cc_image_flatten(const cc_image *source, const uint8_t background[3], cc_image *result,
                           cc_error *error)
{
    bool grey_background = background[0] == background[1] && background[1] == background[2];
    int colors = source->channels <= 2 ? 1 : 3;
    cc_status status;

    memset(result, 0, sizeof *result);
    if (!cc_image_has_alpha(source)) {
        return cc_image_copy(source, result, error);
    }
    if (colors == 1 && !grey_background) {
        return flatten_grey_over_color(source, background, result, error);
    }
    status = create_like(source, colors, result, error);
    for (int y = 0; status == CC_OK && y < source->height; y++) {
        flatten_row(cc_image_row(source, y), cc_image_row(result, y), source->width, colors,
                    background);
    }
    return status;
}

/* Alpha-over in the fixed point that Pillow uses: weights of 7 fractional bits
 * on top of 255 * 255, so that the result is the same byte for byte. */
#define WEIGHT_BITS 7

static inline void over_pixel(uint8_t *pixel, const uint8_t color[4])
{
    unsigned top = pixel[3];
    unsigned alpha = top * 255 + color[3] * (255 - top); /* times 255; > 0 if top > 0 */
    unsigned front;
    unsigned back;

    if (top == 0) {
        memcpy(pixel, color, 4);
        return;
    }
    front = top * 255 * 255 * (1u << WEIGHT_BITS) / alpha;
    back = 255 * (1u << WEIGHT_BITS) - front;
    for (int c = 0; c < 3; c++) {
        unsigned sum = pixel[c] * front + color[c] * back + (128u << WEIGHT_BITS);
        pixel[c] = (uint8_t)(((sum + (sum >> 8)) >> 8) >> WEIGHT_BITS);
    }
    pixel[3] = (uint8_t)divide_by_255(alpha);
}

cc_status cc_image_composite_over_color(cc_image *image, const uint8_t color[4], cc_error *error)
{
    if (image->channels != 4) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "compositing over a colour needs RGBA, this picture has %d channels",
                       image->channels);
    }
    for (int y = 0; y < image->height; y++) {
        uint8_t *row = cc_image_row(image, y);
        for (int x = 0; x < image->width; x++) {
            over_pixel(row + (size_t)x * 4, color);
        }
    }
    return CC_OK;
}

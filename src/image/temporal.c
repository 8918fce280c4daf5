#include "image/temporal.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"

void cc_temporal_reset(cc_temporal *state)
{
    cc_free(state->previous);
    state->previous = NULL;
    state->width = 0;
    state->height = 0;
}

static cc_status check(const cc_image *photo, const cc_image *frame, cc_error *error)
{
    if (frame->channels != 1 && frame->channels != 4) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "a frame with %d channels; a mask has 1 and a cut-out 4", frame->channels);
    }
    if (frame->channels == 4 && (photo == NULL || photo->channels < 3 ||
                                 photo->width != frame->width || photo->height != frame->height)) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "a cut-out needs the photo it was made from, in its size and in colour");
    }
    return CC_OK;
}

/* The first frame of a film, or of another size: only remembered. */
static cc_status begin(cc_temporal *state, const cc_image *frame, cc_error *error)
{
    size_t count = (size_t)frame->width * (size_t)frame->height;

    cc_temporal_reset(state);
    state->previous = cc_alloc_array(count, sizeof *state->previous);
    if (state->previous == NULL) {
        return cc_fail_memory(error, count * sizeof *state->previous);
    }
    state->width = frame->width;
    state->height = frame->height;
    for (int y = 0; y < frame->height; y++) {
        const uint8_t *row = cc_image_row(frame, y) + frame->channels - 1;
        float *previous = state->previous + (size_t)y * (size_t)frame->width;
        for (int x = 0; x < frame->width; x++) {
            previous[x] = row[(size_t)x * (size_t)frame->channels];
        }
    }
    return CC_OK;
}

static inline float steadied(float strength, float now, float before)
{
    float near = 1.0f - fabsf(now - before) * (1.0f / 255.0f);
    return now + strength * near * near * (before - now);
}

static void steady_row(float strength, const uint8_t *photo, int photo_channels, int width,
                       int channels, uint8_t *row, float *previous)
{
    for (int x = 0; x < width; x++) {
        uint8_t *sample = row + (size_t)x * (size_t)channels;
        uint8_t *mask = sample + channels - 1;
        bool was_clear = *mask == 0;
        previous[x] = steadied(strength, *mask, previous[x]);
        *mask = (uint8_t)(previous[x] + 0.5f);
        if (channels == 4 && was_clear && *mask > 0) {
            memcpy(sample, photo + (size_t)x * (size_t)photo_channels, 3);
        } else if (channels == 4 && *mask == 0) {
            memset(sample, 0, 3); /* nothing hidden travels along */
        }
    }
}

cc_status cc_temporal_apply(cc_temporal *state, const cc_image *photo, cc_image *frame,
                            cc_error *error)
{
    cc_status status = check(photo, frame, error);

    if (status != CC_OK) {
        return status;
    }
    if (frame->width != state->width || frame->height != state->height) {
        return begin(state, frame, error);
    }
    for (int y = 0; y < frame->height; y++) {
        steady_row(state->strength, photo != NULL ? cc_image_row(photo, y) : NULL,
                   photo != NULL ? photo->channels : 0, frame->width, frame->channels,
                   cc_image_row(frame, y), state->previous + (size_t)y * (size_t)frame->width);
    }
    return CC_OK;
}

/* The test picture in every size. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "report.h"

/* Side of the picture that is drawn where none was given. */
enum { DRAWN_WIDTH = 4096, DRAWN_HEIGHT = 3072 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U; /* Numerical Recipes' generator */
    return *state >> 8;
}

/* A bright disc on a soft ground, with the grain of a photo, so that the coders
 * have what they have with photos: smooth parts, an edge, noise. */
static void draw(uint8_t *pixels)
{
    uint32_t state = 20261122;

    for (int y = 0; y < DRAWN_HEIGHT; y++) {
        for (int x = 0; x < DRAWN_WIDTH; x++) {
            double dx = x - 0.55 * DRAWN_WIDTH;
            double dy = y - 0.5 * DRAWN_HEIGHT;
            bool inside = dx * dx + dy * dy < 0.1 * DRAWN_HEIGHT * DRAWN_HEIGHT;
            double wave = 20 * sin(x * 0.013) * cos(y * 0.017);
            double level = (inside ? 190 : 90 + 40.0 * y / DRAWN_HEIGHT) + wave;
            for (int channel = 0; channel < 3; channel++) {
                double grain = (double)(next_random(&state) % 17) - 8;
                double value = level + grain + channel * (inside ? -12 : 9);
                pixels[channel] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
            }
            pixels += 3;
        }
    }
}

static clearcut_status take_original(const bench *work, clearcut_image **image,
                                     clearcut_error *error)
{
    if (work->photo_count > 0) {
        return clearcut_image_read(work->photos[0], NULL, image, error);
    }
    clearcut_status status =
        clearcut_image_create(DRAWN_WIDTH, DRAWN_HEIGHT, 3, NULL, 0, image, error);
    if (status == CLEARCUT_OK) {
        draw(clearcut_image_pixels(*image));
    }
    return status;
}

static clearcut_status encode(const clearcut_image *image, bench_photo *photo,
                              clearcut_error *error)
{
    clearcut_encode_options options;
    clearcut_output *output = NULL;
    clearcut_status status;

    clearcut_encode_options_init(&options);
    options.format = CLEARCUT_FORMAT_JPEG;
    options.quality = 92;
    status = clearcut_image_encode(image, &options, &photo->jpeg, error);
    if (status == CLEARCUT_OK) {
        status = clearcut_output_open(photo->path, &output, error);
    }
    if (status == CLEARCUT_OK) {
        status = clearcut_output_write(output, photo->jpeg.data, photo->jpeg.size, error);
    }
    if (status == CLEARCUT_OK) {
        status = clearcut_output_commit(&output, error);
    }
    clearcut_output_discard(&output);
    return status;
}

clearcut_status bench_make_photo(bench *work, int side, bench_photo *photo, clearcut_error *error)
{
    clearcut_image *original = NULL;
    clearcut_image *scaled = NULL;
    clearcut_status status = take_original(work, &original, error);

    memset(photo, 0, sizeof *photo);
    if (status != CLEARCUT_OK) {
        return status;
    }
    int width = clearcut_image_width(original);
    int height = clearcut_image_height(original);
    int longest = width > height ? width : height;
    double scale = (double)side / longest;
    photo->width = (int)fmax(1, round(width * scale));
    photo->height = (int)fmax(1, round(height * scale));
    snprintf(photo->path, sizeof photo->path, "%s/photo-%d.jpg", work->folder, side);
    if (side > longest) {
        char what[32];
        snprintf(what, sizeof what, "a true %d px photo", side);
        bench_leave_out(work, what, "the photo has %d px; it was enlarged", longest);
    }
    status = clearcut_image_resize(original, photo->width, photo->height, &scaled, error);
    if (status == CLEARCUT_OK) {
        status = encode(scaled, photo, error);
    }
    clearcut_image_free(&original);
    clearcut_image_free(&scaled);
    if (status != CLEARCUT_OK) {
        bench_free_photo(photo);
    }
    return status;
}

void bench_free_photo(bench_photo *photo)
{
    clearcut_bytes_free(&photo->jpeg);
    memset(photo, 0, sizeof *photo);
}

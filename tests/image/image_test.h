/* What the tests of pictures share. */
#ifndef CLEARCUT_TESTS_IMAGE_TEST_H
#define CLEARCUT_TESTS_IMAGE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/file.h"
#include "core/memory.h"
#include "image/codec/codec.h"
#include "image/image.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* A step of the generator that Python's side of the oracle uses too. */
static inline uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Every sample at random. */
static inline cc_image random_image(int width, int height, int channels, uint32_t seed)
{
    cc_image image;

    assert_int_equal(cc_image_create(width, height, channels, &image, NULL), CC_OK);
    for (size_t i = 0; i < image.stride * (size_t)height; i++) {
        image.pixels[i] = (uint8_t)next_random(&seed);
    }
    return image;
}

/* Soft gradients with a little noise: survives lossy formats nearly unchanged. */
static inline cc_image smooth_image(int width, int height, int channels)
{
    cc_image image;
    uint32_t seed = 7;

    assert_int_equal(cc_image_create(width, height, channels, &image, NULL), CC_OK);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint8_t *pixel = cc_image_row(&image, y) + x * channels;
            for (int c = 0; c < channels; c++) {
                int level = 40 + 150 * (c % 2 ? x : y) / (c % 2 ? width : height) + 10 * c;
                pixel[c] = (uint8_t)(level + (int)(next_random(&seed) % 3));
            }
        }
    }
    return image;
}

/* FNV-1a over the pixels, rows without padding. */
static inline uint64_t image_hash(const cc_image *image)
{
    uint64_t hash = 0xcbf29ce484222325u;
    size_t size = (size_t)image->width * (size_t)image->channels;

    for (int y = 0; y < image->height; y++) {
        const uint8_t *row = cc_image_row(image, y);
        for (size_t i = 0; i < size; i++) {
            hash = (hash ^ row[i]) * 0x100000001b3u;
        }
    }
    return hash;
}

/* Fails naming the first pixel that differs. */
static inline void assert_same_pixels(const cc_image *expected, const cc_image *actual)
{
    size_t size = (size_t)expected->width * (size_t)expected->channels;

    assert_int_equal(expected->width, actual->width);
    assert_int_equal(expected->height, actual->height);
    assert_int_equal(expected->channels, actual->channels);
    for (int y = 0; y < expected->height; y++) {
        const uint8_t *a = cc_image_row(expected, y);
        const uint8_t *b = cc_image_row(actual, y);
        if (memcmp(a, b, size) != 0) {
            size_t i = 0;
            while (a[i] == b[i]) {
                i++;
            }
            fail_msg("pixel (%zu, %d) channel %zu: expected %d, got %d",
                     i / (size_t)expected->channels, y, i % (size_t)expected->channels, a[i], b[i]);
        }
    }
}

/* The largest difference of two samples, and the mean. */
static inline int largest_difference(const cc_image *a, const cc_image *b, double *mean)
{
    int largest = 0;
    double total = 0;

    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->channels, b->channels);
    for (int y = 0; y < a->height; y++) {
        for (int i = 0; i < a->width * a->channels; i++) {
            int difference = abs(cc_image_row(a, y)[i] - cc_image_row(b, y)[i]);
            total += difference;
            largest = difference > largest ? difference : largest;
        }
    }
    *mean = total / ((double)a->width * a->height * a->channels);
    return largest;
}

static inline cc_image decode_or_fail(const uint8_t *data, size_t size,
                                      const cc_decode_options *options, cc_decode_info *info)
{
    cc_image image;
    cc_error error = {0};

    if (cc_image_decode(data, size, options, &image, info, &error) != CC_OK) {
        fail_msg("decoding failed: %s", error.message);
    }
    return image;
}

static inline cc_buffer encode_or_fail(const cc_image *image, const cc_encode_options *options)
{
    cc_buffer bytes;
    cc_error error = {0};

    if (cc_image_encode(image, options, &bytes, &error) != CC_OK) {
        fail_msg("encoding failed: %s", error.message);
    }
    return bytes;
}

/* A fresh folder under $TMPDIR; the caller removes it with remove_folder. */
static inline char *make_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *path = malloc(4096);

    assert_non_null(path);
    snprintf(path, 4096, "%s/clearcut-image-XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(path));
    return path;
}

static inline void remove_folder(char *path)
{
    char command[4200];

    snprintf(command, sizeof command, "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
    free(path);
}

/* The Python that has Pillow. Skips the test (and says why) where none is given;
 * call it before anything is allocated. */
static inline const char *require_oracle(void)
{
    const char *python = getenv("CLEARCUT_ORACLE_PYTHON");

    if (python == NULL || python[0] == '\0') {
        print_message("SKIPPED: needs Pillow; set CLEARCUT_ORACLE_PYTHON to a Python that has "
                      "it (make test does)\n");
        skip();
    }
    return python;
}

/* Run tests/oracle/`script` with `folder` as its argument. */
static inline void run_oracle(const char *script, const char *folder)
{
    char command[8192];

    snprintf(command, sizeof command, "'%s' '%s/tests/oracle/%s' '%s'", require_oracle(),
             CLEARCUT_SOURCE_DIR, script, folder);
    assert_int_equal(system(command), 0);
}

/* A fresh folder with what the script wrote into it; see remove_folder. */
static inline char *oracle_folder(const char *script)
{
    char *folder;

    (void)require_oracle();
    folder = make_folder();
    run_oracle(script, folder);
    return folder;
}

static inline cc_buffer read_file(const char *folder, const char *name)
{
    char path[4400];
    cc_buffer bytes;
    cc_error error = {0};

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (cc_file_read(path, 0, &bytes, &error) != CC_OK) {
        fail_msg("%s: %s", path, error.message);
    }
    return bytes;
}

#endif

/* Files of every kind that Pillow (or tests/oracle/image_codecs.py by hand) made,
 * decoded and compared with the pixels they hold. */
#include "image_test.h"

#include <math.h>

typedef struct expectation {
    char name[128];
    int tolerance;
    int orientation;
    int dots_per_inch;
    int profile;
    char note[32];
} expectation;

static bool format_is_built(const char *name)
{
    return cc_format_can_write(cc_format_from_path(name));
}

/* NULL if all is well, else what is wrong. */
static const char *check_pixels(const expectation *e, const cc_image *image, const cc_buffer *raw)
{
    int32_t size[3];
    const uint8_t *expected = raw->data + sizeof size;

    memcpy(size, raw->data, sizeof size);
    if (image->width != size[0] || image->height != size[1]) {
        return "size";
    }
    if (image->channels != size[2]) {
        return "channels";
    }
    for (int y = 0; y < image->height; y++) {
        const uint8_t *row = cc_image_row(image, y);
        for (int i = 0; i < image->width * image->channels; i++) {
            if (abs(row[i] - *expected++) > e->tolerance) {
                return "pixels";
            }
        }
    }
    return NULL;
}

static const char *check_facts(const expectation *e, const cc_image *image,
                               const cc_decode_info *info)
{
    if (info->orientation != e->orientation) {
        return "orientation";
    }
    if (info->full_width != image->width || info->full_height != image->height) {
        return "full size";
    }
    if (e->dots_per_inch != 0 && fabs(image->metadata.dots_per_inch - e->dots_per_inch) > 0.1) {
        return "dots per inch";
    }
    if ((image->metadata.icc_profile != NULL) != (e->profile != 0)) {
        return "profile";
    }
    if (strcmp(e->note, "-") == 0 ? info->note[0] != '\0' : strstr(info->note, e->note) == NULL) {
        return info->note[0] != '\0' ? info->note : "no note";
    }
    return NULL;
}

static int check_file(const char *folder, const expectation *e)
{
    cc_buffer file = read_file(folder, e->name);
    char raw_name[160];
    cc_buffer raw;
    cc_image image;
    cc_decode_info info;
    cc_error error = {0};
    const char *wrong;

    snprintf(raw_name, sizeof raw_name, "%s.raw", e->name);
    raw = read_file(folder, raw_name);
    if (cc_image_decode(file.data, file.size, NULL, &image, &info, &error) != CC_OK) {
        wrong = error.message;
    } else {
        wrong = check_pixels(e, &image, &raw);
        wrong = wrong != NULL ? wrong : check_facts(e, &image, &info);
    }
    if (wrong != NULL) {
        print_error("%s: %s\n", e->name, wrong);
    }
    cc_image_free(&image);
    cc_buffer_free(&file);
    cc_buffer_free(&raw);
    return wrong != NULL;
}

static void test_every_kind(void **state)
{
    char *folder = oracle_folder("image_codecs.py");
    char path[4400];
    FILE *manifest;
    expectation e;
    int count = 0;
    int wrong = 0;

    (void)state;
    snprintf(path, sizeof path, "%s/manifest", folder);
    manifest = fopen(path, "r");
    assert_non_null(manifest);
    while (fscanf(manifest, "%127s %d %d %d %d %31s", e.name, &e.tolerance, &e.orientation,
                  &e.dots_per_inch, &e.profile, e.note) == 6) {
        if (format_is_built(e.name)) {
            wrong += check_file(folder, &e);
            count++;
        }
    }
    fclose(manifest);
    print_message("%d files\n", count);
    remove_folder(folder);
    assert_true(count > 200);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Photos in, found quads out: the measuring side of the page finder.
 *
 *   page_scores MODEL.onnx quads|features PHOTO...
 *
 * "quads" prints the JSON that score_quads.py reads: base name -> corners, null
 * where the answer is flat or no page. "features" prints one CSV line per photo with
 * status, confidences, the features of the confidence, and the quad before and after
 * refinement, for fit_confidence.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "image/codec/codec.h"
#include "page/confidence.h"

typedef struct finding {
    cc_page_result result;
    cc_page_evidence evidence;
    double milliseconds;
    int width;
    int height;
} finding;

static cc_status load(const char *path, cc_image *image, cc_error *error)
{
    cc_buffer bytes = {0};
    cc_status status = cc_file_read(path, (size_t)256 << 20, &bytes, error);

    if (status == CC_OK) {
        status = cc_image_decode(bytes.data, bytes.size, NULL, image, NULL, error);
    }
    cc_buffer_free(&bytes);
    return status;
}

/* The steps of cc_page_find, with what it does not tell. */
static cc_status find(const cc_image *image, cc_network *model, finding *found, cc_error *error)
{
    double start = cc_clock_ms();
    cc_status status;

    memset(found, 0, sizeof *found);
    found->width = image->width;
    found->height = image->height;
    status = cc_page_examine(image, model, NULL, &found->evidence, error);
    if (status == CC_OK) {
        cc_page_judge(image, &found->evidence, &found->result);
    }
    found->milliseconds = cc_clock_ms() - start;
    return status;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static void print_quad(const char *path, const finding *found, bool first)
{
    const cc_point *c = found->result.quad.corner;

    printf("%s\n  \"%s\": ", first ? "" : ",", base_name(path));
    if (found->result.status != CC_PAGE_CORRECTED) {
        printf("null");
        return;
    }
    printf("[[%.3f, %.3f], [%.3f, %.3f], [%.3f, %.3f], [%.3f, %.3f]]", c[0].x, c[0].y, c[1].x,
           c[1].y, c[2].x, c[2].y, c[3].x, c[3].y);
}

static void print_header(void)
{
    printf("file,outcome,status,milliseconds,page,exact,coverage,frame_iou");
    for (int i = 0; i < CC_FEATURE_COUNT; i++) {
        char name[40];
        printf(",%s", cc_feature_name(i, name));
    }
    for (int i = 0; i < 8; i++) {
        printf(",fit%d", i);
    }
    for (int i = 0; i < 8; i++) {
        printf(",refined%d", i);
    }
    printf("\n");
}

static void print_features(const char *path, const finding *found)
{
    static const char *const names[] = {"corrected", "flat", "none"};
    const cc_page_evidence *e = &found->evidence;

    printf("%s,%d,%s,%.2f,%.4f,%.4f,%.4f,%.4f", base_name(path), (int)e->pass[0].fit.outcome,
           names[found->result.status], found->milliseconds, cc_confidence_page(e->feature),
           cc_confidence_exact(e->feature), e->pass[0].coverage, e->frame_iou);
    for (int i = 0; i < CC_FEATURE_COUNT; i++) {
        printf(",%.5f", e->feature[i]);
    }
    for (int i = 0; i < 4; i++) {
        printf(",%.3f,%.3f", e->pass[0].quad.corner[i].x, e->pass[0].quad.corner[i].y);
    }
    for (int i = 0; i < 4; i++) {
        printf(",%.3f,%.3f", e->refinement.quad.corner[i].x, e->refinement.quad.corner[i].y);
    }
    printf("\n");
}

static int fail(const cc_error *error)
{
    fprintf(stderr, "page_scores: %s\n", error->message);
    return 1;
}

static int measure(cc_network *model, bool features, int count, char **paths)
{
    cc_error error = {0};

    if (features) {
        print_header();
    }
    for (int i = 0; i < count; i++) {
        cc_image image = {0};
        finding found;
        if (load(paths[i], &image, &error) != CC_OK ||
            find(&image, model, &found, &error) != CC_OK) {
            cc_error_context(&error, "%s", paths[i]);
            cc_image_free(&image);
            return fail(&error);
        }
        cc_image_free(&image);
        if (features) {
            print_features(paths[i], &found);
        } else {
            print_quad(paths[i], &found, i == 0);
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    cc_network *model;
    cc_error error = {0};
    int result;

    if (argc < 4 || (strcmp(argv[2], "quads") != 0 && strcmp(argv[2], "features") != 0)) {
        fprintf(stderr, "usage: page_scores MODEL.onnx quads|features PHOTO...\n");
        return 2;
    }
    bool features = strcmp(argv[2], "features") == 0;
    if (cc_network_load_file(argv[1], NULL, &model, &error) != CC_OK) {
        return fail(&error);
    }
    printf("%s", features ? "" : "{");
    result = measure(model, features, argc - 3, argv + 3);
    printf("%s", features ? "" : "\n}\n");
    cc_network_free(model);
    return result;
}

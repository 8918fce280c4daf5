#include "zoo/models.h"

#include <string.h>

/* Names, files, checksums, input sizes, means and deviations: facts of rembg
 * 2.0.77, rembg/sessions/<name>.py. Licences: of the projects that published the
 * weights. File sizes: as seen in the wild, rounded. */

#define RELEASE "https://github.com/danielgatis/rembg/releases/download/v0.0.0/"

#define MEAN_IMAGENET                                                                              \
    {                                                                                              \
        0.485, 0.456, 0.406                                                                        \
    }
#define DEVIATION_IMAGENET                                                                         \
    {                                                                                              \
        0.229, 0.224, 0.225                                                                        \
    }
#define DEVIATION_ONE                                                                              \
    {                                                                                              \
        1, 1, 1                                                                                    \
    }

/* The recipe of most: ImageNet figures, divided by the maximum, Lanczos. */
#define IMAGENET(size, how)                                                                        \
    {                                                                                              \
        size, size, MEAN_IMAGENET, DEVIATION_IMAGENET, CC_DIVIDE_BY_MAXIMUM, how,                  \
            CC_FILTER_LANCZOS, false                                                               \
    }

#define MEGABYTES(n) ((uint64_t)(n)*1000000)

/* Of models whose files no test has seen: the operators are there, the whole is not
 * proved. */
#define UNTRIED "not tried with this version yet"

/* The seven BiRefNet sessions differ in file and checksum only. */
#define BIREFNET(name, file, md5, megabytes)                                                       \
    {                                                                                              \
        name, RELEASE file, "md5:" md5, "MIT", true, false, true, UNTRIED, MEGABYTES(megabytes),   \
            IMAGENET(1024, CC_STRETCH_SIGMOID_MINMAX)                                              \
    }

#define CUSTOM_REMARK "give the path of your own ONNX file to -m instead"
#define CUSTOM(name, size)                                                                         \
    {                                                                                              \
        name, "", "", "your file's own", true, false, false, CUSTOM_REMARK, 0,                     \
            IMAGENET(size, CC_STRETCH_MINMAX)                                                      \
    }

/* clang-format off */
static const cc_model models[] = {
    {"page", "", "", "MIT", true, true, true, "pages only; used by `scan`", 0,
     {256, 256, {0, 0, 0}, DEVIATION_ONE, CC_DIVIDE_BY_255, CC_STRETCH_NONE, CC_FILTER_BOX, false}},
    {"silueta", RELEASE "silueta.onnx", "md5:55e59e0d8062d2f5d013f4725ee84782",
     "Apache-2.0", true, false, true, "the default of `i`, `p` and `b`: small and quick", MEGABYTES(44),
     IMAGENET(320, CC_STRETCH_MINMAX)},
    {"u2net", RELEASE "u2net.onnx", "md5:60024c5c889badc19c04ad937298a77b",
     "Apache-2.0", true, false, true, "rembg's default", MEGABYTES(176),
     IMAGENET(320, CC_STRETCH_MINMAX_CLIP)},
    {"u2netp", RELEASE "u2netp.onnx", "md5:8e83ca70e441ab06c318d82300c84806",
     "Apache-2.0", true, false, true, "", MEGABYTES(5), IMAGENET(320, CC_STRETCH_MINMAX)},
    {"u2net_human_seg", RELEASE "u2net_human_seg.onnx", "md5:c09ddc2e0104f800e3e1bb4652583d1f",
     "Apache-2.0", true, false, true, "people", MEGABYTES(176), IMAGENET(320, CC_STRETCH_MINMAX)},
    {"u2net_cloth_seg", RELEASE "u2net_cloth_seg.onnx", "md5:2434d1f3cb744e0e49386c906e5a08bb",
     "MIT", true, false, true, "clothes: upper, lower and whole-body, one below the other",
     MEGABYTES(176), IMAGENET(768, CC_STRETCH_CLASSES)},
    {"isnet-general-use", RELEASE "isnet-general-use.onnx", "md5:fc16ebd8b0c10d971d3513d564d01e29",
     "Apache-2.0", true, false, true, "", MEGABYTES(179),
     {1024, 1024, {0.5, 0.5, 0.5}, DEVIATION_ONE, CC_DIVIDE_BY_MAXIMUM, CC_STRETCH_MINMAX,
      CC_FILTER_LANCZOS, false}},
    {"isnet-anime", RELEASE "isnet-anime.onnx", "md5:6f184e756bb3bd901c8849220a83e38e",
     "Apache-2.0", true, false, true, "drawn figures", MEGABYTES(176),
     {1024, 1024, MEAN_IMAGENET, DEVIATION_ONE, CC_DIVIDE_BY_MAXIMUM, CC_STRETCH_MINMAX,
      CC_FILTER_LANCZOS, false}},
    BIREFNET("birefnet-general", "BiRefNet-general-epoch_244.onnx",
             "7a35a0141cbbc80de11d9c9a28f52697", 973),
    BIREFNET("birefnet-general-lite", "BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx",
             "4fab47adc4ff364be1713e97b7e66334", 224),
    BIREFNET("birefnet-portrait", "BiRefNet-portrait-epoch_150.onnx",
             "c3a64a6abf20250d090cd055f12a3b67", 973),
    BIREFNET("birefnet-dis", "BiRefNet-DIS-epoch_590.onnx",
             "2d4d44102b446f33a4ebb2e56c051f2b", 973),
    BIREFNET("birefnet-hrsod", "BiRefNet-HRSOD_DHU-epoch_115.onnx",
             "c017ade5de8a50ff0fd74d790d268dda", 973),
    BIREFNET("birefnet-cod", "BiRefNet-COD-epoch_125.onnx",
             "f6d0d21ca89d287f17e7afe9f5fd3b45", 973),
    BIREFNET("birefnet-massive", "BiRefNet-massive-TR_DIS5K_TR_TEs-epoch_420.onnx",
             "33e726a2136a3d59eb0fdf613e31e3e9", 973),
    {"bria-rmbg", RELEASE "bria-rmbg-2.0.onnx",
     "sha256:5b486f08200f513f460da46dd701db5fbb47d79b4be4b708a19444bcd4e79958",
     "BRIA RMBG-2.0 (CC-BY-NC-4.0)", false, false, true, UNTRIED, MEGABYTES(1024),
     IMAGENET(1024, CC_STRETCH_MINMAX)},
    {"sam", "", "", "Apache-2.0", true, false, true, "two files that you fetch yourself: see `clearcut i -m sam`; what to cut out: -x sam_prompt, default the middle", 0,
     {1024, 684, {0, 0, 0}, DEVIATION_ONE, CC_DIVIDE_BY_255, CC_STRETCH_NONE, CC_FILTER_BILINEAR, false}},
    CUSTOM("u2net_custom", 320),
    CUSTOM("dis_custom", 1024),
    CUSTOM("ben_custom", 1024),
};
/* clang-format on */

enum { MODEL_COUNT = (int)(sizeof models / sizeof models[0]) };

int cc_model_count(void)
{
    return MODEL_COUNT;
}

const cc_model *cc_model_at(int index)
{
    return &models[index];
}

const cc_model *cc_model_find(const char *name)
{
    for (int i = 0; i < MODEL_COUNT; i++) {
        if (strcmp(models[i].name, name) == 0) {
            return &models[i];
        }
    }
    return NULL;
}

/* Letters in common at the start and at the end: a slip of the finger leaves most
 * of both. */
static size_t common_letters(const char *a, const char *b)
{
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    size_t shorter = a_length < b_length ? a_length : b_length;
    size_t start = 0;
    size_t end = 0;

    while (start < shorter && a[start] == b[start]) {
        start++;
    }
    while (start + end < shorter && a[a_length - 1 - end] == b[b_length - 1 - end]) {
        end++;
    }
    return start + end;
}

const char *cc_model_nearest(const char *name)
{
    const char *best = NULL;
    size_t best_letters = strlen(name) / 2; /* more than half must agree */

    for (int i = 0; i < MODEL_COUNT; i++) {
        size_t letters = common_letters(name, models[i].name);
        if (letters > best_letters) {
            best_letters = letters;
            best = models[i].name;
        }
    }
    return best;
}

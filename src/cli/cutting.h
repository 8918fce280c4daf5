/* How subjects are cut: the options that `i`, `p` and `b` share, and one picture's way
 * from photo to finished cut-out. An option that is added here is an option of all.
 */
#ifndef CLEARCUT_CLI_CUTTING_H
#define CLEARCUT_CLI_CUTTING_H

#include "clearcut.h"
#include "command.h"

typedef struct cli_cutting {
    const char *model;
    const char *compat;
    const char *extras;
    cli_color background;
    long long foreground_threshold;
    long long background_threshold;
    long long erode_size;
    bool only_mask;
    bool post_process_mask;
    bool alpha_matting;
    bool decontaminate;
    bool exact_matting;
    bool put_alpha; /* of --extras */
    bool force;     /* keep results without a clear subject */
    const char *edges;
    const char *ground; /* --on; NULL = none */
    long long max_size; /* of the long side, pixels; 0 = no limit */
    bool keep_small;
    const char *mean;      /* "R,G,B"; NULL = as guessed */
    const char *deviation; /* the same */
    const char *size;      /* "N" or "WxH"; NULL = as the file says */
    const char *layout;    /* "nchw" or "nhwc"; NULL = nchw */
    /* Settled by cli_check_cutting: */
    clearcut_image *ground_image; /* owned; NULL = none */
    uint8_t ground_color[4];
    bool on_color;
    bool ground_later; /* set by a command that changes alpha after the cutting */
    clearcut_feeding feeding;
    bool has_feeding;
    const char *cloth;        /* of --extras: "upper", "lower", "full"; static; NULL = all */
    clearcut_prompt *prompts; /* owned; of --extras, for sam */
    int prompt_count;
    char sam_model[65]; /* of --extras; "" = rembg's default */
    bool sam_quant;     /* the same */
    char sam_wish[80];  /* what `model` points to if these say which sam */
    char *model_path;   /* owned; what `model` points to if --extras named a file */
} cli_cutting;

/* One picture at work. */
typedef struct cli_work {
    clearcut_image *photo;
    clearcut_image *small;   /* NULL if the photo itself is worked on */
    clearcut_image *picture; /* the cut-out or mask */
    bool keep_photo;         /* after cutting, though nothing here needs it any more */
    bool measure;            /* fill `doubt` while alpha is still there; needs ground_later */
    double doubt;            /* of clearcut_image_doubt */
    clearcut_subject subject;
} cli_work;

#define CLI_CUTTING_DEFAULTS                                                                       \
    {                                                                                              \
        .foreground_threshold = 240, .background_threshold = 10, .erode_size = 10                  \
    }

/* clang-format off */
/* The option rows for a settings structure that has a cli_cutting `cutting`. */
#define CLI_CUTTING_OPTIONS(type)                                                                  \
    {"m", "model", CLI_TEXT, offsetof(type, cutting.model), 0, 0, "MODEL",                         \
     "a name of `clearcut models`, or an ONNX file; default " CLEARCUT_DEFAULT_MODEL},             \
    {"om", "only-mask", CLI_FLAG, offsetof(type, cutting.only_mask), 0, 0, NULL,                   \
     "the mask instead of the cut-out"},                                                           \
    {"bgc", "bgcolor", CLI_COLOR, offsetof(type, cutting.background), 0, 255, "R G B A",           \
     "put it on a colour: four numbers, or R,G,B[,A], or #RRGGBB[AA]"},                            \
    {"ppm", "post-process-mask", CLI_FLAG, offsetof(type, cutting.post_process_mask), 0, 0, NULL,  \
     "smooth the mask's outline: opened, blurred, then only 0 and 255"},                           \
    {"a", "alpha-matting", CLI_FLAG, offsetof(type, cutting.alpha_matting), 0, 0, NULL,            \
     "solve for alpha along the edge, and take the old background out of its colours"},            \
    {"af", "alpha-matting-foreground-threshold", CLI_INTEGER,                                      \
     offsetof(type, cutting.foreground_threshold), 0, 255, "N",                                    \
     "-a: a mask above this is certainly subject; default 240"},                                   \
    {"ab", "alpha-matting-background-threshold", CLI_INTEGER,                                      \
     offsetof(type, cutting.background_threshold), 0, 255, "N",                                    \
     "-a: a mask below this is certainly background; default 10"},                                 \
    {"ae", "alpha-matting-erode-size", CLI_INTEGER, offsetof(type, cutting.erode_size), 0, 1000,   \
     "N", "-a: how many pixels both draw back from the edge; default 10"},                         \
    {"dc", "decontaminate", CLI_FLAG, offsetof(type, cutting.decontaminate), 0, 0, NULL,           \
     "the mask's alpha, but the old background out of the edge's colours"},                        \
    {NULL, "exact-matting", CLI_FLAG, offsetof(type, cutting.exact_matting), 0, 0, NULL,           \
     "-a: solve every unknown pixel, however long it takes (--compat rembg does)"},                \
    {NULL, "edges", CLI_TEXT, offsetof(type, cutting.edges), 0, 0, "HOW",                          \
     "the mask at the photo's size: guided by the photo's edges, or plain; default auto"},         \
    {NULL, "force", CLI_FLAG, offsetof(type, cutting.force), 0, 0, NULL,                           \
     "write the result even if there is no clear subject"},                                        \
    {NULL, "compat", CLI_TEXT, offsetof(type, cutting.compat), 0, 0, "rembg",                      \
     "rembg: colours multiplied by the mask and rembg's default model (u2net), as rembg does"},    \
    {NULL, "on", CLI_TEXT, offsetof(type, cutting.ground), 0, 0, "GROUND",                         \
     "put it on white, black, transparent (default), #RRGGBB[AA] or a picture"},                   \
    {NULL, "max-size", CLI_INTEGER, offsetof(type, cutting.max_size), 16, 1000000, "N",            \
     "work on a copy whose long side has at most N pixels; the result has the photo's size"},      \
    {NULL, "keep-small", CLI_FLAG, offsetof(type, cutting.keep_small), 0, 0, NULL,                 \
     "with --max-size: the result has the copy's size"},                                           \
    {NULL, "mean", CLI_TEXT, offsetof(type, cutting.mean), 0, 0, "R,G,B",                          \
     "a model file of one's own: what is subtracted from samples 0..1"},                           \
    {NULL, "std", CLI_TEXT, offsetof(type, cutting.deviation), 0, 0, "R,G,B",                      \
     "and what they are divided by then"},                                                         \
    {NULL, "size", CLI_TEXT, offsetof(type, cutting.size), 0, 0, "N or WxH",                       \
     "its input, where the file leaves it open"},                                                  \
    {NULL, "layout", CLI_TEXT, offsetof(type, cutting.layout), 0, 0, "NAME",                       \
     "nchw (default), or nhwc: channels last"},                                                    \
    {"x", "extras", CLI_TEXT, offsetof(type, cutting.extras), 0, 0, "JSON",                        \
     "rembg's extras: an object whose members mean what rembg's options of these names do"}
/* clang-format on */

/* Check the values before any work, take what --extras has, settle the model and read
 * the ground: CLI_EXIT_OK, or the exit status after an explanation on stderr.
 * cli_cutting_free either way. */
int cli_check_cutting(cli_cutting *cutting);
void cli_cutting_free(cli_cutting *cutting);

/* Is the picture that was just cut to be kept back because it has no clear subject?
 * Never with --force, nor with --compat rembg. */
bool cli_work_has_no_subject(const cli_cutting *cutting, const cli_work *work);

/* Fill the library's options for the part of the work that a session does. */
void cli_cutting_options(const cli_cutting *cutting, clearcut_timing *timing,
                         clearcut_cut_options *options);

/* The size in which a photo of width x height is worked on. */
void cli_cutting_size(const cli_cutting *cutting, int width, int height, int *work_width,
                      int *work_height);

/* The three parts of the work on a picture whose `photo` is there. The first and the
 * last may run on any thread, the one in the middle on the session's. On failure the
 * pictures stay in `work`; cli_work_free frees them. `timing` gets what the parts do,
 * the first as preprocess and the last as postprocess. */
clearcut_status cli_work_prepare(const cli_cutting *cutting, cli_work *work,
                                 clearcut_timing *timing, clearcut_error *error);
clearcut_status cli_work_cut(const cli_cutting *cutting, clearcut_session *session, cli_work *work,
                             clearcut_timing *timing, clearcut_matting *matting,
                             clearcut_error *error);
clearcut_status cli_work_finish(const cli_cutting *cutting, cli_work *work, clearcut_timing *timing,
                                clearcut_error *error);
void cli_work_free(cli_work *work);

/* Do results have three times the height of their photos (the mattes of
 * u2net_cloth_seg)? */
bool cli_cutting_is_stack(const cli_cutting *cutting);

/* What a session is to be told of a model file of one's own; NULL = nothing. */
const clearcut_feeding *cli_cutting_feeding(const cli_cutting *cutting);

/* ---- feeding.c ---- */

/* Read --mean, --std, --size and --layout. CLI_EXIT_OK, or CLI_EXIT_USAGE after an
 * explanation on stderr. */
int cli_settle_feeding(cli_cutting *cutting);

/* ---- extras.c ---- */

/* Take the members of an --extras object into `cutting`. CLI_EXIT_OK, or
 * CLI_EXIT_USAGE after an explanation on stderr. */
int cli_take_extras(cli_cutting *cutting);

/* ---- prompts.c ---- */

typedef struct cli_json_value cli_json_value;

/* "sam_prompt" of --extras: points and rectangles, as rembg has them. CLI_EXIT_OK, or
 * another exit status after an explanation on stderr. */
int cli_take_prompts(const cli_json_value *value, cli_cutting *cutting);
/* "sam_model". The same. */
int cli_take_sam_model(const cli_json_value *value, cli_cutting *cutting);
/* Name the files that -m sam means by what --extras says of them. */
void cli_settle_sam(cli_cutting *cutting);

#endif

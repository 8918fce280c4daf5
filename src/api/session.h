/* A session from inside: shared by the files session*.c.
 *
 * All functions: one call at a time per session. Messages and notes name the model.
 */
#ifndef CLEARCUT_API_SESSION_H
#define CLEARCUT_API_SESSION_H

#include "api/api.h"
#include "image/resample_kernel.h"
#include "zoo/store.h"

/* The weights of one resampling, kept for the next picture of that size. */
typedef struct cc_session_axis {
    cc_resample_axis axis; /* {0} = none yet */
    cc_filter filter;
} cc_session_axis;

typedef struct cc_session_sam cc_session_sam; /* session_sam.c */

struct clearcut_session {
    cc_runtime runtime;
    cc_network *network;
    cc_session_sam *sam; /* Segment Anything: `network` is the encoder; else NULL */
    cc_recipe recipe;
    clearcut_feeding feeding; /* of a file of one's own; zero = guessed */
    bool has_feeding;
    bool low_memory;
    const char *calibration; /* borrowed while the session is made */
    bool calibrate;
    bool tune;
    float *input;  /* 3 x recipe.height x recipe.width */
    float *output; /* first output, all of it; its first plane is the map */
    int map_width;
    int map_height;
    bool told_reduction;
    cc_session_axis axes[4]; /* in: columns, rows; out: columns, rows */
    cc_picture_tally tally;  /* of the last map, if the device did the picture's way */
    bool has_tally;          /* else the map is in `output` */
    bool told_no_room;
    clearcut_progress_function progress;
    void *progress_context;
    clearcut_note_function note;
    void *note_context;
    char model[CC_PATH_SIZE];
    char recipe_text[256];
};

/* To the caller's functions, where there are any; an empty note is not told. */
void cc_session_tell_stage(const clearcut_session *session, clearcut_stage stage);
void cc_session_tell_note(const clearcut_session *session, const char *text);

/* session_load.c: find the model of this name or path (`wish`), check its bytes, load it
 * on the session's device ("auto" may retreat to the processor), settle the recipe and
 * allocate both tensors. What was made before a failure is the session's to free. */
cc_status cc_session_open_model(clearcut_session *session, const char *wish, cc_error *fault);

/* session_pictures.c: the picture's whole way on the device, for engines that can. */

/* Can this session's network do it? */
bool cc_session_takes_pictures(const clearcut_session *session);
/* Picture -> *small (the map in 8 bits, or its classes) and *large (the same at the
 * picture's size), and session->tally. CC_LIMIT: the device has no room for this picture;
 * nothing is changed but that a note says so once, and the other way is open. On failure
 * both are {0}. Adds to the stages of `timing` (may be NULL). */
cc_status cc_session_run_picture(clearcut_session *session, const cc_image *image,
                                 clearcut_timing *timing, cc_image *small, cc_image *large,
                                 cc_error *fault);
void cc_session_release_pictures(clearcut_session *session);

/* session_sam.c: Segment Anything, an encoder of pictures and a decoder of prompts. */

/* Load both. On failure what was made is the session's to free. */
cc_status cc_session_open_sam(clearcut_session *session, const cc_model_source *source,
                              cc_error *fault);
/* The mask (0 and 255) of what the prompts mean; on failure *mask is {0}. */
cc_status cc_session_run_sam(clearcut_session *session, const cc_image *image,
                             const clearcut_cut_options *wanted, cc_image *mask, cc_error *fault);
void cc_session_release_sam(clearcut_session *session);

/* session_mask.c. `timing` may be NULL; each adds its own stages. */

/* Picture -> *small and *large as above, by the device or by the processor before and
 * after it; both are 1 channel and the caller's to free. *flat: the map was the same
 * everywhere, and the mask is empty. On failure both are {0}. */
cc_status cc_session_run(clearcut_session *session, const cc_image *image, clearcut_timing *timing,
                         cc_image *small, cc_image *large, bool *flat, cc_error *fault);
/* The mask at the picture's size, along its edges if that is wanted (1 channel; the caller
 * frees it). On failure *mask is {0}. */
cc_status cc_session_make_mask(clearcut_session *session, const cc_image *image,
                               const clearcut_cut_options *wanted, cc_image *mask, cc_error *fault);
/* Whether the last map shows a subject. */
void cc_session_report_subject(const clearcut_session *session, clearcut_subject *subject);

/* session_cut.c */

/* Replace a mask by its post-processed form; on failure *mask is {0}. */
cc_status cc_session_post_process(clearcut_session *session, clearcut_timing *timing,
                                  cc_image *mask, cc_error *fault);
/* The cut-out (RGBA, or RGB over the wanted background; the caller frees it). On failure
 * *cutout is {0}. */
cc_status cc_session_compose(clearcut_session *session, const cc_image *image, const cc_image *mask,
                             const clearcut_cut_options *wanted, cc_image *cutout, cc_error *fault);

/* session_clothes.c: for a model of classes. The wanted kind of clothing, or all three
 * one below the other. On failure *result stays as it is. */
cc_status cc_session_cut_clothes(clearcut_session *session, const cc_image *image,
                                 const clearcut_cut_options *wanted, clearcut_image **result,
                                 cc_error *fault);

#endif

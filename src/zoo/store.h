/* From a wish ("-m silueta", "-m nets/mine.onnx") to something that can be
 * loaded, its checksum compared.
 */
#ifndef CLEARCUT_ZOO_STORE_H
#define CLEARCUT_ZOO_STORE_H

#include "zoo/folders.h"
#include "zoo/models.h"

/* A model that is there. Either `path` names a file, or `data` the embedded one. */
typedef struct cc_model_source {
    const cc_model *model; /* NULL for a file that was given by its path */
    char path[CC_PATH_SIZE];
    const void *data; /* static; NULL if it is a file */
    size_t size;
    char companion[CC_PATH_SIZE]; /* Segment Anything: the decoder, `path` being the encoder; else
                                     "" */
    char note[256];               /* "" or what a user should hear once */
} cc_model_source;

/* What "sam" alone means, as in rembg. */
#define CC_SAM_DEFAULT "sam_vit_b_01ec64"

/* Find the model that `wish` means: a name of the table, or a path (with a '/' or
 * ending in ".onnx"). Segment Anything has two files: "sam" (rembg's default), "sam:NAME" and
 * "sam:NAME.quant" are NAME.encoder[.quant].onnx and its decoder in a model folder; the path of
 * such an encoder finds the decoder beside it. CC_INVALID_ARGUMENT for an unknown name,
 * CC_UNSUPPORTED for one that this version cannot run, CC_MODEL if its file is missing. */
cc_status cc_model_resolve(const char *wish, cc_model_source *source, cc_error *error);

/* Compare a named model's file with its published checksum: CC_MODEL, with both
 * sums, if they differ. With MODEL_CHECKSUM_DISABLED in the environment (rembg's
 * switch: set at all) nothing is compared and source->note says so. A file that
 * was compared before and has not changed since (zoo/verified.h) is not read. */
cc_status cc_model_verify(cc_model_source *source, cc_error *error);

/* Long enough for "sha256:", 64 digits and the end. */
enum { CC_CHECKSUM_TEXT_SIZE = 72 };

/* The checksum of a file, of the kind that `like` ("md5:...", "sha256:...") is. */
cc_status cc_checksum_of(const char *path, const char *like, char text[CC_CHECKSUM_TEXT_SIZE],
                         cc_error *error);

/* Does a file have the checksum "md5:<hex>" or "sha256:<hex>"? CC_MODEL if not. */
cc_status cc_checksum_verify(const char *path, const char *checksum, cc_error *error);

/* The embedded page model as ONNX bytes; static. */
const void *cc_embedded_page_model(size_t *size);

/* The recipe for a file of unknown origin, by its name (isnet-anime.onnx) if the
 * table has that name with this input size, else by the size. Says in `how`
 * ("as isnet-anime, by the file's name"; static) what it went by. */
cc_recipe cc_model_guess_recipe(const char *path, int width, int height, const char **how);

#endif

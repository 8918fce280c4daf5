#include "zoo/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/file.h"
#include "zoo/digest.h"
#include "zoo/verified.h"

/* ---- the embedded model (embedded_model.S) ---- */

extern const unsigned char cc_page_model[];
extern const uint64_t cc_page_model_size;

const void *cc_embedded_page_model(size_t *size)
{
    *size = (size_t)cc_page_model_size;
    return cc_page_model;
}

/* ---- checksums ---- */

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

cc_status cc_checksum_of(const char *path, const char *like, char text[CC_CHECKSUM_TEXT_SIZE],
                         cc_error *error)
{
    uint8_t digest[CC_SHA256_SIZE];
    bool is_md5 = has_prefix(like, "md5:");
    cc_file_view view;
    cc_status status;

    if (!is_md5 && !has_prefix(like, "sha256:")) {
        return cc_fail(error, CC_INTERNAL, "\"%s\" is no checksum", like);
    }
    status = cc_file_map(path, &view, error);
    if (status != CC_OK) {
        cc_error_context(error, "%s", path);
        return status;
    }
    if (is_md5) {
        cc_md5(view.data, view.size, digest);
    } else {
        cc_sha256(view.data, view.size, digest);
    }
    cc_file_unmap(&view);
    snprintf(text, CC_CHECKSUM_TEXT_SIZE, "%s", is_md5 ? "md5:" : "sha256:");
    cc_digest_text(digest, is_md5 ? CC_MD5_SIZE : CC_SHA256_SIZE, text + strlen(text));
    return CC_OK;
}

cc_status cc_checksum_verify(const char *path, const char *checksum, cc_error *error)
{
    char found[CC_CHECKSUM_TEXT_SIZE];
    cc_status status = cc_checksum_of(path, checksum, found, error);

    if (status == CC_OK && strcmp(found, checksum) != 0) {
        status = cc_fail(error, CC_MODEL,
                         "%s: wrong checksum: expected %s, got %s; fetch the file again, or use "
                         "it as it is by giving its path to -m",
                         path, checksum, found);
    }
    return status;
}

cc_status cc_model_verify(cc_model_source *source, cc_error *error)
{
    time_t began;
    cc_status status;

    if (source->model == NULL || source->model->embedded || source->model->checksum[0] == '\0') {
        return CC_OK;
    }
    if (getenv("MODEL_CHECKSUM_DISABLED") != NULL) {
        snprintf(source->note, sizeof source->note,
                 "MODEL_CHECKSUM_DISABLED is set: the checksum of %s was not compared",
                 source->model->name);
        return CC_OK;
    }
    if (cc_verified_before(source->path, source->model->checksum)) {
        return CC_OK;
    }
    began = time(NULL);
    status = cc_checksum_verify(source->path, source->model->checksum, error);
    if (status == CC_OK) {
        cc_verified_record(source->path, source->model->checksum, began);
    }
    return status;
}

/* ---- names and paths ---- */

static bool is_path(const char *wish)
{
    size_t length = strlen(wish);
    return strchr(wish, '/') != NULL || (length > 5 && strcmp(wish + length - 5, ".onnx") == 0);
}

static cc_status unknown_name(const char *wish, cc_error *error)
{
    const char *near_name = cc_model_nearest(wish);

    if (near_name != NULL) {
        return cc_fail(
            error, CC_INVALID_ARGUMENT,
            "unknown model \"%s\"; did you mean %s? (`clearcut models` lists all; a path "
            "needs a '/' or the ending .onnx)",
            wish, near_name);
    }
    return cc_fail(error, CC_INVALID_ARGUMENT,
                   "unknown model \"%s\"; `clearcut models` lists all (a path needs a '/' or the "
                   "ending .onnx)",
                   wish);
}

static cc_status resolve_named(const cc_model *model, cc_model_source *source, cc_error *error)
{
    source->model = model;
    if (!model->runnable) {
        return cc_fail(error, CC_UNSUPPORTED, "model %s: %s", model->name, model->remark);
    }
    if (model->embedded) {
        source->data = cc_embedded_page_model(&source->size);
        if (source->size == 0) {
            return cc_fail(error, CC_MODEL,
                           "this build has no embedded page model; build it with "
                           "assets/page-model.onnx in place");
        }
        return CC_OK;
    }
    if (!cc_model_locate(model->name, source->path, sizeof source->path)) {
        return cc_model_missing(model->name, model->url, error);
    }
    return CC_OK;
}

/* ---- Segment Anything: encoder and decoder ---- */

#define SAM_RELEASE "https://github.com/danielgatis/rembg/releases/download/v0.0.0/"

static bool is_encoder(const char *path)
{
    const char *part = strstr(path, ".encoder.");

    return part != NULL &&
           (strcmp(part, ".encoder.onnx") == 0 || strcmp(part, ".encoder.quant.onnx") == 0);
}

/* The decoder's name or path from the encoder's. */
static bool name_decoder(const char *encoder, char *decoder, size_t size)
{
    const char *part = strstr(encoder, ".encoder");
    int length = snprintf(decoder, size, "%.*s.decoder%s", (int)(part - encoder), encoder,
                          part + strlen(".encoder"));

    return length > 0 && (size_t)length < size;
}

static cc_status sam_missing(const char *file, cc_error *error)
{
    char folder[CC_PATH_SIZE] = "";

    if (cc_model_folder(folder, sizeof folder, NULL) != CC_OK) {
        snprintf(folder, sizeof folder, "$CLEARCUT_HOME");
    }
    return cc_fail(error, CC_MODEL,
                   "sam needs %s.onnx, which is in no model folder, and is not fetched because no "
                   "checksum is published for it; if you trust its source: mkdir -p '%s' && curl "
                   "-fL -o '%s/%s.onnx' " SAM_RELEASE "%s.onnx",
                   file, folder, folder, file, file);
}

/* wish: "sam", "sam:NAME" or "sam:NAME.quant". */
static cc_status resolve_sam(const char *wish, cc_model_source *source, cc_error *error)
{
    const char *name = wish[3] == ':' ? wish + 4 : CC_SAM_DEFAULT;
    const char *quant = strstr(name, ".quant");
    int length = quant != NULL ? (int)(quant - name) : (int)strlen(name);
    char encoder[128];
    char decoder[128];

    source->model = cc_model_find("sam");
    if (length < 1 || length > 64 || strchr(name, '/') != NULL ||
        (quant != NULL && strcmp(quant, ".quant") != 0)) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "\"%s\" is no name of a SAM model; sam, or sam:" CC_SAM_DEFAULT ".quant",
                       wish);
    }
    snprintf(encoder, sizeof encoder, "%.*s.encoder%s", length, name, quant != NULL ? quant : "");
    (void)name_decoder(encoder, decoder, sizeof decoder);
    if (!cc_model_locate(encoder, source->path, sizeof source->path)) {
        return sam_missing(encoder, error);
    }
    if (!cc_model_locate(decoder, source->companion, sizeof source->companion)) {
        return sam_missing(decoder, error);
    }
    return CC_OK;
}

cc_status cc_model_resolve(const char *wish, cc_model_source *source, cc_error *error)
{
    const cc_model *model = cc_model_find(wish);
    size_t size = strlen(wish) + 1;

    memset(source, 0, sizeof *source);
    if (strcmp(wish, "sam") == 0 || has_prefix(wish, "sam:")) {
        return resolve_sam(wish, source, error);
    }
    if (model != NULL) {
        return resolve_named(model, source, error);
    }
    if (!is_path(wish)) {
        return unknown_name(wish, error);
    }
    if (size > sizeof source->path) {
        return cc_fail(error, CC_LIMIT, "the model's path is longer than %d bytes",
                       CC_PATH_SIZE - 1);
    }
    memcpy(source->path, wish, size);
    if (is_encoder(wish) && !name_decoder(wish, source->companion, sizeof source->companion)) {
        return cc_fail(error, CC_LIMIT, "the path of the decoder is longer than %d bytes",
                       CC_PATH_SIZE - 1);
    }
    return CC_OK;
}

/* The file's name without folder and ending. */
static void stem_of(const char *path, char *stem, size_t size)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t length = dot != NULL ? (size_t)(dot - name) : strlen(name);

    snprintf(stem, size, "%.*s", (int)(length < size ? length : size - 1), name);
}

cc_recipe cc_model_guess_recipe(const char *path, int width, int height, const char **how)
{
    char stem[64];
    const cc_model *model;

    stem_of(path, stem, sizeof stem);
    model = cc_model_find(stem);
    if (model != NULL && model->runnable && model->recipe.width == width &&
        model->recipe.height == height) {
        *how = "by the file's name";
        return model->recipe;
    }
    *how = "by the input size";
    return cc_recipe_guess(width, height);
}

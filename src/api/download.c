/* Models on their way to this machine. */
#define _GNU_SOURCE /* mkdir */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/api.h"
#include "zoo/download.h"
#include "zoo/import.h"
#include "zoo/store.h"

void clearcut_download_options_init(clearcut_download_options *options)
{
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
}

clearcut_status clearcut_download_possible(clearcut_error *error)
{
    cc_error fault = {0};
    return cc_api_return(cc_download_possible(&fault), &fault, error);
}

/* The folder and all above it. */
static cc_status make_folder(char *path, cc_error *fault)
{
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        int made;
        if (slash != NULL) {
            *slash = '\0';
        }
        made = mkdir(path, 0777);
        if (made != 0 && errno != EEXIST) {
            return cc_fail(fault, CC_IO, "%s: cannot make the model folder: %s", path,
                           strerror(errno));
        }
        if (slash == NULL) {
            return CC_OK;
        }
        *slash = '/';
    }
}

static bool pass_progress(void *context, uint64_t done, uint64_t total)
{
    const clearcut_download_options *wanted = context;

    if (wanted->progress != NULL) {
        wanted->progress(wanted->progress_context, done, total);
    }
    return !clearcut_cancel_requested(wanted->cancel);
}

/* The sizes of the table are rounded, so that a good deal more may come. */
static uint64_t most_bytes(const cc_model *model)
{
    enum { SLACK = 32 << 20 };
    const uint64_t unknown = (uint64_t)4 << 30;

    return model->bytes > 0 ? model->bytes + model->bytes / 2 + SLACK : unknown;
}

static const char *checksum_to_compare(const cc_model *model,
                                       const clearcut_download_options *wanted)
{
    char text[256];

    if (model->checksum[0] == '\0' || getenv("MODEL_CHECKSUM_DISABLED") == NULL) {
        return model->checksum;
    }
    snprintf(text, sizeof text,
             "MODEL_CHECKSUM_DISABLED is set: the checksum of %s was not compared", model->name);
    if (wanted->note != NULL) {
        wanted->note(wanted->note_context, text);
    }
    return "";
}

static cc_status fetch(const cc_model *model, clearcut_download_options *wanted, cc_error *fault)
{
    char url[CC_PATH_SIZE];
    char target[CC_PATH_SIZE];
    cc_download download = {.url = url,
                            .target = target,
                            .limit = most_bytes(model),
                            .patience_seconds = wanted->patience_seconds,
                            .progress = pass_progress,
                            .context = wanted};
    cc_status status = cc_model_address(model, wanted->from, url, sizeof url, fault);
    size_t length;

    status = status == CC_OK ? cc_model_folder(target, sizeof target, fault) : status;
    status = status == CC_OK ? make_folder(target, fault) : status;
    if (status != CC_OK) {
        return status;
    }
    length = strlen(target);
    if ((size_t)snprintf(target + length, sizeof target - length, "/%s.onnx", model->name) >=
        sizeof target - length) {
        return cc_fail(fault, CC_LIMIT, "the path of %s is too long", model->name);
    }
    download.checksum = checksum_to_compare(model, wanted);
    status = cc_download_file(&download, fault);
    cc_error_context(fault, "model %s", model->name);
    return status;
}

static cc_status download(const char *name, const clearcut_download_options *theirs,
                          cc_error *fault)
{
    clearcut_download_options wanted;
    cc_model_source source;
    cc_status status;

    clearcut_download_options_init(&wanted);
    status = cc_api_take_options(&wanted, theirs, fault);
    if (status != CC_OK) {
        return status;
    }
    memset(&source, 0, sizeof source);
    source.model = cc_model_find(name);
    if (source.model == NULL) {
        return cc_fail(fault, CC_INVALID_ARGUMENT,
                       "unknown model \"%s\"; `clearcut models` lists all", name);
    }
    if (source.model->embedded) {
        return CC_OK;
    }
    if (!cc_model_locate(name, source.path, sizeof source.path)) {
        return fetch(source.model, &wanted, fault);
    }
    status = cc_model_verify(&source, fault);
    if (source.note[0] != '\0' && wanted.note != NULL) {
        wanted.note(wanted.note_context, source.note);
    }
    return status;
}

clearcut_status clearcut_model_download(const char *name, const clearcut_download_options *options,
                                        clearcut_error *error)
{
    cc_error fault = {0};

    if (name == NULL) {
        return cc_api_return(cc_api_missing("name", &fault), &fault, error);
    }
    return cc_api_return(download(name, options, &fault), &fault, error);
}

/* ---- brought along ---- */

static cc_status import_model(const char *path, const char *name, const cc_model **model,
                              cc_error *fault)
{
    char folder[CC_PATH_SIZE];
    cc_status status = cc_model_folder(folder, sizeof folder, fault);

    if (status == CC_OK) {
        status = make_folder(folder, fault);
    }
    return status != CC_OK
               ? status
               : cc_model_import(path, name, folder, getenv("MODEL_CHECKSUM_DISABLED") != NULL,
                                 model, fault);
}

clearcut_status clearcut_model_import(const char *path, const char *name, clearcut_model_info *info,
                                      clearcut_error *error)
{
    const cc_model *model = NULL;
    cc_error fault = {0};
    cc_status status =
        path == NULL ? cc_api_missing("path", &fault) : import_model(path, name, &model, &fault);

    for (int i = 0; status == CC_OK && info != NULL && i < cc_model_count(); i++) {
        if (cc_model_at(i) == model) {
            return clearcut_model_get(i, info, error);
        }
    }
    return cc_api_return(status, &fault, error);
}

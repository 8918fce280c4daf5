#include "zoo/import.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"
#include "zoo/digest.h"
#include "zoo/folders.h"
#include "zoo/store.h"

/* Both sums of a file, as the table writes them. */
typedef struct checksums {
    char md5[CC_CHECKSUM_TEXT_SIZE];
    char sha256[CC_CHECKSUM_TEXT_SIZE];
} checksums;

static void sum_up(const cc_file_view *view, checksums *sums)
{
    uint8_t digest[CC_SHA256_SIZE];

    cc_md5(view->data, view->size, digest);
    memcpy(sums->md5, "md5:", 4);
    cc_digest_text(digest, CC_MD5_SIZE, sums->md5 + 4);
    cc_sha256(view->data, view->size, digest);
    memcpy(sums->sha256, "sha256:", 7);
    cc_digest_text(digest, CC_SHA256_SIZE, sums->sha256 + 7);
}

static bool has_checksum(const cc_model *model, const checksums *sums)
{
    return model->checksum[0] != '\0' &&
           (strcmp(model->checksum, sums->md5) == 0 || strcmp(model->checksum, sums->sha256) == 0);
}

static cc_status find_named(const char *name, const checksums *sums, bool unchecked,
                            const cc_model **model, cc_error *error)
{
    *model = cc_model_find(name);
    if (*model == NULL) {
        return cc_fail(error, CC_INVALID_ARGUMENT,
                       "unknown model \"%s\"; `clearcut models` lists all", name);
    }
    if ((*model)->url[0] == '\0') {
        return cc_fail(error, CC_UNSUPPORTED, "model %s: there is no file of it; %s", name,
                       (*model)->embedded ? "it is built in" : (*model)->remark);
    }
    if (!unchecked && !has_checksum(*model, sums)) {
        return cc_fail(error, CC_MODEL,
                       "wrong checksum for %s: expected %s, got %s and %s; use the file as it is "
                       "by giving its path to -m",
                       name, (*model)->checksum, sums->md5, sums->sha256);
    }
    return CC_OK;
}

static cc_status find_by_checksum(const checksums *sums, const cc_model **model, cc_error *error)
{
    for (int i = 0; i < cc_model_count(); i++) {
        *model = cc_model_at(i);
        if (has_checksum(*model, sums)) {
            return CC_OK;
        }
    }
    *model = NULL;
    return cc_fail(error, CC_MODEL,
                   "is none of the models known by name (%s); use it by giving its path to -m",
                   sums->md5);
}

static bool is_same(const char *path, const cc_file_view *view)
{
    cc_file_view other;
    bool same = cc_file_map(path, &other, NULL) == CC_OK;

    if (same) {
        same = other.size == view->size && memcmp(other.data, view->data, view->size) == 0;
        cc_file_unmap(&other);
    }
    return same;
}

static cc_status copy(const cc_file_view *view, const char *target, cc_error *error)
{
    struct stat about;
    cc_output output = {0};
    cc_status status;

    if (lstat(target, &about) == 0) {
        return is_same(target, view)
                   ? CC_OK
                   : cc_fail(error, CC_MODEL,
                             "%s is there already, with other bytes, and is never replaced; "
                             "move it away first",
                             target);
    }
    status = cc_output_open(&output, target, error);
    if (status == CC_OK) {
        status = cc_output_write(&output, view->data, view->size, error);
    }
    if (status == CC_OK) {
        return cc_output_commit(&output, error);
    }
    cc_output_abort(&output);
    return status;
}

cc_status cc_model_import(const char *path, const char *name, const char *folder, bool unchecked,
                          const cc_model **model, cc_error *error)
{
    char target[CC_PATH_SIZE];
    checksums sums;
    cc_file_view view;
    cc_status status = cc_file_map(path, &view, error);
    int length;

    *model = NULL;
    if (status != CC_OK) {
        cc_error_context(error, "%s", path);
        return status;
    }
    sum_up(&view, &sums);
    status = name != NULL ? find_named(name, &sums, unchecked, model, error)
                          : find_by_checksum(&sums, model, error);
    if (status == CC_OK) {
        length = snprintf(target, sizeof target, "%s/%s.onnx", folder, (*model)->name);
        status = length > 0 && (size_t)length < sizeof target
                     ? copy(&view, target, error)
                     : cc_fail(error, CC_LIMIT, "the path of %s is too long", (*model)->name);
    }
    cc_file_unmap(&view);
    if (status != CC_OK) {
        *model = NULL;
        cc_error_context(error, "%s", path);
    }
    return status;
}

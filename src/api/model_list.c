/* The models by name, as the zoo knows them. */
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "zoo/folders.h"
#include "zoo/models.h"
#include "zoo/store.h"

int clearcut_model_count(void)
{
    return cc_model_count();
}

static void describe(const cc_model *model, clearcut_model_info *info)
{
    bool is_sam = strcmp(model->name, "sam") == 0;
    const char *file = is_sam ? CC_SAM_DEFAULT ".encoder" : model->name;

    info->name = model->name;
    info->licence = model->licence;
    info->commercial_use = model->commercial_use;
    info->runnable = model->runnable;
    info->remark = model->remark;
    info->input_width = model->recipe.width;
    info->input_height = model->recipe.height;
    info->download_bytes = model->bytes;
    info->url = model->url;
    info->checksum = model->checksum;
    if (model->embedded) {
        info->state = CLEARCUT_MODEL_EMBEDDED;
    } else if (cc_model_locate(file, info->path, sizeof info->path)) {
        info->state = CLEARCUT_MODEL_PRESENT;
    } else {
        info->state = CLEARCUT_MODEL_ABSENT;
    }
}

clearcut_status clearcut_model_get(int index, clearcut_model_info *info, clearcut_error *error)
{
    clearcut_model_info filled;
    cc_error fault = {0};
    size_t size;

    if (info == NULL) {
        return cc_api_return(cc_api_missing("info", &fault), &fault, error);
    }
    size = info->size;
    if (size < sizeof size || size > sizeof filled) {
        return cc_api_return(
            cc_fail(&fault, CC_INVALID_ARGUMENT, "info.size must be sizeof(clearcut_model_info)"),
            &fault, error);
    }
    memset(info, 0, size);
    if (index < 0 || index >= cc_model_count()) {
        return cc_api_return(
            cc_fail(&fault, CC_INVALID_ARGUMENT, "model %d of %d", index, cc_model_count()), &fault,
            error);
    }
    memset(&filled, 0, sizeof filled);
    describe(cc_model_at(index), &filled);
    filled.size = size;
    memcpy(info, &filled, size);
    return CLEARCUT_OK;
}

clearcut_status clearcut_model_folder(char *path, size_t size, clearcut_error *error)
{
    cc_error fault = {0};

    if (path == NULL || size == 0) {
        return cc_api_return(cc_api_missing("path", &fault), &fault, error);
    }
    path[0] = '\0';
    return cc_api_return(cc_model_folder(path, size, &fault), &fault, error);
}

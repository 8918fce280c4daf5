/* The models by name: rembg's sessions and our own. One readable table. */
#ifndef CLEARCUT_ZOO_MODELS_H
#define CLEARCUT_ZOO_MODELS_H

#include <stdbool.h>
#include <stdint.h>

#include "zoo/recipe.h"

typedef struct cc_model {
    const char *name;     /* rembg's session name; its file is <name>.onnx */
    const char *url;      /* "" if there is nothing to fetch */
    const char *checksum; /* "md5:<hex>" or "sha256:<hex>"; "" if none is published */
    const char *licence;  /* SPDX identifier or short name */
    bool commercial_use;  /* allowed by that licence as it stands */
    bool embedded;        /* part of the library: no file */
    bool runnable;        /* by this version */
    const char *remark;   /* "" or why not, or what it is for */
    uint64_t bytes;       /* of the file, about; 0 = unknown */
    cc_recipe recipe;
} cc_model;

int cc_model_count(void);
/* 0 .. cc_model_count()-1; static. */
const cc_model *cc_model_at(int index);
/* By its exact name; NULL if there is none; static. */
const cc_model *cc_model_find(const char *name);
/* The name most like a mistyped one, or NULL. */
const char *cc_model_nearest(const char *name);

#endif

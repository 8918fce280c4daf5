/* Model files that a person got elsewhere, put where they belong.
 */
#ifndef CLEARCUT_ZOO_IMPORT_H
#define CLEARCUT_ZOO_IMPORT_H

#include "core/status.h"
#include "zoo/models.h"

/* Copy the file at `path` into `folder` (which exists) as <model name>.onnx, whole or
 * not at all. name: what it is meant to be; NULL = the model whose published checksum
 * it has. The checksum is compared unless `unchecked` and a name is given. A file that
 * is there already is never replaced: if its bytes are the same that is success, else
 * CC_MODEL. *model: what it turned out to be; static. Errors: CC_INVALID_ARGUMENT
 * (unknown name), CC_UNSUPPORTED (a model without a file), CC_MODEL (checksum), those of
 * reading and writing. Any thread. */
cc_status cc_model_import(const char *path, const char *name, const char *folder, bool unchecked,
                          const cc_model **model, cc_error *error);

#endif

/* TIFF files in memory, for libtiff. */
#ifndef CLEARCUT_IMAGE_CODEC_TIFF_IO_H
#define CLEARCUT_IMAGE_CODEC_TIFF_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/file.h"
#include "image/codec/tiff_library.h"

/* The "file" behind a handle: `data` when reading, `bytes` when writing. Holds
 * what libtiff complained about last. Must outlive the handle. */
typedef struct cc_tiff_memory {
    const uint8_t *data;
    size_t size;
    cc_buffer *bytes; /* NULL when reading */
    cc_status status; /* of growing `bytes` */
    cc_error *error;
    uint64_t position;
    bool ended_early;  /* libtiff asked for bytes beyond the end */
    char message[160]; /* "" if there was no complaint */
} cc_tiff_memory;

/* A handle over memory; NULL if the header is refused or libtiff cannot be opened, which
 * cc_tiff_library_open tells apart. Close with TIFFClose. */
TIFF *cc_tiff_open(cc_tiff_memory *memory);

#endif

/* clearcut: cut the subject out of a photo, flatten photographed pages.
 *
 * The one public header. C17, and C++17 as well; nothing else is needed to
 * compile against it.
 *
 *     clearcut_session *session = NULL;
 *     clearcut_image *photo = NULL, *cutout = NULL;
 *     clearcut_error error;
 *     if (clearcut_session_create(NULL, &session, &error) ||
 *         clearcut_image_read("photo.jpg", NULL, &photo, &error) ||
 *         clearcut_session_cut(session, photo, NULL, &cutout, &error) ||
 *         clearcut_image_write(cutout, "photo.png", NULL, &error))
 *         fprintf(stderr, "%s\n", error.message);
 *     clearcut_image_free(&cutout);
 *     clearcut_image_free(&photo);
 *     clearcut_session_free(&session);
 *
 * Rules that hold everywhere:
 *
 * - A function that can fail returns a clearcut_status; CLEARCUT_OK is 0. It
 *   takes a clearcut_error that may be NULL. On failure every result is cleared
 *   (handles NULL, structures zero) and nothing has to be freed.
 * - A result handle belongs to the caller, who frees it with the function of its
 *   type. Free functions take the address of the handle, set it to NULL, and
 *   accept NULL and the address of NULL.
 * - Arguments are borrowed until the call returns, unless a comment says longer.
 * - Options structures begin with their own size and are filled by their
 *   ..._init function; NULL stands for the defaults. Members may be added at the
 *   end in later versions: an older program keeps working.
 * - Paths are the operating system's bytes; "-" is standard input or output
 *   where a comment says so. Messages are UTF-8.
 * - Different objects may be used by different threads at the same time. One
 *   object may be used by one thread at a time; exceptions are marked. There is
 *   no global state to set up, and nothing is printed.
 * - Nothing here touches the network but clearcut_model_download.
 */
#ifndef CLEARCUT_H
#define CLEARCUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#if defined(CLEARCUT_BUILDING)
#define CLEARCUT_API __declspec(dllexport)
#else
#define CLEARCUT_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define CLEARCUT_API __attribute__((visibility("default")))
#else
#define CLEARCUT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- version ------------------------------------------------------------- */

#define CLEARCUT_VERSION_MAJOR 0
#define CLEARCUT_VERSION_MINOR 1
#define CLEARCUT_VERSION_PATCH 0
#define CLEARCUT_VERSION "0.1.0"

/* Version of the library that is running, like CLEARCUT_VERSION (which is the
 * one compiled against). Static; any thread. */
CLEARCUT_API const char *clearcut_version(void);

/* ---- errors -------------------------------------------------------------- */

/* Values are never reused. */
typedef enum clearcut_status {
    CLEARCUT_OK = 0,
    CLEARCUT_INVALID_ARGUMENT = 1, /* the caller broke a rule of this header */
    CLEARCUT_OUT_OF_MEMORY = 2,
    CLEARCUT_IO = 3,          /* the operating system refused a read or a write */
    CLEARCUT_NOT_FOUND = 4,   /* no such file */
    CLEARCUT_UNSUPPORTED = 5, /* understood, but not something this build can do */
    CLEARCUT_CORRUPT = 6,     /* the bytes contradict their own format, or end early */
    CLEARCUT_LIMIT = 7,       /* larger than a limit; the message names the limit */
    CLEARCUT_MODEL = 8,       /* model missing, malformed, wrong checksum, not runnable */
    CLEARCUT_DEVICE = 9,      /* the demanded device cannot be used */
    CLEARCUT_CANCELLED = 10,  /* a clearcut_cancel asked to stop */
    CLEARCUT_INTERNAL = 11    /* a fault of clearcut; please report it */
} clearcut_status;

#define CLEARCUT_MESSAGE_SIZE 1024

/* Filled only by functions that fail; it needs no initialisation. */
typedef struct clearcut_error {
    clearcut_status code;
    char message[CLEARCUT_MESSAGE_SIZE]; /* one line: the thing, the cause, the next step */
} clearcut_error;

/* Lower-case identifier of a status: "ok", "out-of-memory", ... Static; any
 * thread. "unknown" for a number that is none. */
CLEARCUT_API const char *clearcut_status_name(clearcut_status status);

/* ---- bytes and files ------------------------------------------------------ */

/* A block of bytes that the library allocated; empty is {NULL, 0}. */
typedef struct clearcut_bytes {
    uint8_t *data;
    size_t size;
} clearcut_bytes;

/* Release the block and make it empty. */
CLEARCUT_API void clearcut_bytes_free(clearcut_bytes *bytes);

/* Ceiling on a file read with limit 0: 512 MiB. */
#define CLEARCUT_DEFAULT_FILE_LIMIT ((size_t)512 * 1024 * 1024)

/* Read a file, pipe or device to its end; "-" is standard input. More than
 * `limit` bytes (0 = CLEARCUT_DEFAULT_FILE_LIMIT) is CLEARCUT_LIMIT. A folder is
 * CLEARCUT_INVALID_ARGUMENT, an empty file CLEARCUT_CORRUPT, a missing one
 * CLEARCUT_NOT_FOUND, anything else CLEARCUT_IO. The message begins with the
 * path. On success the caller frees *bytes. */
CLEARCUT_API clearcut_status clearcut_file_read(const char *path, size_t limit,
                                                clearcut_bytes *bytes, clearcut_error *error);

/* True if both names lead to the same existing file, links of both kinds
 * followed. Any thread. */
CLEARCUT_API bool clearcut_file_same(const char *a, const char *b);

/* An output file that appears whole or not at all: the bytes go to a temporary
 * file in the same folder, which takes the target's name only at commit. */
typedef struct clearcut_output clearcut_output;

/* Would clearcut_output_open succeed? For asking before long work. Leaves
 * nothing behind. "-" is always possible. CLEARCUT_IO or
 * CLEARCUT_INVALID_ARGUMENT (a folder) says why not. */
CLEARCUT_API clearcut_status clearcut_output_check(const char *path, clearcut_error *error);

/* Begin an output. "-" is standard output; devices and pipes are written
 * directly. An existing target stays untouched until commit. */
CLEARCUT_API clearcut_status clearcut_output_open(const char *path, clearcut_output **output,
                                                  clearcut_error *error);

/* Append bytes. After a failure only discard is useful. */
CLEARCUT_API clearcut_status clearcut_output_write(clearcut_output *output, const void *data,
                                                   size_t size, clearcut_error *error);

/* Put the finished file in place. Frees the output and clears the pointer,
 * whether it succeeds or not; on failure (disk full shows here at the latest)
 * the temporary file is gone and the old target is as it was. */
CLEARCUT_API clearcut_status clearcut_output_commit(clearcut_output **output,
                                                    clearcut_error *error);

/* Give the output up: remove the temporary file, free, clear the pointer. */
CLEARCUT_API void clearcut_output_discard(clearcut_output **output);

/* Remove the temporary files of all outputs in progress in this process, for a
 * handler that is about to end it. Async-signal-safe; any thread. The outputs
 * must not be committed afterwards. */
CLEARCUT_API void clearcut_output_discard_all(void);

/* ---- cancelling, progress, notes, timing ---------------------------------- */

/* A switch that stops running work at the next layer or stage. */
typedef struct clearcut_cancel clearcut_cancel;

CLEARCUT_API clearcut_status clearcut_cancel_create(clearcut_cancel **cancel,
                                                    clearcut_error *error);
/* Only when nothing that was given this switch exists any more. */
CLEARCUT_API void clearcut_cancel_free(clearcut_cancel **cancel);
/* Ask everything that holds the switch to stop; the calls return
 * CLEARCUT_CANCELLED. Async-signal-safe; any thread; NULL is allowed. */
CLEARCUT_API void clearcut_cancel_request(clearcut_cancel *cancel);
/* Has it been asked? Async-signal-safe; any thread; false for NULL. */
CLEARCUT_API bool clearcut_cancel_requested(const clearcut_cancel *cancel);
/* Make the switch usable again. */
CLEARCUT_API void clearcut_cancel_reset(clearcut_cancel *cancel);

typedef enum clearcut_stage {
    CLEARCUT_STAGE_LOAD = 0, /* reading and preparing a model */
    CLEARCUT_STAGE_PREPROCESS = 1,
    CLEARCUT_STAGE_INFER = 2,
    CLEARCUT_STAGE_POSTPROCESS = 3
} clearcut_stage;

/* "load", "preprocess", "infer", "postprocess"; static; any thread. */
CLEARCUT_API const char *clearcut_stage_name(clearcut_stage stage);

/* Called when a stage begins, on the thread that called the library. It must
 * return soon and must not use the object that is calling it. */
typedef void (*clearcut_progress_function)(void *context, clearcut_stage stage);

/* Called with something a user should hear once, such as "checksum check
 * switched off"; same rules as above. The text lives until the call returns. */
typedef void (*clearcut_note_function)(void *context, const char *message);

/* Milliseconds of wall-clock time by stage. Calls that take one ADD to the
 * members of the stages they run (and to `total`), so that one structure,
 * zeroed at the start, collects a whole job. */
typedef struct clearcut_timing {
    double decode;
    double preprocess;
    double infer;
    double postprocess;
    double encode;
    double total; /* sum of the others as measured; waiting and loading are not in it */
} clearcut_timing;

/* ---- pictures -------------------------------------------------------------- */

/* A picture: 8 bits a sample (and those of 16 beside them where a file had them and they
 * were asked for: keep_16_bits), rows from top to bottom, samples interleaved in
 * the order grey | grey, alpha | red, green, blue | red, green, blue, alpha.
 * Alpha is straight (colours are not multiplied by it). Upright: an EXIF
 * orientation has been applied. */
typedef struct clearcut_image clearcut_image;

typedef enum clearcut_format {
    CLEARCUT_FORMAT_UNKNOWN = 0,
    CLEARCUT_FORMAT_JPEG = 1,
    CLEARCUT_FORMAT_PNG = 2,
    CLEARCUT_FORMAT_WEBP = 3,
    CLEARCUT_FORMAT_TIFF = 4,
    CLEARCUT_FORMAT_HEIF = 5, /* HEIC and AVIF; reading only, and not in every build */
    CLEARCUT_FORMAT_GIF = 6,  /* reading only, as BMP */
    CLEARCUT_FORMAT_BMP = 7
} clearcut_format;

/* By the extension of a path, any case; UNKNOWN if none fits. Any thread. */
CLEARCUT_API clearcut_format clearcut_format_from_path(const char *path);
/* By name: "jpeg", "jpg", "png", "webp", "tiff", "tif", any case. Any thread. */
CLEARCUT_API clearcut_format clearcut_format_from_name(const char *name);
/* "jpeg", "png", ...; static; any thread. */
CLEARCUT_API const char *clearcut_format_name(clearcut_format format);
/* Can this build write it? Any thread. */
CLEARCUT_API bool clearcut_format_can_write(clearcut_format format);
/* Does it hold transparency? Any thread. */
CLEARCUT_API bool clearcut_format_has_alpha(clearcut_format format);
/* Does it hold 16 bits a sample? Any thread. */
CLEARCUT_API bool clearcut_format_has_16_bits(clearcut_format format);

/* Ceiling on width * height where an option says 0: 100 megapixels. */
#define CLEARCUT_DEFAULT_MAX_PIXELS ((uint64_t)100000000)

/* Copy a picture out of memory. width, height: 1..1000000 and at most
 * CLEARCUT_DEFAULT_MAX_PIXELS pixels. channels: 1..4 in the order above. stride:
 * bytes from row to row, at least width * channels; 0 = exactly that. pixels
 * NULL gives zeros. Errors: INVALID_ARGUMENT, LIMIT, OUT_OF_MEMORY. */
CLEARCUT_API clearcut_status clearcut_image_create(int width, int height, int channels,
                                                   const uint8_t *pixels, size_t stride,
                                                   clearcut_image **image, clearcut_error *error);

typedef struct clearcut_decode_options {
    size_t size;
    uint64_t max_pixels;     /* 0 = CLEARCUT_DEFAULT_MAX_PIXELS; checked before allocating */
    bool allow_truncated;    /* accept a file that is cut off; clearcut_image_note tells */
    bool convert_to_srgb;    /* apply the ICC profile and drop it; else it is kept */
    bool ignore_orientation; /* leave the picture as the sensor delivered it */
    clearcut_timing *timing; /* adds `decode`; may be NULL */
    int minimum_long_side;   /* > 0: the picture may come smaller, as long as its long side is
                              * at least this: a large JPEG then takes half the time.
                              * clearcut_image_full_width and _height tell; 0 = full size */
    bool keep_16_bits;       /* keep the samples of a PNG or TIFF of 16 bits beside the rounded
                              * ones of 8, for twice the memory on top. What cutting leaves as it
                              * was is then written with them */
} clearcut_decode_options;

CLEARCUT_API void clearcut_decode_options_init(clearcut_decode_options *options);

/* Decode the first picture in `data` (JPEG, PNG, WebP, TIFF, GIF, BMP, HEIF if built in;
 * found by content, never by name). Errors: CORRUPT, UNSUPPORTED, LIMIT,
 * OUT_OF_MEMORY, INVALID_ARGUMENT. */
CLEARCUT_API clearcut_status clearcut_image_decode(const void *data, size_t size,
                                                   const clearcut_decode_options *options,
                                                   clearcut_image **image, clearcut_error *error);

/* clearcut_file_read, then clearcut_image_decode. Messages begin with the path. */
CLEARCUT_API clearcut_status clearcut_image_read(const char *path,
                                                 const clearcut_decode_options *options,
                                                 clearcut_image **image, clearcut_error *error);

/* The picture at another size, 1..1000000 pixels a side: Lanczos with three lobes,
 * antialiased where it shrinks, alpha taken into account; equal to Pillow's resize.
 * The colour profile goes along. Errors: INVALID_ARGUMENT, LIMIT (more than
 * CLEARCUT_DEFAULT_MAX_PIXELS), OUT_OF_MEMORY. */
CLEARCUT_API clearcut_status clearcut_image_resize(const clearcut_image *image, int width,
                                                   int height, clearcut_image **resized,
                                                   clearcut_error *error);

CLEARCUT_API void clearcut_image_free(clearcut_image **image);

/* Of an existing image (not NULL). Reading is safe from several threads. */
CLEARCUT_API int clearcut_image_width(const clearcut_image *image);    /* pixels */
CLEARCUT_API int clearcut_image_height(const clearcut_image *image);   /* pixels */
CLEARCUT_API int clearcut_image_channels(const clearcut_image *image); /* 1..4 */
/* What it measures in its file, upright: more than its width and height if it was decoded
 * smaller (minimum_long_side), else the same. */
CLEARCUT_API int clearcut_image_full_width(const clearcut_image *image);  /* pixels */
CLEARCUT_API int clearcut_image_full_height(const clearcut_image *image); /* pixels */
CLEARCUT_API size_t clearcut_image_stride(const clearcut_image *image);   /* bytes per row */
/* The first row; the image keeps ownership, writing is allowed. */
CLEARCUT_API uint8_t *clearcut_image_pixels(clearcut_image *image);
CLEARCUT_API const uint8_t *clearcut_image_pixels_const(const clearcut_image *image);
/* 16 if it has samples of 16 bits beside those of 8, else 8. */
CLEARCUT_API int clearcut_image_bits(const clearcut_image *image);
/* Row y (0 .. height - 1) in 16 bits, width * channels samples in the machine's byte order:
 * the file's own where they were kept and the 8-bit sample is still their rounded form,
 * else the 8-bit sample times 257. row: room for them. Safe from several threads. */
CLEARCUT_API void clearcut_image_row_16(const clearcut_image *image, int y, uint16_t *row);
/* The format it was decoded from; UNKNOWN if it was not. */
CLEARCUT_API clearcut_format clearcut_image_source_format(const clearcut_image *image);
/* The EXIF orientation found (and applied): 1..8, 1 if there was none. */
CLEARCUT_API int clearcut_image_source_orientation(const clearcut_image *image);
/* What a user should hear about decoding (cut off, profile dropped), or "";
 * lives as long as the image. */
CLEARCUT_API const char *clearcut_image_note(const clearcut_image *image);

typedef struct clearcut_encode_options {
    size_t size;
    clearcut_format format;  /* UNKNOWN: by the path's extension, else PNG */
    int quality;             /* JPEG and WebP: 1..100; 0 = JPEG 92, WebP 90 */
    bool lossless;           /* WebP */
    int png_level;           /* -1 = fast default; 0 (none) .. 12 (smallest) */
    uint8_t background[3];   /* red, green, blue behind transparency where the format has
                                none; default white */
    bool drop_profile;       /* do not carry the ICC profile over */
    clearcut_timing *timing; /* adds `encode`; may be NULL */
    bool bilevel;            /* 1 channel only: 1 bit a pixel, 128 and more is white; PNG, and TIFF
                                with CCITT Group 4; JPEG and WebP stay grey */
    double dots_per_inch;    /* 0 = the picture's own, if it is known */
    int bits;                /* a sample: 8; 16 (PNG and TIFF); 0 = 16 if the picture has them and
                                the format holds them */
} clearcut_encode_options;

CLEARCUT_API void clearcut_encode_options_init(clearcut_encode_options *options);

/* Encode into memory; the caller frees *bytes. Errors: UNSUPPORTED (the format
 * cannot be written), LIMIT (larger than the format allows), OUT_OF_MEMORY,
 * INVALID_ARGUMENT. */
CLEARCUT_API clearcut_status clearcut_image_encode(const clearcut_image *image,
                                                   const clearcut_encode_options *options,
                                                   clearcut_bytes *bytes, clearcut_error *error);

/* Encode into a file that appears whole or not at all; "-" is standard output. */
CLEARCUT_API clearcut_status clearcut_image_write(const clearcut_image *image, const char *path,
                                                  const clearcut_encode_options *options,
                                                  clearcut_error *error);

/* ---- cut-outs: put on a ground, made of a smaller copy, steadied in a film -------- */

/* Put a cut-out (4 channels) on a ground: `background`, scaled to cover it and cut to
 * its middle, or if that is NULL the colour (red, green, blue, alpha; not NULL then).
 * The result has 3 channels if the ground is opaque, else 4. The ICC profile is the
 * cut-out's. Errors: INVALID_ARGUMENT, OUT_OF_MEMORY. Any thread. */
CLEARCUT_API clearcut_status clearcut_image_put_on(const clearcut_image *cutout,
                                                   const clearcut_image *background,
                                                   const uint8_t color[4], clearcut_image **result,
                                                   clearcut_error *error);

/* A cut-out or mask of `small`, a reduced copy of `photo` (clearcut_image_resize), in
 * the photo's own size: alpha enlarged, colours the photo's, less what was taken out
 * of the small one's edges. Errors: INVALID_ARGUMENT, OUT_OF_MEMORY. Any thread. */
CLEARCUT_API clearcut_status clearcut_image_enlarge_cutout(const clearcut_image *photo,
                                                           const clearcut_image *small,
                                                           const clearcut_image *cutout,
                                                           clearcut_image **result,
                                                           clearcut_error *error);

/* How sure a mask (1 channel) or the alpha of a cut-out (4 channels) is of itself.
 * share: mean of alpha, 0..1. doubt: the sum of min(a, 1 - a) over that of a: 0 where
 * everything is decided, some hundredths for the soft edges of a good mask, 1 for haze
 * or nothing. Errors: INVALID_ARGUMENT. Any thread. */
CLEARCUT_API clearcut_status clearcut_image_doubt(const clearcut_image *mask, double *share,
                                                  double *doubt, clearcut_error *error);

/* ---- devices ---------------------------------------------------------------- */

/* Where the work of a session, scanner or network really goes. */
typedef struct clearcut_device {
    char name[128];       /* the processor's own name */
    char engine[48];      /* "cpu/avx512", "cuda/sm_90", "ort/CPUExecutionProvider": engine and
                             instruction set */
    char requested[64];   /* what was asked for: "auto", "cpu", ... */
    char reason[160];     /* why `auto` chose this; "" if it had nothing to choose */
    int threads;          /* threads that work, the caller included */
    int ops_total;        /* operators left to run after folding and fusion */
    int ops_on_device;    /* of these, placed on this device */
    int ops_fast;         /* of these, by a kernel for this instruction set; the others
                             run by the plain reference */
    double multiply_adds; /* of one run of the network */
    size_t memory_bytes;  /* weights, activations and scratch of the network */
    char precision[8];    /* what it computes in: "fp32", "fp16", ... */
    /* Of the last run, by the device's own clock and count; 0 = it has none of its own. */
    double device_ms; /* from the first byte sent to the last byte fetched */
    uint64_t bytes_to_device;
    uint64_t bytes_from_device;
    uint64_t launches;  /* of kernels */
    bool whole_picture; /* resizing, normalising and the mask were done there too: 8-bit
                           pixels went in, an 8-bit mask came out */
    bool low_memory;    /* weights are packed anew for every run, as asked */
} clearcut_device;

typedef enum clearcut_precision {
    CLEARCUT_PRECISION_FP32 = 0, /* the reference; masks as rembg's */
    CLEARCUT_PRECISION_BF16 = 1, /* half the bytes; needs AVX-512 BF16 to be faster */
    CLEARCUT_PRECISION_INT8 = 2,
    CLEARCUT_PRECISION_FP16 = 3, /* sums are fp32; on GPUs */
    CLEARCUT_PRECISION_AUTO = 4  /* the device's own: fp16 on a GPU of --device cuda (but fp32
                                    for the page model), else fp32; the default */
} clearcut_precision;

/* By name: "fp32", "bf16", "int8", "fp16", "auto"; false for anything else. Any thread. */
CLEARCUT_API bool clearcut_precision_from_name(const char *name, clearcut_precision *precision);

/* Is this a device name at all ("auto", "cpu", "cuda", "cuda:1", "ort",
 * "ort:openvino", ...)? INVALID_ARGUMENT if not; CLEARCUT_DEVICE if it is one that
 * cannot be used here, with what is missing in the message. Any thread. */
CLEARCUT_API clearcut_status clearcut_device_check(const char *device, clearcut_error *error);

/* Joules that a GPU ("cuda", "cuda:N") has used since its driver was loaded, by NVIDIA's
 * management library: take the difference of two calls, a second apart or more, for the
 * counter moves in steps. It counts everything on the GPU, idling included. UNSUPPORTED
 * with the reason where nobody tells (other devices, no NVML, MIG, before Volta); errors of
 * clearcut_device_check. Any thread. */
CLEARCUT_API clearcut_status clearcut_gpu_energy(const char *device, double *joules,
                                                 clearcut_error *error);

/* Processors this process may use (affinity and cgroup quota respected); the
 * thread count that 0 stands for. At least 1. Any thread. */
CLEARCUT_API int clearcut_available_threads(void);

/* ---- doctor: what this machine can run, and the proof ------------------------- */

/* What was found out about this machine, and about one device on it. */
typedef struct clearcut_doctor clearcut_doctor;

typedef struct clearcut_doctor_options {
    size_t size;
    const char *device; /* to be examined, as for sessions; "auto" (default): what sessions
                           would use */
    const char *model;  /* to be run, as for sessions; NULL = the embedded page model */
    int runs;           /* turns, each on the device and on the processor; 1..1000; default 10 */
    int threads;        /* of the processor; 0 = clearcut_available_threads() */
    clearcut_cancel *cancel; /* may be NULL */
} clearcut_doctor_options;

CLEARCUT_API void clearcut_doctor_options_init(clearcut_doctor_options *options);

/* Look for processor, GPUs, drivers and libraries, then run the model on the device
 * and on the processor, turn by turn, on random input, and measure. A device that
 * cannot be used, or does not do the work, is a finding and no error. Takes seconds.
 * options may be NULL. Errors: INVALID_ARGUMENT (no such device name, numbers), MODEL
 * and the others of clearcut_session_create for the model, CANCELLED, OUT_OF_MEMORY.
 * Any thread. */
CLEARCUT_API clearcut_status clearcut_doctor_examine(const clearcut_doctor_options *options,
                                                     clearcut_doctor **doctor,
                                                     clearcut_error *error);

CLEARCUT_API void clearcut_doctor_free(clearcut_doctor **doctor);

/* Is it proven by the measurements that the device does the work? And is it a GPU? */
CLEARCUT_API bool clearcut_doctor_proven(const clearcut_doctor *doctor);
CLEARCUT_API bool clearcut_doctor_uses_gpu(const clearcut_doctor *doctor);

/* All findings: lines for people, and one JSON object without a line feed, whose keys
 * docs/devices.md explains. Both live as long as the doctor. */
CLEARCUT_API const char *clearcut_doctor_text(const clearcut_doctor *doctor);
CLEARCUT_API const char *clearcut_doctor_json(const clearcut_doctor *doctor);

/* ---- models ------------------------------------------------------------------ */

/* The model that a session uses when none is named. */
#define CLEARCUT_DEFAULT_MODEL "silueta"

typedef enum clearcut_model_state {
    CLEARCUT_MODEL_ABSENT = 0,  /* known, but no file was found */
    CLEARCUT_MODEL_PRESENT = 1, /* a file was found (its checksum is checked on use) */
    CLEARCUT_MODEL_EMBEDDED = 2 /* part of this library */
} clearcut_model_state;

typedef struct clearcut_model_info {
    size_t size;         /* set by the caller: sizeof(clearcut_model_info) */
    const char *name;    /* as for clearcut_session_options.model; static */
    const char *licence; /* SPDX identifier or short name; static */
    bool commercial_use; /* does that licence allow commercial use as it stands? */
    bool runnable;       /* can this version use it? else see `remark` */
    const char *remark;  /* "" or a short sentence; static */
    int input_width;     /* pixels the network sees */
    int input_height;
    uint64_t download_bytes; /* about; 0 = unknown or nothing to fetch */
    const char *url;         /* where the file comes from; "" if embedded; static */
    const char *checksum;    /* "md5:..." or "sha256:..."; "" if none; static */
    clearcut_model_state state;
    char path[4096]; /* the file found; "" if none */
} clearcut_model_info;

/* Number of models known by name. Any thread. */
CLEARCUT_API int clearcut_model_count(void);

/* Describe model 0 .. clearcut_model_count()-1 and look for its file. Any
 * thread. INVALID_ARGUMENT for another number. */
CLEARCUT_API clearcut_status clearcut_model_get(int index, clearcut_model_info *info,
                                                clearcut_error *error);

/* The folder where named models belong: $CLEARCUT_HOME, else
 * $XDG_DATA_HOME/clearcut, else ~/.local/share/clearcut. It may not exist.
 * Errors: NOT_FOUND (no home folder), LIMIT (longer than `size`). Any thread. */
CLEARCUT_API clearcut_status clearcut_model_folder(char *path, size_t size, clearcut_error *error);

/* Copy the file of a model that is known by name into clearcut_model_folder, from
 * wherever a person got it. name: which model it is meant to be; NULL = found by its
 * checksum, which must be right in any case (unless MODEL_CHECKSUM_DISABLED is set and
 * a name is given). A file that is there is never replaced; if it is the same, all is
 * well. info (set its size; may be NULL) describes the model on success. Errors: MODEL
 * (wrong or unknown checksum), INVALID_ARGUMENT (unknown name), UNSUPPORTED (no file
 * belongs to that model), NOT_FOUND, IO. Any thread. */
CLEARCUT_API clearcut_status clearcut_model_import(const char *path, const char *name,
                                                   clearcut_model_info *info,
                                                   clearcut_error *error);

/* ---- sessions: the subject of a photo ----------------------------------------- */

/* A model made ready, to be used for many pictures. One call at a time. */
typedef struct clearcut_session clearcut_session;

/* How a model of one's own is fed, where what would be guessed from its name and input
 * size is wrong. Samples are divided by the largest of the picture, as rembg does. */
typedef struct clearcut_feeding {
    bool has_mean;
    double mean[3]; /* red, green, blue, after the division */
    bool has_deviation;
    double deviation[3]; /* what is divided by after that; not 0 */
    int width;           /* pixels of the network's input, for files that leave it open; 0 =
                            as the file says */
    int height;
    bool channels_last; /* the input is 1 x height x width x 3 */
} clearcut_feeding;

typedef struct clearcut_session_options {
    size_t size;
    const char *model;  /* a name of clearcut_model_get, or the path of an ONNX file (with a
                           '/' or ending in ".onnx"); NULL = CLEARCUT_DEFAULT_MODEL */
    const char *device; /* "auto" (default) may choose; anything else is a demand */
    int threads;        /* 0 = clearcut_available_threads() */
    clearcut_precision precision;
    clearcut_cancel *cancel;             /* borrowed for the session's life; may be NULL */
    clearcut_progress_function progress; /* may be NULL */
    void *progress_context;
    clearcut_note_function note; /* may be NULL */
    void *note_context;
    const clearcut_feeding *feeding; /* only for the path of a file; NULL = guessed */
    bool low_memory; /* processor only: pack each layer's weights when it runs, from the file,
                        in place of keeping them: less memory, slower (docs/engine.md); the file
                        must not change meanwhile */
    const char *calibration; /* INT8 on the processor only: a file with the ranges of
                                activations, of clearcut_session_calibrate; the first pictures
                                then come out as later ones do. NULL = measured on the first
                                four pictures */
    bool calibrate;          /* measure on all pictures, for clearcut_session_calibrate */
    bool tune;               /* processor only: measure the ways to run each layer while loading
                                (seconds), and remember the choices in $XDG_CACHE_HOME/clearcut or
                                ~/.cache/clearcut, where later sessions without this find them */
} clearcut_session_options;

CLEARCUT_API void clearcut_session_options_init(clearcut_session_options *options);

/* Find, check and load the model. A named model must have the published
 * checksum (unless the environment holds MODEL_CHECKSUM_DISABLED, as with rembg;
 * then `note` is told); a path is taken as it is, and its recipe is guessed from
 * its name and input size. Errors: MODEL, DEVICE, INVALID_ARGUMENT,
 * OUT_OF_MEMORY, UNSUPPORTED, CANCELLED. */
CLEARCUT_API clearcut_status clearcut_session_create(const clearcut_session_options *options,
                                                     clearcut_session **session,
                                                     clearcut_error *error);

CLEARCUT_API void clearcut_session_free(clearcut_session **session);

/* Write the ranges of activations, as seen on all pictures so far, to a file for
 * clearcut_session_options.calibration. It holds for this model only. Errors:
 * INVALID_ARGUMENT (not in INT8, or no picture yet), UNSUPPORTED (another device), IO. */
CLEARCUT_API clearcut_status clearcut_session_calibrate(clearcut_session *session, const char *path,
                                                        clearcut_error *error);

/* What is running where. */
CLEARCUT_API void clearcut_session_device(const clearcut_session *session, clearcut_device *device);

/* The model in use: its name, or the path as given; lives with the session. */
CLEARCUT_API const char *clearcut_session_model(const clearcut_session *session);

/* How pictures are fed to it, in words ("320x320, ImageNet mean and deviation,
 * min-max"), and, for a path, that this was guessed; lives with the session. */
CLEARCUT_API const char *clearcut_session_recipe(const clearcut_session *session);

typedef enum clearcut_matting_status {
    CLEARCUT_MATTING_OFF = 0, /* not asked for */
    CLEARCUT_MATTING_DONE = 1,
    /* The plain cut-out was made instead, and the session's note function told so: */
    CLEARCUT_MATTING_NO_FOREGROUND = 2, /* no pixel is certainly subject */
    CLEARCUT_MATTING_NO_BACKGROUND = 3, /* no pixel is certainly background */
    CLEARCUT_MATTING_TOO_SMALL = 4,     /* a side of the picture is below 3 pixels */
    CLEARCUT_MATTING_NOT_CONVERGED = 5  /* the solver gave up after 10,000 iterations */
} clearcut_matting_status;

/* "off", "done", "no-foreground", "no-background", "too-small", "not-converged";
 * static; any thread. */
CLEARCUT_API const char *clearcut_matting_status_name(clearcut_matting_status status);

typedef struct clearcut_matting {
    clearcut_matting_status status;
    uint64_t foreground_pixels; /* certainly subject */
    uint64_t background_pixels; /* certainly not */
    uint64_t unknown_pixels;    /* between: solved for */
    int iterations;             /* of the solver */
    int reduction;              /* 1: solved at full size; n: on a copy n times smaller, whose
                                   solution the picture's colours carried up */
} clearcut_matting;

typedef enum clearcut_subject_status {
    CLEARCUT_SUBJECT_FOUND = 0,
    /* The model is sure of no pixel; the result that was made all the same is noise
     * stretched to a mask, and as a rule should not be kept. */
    CLEARCUT_SUBJECT_NONE = 1,
    /* The model's values are no probabilities (a model of one's own): not judged. */
    CLEARCUT_SUBJECT_UNKNOWN = 2
} clearcut_subject_status;

/* "found", "no-subject", "unknown"; static; any thread. */
CLEARCUT_API const char *clearcut_subject_status_name(clearcut_subject_status status);

/* Is there a clear subject? Judged on the model's own probabilities. */
typedef struct clearcut_subject {
    clearcut_subject_status status;
    double confidence; /* the largest probability, 0..1; 0 if unknown */
    double share;      /* of the picture whose probability is above 0.9, 0..1; 0 if unknown */
    char reason[160];  /* in plain words if there is none, else "" */
} clearcut_subject;

/* How the mask is brought from the model's size to the picture's. */
typedef enum clearcut_edges {
    CLEARCUT_EDGES_AUTO = 0,  /* guided; plain with only_mask, compat_rembg, alpha_matting or
                                 post_process_mask */
    CLEARCUT_EDGES_PLAIN = 1, /* Lanczos, as rembg does */
    CLEARCUT_EDGES_GUIDED = 2 /* along the picture's own edges where it shows some */
} clearcut_edges;

/* By name: "auto", "plain", "guided"; false for anything else. Any thread. */
CLEARCUT_API bool clearcut_edges_from_name(const char *name, clearcut_edges *edges);

/* What is meant, for the model sam: a point in pixels of the picture. */
typedef struct clearcut_prompt {
    int label; /* 1 belongs to the subject, 0 does not; 2 and 3: left top and right bottom
                  corner of a rectangle around it */
    double x;
    double y;
} clearcut_prompt;

typedef struct clearcut_cut_options {
    size_t size;
    bool only_mask;          /* the mask instead of the cut-out: 1 channel */
    bool compat_rembg;       /* colours multiplied by the mask as rembg's default does (this
                                darkens edges), instead of straight colours */
    bool has_background;     /* composite over `background`, after cutting */
    uint8_t background[4];   /* red, green, blue, alpha */
    clearcut_timing *timing; /* adds preprocess, infer, postprocess; may be NULL */
    bool post_process_mask;  /* open, blur and threshold the mask: only 0 and 255 are left */
    bool alpha_matting;      /* alpha solved anew along the edge (closed form), and colours
                                without the old background; not with only_mask */
    bool decontaminate;      /* the mask's alpha, colours without the old background; not with
                                only_mask */
    int matting_foreground_threshold; /* 0..255; mask above it is certainly subject; 240 */
    int matting_background_threshold; /* 0..255; mask below it is certainly not; 10 */
    int matting_erode_size;           /* pixels, 0..1000: how far the certain areas draw back
                                         (side of a square; 0 is rembg's: a 3x3 cross); 10 */
    clearcut_matting *matting;        /* gets what came of alpha_matting; may be NULL */
    clearcut_subject *subject;        /* gets whether there is one; may be NULL */
    clearcut_edges edges;
    bool exact_matting; /* alpha solved for every unknown pixel however long it takes, instead of
                           on a smaller copy where the band is large; compat_rembg means it */
    const char *cloth;  /* of u2net_cloth_seg: "upper", "lower" or "full"; NULL = all three, one
                           below the other in a picture of 4 channels and three times the height */
    bool put_alpha;     /* rembg's putalpha: the mask replaces the picture's own alpha, and colours
                           stay as they are in soft edges too; where alpha_matting succeeds and
                           with decontaminate it does nothing */
    const clearcut_prompt *prompts; /* of sam; for other models INVALID_ARGUMENT */
    int prompt_count;               /* 0..64; 0 = the middle of the picture belongs to it */
} clearcut_cut_options;

CLEARCUT_API void clearcut_cut_options_init(clearcut_cut_options *options);

/* The mask of a picture: 1 channel, the picture's size, 0 background .. 255
 * subject; what rembg calls only-mask. `timing` may be NULL. Errors:
 * OUT_OF_MEMORY, CANCELLED, LIMIT, MODEL. */
CLEARCUT_API clearcut_status clearcut_session_mask(clearcut_session *session,
                                                   const clearcut_image *image,
                                                   clearcut_timing *timing, clearcut_image **mask,
                                                   clearcut_error *error);

/* The cut-out: 4 channels, the picture's size. The mask multiplies the picture's
 * own alpha; in soft edges colours are the subject's own, without the old background
 * (not with compat_rembg), elsewhere they stay as they are, and they are zero where the
 * result is wholly transparent, so that nothing hidden travels along. options may be NULL. Errors
 * as for clearcut_session_mask; INVALID_ARGUMENT for matting options out of range,
 * LIMIT for alpha matting that would take more than 6 GiB. */
CLEARCUT_API clearcut_status clearcut_session_cut(clearcut_session *session,
                                                  const clearcut_image *image,
                                                  const clearcut_cut_options *options,
                                                  clearcut_image **result, clearcut_error *error);

/* ---- networks: any supported ONNX file ------------------------------------------ */

/* An ONNX network made ready. One call at a time. */
typedef struct clearcut_network clearcut_network;

#define CLEARCUT_MAX_RANK 8

typedef struct clearcut_network_options {
    size_t size;
    const char *device; /* as for sessions */
    int threads;        /* 0 = clearcut_available_threads() */
    clearcut_precision precision;
    int input_rank; /* 0 = the shape of the first input as the file says, open dimensions
                       being 1; else 1..CLEARCUT_MAX_RANK and the shape follows */
    int64_t input_shape[CLEARCUT_MAX_RANK];
    bool reference_only;      /* every operator by its plain scalar reference: slow */
    bool allow_external_data; /* weights in files beside the model */
    clearcut_cancel *cancel;  /* borrowed for the network's life; may be NULL */
    int wanted_outputs;       /* compute only the first n outputs; 0 = all */
    bool low_memory;          /* as for sessions */
    const char *calibration;  /* these two: as for sessions */
    bool calibrate;
    bool tune;
} clearcut_network_options;

CLEARCUT_API void clearcut_network_options_init(clearcut_network_options *options);

/* Read and prepare an ONNX file. The message begins with the path. Errors: MODEL
 * (malformed, or an operator that is not supported), NOT_FOUND, IO, CORRUPT, LIMIT,
 * DEVICE, UNSUPPORTED, OUT_OF_MEMORY, INVALID_ARGUMENT. */
CLEARCUT_API clearcut_status clearcut_network_load(const char *path,
                                                   const clearcut_network_options *options,
                                                   clearcut_network **network,
                                                   clearcut_error *error);

CLEARCUT_API void clearcut_network_free(clearcut_network **network);

typedef struct clearcut_tensor_info {
    const char *name; /* lives with the network */
    const char *type; /* "float32", "int64", ...; static */
    int rank;         /* 0 = scalar */
    int64_t shape[CLEARCUT_MAX_RANK];
    int64_t elements;
    size_t bytes; /* row-major, packed */
} clearcut_tensor_info;

CLEARCUT_API int clearcut_network_input_count(const clearcut_network *network);
CLEARCUT_API int clearcut_network_output_count(const clearcut_network *network);
/* index 0 .. count-1; another number is INVALID_ARGUMENT. */
CLEARCUT_API clearcut_status clearcut_network_input(const clearcut_network *network, int index,
                                                    clearcut_tensor_info *info,
                                                    clearcut_error *error);
CLEARCUT_API clearcut_status clearcut_network_output(const clearcut_network *network, int index,
                                                     clearcut_tensor_info *info,
                                                     clearcut_error *error);

/* Run once. inputs[i] and outputs[i]: arrays of the caller of the described type
 * and size, one for each input and output. Errors: CANCELLED, MODEL,
 * INVALID_ARGUMENT, OUT_OF_MEMORY. */
CLEARCUT_API clearcut_status clearcut_network_run(clearcut_network *network,
                                                  const void *const *inputs, void *const *outputs,
                                                  clearcut_error *error);

/* As clearcut_session_calibrate. */
CLEARCUT_API clearcut_status clearcut_network_calibrate(clearcut_network *network, const char *path,
                                                        clearcut_error *error);

CLEARCUT_API void clearcut_network_device(const clearcut_network *network, clearcut_device *device);

/* The plan as plain text, a line for each operator, with the time each took on
 * average over `runs` runs on zeros (0 = without). The text is zero-terminated
 * (the zero is not counted); the caller frees it. */
CLEARCUT_API clearcut_status clearcut_network_explain(clearcut_network *network, int runs,
                                                      clearcut_bytes *text, clearcut_error *error);

/* ---- downloading models --------------------------------------------------------- */

/* Called about ten times a second with the bytes here and in all; total 0 =
 * unknown. While another process fetches the same file: 0, 0. Same rules as for
 * clearcut_progress_function. */
typedef void (*clearcut_download_function)(void *context, uint64_t done, uint64_t total);

typedef struct clearcut_download_options {
    size_t size;
    const char *from;        /* a mirror: the address of the folder that holds the files; NULL =
                                where they were published */
    int patience_seconds;    /* of silence before it is given up; 0 = 30 */
    clearcut_cancel *cancel; /* may be NULL */
    clearcut_download_function progress; /* may be NULL */
    void *progress_context;
    clearcut_note_function note; /* may be NULL */
    void *note_context;
} clearcut_download_options;

CLEARCUT_API void clearcut_download_options_init(clearcut_download_options *options);

/* Can this build and machine download? CLEARCUT_UNSUPPORTED says what is missing.
 * Any thread. */
CLEARCUT_API clearcut_status clearcut_download_possible(clearcut_error *error);

/* See to it that the file of a named model is on this machine. If one is there, in
 * our folder or one of rembg's, its checksum is compared and nothing is fetched;
 * it is never replaced. Else it is fetched into clearcut_model_folder, over HTTPS
 * (redirections too; file:// and, from this very machine, http:// are for tests);
 * what a broken line left is continued; it takes its name only when its checksum
 * is right (unless MODEL_CHECKSUM_DISABLED is set; then `note` is told). Several
 * processes may ask at once: one fetches, the others wait. options may be NULL.
 * Errors: INVALID_ARGUMENT (unknown name, address), UNSUPPORTED (nothing to fetch,
 * no libcurl), MODEL (network, wrong checksum), IO (disk), CANCELLED. Any thread. */
CLEARCUT_API clearcut_status clearcut_model_download(const char *name,
                                                     const clearcut_download_options *options,
                                                     clearcut_error *error);

#ifdef __cplusplus
}
#endif

#include "clearcut_scan.h"  /* pages in photos, documents */
#include "clearcut_video.h" /* films: raw frames, masks that hold still */

#endif

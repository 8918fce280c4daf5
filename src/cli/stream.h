/* b: what the files of the stream command share. Frames are read and made pictures of
 * (stream_input.c), run through a pipeline (stream_pipeline.c), and encoded and
 * written in order (stream_output.c).
 */
#ifndef CLEARCUT_CLI_STREAM_H
#define CLEARCUT_CLI_STREAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "clearcut.h"
#include "command.h"
#include "cutting.h"
#include "options.h"
#include "pictures.h"

typedef struct cli_stream_settings {
    const char *output; /* a pattern, a file, "-", or NULL */
    const char *in_format;
    const char *out_format;
    const char *matrix; /* "auto", "601", "709" */
    const char *range;  /* "limited", "full"; NULL = as the stream says, else limited */
    const char *rate;   /* "N" or "N/D" */
    double smooth;
    long long jobs; /* 0 = one for each thread */
    bool quiet;
    bool offline;
    cli_cutting cutting;
    cli_pictures pictures;
    cli_engine engine;
} cli_stream_settings;

typedef enum cli_stream_output {
    CLI_STREAM_PNG,
    CLI_STREAM_WEBP,
    CLI_STREAM_RGBA, /* raw, four bytes a pixel */
    CLI_STREAM_Y4M,  /* on the ground, black if there is none */
    CLI_STREAM_ALPHA /* the alpha channel as Y4M of one plane */
} cli_stream_output;

enum { CLI_STREAM_WORD = 32 };

typedef struct cli_stream {
    cli_stream_settings wanted;
    clearcut_precision precision;
    bool is_y4m; /* the input */
    cli_stream_output out;
    clearcut_frame_format in_frame;  /* size and layout of what comes */
    clearcut_frame_format out_frame; /* of what goes, where that is raw */
    size_t in_bytes;                 /* of a frame */
    /* What a Y4M header says and the output's repeats: */
    char rate[CLI_STREAM_WORD];        /* "25:1" */
    char aspect[CLI_STREAM_WORD];      /* of a pixel, "1:1" */
    char interlacing[CLI_STREAM_WORD]; /* "p" */
    char chroma[CLI_STREAM_WORD];      /* "420jpeg" */
    clearcut_session *session;
    clearcut_device device;
    double load_ms;
    double begin;          /* cli_clock_ms when the first frame was waited for */
    char note[256];        /* the first one that the session had */
    size_t note_count;     /* frames that had one */
    clearcut_timing ms;    /* of all frames together */
    clearcut_output *file; /* where all frames go to one file; else NULL */
    bool is_pattern;       /* one file for each frame */
    atomic_size_t frames_read;
    atomic_size_t frames_written;
    atomic_size_t frames_empty; /* without a clear subject */
} cli_stream;

/* ---- stream_input.c ---- */

/* Settle in_frame and in_bytes from the options and operands; for Y4M the operands
 * may be missing, and cli_stream_read_header does the rest. CLI_EXIT_OK, or
 * CLI_EXIT_USAGE after an explanation on stderr. */
int cli_stream_settle_input(cli_stream *stream, int operand_count, char **operands);

/* What reading came to. */
typedef enum cli_stream_read {
    CLI_STREAM_FRAME,  /* a whole frame, or the header */
    CLI_STREAM_END,    /* the input ended where a frame could have begun */
    CLI_STREAM_FAILED, /* see error */
    CLI_STREAM_STOPPED /* *stop was set while nothing came */
} cli_stream_read;

/* The Y4M header from standard input, if that is the format. */
cli_stream_read cli_stream_read_header(cli_stream *stream, const atomic_bool *stop,
                                       clearcut_error *error);

/* The next frame, in_bytes of it. A frame that is cut off is CLI_STREAM_FAILED. */
cli_stream_read cli_stream_read_frame(cli_stream *stream, uint8_t *frame, const atomic_bool *stop,
                                      clearcut_error *error);

/* ---- stream_output.c ---- */

/* Settle `out` and whether there is a file for each frame. CLI_EXIT_OK, or
 * CLI_EXIT_USAGE after an explanation on stderr. */
int cli_stream_settle_output(cli_stream *stream);

/* Once in_frame is known: settle out_frame, make folders, open the file, write what
 * comes before the first frame. */
clearcut_status cli_stream_open_output(cli_stream *stream, clearcut_error *error);

/* A frame on its way out. */
typedef struct cli_stream_packed {
    clearcut_bytes encoded; /* PNG and WebP */
    uint8_t *raw;           /* the others: allocated once, then used again; owned */
    size_t raw_size;
} cli_stream_packed;

/* Encode a finished picture. Any thread. */
clearcut_status cli_stream_pack(const cli_stream *stream, const clearcut_image *picture,
                                cli_stream_packed *packed, clearcut_timing *timing,
                                clearcut_error *error);
void cli_stream_packed_free(cli_stream_packed *packed);

/* Write frame `index`. If whoever read standard output has gone, *closed is true and
 * the status CLEARCUT_IO. */
clearcut_status cli_stream_write(cli_stream *stream, size_t index, const cli_stream_packed *packed,
                                 bool *closed, clearcut_error *error);

/* Put the file in place, or (keep false) give it up. */
clearcut_status cli_stream_close_output(cli_stream *stream, bool keep, clearcut_error *error);

/* ---- stream_pipeline.c ---- */

/* Run all frames. Returns the exit status that it came to; failures were explained. */
int cli_stream_run(cli_stream *stream);

#endif

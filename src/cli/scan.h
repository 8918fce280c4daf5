/* What the files of `scan` share. */
#ifndef CLEARCUT_CLI_SCAN_H
#define CLEARCUT_CLI_SCAN_H

#include "clearcut.h"
#include "command.h"
#include "options.h"
#include "pictures.h"
#include "scan_plan.h"

typedef struct cli_scan_settings {
    const char *output;
    const char *corners;
    const char *size;
    const char *finish;
    const char *rotate;
    const char *dewarp;
    const char *language; /* --ocr */
    const char *ground;   /* --on */
    const char *model;
    const char *explain; /* folder */
    const char *review;  /* folder */
    double aspect;
    double dots_per_inch;
    double least_confidence;
    long long width;
    long long height;
    bool measured; /* keep the measured proportions */
    bool corners_only;
    bool keep;
    bool in_place;
    bool offline;
    cli_pictures pictures;
    cli_engine engine;
} cli_scan_settings;

/* The settings, understood. */
typedef struct cli_scan_choices {
    clearcut_flatten_options flatten; /* without what belongs to one photo */
    bool bilevel;
    bool cut_out; /* --on */
    bool on_white;
    uint64_t result_pixels;
} cli_scan_choices;

/* CLI_EXIT_OK, or CLI_EXIT_USAGE after an explanation on stderr. */
int cli_scan_choose(const cli_scan_settings *wanted, cli_scan_choices *choices);

typedef struct cli_scan_report cli_scan_report; /* scan_explain.c */

/* What all photos share. */
typedef struct cli_scan_batch {
    cli_scan_settings *wanted;
    cli_scan_choices choices;
    clearcut_precision precision;
    clearcut_point corners[4]; /* given ones */
    clearcut_scanner *scanner;
    clearcut_session *session;   /* of -m; NULL without */
    clearcut_document *document; /* of all photos; NULL if there is none */
    const char *document_path;
    cli_scan_report *report; /* of --explain; NULL without */
    double load_ms;
    int document_failures;
} cli_scan_batch;

typedef enum cli_scan_outcome {
    CLI_SCAN_NOTHING,   /* only looked, or nothing to write */
    CLI_SCAN_FLATTENED, /* the flat page */
    CLI_SCAN_UNCHANGED, /* the photo as it is */
    CLI_SCAN_CUT_OUT,   /* background removed */
    CLI_SCAN_ASIDE      /* put into the review folder */
} cli_scan_outcome;

/* One photo on its way. */
typedef struct cli_scan_job {
    cli_scan_batch *shared;
    const cli_scan_item *item;
    clearcut_bytes bytes;
    clearcut_image *photo;
    clearcut_image *mask; /* of -m */
    clearcut_image *flat; /* what is written, if it is not the photo */
    clearcut_page page;
    clearcut_page_details details;
    clearcut_flattening flattening;
    bool given_corners;
    bool low_confidence; /* under --min-confidence */
    cli_scan_outcome outcome;
    char *set_aside; /* where in the review folder; owned */
    int page_number; /* in the document, from 1; 0 = none */
    int words;       /* read by --ocr; -1 = not asked for */
    int width;       /* of the result; 0 = none */
    int height;
    clearcut_timing timing;
} cli_scan_job;

/* ---- scan_write.c ---- */

/* Write what a photo came to, by its page and the settings. */
clearcut_status cli_scan_write(cli_scan_job *work, clearcut_error *error);

/* ---- scan_reduced.c ---- */

/* Let photos be decoded smaller where only their corners are asked for. */
void cli_scan_allow_reduced(cli_scan_settings *wanted);
/* Everything found, from pixels of the decoded photo to those of the whole one. */
void cli_scan_to_full_size(cli_scan_job *work);

/* ---- scan_tell.c ---- */

bool cli_scan_print_json(const cli_scan_job *work);
void cli_scan_print_text(const cli_scan_job *work);

/* ---- scan_ocr.c ---- */

/* Is there a tesseract that reads this language? CLI_EXIT_OK, or an exit status after
 * an explanation on stderr. */
int cli_scan_check_ocr(const char *language);

typedef struct cli_scan_words {
    clearcut_word *words;
    int count;
    char *text; /* what the words point into */
} cli_scan_words;

/* Read a page with the program tesseract. cli_scan_words_free either way. */
clearcut_status cli_scan_read_words(const clearcut_image *page, double dots_per_inch,
                                    const char *language, cli_scan_words *words,
                                    clearcut_error *error);
void cli_scan_words_free(cli_scan_words *words);

/* From tesseract's table (TSV: level, page, block, paragraph, line, word, left, top, width,
 * height, confidence, text) to words; `table` is taken over and changed. */
clearcut_status cli_scan_parse_words(char *table, cli_scan_words *words, clearcut_error *error);

/* ---- scan_explain.c ---- */

/* The folder is made if it is missing. Exit status; explained on stderr. */
int cli_scan_report_open(const char *folder, cli_scan_report **report);
/* Add what the last find of the scanner came to. */
clearcut_status cli_scan_report_add(cli_scan_report *report, const cli_scan_job *work,
                                    clearcut_error *error);
/* Write the page of all, and free the report. */
int cli_scan_report_close(cli_scan_report **report);

#endif

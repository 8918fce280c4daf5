/* From a page that was found (or not) to what is written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "result.h"
#include "scan.h"

/* ---- where it goes: a picture, a document of its own, or the common one ---- */

/* Read what is on a page. Shadows that stay in the picture would cost most of the words
 * (docs/page.md): unless the page has lost them, a grey copy that has is read. */
static clearcut_status read_page(const cli_scan_job *work, const clearcut_image *picture,
                                 cli_scan_words *words, clearcut_error *error)
{
    bool finished = work->outcome == CLI_SCAN_FLATTENED &&
                    work->shared->choices.flatten.finish != CLEARCUT_FINISH_PHOTO;
    clearcut_image *legible = NULL;
    clearcut_status status = CLEARCUT_OK;

    if (!finished) {
        status = clearcut_scanner_finish(work->shared->scanner, picture, CLEARCUT_FINISH_GREY,
                                         &legible, error);
    }
    if (status == CLEARCUT_OK) {
        status =
            cli_scan_read_words(legible != NULL ? legible : picture, work->flattening.dots_per_inch,
                                work->shared->wanted->language, words, error);
    }
    clearcut_image_free(&legible);
    return status;
}

static clearcut_status add_page(cli_scan_job *work, clearcut_document *document,
                                const clearcut_image *picture, clearcut_error *error)
{
    const cli_scan_settings *wanted = work->shared->wanted;
    const clearcut_flattening *done = &work->flattening;
    cli_scan_words words = {0};
    clearcut_document_page page;
    clearcut_status status = CLEARCUT_OK;
    double begin = cli_clock_ms();

    clearcut_document_page_init(&page);
    if (wanted->language != NULL) {
        status = read_page(work, picture, &words, error);
        work->words = words.count;
        page.words = words.words;
        page.word_count = words.count;
        work->timing.postprocess += cli_clock_ms() - begin;
    }
    page.width_mm = done->width_mm;
    page.height_mm = done->height_mm;
    page.bilevel = work->shared->choices.bilevel && clearcut_image_channels(picture) == 1;
    page.quality = (int)wanted->pictures.quality;
    page.timing = &work->timing;
    if (status == CLEARCUT_OK) {
        status = clearcut_document_add(document, picture, &page, error);
    }
    cli_scan_words_free(&words);
    return status;
}

static clearcut_status write_document(cli_scan_job *work, const clearcut_image *picture,
                                      clearcut_error *error)
{
    clearcut_document *document = NULL;
    clearcut_bytes bytes = {0};
    clearcut_status status = clearcut_document_create(&document, error);

    if (status == CLEARCUT_OK) {
        status = add_page(work, document, picture, error);
    }
    if (status == CLEARCUT_OK) {
        status = clearcut_document_finish(document, &bytes, error);
    }
    if (status == CLEARCUT_OK) {
        status = cli_write_bytes(bytes.data, bytes.size, work->item->output, error);
    }
    clearcut_bytes_free(&bytes);
    clearcut_document_free(&document);
    return status;
}

static clearcut_status write_picture(cli_scan_job *work, const clearcut_image *picture,
                                     clearcut_error *error)
{
    const cli_pictures *pictures = &work->shared->wanted->pictures;
    bool bilevel = work->shared->choices.bilevel && clearcut_image_channels(picture) == 1 &&
                   work->outcome == CLI_SCAN_FLATTENED;
    clearcut_encode_options encode;
    clearcut_bytes bytes = {0};
    double begin = cli_clock_ms();
    clearcut_status status;

    clearcut_encode_options_init(&encode);
    encode.format = work->item->format;
    encode.quality = (int)pictures->quality;
    encode.png_level = (int)pictures->png_level;
    encode.lossless = pictures->lossless;
    encode.bilevel = bilevel;
    status = clearcut_image_encode(picture, &encode, &bytes, error);
    if (status == CLEARCUT_OK) {
        status = cli_write_bytes(bytes.data, bytes.size, work->item->output, error);
    }
    clearcut_bytes_free(&bytes);
    work->timing.encode += cli_clock_ms() - begin;
    return status;
}

/* Write a picture to where this photo's output goes. */
static clearcut_status put(cli_scan_job *work, const clearcut_image *picture, clearcut_error *error)
{
    clearcut_document *document = work->shared->document;
    clearcut_status status;

    work->width = clearcut_image_width(picture);
    work->height = clearcut_image_height(picture);
    if (document != NULL) {
        status = add_page(work, document, picture, error);
        work->page_number =
            status == CLEARCUT_OK ? clearcut_document_page_count(document) : work->page_number;
        return status;
    }
    return work->item->is_document ? write_document(work, picture, error)
                                   : write_picture(work, picture, error);
}

/* ---- what is written ---- */

static clearcut_status write_flattened(cli_scan_job *work, clearcut_error *error)
{
    const cli_scan_settings *wanted = work->shared->wanted;
    clearcut_flatten_options options = work->shared->choices.flatten;
    clearcut_status status;

    options.timing = &work->timing;
    options.flattening = &work->flattening;
    if (wanted->aspect != 0) {
        options.aspect = wanted->aspect;
    }
    memcpy(options.curl, work->details.curl, sizeof options.curl);
    if (work->page.status == CLEARCUT_PAGE_FLAT) {
        options.dewarp = CLEARCUT_DEWARP_OFF; /* its frame is straight */
    }
    status = clearcut_scanner_flatten(work->shared->scanner, work->photo, work->page.corners,
                                      &options, &work->flat, error);
    if (status == CLEARCUT_OK) {
        work->outcome = CLI_SCAN_FLATTENED;
        status = put(work, work->flat, error);
    }
    return status;
}

/* The photo as it is: the very bytes where the format stays the same. */
static clearcut_status write_unchanged(cli_scan_job *work, clearcut_error *error)
{
    const cli_pictures *pictures = &work->shared->wanted->pictures;
    bool to_picture = work->shared->document == NULL && !work->item->is_document;
    bool same_bytes = to_picture &&
                      clearcut_image_source_format(work->photo) == work->item->format &&
                      !pictures->srgb && clearcut_image_note(work->photo)[0] == '\0';

    work->outcome = CLI_SCAN_UNCHANGED;
    if (!same_bytes) {
        return put(work, work->photo, error);
    }
    work->width = clearcut_image_width(work->photo);
    work->height = clearcut_image_height(work->photo);
    double begin = cli_clock_ms();
    clearcut_status status =
        cli_write_bytes(work->bytes.data, work->bytes.size, work->item->output, error);
    work->timing.encode += cli_clock_ms() - begin;
    return status;
}

/* ---- --on: the background removed ---- */

/* A mask that is soft over many pixels is made steep about its middle: where the network
 * says one half, there the outline is to about a tenth of its own pixels. */
static uint8_t steepen(uint8_t value)
{
    int steep = (value - 128) * 8 + 128;
    return (uint8_t)(steep < 0 ? 0 : steep > 255 ? 255 : steep);
}

/* The photo with the mask for alpha; true if any of it is left. */
static bool apply_mask(const clearcut_image *photo, const clearcut_image *mask, bool coarse,
                       clearcut_image *cut)
{
    int width = clearcut_image_width(photo);
    int channels = clearcut_image_channels(photo);
    uint64_t sum = 0;

    for (int y = 0; y < clearcut_image_height(photo); y++) {
        const uint8_t *from =
            clearcut_image_pixels_const(photo) + (size_t)y * clearcut_image_stride(photo);
        const uint8_t *alpha =
            clearcut_image_pixels_const(mask) + (size_t)y * clearcut_image_stride(mask);
        uint8_t *to = clearcut_image_pixels(cut) + (size_t)y * clearcut_image_stride(cut);
        for (int x = 0; x < width; x++) {
            uint8_t a = coarse ? steepen(alpha[x]) : alpha[x];
            for (int c = 0; c < 3 && a > 0; c++) {
                to[x * 4 + c] = from[x * channels + (channels >= 3 ? c : 0)];
            }
            to[x * 4 + 3] = a;
            sum += a;
        }
    }
    return sum > (uint64_t)width * (uint64_t)clearcut_image_height(photo);
}

/* Cut by the mask of -m, or the page model's own; nothing if there is nothing to cut. */
static clearcut_status cut_out(cli_scan_job *work, clearcut_error *error)
{
    static const uint8_t white[4] = {255, 255, 255, 255};
    clearcut_image *made = NULL;
    clearcut_image *grounded = NULL;
    bool coarse = work->mask == NULL;
    clearcut_status status = CLEARCUT_OK;

    if (coarse && work->details.none > 0.5) {
        return CLEARCUT_OK; /* the network sees no page at all */
    }
    if (coarse) {
        status = clearcut_scanner_mask(work->shared->scanner, work->photo, &work->timing,
                                       &work->mask, error);
    }
    if (status == CLEARCUT_OK) {
        status =
            clearcut_image_create(clearcut_image_width(work->photo),
                                  clearcut_image_height(work->photo), 4, NULL, 0, &made, error);
    }
    if (status != CLEARCUT_OK || !apply_mask(work->photo, work->mask, coarse, made)) {
        clearcut_image_free(&made);
        return status;
    }
    if (work->shared->choices.on_white) {
        status = clearcut_image_put_on(made, NULL, white, &grounded, error);
        clearcut_image_free(&made);
        made = grounded;
    }
    work->flat = made;
    if (status == CLEARCUT_OK) {
        work->outcome = CLI_SCAN_CUT_OUT;
        snprintf(work->page.reason, sizeof work->page.reason, "no four sides: cut out instead");
        status = put(work, work->flat, error);
    }
    return status;
}

/* ---- --review: set aside ---- */

/* A name in the folder that nothing has yet; NULL if memory is out. */
static char *free_name(const char *folder, const char *path, const char *suffix)
{
    enum { MOST = 10000 };
    clearcut_bytes probe;
    clearcut_error ignored;

    for (int i = 1; i < MOST; i++) {
        char numbered[64];
        char *name;
        snprintf(numbered, sizeof numbered, i == 1 ? "%s" : "%s.%d%s", i == 1 ? suffix : "", i,
                 suffix);
        name = cli_derived_name(path, folder, numbered);
        if (name == NULL || clearcut_file_read(name, 1, &probe, &ignored) == CLEARCUT_OK) {
            if (name == NULL) {
                return NULL;
            }
            clearcut_bytes_free(&probe);
        } else if (ignored.code == CLEARCUT_NOT_FOUND) {
            return name;
        }
        free(name);
    }
    return NULL;
}

/* The photo itself, byte for byte, and a picture of what was seen beside it. */
static clearcut_status set_aside(cli_scan_job *work, clearcut_error *error)
{
    const char *folder = work->shared->wanted->review;
    const char *input = strcmp(work->item->input, "-") == 0 ? "stdin" : work->item->input;
    const char *dot = strrchr(input, '.');
    bool ending = dot != NULL && strchr(dot, '/') == NULL && strlen(dot) < 8;
    char *name = free_name(folder, input, ending ? dot : "");
    char *seen = name != NULL ? cli_derived_name(name, NULL, ".review.jpg") : NULL;
    clearcut_image *overlay = NULL;
    clearcut_status status;

    if (seen == NULL) {
        free(name);
        error->code = CLEARCUT_OUT_OF_MEMORY;
        snprintf(error->message, sizeof error->message, "%s: no free name in %s", input, folder);
        return error->code;
    }
    status = clearcut_scanner_explain(work->shared->scanner, work->photo, &work->page, 0, &overlay,
                                      error);
    if (status == CLEARCUT_OK) {
        status = cli_write_bytes(work->bytes.data, work->bytes.size, name, error);
    }
    if (status == CLEARCUT_OK) {
        status = clearcut_image_write(overlay, seen, NULL, error);
    }
    clearcut_image_free(&overlay);
    free(seen);
    work->outcome = CLI_SCAN_ASIDE;
    work->set_aside = name;
    return status;
}

/* ---- the choice ---- */

/* Is there something to do to a page that is flat already? */
static bool changes_flat(const cli_scan_job *work)
{
    const cli_scan_settings *wanted = work->shared->wanted;
    const clearcut_flatten_options *flatten = &work->shared->choices.flatten;

    return flatten->finish != CLEARCUT_FINISH_PHOTO || flatten->turn > 0 || wanted->size != NULL ||
           wanted->width != 0 || wanted->height != 0;
}

/* An answer that is less sure than was demanded. */
static void apply_least_confidence(cli_scan_job *work)
{
    double least = work->shared->wanted->least_confidence;

    work->low_confidence = !work->given_corners && work->page.confidence < least;
    if (work->low_confidence && work->shared->wanted->review == NULL &&
        work->page.status == CLEARCUT_PAGE_CORRECTED) {
        work->page.status = CLEARCUT_PAGE_NONE;
        snprintf(work->page.reason, sizeof work->page.reason,
                 "a page was seen with a confidence of %.2f, and %.2f is demanded",
                 work->page.confidence, least);
    }
}

clearcut_status cli_scan_write(cli_scan_job *work, clearcut_error *error)
{
    const cli_scan_settings *wanted = work->shared->wanted;
    clearcut_status status = CLEARCUT_OK;

    apply_least_confidence(work);
    if (wanted->corners_only) {
        return CLEARCUT_OK;
    }
    if (work->low_confidence && wanted->review != NULL) {
        return set_aside(work, error);
    }
    if (work->page.status == CLEARCUT_PAGE_CORRECTED ||
        (work->page.status == CLEARCUT_PAGE_FLAT && changes_flat(work))) {
        return write_flattened(work, error);
    }
    if (work->page.status == CLEARCUT_PAGE_FLAT) {
        return write_unchanged(work, error);
    }
    if (work->shared->choices.cut_out) {
        status = cut_out(work, error);
    }
    /* A document loses no page: what was not found is in it as it was photographed. */
    if (status == CLEARCUT_OK && work->outcome == CLI_SCAN_NOTHING &&
        (wanted->keep || work->shared->document != NULL)) {
        status = write_unchanged(work, error);
    }
    return status;
}

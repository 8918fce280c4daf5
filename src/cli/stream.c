/* b: cut the subject out of every frame of a stream. */
#include "stream.h"

#include <stdio.h>
#include <string.h>

#include "device_line.h"
#include "pull.h"
#include "report.h"
#include "result.h"

#define AT(member) offsetof(cli_stream_settings, member)

/* clang-format off */
static const cli_option option_table[] = {
    CLI_CUTTING_OPTIONS(cli_stream_settings),
    {"o", "output_specifier", CLI_TEXT, AT(output), 0, 0, "NAME",
     "frame-%04d.png: a file for each frame, counted from 0; else one file; default: stdout"},
    {NULL, "output", CLI_TEXT, AT(output), 0, 0, "NAME", "the same"},
    {NULL, "in-format", CLI_TEXT, AT(in_format), 0, 0, "NAME",
     "rgb24 (default), rgba, nv12 or y4m"},
    {NULL, "out-format", CLI_TEXT, AT(out_format), 0, 0, "NAME",
     "png (default), webp, rgba, y4m or alpha"},
    {NULL, "matrix", CLI_TEXT, AT(matrix), 0, 0, "NAME",
     "of nv12 and y4m: 601, 709, or auto (default): 709 from 1280 columns or 577 rows on"},
    {NULL, "range", CLI_TEXT, AT(range), 0, 0, "NAME",
     "of nv12 and y4m: limited (default, unless the stream says) or full"},
    {NULL, "rate", CLI_TEXT, AT(rate), 0, 0, "N[/D]",
     "frames a second for y4m from raw frames; default 25"},
    {NULL, "smooth", CLI_REAL, AT(smooth), 0, 0.99, "STRENGTH",
     "steady the mask from frame to frame: 0 (default, off) to 0.99"},
    {NULL, "jobs", CLI_INTEGER, AT(jobs), 0, 256, "N",
     "threads that encode beside the network; 0 (default) = as --threads has"},
    CLI_OFFLINE_OPTION(cli_stream_settings),
    {NULL, "quiet", CLI_FLAG, AT(quiet), 0, 0, NULL, "no progress, notes or summary"},
    {NULL, "quality", CLI_INTEGER, AT(pictures.quality), 1, 100, "N", "WebP: 1 to 100; default 90"},
    {NULL, "png-level", CLI_INTEGER, AT(pictures.png_level), 0, 12, "N",
     "0 (none) to 12 (smallest); default: the fast writer"},
    {NULL, "lossless", CLI_FLAG, AT(pictures.lossless), 0, 0, NULL, "WebP without loss"},
    CLI_ENGINE_OPTIONS(cli_stream_settings),
    CLI_LOW_MEMORY_OPTION(cli_stream_settings),
};
/* clang-format on */

/* ---- the model ---- */

/* A clearcut_note_function. A note on every frame would drown everything else: the
 * first is kept, and they are counted. */
static void take_note(void *context, const char *message)
{
    cli_stream *stream = context;

    if (stream->load_ms <= 0) {
        if (!stream->wanted.quiet) {
            cli_note("%s", message); /* while the model is loaded */
        }
        return;
    }
    if (stream->note_count++ == 0) {
        snprintf(stream->note, sizeof stream->note, "%s", message);
    }
}

static int create_session(cli_stream *stream)
{
    const cli_stream_settings *wanted = &stream->wanted;
    clearcut_session_options options;
    clearcut_error error;
    clearcut_status status =
        cli_need_model(wanted->cutting.model, wanted->offline, wanted->quiet, &error);
    double begin = cli_clock_ms();

    clearcut_session_options_init(&options);
    options.model = wanted->cutting.model;
    options.device = wanted->engine.device;
    options.threads = (int)wanted->engine.threads;
    options.low_memory = wanted->engine.low_memory;
    options.precision = stream->precision;
    options.cancel = cli_cancel();
    options.feeding = cli_cutting_feeding(&wanted->cutting);
    options.note = take_note;
    options.note_context = stream;
    if (status == CLEARCUT_OK) {
        status = clearcut_session_create(&options, &stream->session, &error);
    }
    if (status != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return cli_model_exit(status, stream->precision);
    }
    stream->load_ms = cli_clock_ms() - begin;
    clearcut_session_device(stream->session, &stream->device);
    if (!stream->wanted.quiet) {
        cli_device_line(&stream->device);
    }
    return CLI_EXIT_OK;
}

/* ---- what came of it ---- */

static void summary(const cli_stream *stream)
{
    size_t frames = atomic_load(&stream->frames_written);
    size_t empty = atomic_load(&stream->frames_empty);
    double seconds = (cli_clock_ms() - stream->begin) * 1e-3;

    if (stream->note_count > 0) {
        cli_note("%zu of the frames: %s", stream->note_count, stream->note);
    }
    if (empty > 0) {
        cli_note("%zu of the frames have no clear subject and are empty (--force keeps them)",
                 empty);
    }
    fprintf(stderr, "clearcut: %zu frames; %.1f s, %.2f/s\n", frames, seconds,
            seconds > 0 ? (double)frames / seconds : 0);
}

static bool print_json(const cli_stream *stream, int exit_status)
{
    cli_json json = {0};
    clearcut_device device; /* as it is after the last frame */
    cli_result result = {.file = "-",
                         .status = exit_status == CLI_EXIT_OK ? "ok" : "error",
                         .reason = stream->note[0] != '\0' ? stream->note : NULL,
                         .output = stream->wanted.output,
                         .width = stream->in_frame.width,
                         .height = stream->in_frame.height,
                         .device = &device,
                         .load_ms = stream->load_ms,
                         .ms = stream->ms};

    clearcut_session_device(stream->session, &device);
    result.ms.total = cli_clock_ms() - stream->begin;
    cli_result_begin(&json, &result);
    cli_json_text(&json, "model", clearcut_session_model(stream->session));
    cli_json_text(&json, "recipe", clearcut_session_recipe(stream->session));
    cli_json_integer(&json, "frames", (long long)atomic_load(&stream->frames_written));
    cli_json_integer(&json, "frames_empty", (long long)atomic_load(&stream->frames_empty));
    cli_json_end_object(&json);
    return cli_json_print(&json);
}

/* ---- the command ---- */

static int check_settings(cli_stream *stream, int operand_count, char **operands)
{
    cli_stream_settings *wanted = &stream->wanted;
    int result = cli_check_cutting(&wanted->cutting);

    result = result != CLI_EXIT_OK ? result : cli_check_engine(&wanted->engine, &stream->precision);
    result =
        result != CLI_EXIT_OK ? result : cli_stream_settle_input(stream, operand_count, operands);
    result = result != CLI_EXIT_OK ? result : cli_stream_settle_output(stream);
    if (result == CLI_EXIT_OK && wanted->smooth > 0 && wanted->cutting.compat != NULL) {
        cli_error("--smooth changes alpha and leaves colours: with --compat rembg, whose colours "
                  "are multiplied, it is not possible");
        result = CLI_EXIT_USAGE;
    }
    if (result == CLI_EXIT_OK && cli_cutting_is_stack(&wanted->cutting)) {
        cli_error("a frame has one matte: choose one of u2net_cloth_seg's with "
                  "-x '{\"cc\": \"upper\"}'");
        result = CLI_EXIT_USAGE;
    }
    /* A colour below would hide that a frame is empty, and what is to be steadied. */
    wanted->cutting.ground_later = wanted->cutting.compat == NULL;
    return result;
}

/* The header is read before the output is opened: an input that is no stream leaves
 * nothing behind. */
static int open_both(cli_stream *stream)
{
    static const atomic_bool never = false;
    clearcut_error error = {0};
    cli_stream_read result;

    cli_signals_waiting(true);
    result = cli_stream_read_header(stream, &never, &error);
    cli_signals_waiting(false);
    if (result != CLI_STREAM_FRAME || cli_stream_open_output(stream, &error) != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return CLI_EXIT_INPUT;
    }
    return CLI_EXIT_OK;
}

/* Whole frames stay where the input was cut off; nothing stays of a run that was
 * stopped or failed otherwise. */
static int run_frames(cli_stream *stream)
{
    clearcut_error error = {0};
    int result = cli_stream_run(stream);
    bool whole = result == CLI_EXIT_OK ||
                 (result == CLI_EXIT_INPUT &&
                  atomic_load(&stream->frames_written) == atomic_load(&stream->frames_read));

    if (cli_stream_close_output(stream, whole, &error) != CLEARCUT_OK) {
        cli_error("%s", error.message);
        result = CLI_EXIT_INPUT;
    }
    if (!stream->wanted.quiet) {
        summary(stream);
    }
    if (stream->wanted.engine.json && !print_json(stream, result) && result == CLI_EXIT_OK) {
        result = CLI_EXIT_INPUT;
    }
    return result;
}

static int run_stream(const cli_command *command, int argument_count, char **arguments)
{
    cli_stream stream = {.wanted = {.in_format = "rgb24",
                                    .out_format = "png",
                                    .matrix = "auto",
                                    .rate = "25",
                                    .cutting = CLI_CUTTING_DEFAULTS,
                                    .pictures = CLI_PICTURE_DEFAULTS,
                                    .engine = CLI_ENGINE_DEFAULTS}};
    int operand_count;
    int result;

    switch (cli_parse(command, argument_count, arguments, &stream.wanted, &operand_count)) {
    case CLI_HELP_SHOWN: return CLI_EXIT_OK;
    case CLI_PARSE_FAILED: return CLI_EXIT_USAGE;
    case CLI_PARSED: break;
    }
    result = check_settings(&stream, operand_count, arguments);
    result = result != CLI_EXIT_OK ? result : create_session(&stream);
    result = result != CLI_EXIT_OK ? result : open_both(&stream);
    result = result != CLI_EXIT_OK ? result : run_frames(&stream);
    clearcut_session_free(&stream.session);
    cli_cutting_free(&stream.wanted.cutting);
    return result;
}

const cli_command cli_stream_command = {
    .name = "b",
    .alias = "stream",
    .usage = "[options] WIDTH HEIGHT < FRAMES",
    .summary = "cut the subject out of every frame of a stream",
    .details =
        "Frames come from standard input: raw ones of WIDTH x HEIGHT without headers, or a\n"
        "Y4M stream (ffmpeg -f yuv4mpegpipe), which says its size itself. For each a result\n"
        "goes out, in order: pictures one behind the other or in a file each (-o with %04d),\n"
        "raw RGBA, Y4M on --on or --bgcolor (black if there is none), or alpha: the alpha\n"
        "channel as Y4M of one plane. A frame that is cut off at the end is an error, after\n"
        "all whole ones are done.\n\n"
        "  ffmpeg -i in.mp4 -f yuv4mpegpipe - | clearcut b --in-format y4m --out-format y4m \\\n"
        "      --on white | ffmpeg -i - out.mp4\n",
    .options = option_table,
    .option_count = sizeof option_table / sizeof option_table[0],
    .run = run_stream};

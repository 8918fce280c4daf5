#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"

/* rembg's options that a later version of clearcut takes: people who bring a
 * command line along should not be told that they mistyped. */
static const char *const later_options[] = {"-vm", "--vitmatte", NULL};

bool cli_parse_integer(const char *text, long long minimum, long long maximum, long long *value)
{
    char *end = NULL;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < minimum || number > maximum) {
        return false;
    }
    *value = number;
    return true;
}

bool cli_parse_real(const char *text, double minimum, double maximum, double *value)
{
    char *end = NULL;
    double number;

    errno = 0;
    number = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !isfinite(number) || number < minimum ||
        number > maximum) {
        return false;
    }
    *value = number;
    return true;
}

/* ---- suggestions ---- */

enum { LONGEST_WORD = 63 };

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein distance; words beyond LONGEST_WORD are far from everything. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[LONGEST_WORD + 1];
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);

    if (a_length > LONGEST_WORD || b_length > LONGEST_WORD) {
        return LONGEST_WORD;
    }
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_length];
}

const char *cli_nearest(const char *word, const char *const *names)
{
    const char *best = NULL;
    size_t allowed = strlen(word) / 3;
    size_t best_distance = (allowed > 2 ? allowed : 2) + 1;

    for (; *names != NULL; names++) {
        size_t distance = edit_distance(word, *names);
        if (distance < best_distance && distance < strlen(*names)) {
            best_distance = distance;
            best = *names;
        }
    }
    return best;
}

/* ---- one option ---- */

/* Position in an argument list. */
typedef struct cursor {
    const cli_command *command;
    char **arguments;
    int count;
    int next;
} cursor;

static const cli_option *find_option(const cli_command *command, const char *argument,
                                     size_t length)
{
    bool is_long = argument[1] == '-';
    const char *name = argument + (is_long ? 2 : 1);
    size_t name_length = length - (is_long ? 2 : 1);

    for (int i = 0; i < command->option_count; i++) {
        const cli_option *option = &command->options[i];
        const char *candidate = is_long ? option->long_name : option->short_name;
        if (candidate != NULL && strlen(candidate) == name_length &&
            strncmp(candidate, name, name_length) == 0) {
            return option;
        }
    }
    return NULL;
}

static cli_parse_result unknown_option(const cli_command *command, const char *argument,
                                       size_t length)
{
    enum { MOST_NAMES = 128, NAME_SIZE = LONGEST_WORD + 1 };
    static char spelled[MOST_NAMES][NAME_SIZE];
    const char *names[MOST_NAMES + 1];
    char word[NAME_SIZE];
    const char *near_name;
    int count = 0;

    snprintf(word, sizeof word, "%.*s", (int)length, argument);
    for (int i = 0; later_options[i] != NULL; i++) {
        if (strcmp(word, later_options[i]) == 0) {
            cli_error("option %s is not in this version yet; see `clearcut help %s`", word,
                      command->name);
            return CLI_PARSE_FAILED;
        }
    }
    for (int i = 0; i < command->option_count && count + 2 <= MOST_NAMES; i++) {
        snprintf(spelled[count], NAME_SIZE, "--%s", command->options[i].long_name);
        names[count] = spelled[count];
        count++;
        if (command->options[i].short_name != NULL) {
            snprintf(spelled[count], NAME_SIZE, "-%s", command->options[i].short_name);
            names[count] = spelled[count];
            count++;
        }
    }
    names[count] = NULL;
    near_name = cli_nearest(word, names);
    if (near_name != NULL) {
        cli_error("unknown option %s; did you mean %s? (`clearcut help %s` lists all)", word,
                  near_name, command->name);
    } else {
        cli_error("unknown option %s; `clearcut help %s` lists all", word, command->name);
    }
    return CLI_PARSE_FAILED;
}

/* The value of an option: what follows '=', or the next argument. */
static const char *take_value(cursor *at, const char *inline_value)
{
    if (inline_value != NULL) {
        return inline_value;
    }
    return at->next < at->count ? at->arguments[at->next++] : NULL;
}

static bool parse_hex_color(const char *text, uint8_t rgba[4])
{
    size_t digits = strlen(text + 1);
    char *end = NULL;
    unsigned long value = strtoul(text + 1, &end, 16);

    if ((digits != 6 && digits != 8) || *end != '\0' || text[1] == '-' || text[1] == '+') {
        return false;
    }
    if (digits == 6) {
        value = value << 8 | 0xff;
    }
    for (int i = 0; i < 4; i++) {
        rgba[i] = (uint8_t)(value >> (24 - 8 * i));
    }
    return true;
}

static bool parse_comma_color(const char *text, uint8_t rgba[4])
{
    char copy[64];
    char *rest = copy;
    size_t size = strlen(text) + 1;

    if (size > sizeof copy) {
        return false;
    }
    memcpy(copy, text, size);
    rgba[3] = 255;
    for (int i = 0; i < 4; i++) {
        long long number;
        char *comma = strchr(rest, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        if (!cli_parse_integer(rest, 0, 255, &number)) {
            return false;
        }
        rgba[i] = (uint8_t)number;
        if (comma == NULL) {
            return i >= 2; /* alpha may be left out */
        }
        rest = comma + 1;
    }
    return false;
}

bool cli_parse_color(const char *text, cli_color *color)
{
    color->given = true;
    return text[0] == '#' ? parse_hex_color(text, color->rgba)
                          : parse_comma_color(text, color->rgba);
}

static bool parse_color(cursor *at, const char *first, cli_color *color)
{
    color->given = true;
    if (first[0] == '#' || strchr(first, ',') != NULL) {
        return cli_parse_color(first, color);
    }
    for (int i = 0; i < 4; i++) {
        long long number;
        const char *text = i == 0 ? first : take_value(at, NULL);
        if (text == NULL || !cli_parse_integer(text, 0, 255, &number)) {
            return false;
        }
        color->rgba[i] = (uint8_t)number;
    }
    return true;
}

static cli_parse_result bad_value(const cli_option *option, const char *value)
{
    if (option->kind == CLI_COLOR) {
        cli_error("--%s: takes four numbers 0..255 (R G B A), or R,G,B[,A], or #RRGGBB[AA]",
                  option->long_name);
    } else {
        cli_error("--%s: \"%s\" is not a number from %.10g to %.10g", option->long_name, value,
                  option->minimum, option->maximum);
    }
    return CLI_PARSE_FAILED;
}

static cli_parse_result store_value(cursor *at, const cli_option *option, const char *value,
                                    void *settings)
{
    void *target = (char *)settings + option->offset;
    bool good = true;

    switch (option->kind) {
    case CLI_FLAG: break;
    case CLI_TEXT: *(const char **)target = value; break;
    case CLI_INTEGER:
        good = cli_parse_integer(value, (long long)option->minimum, (long long)option->maximum,
                                 target);
        break;
    case CLI_REAL: good = cli_parse_real(value, option->minimum, option->maximum, target); break;
    case CLI_COLOR: good = parse_color(at, value, target); break;
    }
    return good ? CLI_PARSED : bad_value(option, value);
}

static cli_parse_result parse_option(cursor *at, const char *argument, void *settings)
{
    const char *equals = strchr(argument, '=');
    size_t length = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
    const cli_option *option = find_option(at->command, argument, length);
    const char *value;

    if (option == NULL) {
        return unknown_option(at->command, argument, length);
    }
    if (option->kind == CLI_FLAG) {
        if (equals != NULL) {
            cli_error("--%s takes no value", option->long_name);
            return CLI_PARSE_FAILED;
        }
        *(bool *)((char *)settings + option->offset) = true;
        return CLI_PARSED;
    }
    value = take_value(at, equals != NULL ? equals + 1 : NULL);
    if (value == NULL || (value[0] == '\0' && option->kind == CLI_TEXT)) {
        cli_error("--%s needs a value: %s", option->long_name, option->value);
        return CLI_PARSE_FAILED;
    }
    return store_value(at, option, value, settings);
}

cli_parse_result cli_parse(const cli_command *command, int argument_count, char **arguments,
                           void *settings, int *operand_count)
{
    cursor at = {command, arguments, argument_count, 0};
    bool only_operands = false;

    *operand_count = 0;
    while (at.next < at.count) {
        char *argument = arguments[at.next++];
        cli_parse_result result = CLI_PARSED;

        if (only_operands || argument[0] != '-' || argument[1] == '\0') {
            arguments[(*operand_count)++] = argument;
        } else if (strcmp(argument, "--") == 0) {
            only_operands = true;
        } else if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
            cli_print_help(command);
            return CLI_HELP_SHOWN;
        } else {
            result = parse_option(&at, argument, settings);
        }
        if (result != CLI_PARSED) {
            return result;
        }
    }
    return CLI_PARSED;
}

/* Makes sense, and the file can be written? */
static int check_calibration(const cli_engine *engine, clearcut_precision precision)
{
    clearcut_error error;

    if (engine->calibration == NULL && engine->calibrate_to == NULL) {
        return CLI_EXIT_OK;
    }
    if (precision != CLEARCUT_PRECISION_INT8) {
        cli_error("--calibration and --calibrate-to are for int8: add --precision int8");
        return CLI_EXIT_USAGE;
    }
    if (engine->calibration != NULL && engine->calibrate_to != NULL) {
        cli_error("--calibration and --calibrate-to together: use a calibration, or make one");
        return CLI_EXIT_USAGE;
    }
    if (engine->calibrate_to != NULL &&
        clearcut_output_check(engine->calibrate_to, &error) != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return error.code == CLEARCUT_INVALID_ARGUMENT ? CLI_EXIT_USAGE : CLI_EXIT_INPUT;
    }
    return CLI_EXIT_OK;
}

int cli_check_engine(const cli_engine *engine, clearcut_precision *precision)
{
    clearcut_error error;
    clearcut_status status = clearcut_device_check(engine->device, &error);

    if (status != CLEARCUT_OK) {
        cli_error("%s", error.message);
        return status == CLEARCUT_DEVICE ? CLI_EXIT_DEVICE : CLI_EXIT_USAGE;
    }
    if (!clearcut_precision_from_name(engine->precision, precision)) {
        cli_error("--precision: \"%s\" is none of auto, fp32, fp16, bf16, int8", engine->precision);
        return CLI_EXIT_USAGE;
    }
    return check_calibration(engine, *precision);
}

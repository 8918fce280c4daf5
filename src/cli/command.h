/* What a command is: its name, its options, its help, its work. One table feeds
 * the parser, --help and the completions, so that they cannot disagree.
 */
#ifndef CLEARCUT_CLI_COMMAND_H
#define CLEARCUT_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses of the program; documented in docs/cli.md. */
enum {
    CLI_EXIT_OK = 0,
    CLI_EXIT_INPUT = 1,  /* at least one input failed */
    CLI_EXIT_USAGE = 2,  /* wrong usage */
    CLI_EXIT_DEVICE = 3, /* the demanded device is not usable */
    CLI_EXIT_MODEL = 4,  /* model missing, malformed or with a wrong checksum */
    CLI_EXIT_INTERRUPTED = 130
};

typedef enum cli_kind {
    CLI_FLAG,    /* bool */
    CLI_TEXT,    /* const char * */
    CLI_INTEGER, /* long long */
    CLI_REAL,    /* double */
    CLI_COLOR    /* cli_color; four numbers, R,G,B,A or #RRGGBB[AA] */
} cli_kind;

typedef struct cli_color {
    bool given;
    uint8_t rgba[4];
} cli_color;

typedef struct cli_option {
    const char *short_name; /* "om" for -om, matched whole; NULL = none */
    const char *long_name;  /* "only-mask" */
    cli_kind kind;
    size_t offset;  /* of the value in the command's settings */
    double minimum; /* of a number */
    double maximum;
    const char *value; /* how help writes the value: "NAME"; NULL for a flag */
    const char *help;
} cli_option;

typedef struct cli_command cli_command;
struct cli_command {
    const char *name;
    const char *alias;   /* NULL = none */
    const char *usage;   /* what follows the name: "[options] [INPUT [OUTPUT]]" */
    const char *summary; /* one line */
    const char *details; /* more lines for help; "" = none */
    const cli_option *options;
    int option_count;
    /* arguments without program and command name; returns the exit status */
    int (*run)(const cli_command *command, int argument_count, char **arguments);
};

extern const cli_command cli_remove_command;
extern const cli_command cli_batch_command;
extern const cli_command cli_stream_command;
extern const cli_command cli_scan_command;
extern const cli_command cli_infer_command;
extern const cli_command cli_bench_command;
extern const cli_command cli_models_command;
extern const cli_command cli_pull_command;
extern const cli_command cli_doctor_command;
extern const cli_command cli_version_command;
extern const cli_command cli_help_command;

/* All commands in the order of the help, ended by NULL. */
extern const cli_command *const cli_commands[];

/* By name or alias; NULL if there is none. */
const cli_command *cli_find_command(const char *name);

/* Complain about a word that is no command, on stderr, with a suggestion or the
 * news that it comes in a later version; returns CLI_EXIT_USAGE. */
int cli_unknown_command(const char *name);

/* Help for everything, or for one command, on stdout. */
void cli_print_overview(void);
void cli_print_help(const cli_command *command);

#endif

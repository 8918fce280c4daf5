/* What many timings of the same thing come to. */
#ifndef CLEARCUT_CLI_STATISTICS_H
#define CLEARCUT_CLI_STATISTICS_H

/* In the unit of the values. */
typedef struct cli_spread {
    int runs;
    double median;
    double lowest;
    double highest;
    double quartile_range; /* 75th minus 25th percentile */
    double percentile95;
} cli_spread;

/* Summarise `count` >= 1 values; sorts them in place. */
void cli_summarise(double *values, int count, cli_spread *result);

#endif

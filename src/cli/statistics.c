#include "statistics.h"

#include <stdlib.h>

static int compare_values(const void *a, const void *b)
{
    double first = *(const double *)a;
    double second = *(const double *)b;
    return (first > second) - (first < second);
}

/* By linear interpolation between the sorted values. */
static double percentile(const double *sorted, int count, double fraction)
{
    double position = fraction * (count - 1);
    int below = (int)position;
    int above = below + 1 < count ? below + 1 : below;

    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

void cli_summarise(double *values, int count, cli_spread *result)
{
    qsort(values, (size_t)count, sizeof *values, compare_values);
    result->runs = count;
    result->median = percentile(values, count, 0.5);
    result->lowest = values[0];
    result->highest = values[count - 1];
    result->quartile_range = percentile(values, count, 0.75) - percentile(values, count, 0.25);
    result->percentile95 = percentile(values, count, 0.95);
}

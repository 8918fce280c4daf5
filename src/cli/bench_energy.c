/* Energy of the processor packages, from Linux's power capping files. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

/* Microjoules of one package; false if there is none or it may not be read. The
 * counter wraps after minutes to hours; a run that straddles that is given up by
 * the caller, who sees a negative difference. */
static bool read_package(int package, double *microjoules)
{
    char path[96];
    FILE *file;
    bool good;

    snprintf(path, sizeof path, "/sys/class/powercap/intel-rapl:%d/energy_uj", package);
    file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    good = fscanf(file, "%lf", microjoules) == 1;
    fclose(file);
    return good;
}

double bench_energy(void)
{
    enum { MOST_PACKAGES = 16 };
    double sum = 0;
    int found = 0;

    for (int package = 0; package < MOST_PACKAGES; package++) {
        double microjoules;
        if (!read_package(package, &microjoules)) {
            break;
        }
        sum += microjoules;
        found++;
    }
    return found > 0 ? sum * 1e-6 : NAN;
}

void bench_note_energy(bench *work)
{
    double unused;

    errno = 0;
    if (!read_package(0, &unused)) {
        bench_leave_out(work, "joules of the processor",
                        "/sys/class/powercap/intel-rapl:0/energy_uj: %s%s",
                        errno != 0 ? strerror(errno) : "holds no number",
                        errno == EACCES ? " (only root may read it here)"
                                        : " (virtual machines rarely have it)");
    }
}

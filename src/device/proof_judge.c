/* What the measurements prove. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "device/proof.h"

/* fp16 on the tensor cores stays within 1 % of a mask; a made-up answer is off by the
 * size of the range. */
#define ANSWER_TOLERANCE 0.02

/* A GPU's run may keep the processor at most half as busy as doing the work there. */
#define PROCESSOR_SHARE 0.5

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

cc_spread cc_spread_of(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return (cc_spread){.low = values[0],
                       .median = (values[(count - 1) / 2] + values[count / 2]) / 2,
                       .high = values[count - 1]};
}

static cc_check *add(cc_verdict *verdict, const char *name, bool passed, bool decides)
{
    cc_check *check = &verdict->checks[verdict->check_count++];

    *check = (cc_check){.name = name, .passed = passed, .decides = decides};
    return check;
}

static void judge_operators(const cc_measured *m, cc_verdict *verdict)
{
    bool all =
        m->report.operators_total > 0 && m->report.operators_on_device == m->report.operators_total;
    cc_check *check = add(verdict, "operators", all, true);

    snprintf(check->text, sizeof check->text, "%d of %d operators are on %s",
             m->report.operators_on_device, m->report.operators_total, m->report.engine);
}

static void judge_answer(const cc_measured *m, cc_verdict *verdict)
{
    bool compared = m->claim != CC_CLAIM_PROCESSOR;
    bool near_enough = !compared || m->difference <= ANSWER_TOLERANCE * fmax(m->range, 1e-6);
    cc_check *check =
        add(verdict, "answer", m->not_finite == 0 && m->compared > 0 && near_enough, true);

    if (m->compared == 0) {
        snprintf(check->text, sizeof check->text, "there are no floats in it to be compared");
    } else if (m->not_finite > 0) {
        snprintf(check->text, sizeof check->text, "%lld values of the answer are no numbers",
                 (long long)m->not_finite);
    } else if (compared) {
        snprintf(check->text, sizeof check->text,
                 "differs from the processor's by at most %.2g, of values that span %.3g",
                 m->difference, m->range);
    } else {
        snprintf(check->text, sizeof check->text, "all values are numbers");
    }
}

static void judge_probe(const cc_measured *m, cc_verdict *verdict)
{
    const cc_probe *probe = &m->probe;
    bool passed = m->probed && probe->wrong == 0 && probe->multiprocessors > 1;
    cc_check *check = add(verdict, "probe", passed, true);

    if (!m->probed) {
        snprintf(check->text, sizeof check->text, "failed: %.220s", m->probe_failure);
        return;
    }
    snprintf(check->text, sizeof check->text,
             "%d threads stirred a random number %d times on %d multiprocessors in %.1f ms (one "
             "thread here would take %.0f ms); %d of %d answers checked are wrong",
             probe->threads, probe->rounds, probe->multiprocessors, probe->wall_ms,
             probe->processor_ms, probe->wrong, probe->checked);
}

static void judge_clock(const cc_measured *m, cc_verdict *verdict)
{
    bool passed = m->device_ms.median > 0 && m->device_ms.median <= m->wall_ms.median * 1.1;
    cc_check *check = add(verdict, "clock", passed, true);

    snprintf(check->text, sizeof check->text,
             "the GPU's own clock counts %.3f ms of the %.3f ms that a run takes",
             m->device_ms.median, m->wall_ms.median);
}

static void judge_processor(const cc_measured *m, cc_verdict *verdict)
{
    bool passed = m->processor_time_ms <= PROCESSOR_SHARE * m->cpu_processor_time_ms;
    cc_check *check = add(verdict, "processor", passed, true);

    snprintf(check->text, sizeof check->text,
             "the processor worked %.2f ms for a run on the device, %.2f ms for one of its own%s",
             m->processor_time_ms, m->cpu_processor_time_ms,
             passed ? "" : ": it seems to do the work itself");
}

static void judge_device_file(const cc_measured *m, cc_verdict *verdict)
{
    cc_check *check = add(verdict, "device-file", m->device_file, true);

    if (m->device_file) {
        snprintf(check->text, sizeof check->text, "%s was open during the runs",
                 m->device_file_name);
    } else {
        snprintf(check->text, sizeof check->text,
                 "no device file of a GPU was open during the runs: no GPU can have worked");
    }
}

static void judge_memory(const cc_measured *m, cc_verdict *verdict)
{
    cc_check *check;

    if (m->used_before >= 0 && m->used_during >= 0) {
        check = add(verdict, "memory", m->used_during > m->used_before, false);
        snprintf(check->text, sizeof check->text,
                 "GPU memory in use went from %lld to %lld MiB (told by NVML)",
                 (long long)(m->used_before >> 20), (long long)(m->used_during >> 20));
    }
    if (m->utilisation_before >= 0 && m->utilisation_during >= 0) {
        check = add(verdict, "utilisation", m->utilisation_during > 0, false);
        snprintf(check->text, sizeof check->text,
                 "GPU utilisation was %d %% before and up to %d %% during the runs (told by NVML)",
                 m->utilisation_before, m->utilisation_during);
    }
}

void cc_proof_judge(const cc_measured *measured, cc_verdict *verdict)
{
    *verdict = (cc_verdict){0};
    judge_operators(measured, verdict);
    judge_answer(measured, verdict);
    if (measured->claim == CC_CLAIM_OWN_GPU) {
        judge_probe(measured, verdict);
        judge_clock(measured, verdict);
    }
    if (measured->claim == CC_CLAIM_OWN_GPU || measured->claim == CC_CLAIM_GPU) {
        judge_processor(measured, verdict);
        judge_device_file(measured, verdict);
        judge_memory(measured, verdict);
    }
    verdict->proven = true;
    for (int i = 0; i < verdict->check_count; i++) {
        const cc_check *check = &verdict->checks[i];
        verdict->proven = verdict->proven && (check->passed || !check->decides);
    }
}

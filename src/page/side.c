#include "page/side.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 10, WIDE_ROUNDS = 6 };

/* A straight side with this support needs no bulge; and a bulge has to bring at
 * least this much more. */
#define WELL_SUPPORTED 0.85
#define BULGE_GAIN 0.12

/* Normal equations of a weighted fit with up to three unknowns. */
typedef struct normal_equations {
    double a[3][3];
    double b[3];
} normal_equations;

static void terms_at(double t, double terms[3])
{
    terms[0] = 1.0;
    terms[1] = t;
    terms[2] = 4.0 * t * (1.0 - t);
}

double cc_side_at(const cc_side_model *model, double t)
{
    return model->offset + model->slope * t + model->bulge * 4.0 * t * (1.0 - t);
}

static double robust_weight(const cc_side_model *model, const cc_side_sample *sample, double scale)
{
    double r = (sample->s - cc_side_at(model, sample->t)) / scale;

    return sample->weight / (1.0 + r * r);
}

static void accumulate(normal_equations *n, const cc_side_sample *sample, double weight,
                       int unknowns)
{
    double terms[3];

    terms_at(sample->t, terms);
    for (int i = 0; i < unknowns; i++) {
        for (int j = 0; j < unknowns; j++) {
            n->a[i][j] += weight * terms[i] * terms[j];
        }
        n->b[i] += weight * terms[i] * sample->s;
    }
}

/* Cholesky factor of the leading part, in place; false if it is not definite. */
static bool factor(normal_equations *n, int unknowns)
{
    for (int i = 0; i < unknowns; i++) {
        double scale = n->a[i][i];
        for (int j = 0; j <= i; j++) {
            double sum = n->a[i][j];
            for (int k = 0; k < j; k++) {
                sum -= n->a[i][k] * n->a[j][k];
            }
            if (i == j && !(sum > 1e-9 * scale)) {
                return false;
            }
            n->a[i][j] = i == j ? sqrt(sum) : sum / n->a[j][j];
        }
    }
    return true;
}

static void solve(const normal_equations *n, int unknowns, const double right[3], double x[3])
{
    for (int i = 0; i < unknowns; i++) {
        double sum = right[i];
        for (int k = 0; k < i; k++) {
            sum -= n->a[i][k] * x[k];
        }
        x[i] = sum / n->a[i][i];
    }
    for (int i = unknowns - 1; i >= 0; i--) {
        double sum = x[i];
        for (int k = i + 1; k < unknowns; k++) {
            sum -= n->a[k][i] * x[k];
        }
        x[i] = sum / n->a[i][i];
    }
}

/* Residual, support, and the standard errors at the ends from the factored
 * normal equations. Neighbouring samples share their noise, so that the errors
 * are a lower bound. */
static void judge(const cc_side_sample *samples, int count, double scale, int unknowns,
                  const normal_equations *factored, cc_side_model *model)
{
    double weight_sum = 0.0;
    double robust_sum = 0.0;
    double square_sum = 0.0;
    double within = 0.0;

    for (int i = 0; i < count; i++) {
        double r = samples[i].s - cc_side_at(model, samples[i].t);
        double w = robust_weight(model, &samples[i], scale);
        weight_sum += samples[i].weight;
        robust_sum += w;
        square_sum += w * r * r;
        within += fabs(r) <= 2.0 * scale ? samples[i].weight : 0.0;
    }
    model->residual = robust_sum > 0.0 ? sqrt(square_sum / robust_sum) : 0.0;
    model->supporting = weight_sum > 0.0 ? within / weight_sum : 0.0;
    for (int end = 0; end < 2; end++) {
        double terms[3];
        double x[3] = {0.0, 0.0, 0.0};
        double variance = 0.0;
        terms_at((double)end, terms);
        solve(factored, unknowns, terms, x);
        for (int i = 0; i < unknowns; i++) {
            variance += terms[i] * x[i];
        }
        model->end_error[end] = model->residual * sqrt(fmax(0.0, variance));
    }
}

bool cc_side_fit(const cc_side_sample *samples, int count, double scale, bool with_bulge,
                 cc_side_model *model)
{
    int unknowns = with_bulge ? 3 : 2;
    normal_equations n;
    int usable = 0;

    memset(model, 0, sizeof *model);
    for (int i = 0; i < count; i++) {
        usable += samples[i].weight > 0.0;
    }
    if (usable < 2 * unknowns - 1) {
        return false;
    }
    for (int round = 0; round < ROUNDS; round++) {
        double width = round < WIDE_ROUNDS ? scale * (WIDE_ROUNDS + 1 - round) : scale;
        double x[3] = {0.0, 0.0, 0.0};
        memset(&n, 0, sizeof n);
        for (int i = 0; i < count; i++) {
            double w = round == 0 ? samples[i].weight : robust_weight(model, &samples[i], width);
            accumulate(&n, &samples[i], w, unknowns);
        }
        if (!factor(&n, unknowns)) {
            memset(model, 0, sizeof *model);
            return false;
        }
        solve(&n, unknowns, n.b, x);
        model->offset = x[0];
        model->slope = x[1];
        model->bulge = x[2];
    }
    judge(samples, count, scale, unknowns, &n, model);
    return true;
}

/* Enough of the weight in each third of the side? */
static bool covers_side(const cc_side_sample *samples, int count)
{
    double third[3] = {0.0, 0.0, 0.0};
    double sum = 0.0;

    for (int i = 0; i < count; i++) {
        int which = samples[i].t < 1.0 / 3 ? 0 : samples[i].t < 2.0 / 3 ? 1 : 2;
        third[which] += samples[i].weight;
        sum += samples[i].weight;
    }
    return third[0] > 0.15 * sum && third[1] > 0.15 * sum && third[2] > 0.15 * sum;
}

bool cc_side_fit_best(const cc_side_sample *samples, int count, double scale, cc_side_model *model)
{
    cc_side_model straight;
    cc_side_model curved;

    if (!cc_side_fit(samples, count, scale, false, &straight)) {
        *model = straight;
        return false;
    }
    *model = straight;
    if (straight.supporting < WELL_SUPPORTED && covers_side(samples, count) &&
        cc_side_fit(samples, count, scale, true, &curved) &&
        curved.supporting > straight.supporting + BULGE_GAIN && fabs(curved.bulge) > 1.5 * scale) {
        *model = curved;
    }
    return true;
}

cc_line cc_side_line(const cc_side_model *model, cc_point a, cc_point b)
{
    cc_line side = cc_line_through(a, b);
    cc_point from = {a.x + side.nx * model->offset, a.y + side.ny * model->offset};
    double s = model->offset + model->slope;
    cc_point to = {b.x + side.nx * s, b.y + side.ny * s};

    return cc_line_through(from, to);
}

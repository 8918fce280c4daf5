#include "core/cpu.h"
#include "matte/edge_color_kernel.h"

/* ---- tables ---- */

/* How much a pixel says about the part that makes up `share` of it: the 16th power,
 * so that half-transparent ones count only where there is nothing clearer. */
static float trust_of(float share)
{
    float fourth = share * share * share * share;
    float eighth = fourth * fourth;

    /* below: 2e-10 and less, and soon denormal numbers, which take a hundred times longer */
    return share < 0.25F ? 0.0F : eighth * eighth;
}

void cc_edge_tables_fill(cc_edge_tables *tables)
{
    static const float slack = 0.05F; /* smallest errors against known alpha: docs/matte.md */

    for (int value = 0; value < 256; value++) {
        float alpha = (float)cc_matte_settle((uint8_t)value) / 255.0F;
        float rest = 1.0F - alpha;
        tables->trust[value][0] = trust_of(alpha);
        tables->trust[value][1] = trust_of(rest);
        tables->alpha[value] = alpha;
        tables->step[value] = alpha / (alpha * alpha + rest * rest + slack);
    }
}

/* ---- kernels ---- */

static inline cc_edge_color load_pixel(const uint8_t *pixel, int channels)
{
    int green = channels >= 3 ? 1 : 0;
    cc_edge_color color = {pixel[0], pixel[green], pixel[2 * green], 1.0F};
    return color;
}

static void sum_row(const cc_edge_tables *tables, const cc_edge_row *row, cc_edge_cell *cells)
{
    const uint8_t *pixel = row->pixels;
    int channels = row->channels;

    for (int x = 0; x < row->count; x++, pixel += channels) {
        float own = channels == 2 || channels == 4 ? pixel[channels - 1] / 255.0F : 1.0F;
        cc_edge_color color = load_pixel(pixel, channels) * own;
        const float *trust = tables->trust[row->mask[x]];
        cells[x / CC_EDGE_CELL].subject += color * trust[0];
        cells[x / CC_EDGE_CELL].behind += color * trust[1];
    }
}

static inline uint8_t to_sample(float value)
{
    return value <= 0.0F ? 0 : value >= 255.0F ? 255 : (uint8_t)(value + 0.5F);
}

static inline cc_edge_cell between(cc_edge_cell first, cc_edge_cell second, float share)
{
    cc_edge_cell mean = {first.subject + share * (second.subject - first.subject),
                         first.behind + share * (second.behind - first.behind)};
    return mean;
}

static void correct_row(const cc_edge_tables *tables, const cc_edge_row *row,
                        const cc_edge_guess *guess, uint8_t *target)
{
    cc_edge_cell means[CC_EDGE_GUESSES];
    const uint8_t *pixel = row->pixels;

    for (int i = 0; i < CC_EDGE_GUESSES; i++) {
        means[i] = between(guess->above[i], guess->below[i], guess->share);
    }
    for (int x = 0; x < row->count; x++, pixel += row->channels, target += 4) {
        if (cc_matte_is_soft(row->mask[x]) && target[3] > 0) {
            const cc_edge_cell *first = means + (x + 2) / CC_EDGE_CELL;
            cc_edge_cell at = between(first[0], first[1], cc_edge_share(x));
            float alpha = tables->alpha[row->mask[x]];
            cc_edge_color left = load_pixel(pixel, row->channels) -
                                 (alpha * at.subject + (1.0F - alpha) * at.behind);
            cc_edge_color color = at.subject + tables->step[row->mask[x]] * left;
            for (int c = 0; c < 3; c++) {
                target[c] = to_sample(color[c]);
            }
        }
    }
}

const cc_edge_kernels cc_edge_kernels_reference = {sum_row, correct_row};

const cc_edge_kernels *cc_edge_kernels_choose(int channels)
{
#if defined(__x86_64__)
    if (channels == 3 && cc_cpu_detect()->level >= CC_CPU_AVX2) {
        return &cc_edge_kernels_avx2;
    }
#else
    (void)channels;
#endif
    return &cc_edge_kernels_reference;
}

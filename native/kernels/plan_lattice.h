/* Constants of the code lattice of a format, seen from a host: what lattice.h and lf_widen need.
 * Part of plan.c. */
#ifndef LF_PLAN_LATTICE_H
#define LF_PLAN_LATTICE_H

#include "host.h"

/* lf_widen's constants; false unless the host has every value. Where the subnormals of format and
 * host have one exponent, codes need only be shifted. */
static bool plan_widen(lf_cast_plan *p, const lf_layout *f, const host *h)
{
    int64_t low = low_field(f, h);
    uint64_t hidden = (uint64_t)1 << h->fraction;
    bool powers = f->subnormals == LF_SUBNORMALS_NORMAL && !f->zero && f->mantissa_bits == 0;
    if (low < !powers || low >= h->infinity >> h->fraction || f->top_exponent > h->bias + 1 ||
        f->mantissa_bits > h->fraction)
        return false;
    p->code_shift = h->fraction - f->mantissa_bits;
    if (f->subnormals == LF_SUBNORMALS_NORMAL) {
        p->code_base = (uint64_t)low << h->fraction;
        p->low_codes = f->zero ? 1 : 0;
        p->low_subtract = p->code_base;
        if (low == 0) { /* E8M0: 2^-127 = 2^-126 - 2^-127, below the fields of binary32 */
            p->low_codes = 1;
            p->low_add = hidden;
            p->low_subtract = hidden / 2;
        }
    } else {
        p->code_base = (uint64_t)(low - 1) << h->fraction;
        p->low_codes = low == 1 ? 0 : (int64_t)1 << f->mantissa_bits;
        p->low_add = hidden;
        p->low_subtract = (uint64_t)low << h->fraction;
    }
    return true;
}

/* The t of lattice.h, in L bits: of even codes, what odd ones add, and what negative ones flip. */
static void plan_threshold(lf_cast_plan *p, const lf_layout *f, const lf_projection *q)
{
    const uint64_t half = (uint64_t)1 << 63;
    const uint64_t all = UINT64_MAX;
    switch (q->rounding) {
    case LF_NEAREST_EVEN:
        if (f->mantissa_bits == 0 && !f->zero) { /* P-5 */
            p->threshold = half;
            break;
        }
        p->threshold = half - 1, p->threshold_odd = 1;
        break;
    case LF_NEAREST_AWAY: p->threshold = half; break;
    case LF_NEAREST_ZERO: p->threshold = half - 1; break;
    case LF_TOWARD_ZERO: break;
    case LF_TOWARD_POSITIVE: p->threshold = all, p->threshold_flip = all; break;
    case LF_TOWARD_NEGATIVE: p->threshold_flip = all; break;
    case LF_AWAY_FROM_ZERO: p->threshold = all; break;
    case LF_TO_ODD: p->threshold = all, p->threshold_odd = 1; break;
    default:
        if (q->variant == LF_VARIANT_B)
            p->threshold = half >> q->random_bits;
        else if (q->variant == LF_VARIANT_C)
            p->threshold = (half - 1) >> q->random_bits, p->threshold_odd = 1;
    }
}

/* The least distance above an even or odd code that a deterministic rounding takes to the next,
 * `step` away, in units of which half a step is `half`, rounded down; `step` if there is none. */
static int64_t least_away(int rounding, int64_t half, int64_t step, bool odd, bool negative)
{
    switch (rounding) {
    case LF_NEAREST_EVEN: half += !odd; break;
    case LF_NEAREST_AWAY: break;
    case LF_NEAREST_ZERO: half++; break;
    case LF_TOWARD_POSITIVE: half = negative ? step : 1; break;
    case LF_TOWARD_NEGATIVE: half = negative ? 1 : step; break;
    case LF_AWAY_FROM_ZERO: half = 1; break;
    case LF_TO_ODD: half = odd ? step : 1; break;
    default: half = step;
    }
    return half < 1 ? 1 : half;
}

/* Rules P-3 and P-4: host magnitudes below which numbers are tiny, or below the smallest number. */
static void plan_low(lf_cast_plan *p, const lf_layout *f, const lf_projection *q, const host *h)
{
    int64_t low = low_field(f, h);
    int drop = h->fraction - f->mantissa_bits;
    bool normal = f->subnormals == LF_SUBNORMALS_NORMAL;
    bool stochastic = q->rounding == LF_STOCHASTIC;
    bool ties_away = f->mantissa_bits == 0 && !f->zero;
    int rounding = q->rounding == LF_NEAREST_EVEN && ties_away ? LF_NEAREST_AWAY : q->rounding;
    int64_t fields = h->infinity >> h->fraction;

    p->tiny_below = p->tiny_retry = h->infinity; /* every finite number is tiny */
    if (low > fields)
        return;
    int64_t least_normal = low << h->fraction;
    if (normal && f->zero)
        least_normal += (int64_t)1 << drop;
    /* Host subnormals have the step of field 1, twice what precision P has in their top binade. */
    bool top_subnormal = low == 1 && !(normal && f->zero);
    p->tiny_drop = drop - top_subnormal;
    p->tiny_carry = h->fraction + 1 - top_subnormal;
    p->tiny_below = least_normal;
    if (!q->tininess_before && stochastic) {
        p->tiny_retry =
            top_subnormal ? least_normal / 2 : least_normal - ((int64_t)1 << h->fraction);
    } else if (!q->tininess_before) {
        /* The code one step of precision P below the smallest normal number is odd, but 0 where M
         * = 0, and where it is the lowest of a normal binade. */
        bool odd = normal ? !f->zero : f->mantissa_bits != 0;
        int64_t step = (int64_t)1 << p->tiny_drop;
        int64_t base = least_normal - step;
        p->tiny_below = base + least_away(rounding, step / 2, step, odd, false);
        p->tiny_below_flip =
            p->tiny_below ^ (base + least_away(rounding, step / 2, step, odd, true));
    }
    if (normal) {
        p->smallest = least_normal;
        p->smallest_code = f->min_positive_code;
        /* Halving takes one off the host's exponent field. */
        int64_t half = least_normal - ((int64_t)1 << h->fraction);
        if (f->zero) {
            p->smallest_half = least_away(rounding, half, least_normal, false, false);
            p->smallest_half_flip =
                p->smallest_half ^ least_away(rounding, half, least_normal, false, true);
        }
    }
}

/* Whether lattice.h holds for the target and these lanes; see there for the bounds. Its thresholds
 * cannot fall from even codes to odd ones, as nearest_odd's does from 1/2 to 1/2-. */
static bool lanes_hold(const lf_layout *f, const lf_projection *q, const host *h)
{
    bool normal = f->subnormals == LF_SUBNORMALS_NORMAL;
    bool stochastic = q->rounding == LF_STOCHASTIC;
    int64_t low = low_field(f, h);
    /* s >= 1, and tiny_drop >= 1 with stochastic rounding. The field of half the smallest number
     * of a `normal` format must be that of a normal number of the host (plan_low). */
    return q->rounding != LF_NEAREST_ODD && low >= 1 + normal &&
           (!normal || low <= h->infinity >> h->fraction) &&
           f->mantissa_bits + 1 + stochastic <= h->fraction &&
           !(stochastic && (normal || q->random_bits > h->bits - 3));
}

#endif

/* The choke point: every exact result becomes a code here, and nowhere else. */
#ifndef LF_PROJECT_H
#define LF_PROJECT_H

#include "short.h"

/* Beside the flags of rule F-1: Stochastic(bits=None) met a tail longer than 64 bits (P-6). */
#define LF_TAIL 0x80

typedef struct lf_coded {
    uint64_t code;
    uint32_t flags;
} lf_coded;

/* Where results go: a format and how it is reached. */
typedef struct lf_target {
    lf_layout format;
    lf_projection projection;
} lf_target;

/* Rule P-5 as lattice.h has it: a magnitude leaves its lower neighbour iff nu, its distance as a
 * part of the way to the upper one, and t reach 1; t = even[sign], and odd more (modulo 1) from an
 * odd code, in steps of 2^-64. Bit 0 of nu stands for all below it: only 0 and half, both even,
 * must be told from what is just above them. */
typedef struct lf_threshold {
    uint64_t even[2], odd;
} lf_threshold;
extern const lf_threshold lf_thresholds[LF_STOCHASTIC]; /* by rounding */

static inline bool lf_reaches_next(int rounding, uint64_t nu, bool odd, bool sign)
{
    const lf_threshold *t = &lf_thresholds[rounding];
    uint64_t sum;
    return __builtin_add_overflow(nu, t->even[sign] + (t->odd & -(uint64_t)odd), &sum);
}

/* Rules P-5 and P-6: whether a magnitude leaves its lower neighbour, `odd` or even, for the upper
 * one. `above` is its distance in steps of 2^-128 of the way, bit 0 standing for all below. */
bool lf_rounds_away(const lf_projection *p, lf_u128 above, bool odd, bool sign, uint64_t random);

/* Anything; where the rounding draws nothing, only the upper 64 bits of a significand count and
 * whether there is more. */
lf_coded lf_project(const lf_target *t, const lf_value *value, uint64_t random);

/* Whether lf_project_short takes results: the rounding draws nothing, the format has signs, and no
 * tie goes to the larger number of a format of powers of two. */
static inline bool lf_takes_short(const lf_target *t)
{
    return t->projection.rounding != LF_STOCHASTIC && t->format.is_signed &&
           t->format.mantissa_bits > 0;
}

/* Nearly every result is a normal number above the lowest binade; the others go on to lf_project.
 * The hidden bit adds one to the field. */
static inline lf_coded lf_project_short(const lf_target *t, lf_short x)
{
    const lf_layout *f = &t->format;
    uint64_t code = ((uint64_t)(x.exponent + f->bias - 1) << f->mantissa_bits) +
                    (x.significand >> (63 - f->mantissa_bits));
    uint64_t nu = x.significand << f->mantissa_bits << 1;
    code += lf_reaches_next(t->projection.rounding, nu, code & 1, x.sign);
    if (__builtin_expect(
            x.exponent > f->emin && x.exponent < f->top_exponent && code <= f->max_finite_code, 1))
        return (lf_coded){code | (f->sign_mask & -(uint64_t)x.sign), nu ? LF_INEXACT : 0};
    lf_value v = {(lf_u128)x.significand << 64, x.exponent, LF_FINITE, x.sign, false};
    return lf_project(t, &v, 0);
}

/* LF_TAIL where `above` has more places than Stochastic(bits=None) takes (P-6), else 0. */
static inline uint32_t lf_long_tail(const lf_projection *p, lf_u128 above)
{
    return p->exact_tail && (uint64_t)above ? LF_TAIL : 0;
}

/* The sign of an exact zero sum of terms that differ in sign. */
static inline bool lf_exact_zero_sign(const lf_projection *p)
{
    return p->rounding == LF_TOWARD_NEGATIVE && !(p->quirks & LF_QUIRK_POSITIVE_ZERO);
}

/* A NaN, already chosen among the operands, into the target (N-1 to N-4). */
lf_coded lf_nan_result(const lf_target *t, const lf_value *nan);

/* The NaN that an operation makes (N-2). */
lf_value lf_default_nan(const lf_projection *p);

#endif

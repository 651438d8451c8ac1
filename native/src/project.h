/* The choke point: every exact result becomes a code here, and nowhere else. */
#ifndef LF_PROJECT_H
#define LF_PROJECT_H

#include "format.h"

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

lf_coded lf_project(const lf_target *t, const lf_value *value, uint64_t random);

/* Rules P-5 and P-6: whether a magnitude leaves its lower neighbour, `odd` or even, for the upper
 * one. `above` is its distance in steps of 2^-128 of the way, bit 0 standing for all below. */
bool lf_rounds_away(const lf_projection *p, lf_u128 above, bool odd, bool sign, uint64_t random);

/* LF_TAIL where `above` has more places than Stochastic(bits=None) takes (P-6), else 0. */
static inline uint32_t lf_long_tail(const lf_projection *p, lf_u128 above)
{
    return p->exact_tail && (uint64_t)above ? LF_TAIL : 0;
}

/* A NaN, already chosen among the operands, into the target (N-1 to N-4). */
/* The sign of an exact zero sum of terms that differ in sign. */
static inline bool lf_exact_zero_sign(const lf_projection *p)
{
    return p->rounding == LF_TOWARD_NEGATIVE && !(p->quirks & LF_QUIRK_POSITIVE_ZERO);
}

lf_coded lf_nan_result(const lf_target *t, const lf_value *nan);

/* The NaN that an operation makes (N-2). */
lf_value lf_default_nan(const lf_projection *p);

#endif

/* The operations on values, and what they share. Each takes operands that may be anything and
 * returns the projected result (rules ). */
#ifndef LF_OPERATIONS_H
#define LF_OPERATIONS_H

#include "project.h"

/* The result of an operation with a NaN among its operands (N-2). */
lf_coded lf_nan_operands(const lf_target *t, const lf_value *values, int count);

/* Which of two operands a propagating policy hands on, quieted. */
lf_value lf_first_nan(const lf_projection *p, lf_value x, lf_value y);

/* The result of an invalid operation. */
lf_coded lf_invalid(const lf_target *t);

/* An infinity that finite operands make exactly. */
lf_coded lf_pole(const lf_target *t, bool sign);

static inline bool lf_any_nan(const lf_value *x, const lf_value *y)
{
    return x->kind == LF_NAN || y->kind == LF_NAN;
}

/* significand * 2^(exponent - 127), significand > 0. */
static inline lf_value lf_with_significand(lf_u128 significand, int32_t exponent, bool sign)
{
    int shift = lf_clz128(significand);
    return (lf_value){.significand = significand << shift,
                      .exponent = exponent - shift,
                      .kind = LF_FINITE,
                      .sign = sign};
}

static inline lf_value lf_whole(uint64_t magnitude, bool sign)
{
    if (magnitude == 0)
        return (lf_value){.kind = LF_ZERO, .sign = sign};
    return lf_with_significand((lf_u128)magnitude << 64, 63, sign);
}

/* -1, 0 or 1 as the first is below, equal to or above the second; neither is NaN (K-1). The
 * second form looks at the magnitudes. */
int lf_order(const lf_value *x, const lf_value *y);
int lf_magnitude_order(const lf_value *x, const lf_value *y);

/* arithmetic.c, division.c, roots.c */
lf_coded lf_add(const lf_target *t, lf_value x, lf_value y, uint64_t random);
/* The exact sum of two numbers, of 106 bits each, with all below 126 bits in bit 0; an exact zero
 * takes zero_sign. */
lf_value lf_sum(lf_value x, lf_value y, bool zero_sign);
lf_coded lf_faa(const lf_target *t, lf_value x, lf_value y, lf_value z, uint64_t random);
lf_coded lf_divide(const lf_target *t, lf_value x, lf_value y, uint64_t random);
lf_coded lf_reciprocal(const lf_target *t, lf_value x, uint64_t random);
lf_coded lf_sqrt(const lf_target *t, lf_value x, uint64_t random);
lf_coded lf_rsqrt(const lf_target *t, lf_value x, uint64_t random);
lf_coded lf_hypot(const lf_target *t, lf_value x, lf_value y, uint64_t random);

/* remainder.c: `nearest` for remainder, else fmod. */
lf_coded lf_remainder(const lf_target *t, lf_value x, lf_value y, bool nearest, uint64_t random);

/* integral.c */
lf_coded lf_round_to_integral(const lf_target *t, lf_value x, bool exact, uint64_t random);
lf_coded lf_logb(const lf_target *t, lf_value x, uint64_t random);
/* The magnitude of a finite number below 2^64 or a zero, rounded to an integer (I-1); `flags` gets
 * LF_INEXACT and LF_TAIL. */
uint64_t lf_nearest_integer(const lf_projection *p, const lf_value *x, uint64_t random,
                            uint32_t *flags);

/* signs.c: `code`, whose format is `from`, with the sign given; `same`: the formats are one. */
lf_coded lf_with_sign(const lf_target *t, const lf_layout *from, bool same, uint64_t code,
                      bool sign, uint64_t random);
/* The neighbours of a code of the target's format (S-2, S-3). */
lf_coded lf_next(const lf_target *t, uint64_t code, bool down);
lf_coded lf_nextafter(const lf_target *t, const lf_layout *toward, uint64_t a, uint64_t b);

/* extrema.c: LF_MINIMUM .. LF_MAXIMUM_FINITE, and clamp. */
lf_coded lf_extremum(const lf_target *t, int operation, lf_value x, lf_value y, uint64_t random);
lf_coded lf_clamp(const lf_target *t, lf_value x, lf_value low, lf_value high, uint64_t random);

#endif

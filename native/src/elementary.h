/* Elementary functions: what is known of a result before it is rounded (rules E-1 to E-10).
 *
 * A formula computes in double, with libm, and answers with an enclosure that holds the exact
 * result. An enclosure whose ends round alike has decided the result. */
#ifndef LF_ELEMENTARY_H
#define LF_ELEMENTARY_H

#include <math.h>
#include <string.h>

#include "operations.h"

enum lf_known {
    LF_EXACTLY, /* the result is `estimate` 2^scale, a zero or an infinity perhaps, with `sign` */
    LF_BETWEEN, /* it is irrational and enclosed */
    LF_AT_POLE, /* it is the infinity of `sign`, made by finite operands */
    LF_OUTSIDE, /* the operands are outside the domain */
    LF_UNKNOWN
};

/* Of an enclosed result: `sign`; `estimate` 2^scale, which the magnitude is within LF_ERROR_BITS of
 * unless it is zero; and bounds that the magnitude lies strictly between, `above` 2^above_scale,
 * unless it is zero, and `below` 2^below_scale, unless it is infinite. Scales tell bounds apart
 * first: those with scales other than 0 lie beyond double. */
typedef struct lf_enclosure {
    double estimate, above, below;
    int scale, above_scale, below_scale;
    uint8_t known;
    bool sign;
} lf_enclosure;

/* The relative error of every formula is below 2^-44, 256 ulps of a double. glibc documents at
 * most 10 ulps for each double function used here on any platform (its manual, "Errors in Math
 * Functions"), musl's are FreeBSD's and ARM's with at most 3, and what the formulas add stays
 * below 16. Results need no more: at 32 bits a wider enclosure only means that golden is asked
 * once in 2^10 elements, at 24 bits once in 2^18. tests/native measures the error against MPFR. */
#define LF_ERROR_BITS 44

/* No format reaches beyond 2^(+-2^21) (D-1). */
#define LF_FARTHEST (1 << 21)

/* Operands are clamped to binades -LF_CLAMP .. LF_CLAMP of double. */
#define LF_CLAMP_EXPONENT 1000

/* A finite number as a double times 2^beyond; `beyond` is zero unless |x| is clamped. Formulas
 * get both: x is nonzero, within the domain, and at the clamp if `beyond` is not zero. */
typedef struct lf_clamped {
    double x;
    int beyond;
} lf_clamped;

/* x 2^scale for a normal x, a zero or an infinity. */
static inline lf_value lf_from_double(double x, int scale)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof x);
    int exponent = (int)(bits >> 52 & 0x7FF);
    uint64_t significand = bits << 11 | (uint64_t)1 << 63;
    return (lf_value){.significand = (lf_u128)significand << 64,
                      .exponent = exponent - 1023 + scale,
                      .kind = exponent == 0       ? LF_ZERO
                              : exponent == 0x7FF ? LF_INFINITE
                                                  : LF_FINITE,
                      .sign = bits >> 63};
}

static inline lf_clamped lf_clamp_operand(const lf_value *v)
{
    int exponent = v->exponent;
    if (exponent > LF_CLAMP_EXPONENT)
        exponent = LF_CLAMP_EXPONENT;
    if (exponent < -LF_CLAMP_EXPONENT)
        exponent = -LF_CLAMP_EXPONENT;
    /* Operands have at most 53 bits. */
    uint64_t bits = (uint64_t)(v->significand >> 75) & (UINT64_MAX >> 12);
    bits |= (uint64_t)(exponent + 1023) << 52 | (uint64_t)v->sign << 63;
    lf_clamped c = {0, v->exponent - exponent};
    memcpy(&c.x, &bits, sizeof bits);
    return c;
}

/* Answers. The result is near `y` 2^scale, or exactly that; exact results have at most 53 bits,
 * since longer ones lie on no rounding's boundary. These few are inlined because structs that are
 * handed on through memory take longer than the functions themselves. */
static inline lf_enclosure lf_near(double y, int scale)
{
    return (lf_enclosure){.estimate = fabs(y),
                          .below = INFINITY,
                          .scale = scale,
                          .known = LF_BETWEEN,
                          .sign = signbit(y) != 0};
}

static inline lf_enclosure lf_exactly(double y, int scale)
{
    return (lf_enclosure){
        .estimate = fabs(y), .scale = scale, .known = LF_EXACTLY, .sign = signbit(y) != 0};
}

/* What is known besides: the magnitude lies strictly above, or below, |bound| 2^scale. Results
 * beside a number are decided by this: the enclosure then ends there. */
static inline lf_enclosure lf_above(lf_enclosure e, double bound, int scale)
{
    if (e.above == 0 || scale > e.above_scale ||
        (scale == e.above_scale && fabs(bound) > e.above)) {
        e.above = fabs(bound);
        e.above_scale = scale;
    }
    return e;
}

static inline lf_enclosure lf_below(lf_enclosure e, double bound, int scale)
{
    if (e.below == INFINITY || scale < e.below_scale ||
        (scale == e.below_scale && fabs(bound) < e.below)) {
        e.below = fabs(bound);
        e.below_scale = scale;
    }
    return e;
}

/* The result is of a sign beyond all formats, or below them all in magnitude; or all that is known
 * is that it lies beyond 2^1000 or below 2^-1000. */
lf_enclosure lf_huge(bool sign);
lf_enclosure lf_minute(bool sign);
lf_enclosure lf_beyond_double(bool sign);
lf_enclosure lf_below_double(bool sign);
lf_enclosure lf_pole_of(bool sign);
lf_enclosure lf_outside(void);
lf_enclosure lf_unknown(void);

/* The ends of an enclosed result. Their lowest bits are set: they are no numbers of a format. */
void lf_ends(const lf_enclosure *e, lf_value *low, lf_value *high);

/* Functions of one operand, x 2^beyond. */
typedef lf_enclosure lf_formula(double x, int beyond);

/* elementary_exponentials.c (E-2, E-3, E-7) */
lf_formula lf_exp, lf_exp2, lf_exp10, lf_expm1, lf_log, lf_log2, lf_log10, lf_log1p, lf_sinh,
    lf_cosh, lf_tanh, lf_asinh, lf_acosh, lf_atanh;
/* elementary_trigonometry.c (E-4 to E-6) */
lf_formula lf_sin, lf_cos, lf_tan, lf_sinpi, lf_cospi, lf_tanpi, lf_asin, lf_acos, lf_atan,
    lf_asinpi, lf_acospi, lf_atanpi;
/* elementary_powers.c (E-8) */
lf_formula lf_cbrt;
/* elementary_activations.c (E-10) */
lf_formula lf_erf, lf_sigmoid, lf_softplus, lf_gelu, lf_silu;

/* Operands that are not NaN. */
lf_enclosure lf_atan2(const lf_value *y, const lf_value *x, bool over_pi);
/* x^y for nonzero y. */
lf_enclosure lf_pow(const lf_value *x, const lf_value *y);

/* e^x = factor 2^exponent with a relative error below 2^-50, for |x| below 2^21. */
typedef struct lf_scaled {
    double factor;
    int exponent;
} lf_scaled;
lf_scaled lf_exp_scaled(double x);
#define LF_EXP_FARTHEST 0x1p21

/* x^2 = high + low exactly, without over- or underflow. */
typedef struct lf_double_double {
    double high, low;
} lf_double_double;
lf_double_double lf_square(double x);

/* The shift that results keep which follow tiny operands, but not huge ones. */
static inline int lf_tiny(int beyond)
{
    return beyond < 0 ? beyond : 0;
}

/* The upper 26 bits of x, so that products of two such halves are exact (Dekker 1971). */
static inline double lf_upper_half(double x)
{
    double c = 134217729.0 * x; /* 2^27 + 1 */
    return c - (c - x);
}

#endif

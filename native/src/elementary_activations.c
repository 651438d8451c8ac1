/* The error function and the activations of neural networks (E-10). */
#include <math.h>

#include "elementary.h"

/* 1 / sqrt(2): two parts of 26 bits and the rest, and the whole. */
#define ROOT_HALF_FIRST 0x1.6a09e6p-1
#define ROOT_HALF_SECOND 0x1.9fcef3p-27
#define ROOT_HALF_REST 0x1.21165f626cdd5p-54
#define ROOT_HALF 0x1.6a09e667f3bcdp-1
#define TWO_OVER_ROOT_PI 0x1.20dd750429b6dp+0
#define ONE_OVER_ROOT_TWO_PI 0x1.9884533d43651p-2

/* Beyond this e^-|x| is below 2^-57 of 1. */
#define FAR 40

lf_enclosure lf_erf(double x, int beyond)
{
    return lf_below(lf_near(erf(x), lf_tiny(beyond)), 1, 0);
}

/* e^x times a number, far below zero. */
static lf_enclosure faded(double factor, double x)
{
    if (x < -LF_EXP_FARTHEST)
        return lf_minute(factor < 0);
    lf_scaled p = lf_exp_scaled(x);
    return lf_near(factor * p.factor, p.exponent);
}

lf_enclosure lf_sigmoid(double x, int beyond)
{
    (void)beyond;
    if (x > 0)
        return lf_below(lf_above(lf_near(1 / (1 + exp(-x)), 0), 0.5, 0), 1, 0);
    if (x < -FAR)
        return faded(1, x);
    double e = exp(x);
    return lf_below(lf_near(e / (1 + e), 0), 0.5, 0);
}

lf_enclosure lf_softplus(double x, int beyond)
{
    if (x < -FAR)
        return faded(1, x);
    if (beyond > 0) /* the e^-x that is missing is no part of any double */
        return lf_above(lf_near(x, beyond), x, beyond);
    double y = x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
    return x > 0 ? lf_above(lf_near(y, 0), x, 0) : lf_near(y, 0);
}

/* x g(x) with 1/2 < g < 1 for positive x and 0 < g < 1/2 for negative x. */
static lf_enclosure gated(double x, double gate, int beyond)
{
    lf_enclosure e = lf_near(x * gate, beyond);
    if (x < 0)
        return lf_below(e, x / 2, beyond);
    return lf_below(lf_above(e, x / 2, beyond), x, beyond);
}

lf_enclosure lf_silu(double x, int beyond)
{
    if (x < -FAR)
        return faded(x, x);
    double e = exp(-fabs(x));
    return gated(x, x > 0 ? 1 / (1 + e) : e / (1 + e), beyond);
}

/* x Phi(x) for x < -36: -e^(-x^2/2) / sqrt(2 pi) times an alternating series (DLMF 7.12.1); the
 * first term left out, 15!! / x^16, is below 2^-61. */
static lf_enclosure gelu_far(double x)
{
    if (x < -2000)
        return lf_minute(true);
    lf_double_double square = lf_square(x);
    double inverse = -1 / square.high, series = 1;
    for (int k = 13; k > 0; k -= 2)
        series = 1 + k * inverse * series;
    lf_scaled p = lf_exp_scaled(-square.high / 2);
    return lf_near(-ONE_OVER_ROOT_TWO_PI * series * p.factor * (1 - square.low / 2), p.exponent);
}

/* Phi(x) = erfc(u) / 2, u = -x / sqrt 2. The rounding of u changes erfc by up to 2 u^2 times as
 * much, so the first derivative makes up for it; the second one's part is below 2^-80. */
static double normal_distribution(double x)
{
    double u = -x * ROOT_HALF, upper = lf_upper_half(-x), lower = -x - upper;
    double lost = upper * ROOT_HALF_FIRST - u + lower * ROOT_HALF_FIRST +
                  (upper * ROOT_HALF_SECOND + lower * ROOT_HALF_SECOND - x * ROOT_HALF_REST);
    return 0.5 * (erfc(u) - TWO_OVER_ROOT_PI * exp(-u * u) * lost);
}

lf_enclosure lf_gelu(double x, int beyond)
{
    if (x < -36)
        return gelu_far(x);
    /* Phi(36) = 1 - 2^-939. */
    return gated(x, x > 36 ? 1 : normal_distribution(x), beyond);
}

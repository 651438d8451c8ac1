/* Exponentials, logarithms and hyperbolic functions (E-2, E-3, E-7). */
#include <math.h>

#include "elementary.h"

#define LN2 0x1.62e42fefa39efp-1
#define LOG10_2 0x1.34413509f79ffp-2

/* The logarithm to base 2 of a base: two parts of 26 bits, and the rest to 2^-108. */
typedef struct base {
    double first, second, rest;
} base;

static const base BASE_TWO = {1, 0, 0};
static const base BASE_E = {0x1.715476p+0, 0x1.4ae0bf8p-26, 0x1.777d0ffda0d24p-56};
static const base BASE_TEN = {0x1.a934f08p+1, 0x1.79a3710p-27, 0x1.7f2495fb7fa6dp-53};

/* b^x for |x log2 b| < 2^23. The products of halves are exact, and so is the first difference,
 * since its operands are within 1 of each other and multiples of 2^-29: the exponent left to exp2
 * has an error below 2^-51. */
static lf_scaled power(const base *b, double x)
{
    double whole = nearbyint(x * b->first);
    double upper = lf_upper_half(x), lower = x - upper;
    double rest = upper * b->first - whole + lower * b->first + upper * b->second +
                  (lower * b->second + x * b->rest);
    return (lf_scaled){exp2(rest), (int)whole};
}

lf_scaled lf_exp_scaled(double x)
{
    return power(&BASE_E, x);
}

/* b^x is above 1 for positive x, else below. */
static lf_enclosure exponential(const base *b, double x)
{
    if (fabs(x) > LF_EXP_FARTHEST)
        return x > 0 ? lf_huge(false) : lf_minute(false);
    lf_scaled p = power(b, x);
    lf_enclosure e = lf_near(p.factor, p.exponent);
    return x > 0 ? lf_above(e, 1, 0) : lf_below(e, 1, 0);
}

/* Half of e^|x|: for |x| > 64 the e^-2|x| < 2^-184 of it that sinh and cosh differ by is nothing.
 */
static lf_enclosure half_exponential(double x, bool sign)
{
    if (fabs(x) > LF_EXP_FARTHEST)
        return lf_huge(sign);
    lf_scaled p = power(&BASE_E, fabs(x));
    return lf_near(sign ? -p.factor : p.factor, p.exponent - 1);
}

lf_enclosure lf_exp(double x, int beyond)
{
    (void)beyond;
    return exponential(&BASE_E, x);
}

lf_enclosure lf_exp2(double x, int beyond)
{
    (void)beyond;
    if (fabs(x) <= LF_EXP_FARTHEST && x == nearbyint(x))
        return lf_exactly(1, (int)x);
    return exponential(&BASE_TWO, x);
}

lf_enclosure lf_exp10(double x, int beyond)
{
    (void)beyond;
    if (x > 0 && x <= 22 &&
        x == nearbyint(x)) { /* 5^22 has 52 bits; tenths are no dyadic fractions */
        double power = 1;
        for (int i = 0; i < (int)x; i++)
            power *= 10;
        return lf_exactly(power, 0);
    }
    return exponential(&BASE_TEN, x);
}

lf_enclosure lf_expm1(double x, int beyond)
{
    if (x > 64) /* e^-64 < 2^-92 of it are missing */
        return exponential(&BASE_E, x);
    lf_enclosure e = lf_near(expm1(x), lf_tiny(beyond));
    return x > 0 ? lf_above(e, x, beyond) : lf_below(lf_below(e, x, beyond), 1, 0);
}

lf_enclosure lf_log(double x, int beyond)
{
    return x == 1 ? lf_exactly(0, 0) : lf_near(log(x) + beyond * LN2, 0);
}

lf_enclosure lf_log2(double x, int beyond)
{
    int exponent;
    if (frexp(x, &exponent) == 0.5)
        return lf_exactly(exponent - 1 + beyond, 0);
    return lf_near(log2(x) + beyond, 0);
}

/* Whether x = 10^n; of 53 bits are the powers up to 10^22. */
static bool power_of_ten(double x, int n)
{
    double power = 1;
    for (int i = 0; i < n; i++)
        power *= 10; /* exact */
    return 0 <= n && n <= 22 && power == x;
}

lf_enclosure lf_log10(double x, int beyond)
{
    double y = log10(x);
    if (y > -1 && y < 23 && power_of_ten(x, (int)nearbyint(y)))
        return lf_exactly(nearbyint(y), 0);
    return lf_near(y + beyond * LOG10_2, 0);
}

lf_enclosure lf_log1p(double x, int beyond)
{
    if (x == -1)
        return lf_pole_of(true);
    if (beyond > 0)
        return lf_near(log(x) + beyond * LN2, 0);
    lf_enclosure e = lf_near(log1p(x), beyond);
    return x > 0 ? lf_below(e, x, beyond) : lf_above(e, x, beyond);
}

lf_enclosure lf_sinh(double x, int beyond)
{
    if (fabs(x) > 64)
        return half_exponential(x, x < 0);
    return lf_above(lf_near(sinh(x), beyond), x, beyond);
}

lf_enclosure lf_cosh(double x, int beyond)
{
    (void)beyond;
    if (fabs(x) > 64)
        return half_exponential(x, false);
    return lf_above(lf_near(cosh(x), 0), 1, 0);
}

lf_enclosure lf_tanh(double x, int beyond)
{
    return lf_below(lf_below(lf_near(tanh(x), lf_tiny(beyond)), x, beyond), 1, 0);
}

lf_enclosure lf_asinh(double x, int beyond)
{
    if (beyond > 0) /* asinh(x) = ln(2x), but for 2^-2000 of it */
        return lf_near(copysign(log(fabs(x)) + (beyond + 1) * LN2, x), 0);
    return lf_below(lf_near(asinh(x), beyond), x, beyond);
}

lf_enclosure lf_acosh(double x, int beyond)
{
    if (beyond > 0)
        return lf_near(log(x) + (beyond + 1) * LN2, 0);
    return x == 1 ? lf_exactly(0, 0) : lf_near(acosh(x), 0);
}

lf_enclosure lf_atanh(double x, int beyond)
{
    if (fabs(x) == 1)
        return lf_pole_of(x < 0);
    return lf_above(lf_near(atanh(x), beyond), x, beyond);
}

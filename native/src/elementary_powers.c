/* The cube root and the power (E-8, E-9). */
#include <math.h>

#include "elementary.h"

lf_enclosure lf_cbrt(double x, int beyond)
{
    int third = beyond / 3, exponent;
    double within = ldexp(x, beyond - 3 * third), y = cbrt(within);
    /* The root of a cube of 53 bits has 18, and an integer of 18 bits a cube of 54. */
    double root = nearbyint(ldexp(frexp(fabs(y), &exponent), 18));
    uint64_t n = (uint64_t)root, cube = n * n * n;
    if ((uint64_t)(double)cube == cube && ldexp((double)cube, 3 * (exponent - 18)) == fabs(within))
        return lf_exactly(copysign(root, x), third + exponent - 18);
    return lf_near(y, third);
}

static unsigned trailing_zeros(lf_u128 n)
{
    uint64_t low = (uint64_t)n;
    return low ? (unsigned)__builtin_ctzll(low)
               : 64 + (unsigned)__builtin_ctzll((uint64_t)(n >> 64));
}

/* An odd integer times a power of two, which every finite number is. */
typedef struct odd_part {
    uint64_t odd;
    int exponent;
} odd_part;

static odd_part odd_part_of(const lf_value *v)
{
    unsigned zeros = trailing_zeros(v->significand);
    return (odd_part){(uint64_t)(v->significand >> zeros), v->exponent - 127 + (int)zeros};
}

/* n^a 2^exponent where n^a has at most 53 bits; longer ones lie on no rounding's boundary. */
static lf_enclosure short_power(uint64_t n, uint64_t a, int exponent)
{
    uint64_t power = 1;
    for (uint64_t i = 0; i < a; i++) {
        if (power > ((uint64_t)1 << 53) / n)
            return lf_unknown();
        power *= n;
    }
    return lf_exactly((double)power, exponent);
}

/* x^y for a positive x other than 1, if it is a dyadic fraction; unknown if not. */
static lf_enclosure dyadic_power(odd_part x, odd_part y, bool inverse)
{
    for (; y.exponent < 0; y.exponent++) { /* the root of a dyadic fraction, while it is one */
        uint64_t root = (uint64_t)nearbyint(sqrt((double)x.odd));
        if (x.exponent % 2 || root * root != x.odd)
            return lf_unknown();
        x = (odd_part){root, x.exponent / 2};
    }
    /* Here y = odd 2^exponent is an integer. Beyond 2^22 only 2^n need be looked at. */
    if (y.exponent > 22 || y.odd >> 22)
        return lf_unknown();
    int64_t a = (int64_t)(y.odd << y.exponent);
    if (a > LF_FARTHEST || (inverse && x.odd > 1))
        return lf_unknown();
    int64_t exponent = x.exponent * (inverse ? -a : a);
    if (exponent > LF_FARTHEST || exponent < -LF_FARTHEST)
        return lf_unknown();
    return short_power(x.odd, x.odd > 1 ? (uint64_t)a : 0, (int)exponent);
}

/* x^y for a positive x other than 1 and nonzero y. */
static lf_enclosure power(const lf_value *x, const lf_value *y)
{
    lf_enclosure exact = dyadic_power(odd_part_of(x), odd_part_of(y), y->sign);
    if (exact.known == LF_EXACTLY)
        return exact;
    bool grows = (x->exponent >= 0) != y->sign;
    lf_clamped base = lf_clamp_operand(x), exponent = lf_clamp_operand(y);
    /* For |y| beyond the clamp |y log2 x| > 2^946, and below it < 2^-978. */
    if (exponent.beyond > 0)
        return grows ? lf_huge(false) : lf_minute(false);
    lf_enclosure e;
    if (exponent.beyond < 0)
        e = lf_near(1, 0);
    else if (base.beyond)
        return lf_unknown();
    else {
        double p = pow(base.x, exponent.x);
        if (p > 0x1p1000)
            return lf_beyond_double(false);
        if (p < 0x1p-1000)
            return lf_below_double(false);
        e = lf_near(p, 0);
    }
    return grows ? lf_above(e, 1, 0) : lf_below(e, 1, 0);
}

static bool is_one(const lf_value *v)
{
    return v->kind == LF_FINITE && v->exponent == 0 && v->significand == (lf_u128)1 << 127;
}

static lf_enclosure with_sign(lf_enclosure e, bool sign)
{
    e.sign = sign;
    return e;
}

/* Powers of zeros and infinities, and infinite powers. */
static lf_enclosure limit(const lf_value *x, const lf_value *y, bool sign)
{
    if (y->kind == LF_INFINITE && is_one(x))
        return lf_exactly(1, 0);
    if (x->kind == LF_ZERO && y->sign && y->kind != LF_INFINITE)
        return lf_pole_of(sign);
    bool large = x->kind == LF_INFINITE || (x->kind == LF_FINITE && x->exponent >= 0);
    bool infinite = large != y->sign;
    return with_sign(lf_exactly(infinite ? INFINITY : 0, 0), sign);
}

lf_enclosure lf_pow(const lf_value *x, const lf_value *y)
{
    bool finite = y->kind == LF_FINITE;
    odd_part whole = finite ? odd_part_of(y) : (odd_part){0, 1};
    bool sign = x->sign && whole.exponent == 0;
    if (!finite || x->kind != LF_FINITE)
        return limit(x, y, sign);
    if (x->sign && whole.exponent < 0)
        return lf_outside();
    if (x->exponent == 0 && x->significand == (lf_u128)1 << 127)
        return with_sign(lf_exactly(1, 0), sign);
    lf_value size = *x;
    size.sign = false;
    return with_sign(power(&size, y), sign);
}

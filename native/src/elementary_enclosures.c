#include <math.h>
#include <string.h>

#include "elementary.h"

lf_clamped lf_clamp_operand(const lf_value *v)
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

lf_value lf_from_double(double x, int scale)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof x);
    bool sign = bits >> 63;
    if (x == 0)
        return (lf_value){.kind = LF_ZERO, .sign = sign};
    uint64_t significand = bits << 11 | (uint64_t)1 << 63;
    return (lf_value){.significand = (lf_u128)significand << 64,
                      .exponent = (int32_t)(bits >> 52 & 0x7FF) - 1023 + scale,
                      .kind = LF_FINITE,
                      .sign = sign};
}

/* The largest magnitude below v that a significand holds. */
static lf_value just_below(lf_value v)
{
    v.significand--;
    if (v.significand >> 127 == 0) {
        v.significand = v.significand << 1 | 1;
        v.exponent--;
    }
    v.significand |= 1;
    return v;
}

lf_enclosure lf_near(double y, int scale)
{
    lf_value low = lf_from_double(y, scale), high = low;
    lf_u128 error = low.significand >> LF_ERROR_BITS;
    low.significand -= error;
    low = just_below(low);
    high.significand += error;
    if (high.significand < error) {
        high.significand = high.significand >> 1 | (lf_u128)1 << 127;
        high.exponent++;
    }
    high.significand |= 1;
    return (lf_enclosure){LF_BETWEEN, low, high};
}

lf_enclosure lf_exact_value(lf_value v)
{
    return (lf_enclosure){.known = LF_EXACTLY, .low = v};
}

lf_enclosure lf_exactly(double y, int scale)
{
    return lf_exact_value(lf_from_double(y, scale));
}

static lf_enclosure binades(bool sign, int low, int high)
{
    double one = sign ? -1 : 1;
    return (lf_enclosure){LF_BETWEEN, lf_from_double(one, low), lf_from_double(one, high)};
}

lf_enclosure lf_huge(bool sign)
{
    return binades(sign, LF_FARTHEST, 1 << 29);
}

lf_enclosure lf_minute(bool sign)
{
    return binades(sign, -(1 << 29), -LF_FARTHEST);
}

lf_enclosure lf_beyond_double(bool sign)
{
    return binades(sign, LF_CLAMP_EXPONENT, 1 << 29);
}

lf_enclosure lf_below_double(bool sign)
{
    return binades(sign, -(1 << 29), -LF_CLAMP_EXPONENT);
}

lf_enclosure lf_pole_of(bool sign)
{
    return (lf_enclosure){.known = LF_AT_POLE, .low = {.kind = LF_INFINITE, .sign = sign}};
}

lf_enclosure lf_outside(void)
{
    return (lf_enclosure){.known = LF_OUTSIDE};
}

lf_enclosure lf_unknown(void)
{
    return (lf_enclosure){.known = LF_UNKNOWN};
}

lf_enclosure lf_above(lf_enclosure e, double bound, int scale)
{
    lf_value least = lf_from_double(bound, scale);
    least.significand |= 1;
    if (e.known == LF_BETWEEN && lf_magnitude_order(&least, &e.low) > 0) {
        e.low.significand = least.significand;
        e.low.exponent = least.exponent;
    }
    return e;
}

lf_enclosure lf_below(lf_enclosure e, double bound, int scale)
{
    lf_value most = just_below(lf_from_double(bound, scale));
    if (e.known == LF_BETWEEN && lf_magnitude_order(&most, &e.high) < 0) {
        e.high.significand = most.significand;
        e.high.exponent = most.exponent;
    }
    return e;
}

lf_double_double lf_square(double x)
{
    double high = x * x, upper = lf_upper_half(x), lower = x - upper;
    double low = upper * upper - high + 2 * upper * lower + lower * lower;
    return (lf_double_double){high, low};
}

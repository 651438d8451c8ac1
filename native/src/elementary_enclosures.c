#include "elementary.h"

static lf_enclosure binades(bool sign, int low, int high)
{
    return (lf_enclosure){.known = LF_BETWEEN,
                          .sign = sign,
                          .above = 1,
                          .above_scale = low,
                          .below = 1,
                          .below_scale = high};
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
    return (lf_enclosure){.known = LF_AT_POLE, .sign = sign};
}

lf_enclosure lf_outside(void)
{
    return (lf_enclosure){.known = LF_OUTSIDE};
}

lf_enclosure lf_unknown(void)
{
    return (lf_enclosure){.known = LF_UNKNOWN};
}

/* The next magnitudes, but for the lowest bit. */
static lf_value just_above(lf_value v, lf_u128 step)
{
    v.significand += step;
    if (v.significand < step) {
        v.significand = v.significand >> 1 | (lf_u128)1 << 127;
        v.exponent++;
    }
    v.significand |= 1;
    return v;
}

static lf_value just_below(lf_value v, lf_u128 step)
{
    v.significand -= step;
    if (v.significand >> 127 == 0) {
        v.significand = v.significand << 1 | 1;
        v.exponent--;
    }
    v.significand |= 1;
    return v;
}

void lf_ends(const lf_enclosure *e, lf_value *low, lf_value *high)
{
    lf_value least = just_above(lf_from_double(e->above, e->above_scale), 0);
    lf_value most = just_below(lf_from_double(e->below, e->below_scale), 1);
    *low = least;
    *high = most;
    if (e->estimate != 0) {
        lf_value near = lf_from_double(e->estimate, e->scale);
        lf_u128 error = near.significand >> LF_ERROR_BITS;
        *low = just_below(near, error + 1);
        *high = just_above(near, error);
        if (e->above != 0 && lf_magnitude_order(&least, low) > 0)
            *low = least;
        if (e->below != INFINITY && lf_magnitude_order(&most, high) < 0)
            *high = most;
    }
    low->sign = high->sign = e->sign;
}

lf_double_double lf_square(double x)
{
    double high = x * x, upper = lf_upper_half(x), lower = x - upper;
    double low = upper * upper - high + 2 * upper * lower + lower * lower;
    return (lf_double_double){high, low};
}

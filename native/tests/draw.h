/* Random numbers, formats and projections for the agreement tests. */
#ifndef LF_DRAW_H
#define LF_DRAW_H

#include "lowfloat.h"

static uint64_t state;

static uint64_t draw(void)
{
    state += 0x9E3779B97F4A7C15u;
    uint64_t z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static int below(int n)
{
    return (int)(draw() % (uint64_t)n);
}

/* A legal format (rule D-2) of up to 16 bits. */
static lf_format random_format(void)
{
    lf_format f = {.size = sizeof f, .zero = 1};
    f.exponent_bits = 1 + below(8);
    f.mantissa_bits = 1 + below(15 - f.exponent_bits < 10 ? 15 - f.exponent_bits : 10);
    f.bias = (1 << (f.exponent_bits - 1)) - 1 + below(5) - 2;
    f.is_signed = below(5) != 0;
    f.subnormals = (uint8_t)(below(6) ? LF_SUBNORMALS_GRADUAL : 1 + below(2));
    switch (below(4)) {
    case 0: f.infinities = LF_INFINITIES_IEEE, f.nan = LF_NAN_IEEE; break;
    case 1: f.nan = f.is_signed ? LF_NAN_ALL_ONES : LF_NAN_TOP; break;
    case 2: f.nan = f.is_signed ? LF_NAN_NEGATIVE_ZERO : LF_NAN_NONE; break;
    default: f.infinities = LF_INFINITIES_TOP;
    }
    f.negative_zero = f.is_signed && f.nan != LF_NAN_NEGATIVE_ZERO;
    return f;
}

static lf_projection random_projection(void)
{
    lf_projection p = {.size = sizeof p, .random_bits = 1};
    p.rounding = (uint8_t)below(LF_STOCHASTIC + 1);
    if (p.rounding == LF_STOCHASTIC) {
        p.variant = (uint8_t)below(3);
        p.random_bits = (uint8_t)(1 + below(below(2) ? 64 : 16));
    }
    p.saturation = (uint8_t)below(3);
    p.tininess_before = (uint8_t)below(2);
    p.daz = below(6) == 0;
    p.ftz = below(6) == 0;
    if (below(4) == 0) /* Q-1 zero, Q-9 to Q-13 */
        p.quirks = (uint8_t)below(LF_QUIRK_POSITIVE_ZERO << 1);
    return p;
}

#endif

#include "operations.h"

/* Remainders of integers: x = X 2^(ex - 52) and y = Y 2^(ey - 52) with 2^52 <= X, Y < 2^53. */

/* 2^exponent modulo m, 2 <= m < 2^54, by squaring: as many steps as the exponent has bits. */
static uint64_t power_of_two(uint32_t exponent, uint64_t m)
{
    uint64_t power = 1;
    for (int bit = 31 - __builtin_clz(exponent | 1); bit >= 0; bit--) {
        lf_u128 square = (lf_u128)power * power;
        power = (uint64_t)((square << (exponent >> bit & 1)) % m);
    }
    return power;
}

/* x 2^shift modulo m; x < 2^53. */
static uint64_t shifted_modulo(uint64_t x, uint32_t shift, uint64_t m)
{
    lf_u128 product = shift <= 64 ? (lf_u128)x << shift : (lf_u128)x * power_of_two(shift, m);
    return (uint64_t)(product % m);
}

/* Finite nonzero operands. Modulo 2 Y the remainder tells the parity of the quotient too. */
static lf_value rest_of(const lf_value *x, const lf_value *y, bool nearest)
{
    int32_t distance = x->exponent - y->exponent;
    if (distance < -1 || (distance < 0 && !nearest))
        return *x; /* |x| is below |y|, or below |y| / 2 */
    uint64_t a = (uint64_t)(x->significand >> 75), b = (uint64_t)(y->significand >> 75);
    int32_t exponent = y->exponent;
    if (distance < 0) { /* in units of x's last place */
        exponent--;
        b <<= 1;
        distance = 0;
    }
    uint64_t rest = shifted_modulo(a, (uint32_t)distance, 2 * b);
    bool odd = rest >= b;
    bool sign = x->sign;
    rest -= odd ? b : 0;
    if (nearest && (2 * rest > b || (2 * rest == b && odd))) {
        rest = b - rest;
        sign = !sign;
    }
    if (rest == 0)
        return (lf_value){.kind = LF_ZERO, .sign = x->sign};
    return lf_with_significand((lf_u128)rest << 64, exponent + 11, sign);
}

/* Rule A-11. */
lf_coded lf_remainder(const lf_target *t, lf_value x, lf_value y, bool nearest, uint64_t random)
{
    if (lf_any_nan(&x, &y))
        return lf_nan_operands(t, (lf_value[]){x, y}, 2);
    if (x.kind == LF_INFINITE || y.kind == LF_ZERO)
        return lf_invalid(t);
    if (x.kind == LF_FINITE && y.kind == LF_FINITE)
        x = rest_of(&x, &y, nearest);
    return lf_project(t, &x, random);
}

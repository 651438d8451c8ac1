#include "operations.h"

/* A positive radicand (high 2^128 + low) 2^(exponent - 255) with 2^127 <= high; bit 0 of low
 * stands for all that is below. */
typedef struct radicand {
    lf_u128 high, low;
    int32_t exponent;
} radicand;

/* The integer root of a >= 2^126, which has 64 bits; *rest is a - root^2. Only speed depends on
 * the host's square root: any estimate ends at the same integer. */
static uint64_t root_of(lf_u128 a, lf_u128 *rest)
{
    double estimate = __builtin_sqrt((double)(uint64_t)(a >> 64)) * 0x1p32;
    uint64_t root = estimate < 0x1p64 ? (uint64_t)estimate : UINT64_MAX;
    /* The estimate is off by 2^12 at most, so a - root^2 < 2^78, and one Newton step by less than
     * (2^12)^2 / 2^64 leaves only roundings. Signed values are kept modulo 2^128. */
    lf_u128 r = a - (lf_u128)root * root;
    int64_t step = (int64_t)((double)(int64_t)(r >> 16) * 0x1p15 / estimate);
    lf_u128 next = (lf_u128)root + (lf_u128)step;
    root = next >> 64 ? UINT64_MAX : (uint64_t)next;
    r = a - (lf_u128)root * root;
    while (r >> 127) {
        r += 2 * (lf_u128)root - 1;
        root--;
    }
    while (r > 2 * (lf_u128)root) {
        root++;
        r -= 2 * (lf_u128)root - 1;
    }
    *rest = r;
    return root;
}

/* 124 bits of the root of a 2^120 + l, l = low / 2^8, and one for the rest: a = root^2 + rest.
 *
 * With t = rest 2^59 - q root, a 2^120 + l - (root 2^60 + q)^2 is t 2^61 + l - q^2. All terms are
 * below 2^126, for q <= 2^60; and as l and q^2 are below 2^121 and the root is 2^123 or more, q is
 * at most one off. */
static lf_u128 long_root(uint64_t root, lf_u128 rest, lf_u128 low)
{
    lf_u128 q = (rest << 59) / root;
    lf_u128 t = (rest << 59) - q * root;
    lf_u128 r = ((lf_u128)root << 60) + q;
    lf_u128 left = (t << 61) + (low >> 8) - q * q;
    while (left >> 127) {
        left += 2 * r - 1;
        r--;
    }
    while (left > 2 * r) {
        r++;
        left -= 2 * r - 1;
    }
    return r << 4 | (left != 0 || low << 120 != 0);
}

/* The floor of the root depends on nothing below the integer part of the radicand. 64 bits and
 * one for the rest decide every rounding but the stochastic ones. */
static lf_coded project_root(const lf_target *t, radicand x, uint64_t random)
{
    if (!(x.exponent & 1)) { /* the exponent of high becomes even */
        x.low = x.high << 127 | x.low >> 1 | (x.low & 1);
        x.high >>= 1;
    }
    lf_u128 rest;
    uint64_t root = root_of(x.high, &rest);
    lf_u128 significand = (lf_u128)root << 64 | (rest != 0 || x.low != 0);
    if (t->projection.rounding == LF_STOCHASTIC)
        significand = long_root(root, rest, x.low);
    lf_value result = lf_with_significand(significand, x.exponent >> 1, false);
    return lf_project(t, &result, random);
}

lf_coded lf_sqrt(const lf_target *t, lf_value x, uint64_t random)
{
    if (x.kind == LF_NAN)
        return lf_nan_operands(t, &x, 1);
    if (x.kind == LF_ZERO)
        return lf_project(t, &x, random);
    if (x.sign)
        return lf_invalid(t);
    if (x.kind == LF_INFINITE)
        return lf_project(t, &x, random);
    if (t->projection.rounding == LF_STOCHASTIC)
        return project_root(t, (radicand){x.significand, 0, x.exponent}, random);
    lf_short radicand = {(uint64_t)(x.significand >> 64), x.exponent, false};
    lf_short root = lf_short_root(radicand);
    lf_value result = {(lf_u128)root.significand << 64, root.exponent, LF_FINITE, false, false};
    return lf_project(t, &result, random);
}

/* 1 / x for x > 0, as 2^(255 + e) / x in 256 bits with 64 at a time; the last 128 only if `wide`.
 * For x = 2^e the reciprocal is 2^-e; for the others 1/2 < 2^e / x < 1. */
static radicand inverse(const lf_value *x, bool wide)
{
    uint64_t divisor = (uint64_t)(x->significand >> 64);
    if (divisor == (uint64_t)1 << 63)
        return (radicand){x->significand, 0, -x->exponent};
    uint64_t words[4] = {0};
    lf_u128 dividend = (lf_u128)1 << 127; /* its upper half is 2^63, less than the divisor */
    for (int i = 0; i < (wide ? 4 : 2); i++) {
        words[i] = (uint64_t)(dividend / divisor);
        dividend = (dividend - (lf_u128)words[i] * divisor) << 64;
    }
    return (radicand){(lf_u128)words[0] << 64 | words[1],
                      (lf_u128)words[2] << 64 | words[3] | (dividend != 0), -x->exponent - 1};
}

lf_coded lf_rsqrt(const lf_target *t, lf_value x, uint64_t random)
{
    if (x.kind == LF_NAN)
        return lf_nan_operands(t, &x, 1);
    if (x.kind == LF_ZERO)
        return lf_pole(t, x.sign);
    if (x.sign)
        return lf_invalid(t);
    if (x.kind == LF_INFINITE) {
        lf_value zero = {.kind = LF_ZERO};
        return lf_project(t, &zero, random);
    }
    return project_root(t, inverse(&x, t->projection.rounding == LF_STOCHASTIC), random);
}

static lf_u128 square(const lf_value *x)
{
    return (x->significand >> 64) * (x->significand >> 64);
}

/* x^2 + y^2 for |x| >= |y| > 0. Squares of 53 bits end in 22 zero bits, so that room for a carry
 * costs nothing. An exact root of the sum has at most 105 bits: x and its root are multiples of
 * y's last place, whose distance from x's first is below 2 * 53. Its square fits in 256 bits. */
static radicand sum_of_squares(const lf_value *x, const lf_value *y)
{
    uint32_t distance = 2 * (uint32_t)(x->exponent - y->exponent);
    lf_u128 high = square(x) >> 1, b = square(y) >> 1, low = 0;
    if (distance < 128) {
        high += b >> distance;
        low = distance ? b << (128 - distance) : 0;
    } else {
        low = lf_shift_jam(b, distance - 128);
    }
    int shift = lf_clz128(high); /* at most 2: high >= 2^125 */
    if (shift) {
        high = high << shift | low >> (128 - shift);
        low = low << shift;
    }
    return (radicand){high, low, 2 * x->exponent + 2 - shift};
}

lf_coded lf_hypot(const lf_target *t, lf_value x, lf_value y, uint64_t random)
{
    bool infinite = x.kind == LF_INFINITE || y.kind == LF_INFINITE;
    if (lf_any_nan(&x, &y) && (!infinite || x.signaling || y.signaling))
        return lf_nan_operands(t, (lf_value[]){x, y}, 2);
    if (infinite) {
        lf_value infinity = {.kind = LF_INFINITE};
        return lf_project(t, &infinity, random);
    }
    bool swapped = lf_magnitude_order(&x, &y) < 0;
    lf_value larger = swapped ? y : x;
    const lf_value *smaller = swapped ? &x : &y;
    if (smaller->kind == LF_ZERO) {
        larger.sign = false;
        return lf_project(t, &larger, random);
    }
    return project_root(t, sum_of_squares(&larger, smaller), random);
}

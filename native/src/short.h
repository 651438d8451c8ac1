/* The exact results of normal numbers, for roundings that draw nothing. Internal.
 *
 * Such a rounding looks at 54 bits of a result and at whether there is more: the 53 of the longest
 * significand and the next. Here a result is 64 bits of which the last one or two stand for all
 * below, so that results in these, of operands in 53, round as in lf_value. What is not a normal
 * number, has an exact zero for a result or draws random bits is left to the operations on
 * lf_value. Nothing branches on the operands: random ones would mislead it half the time. */
#ifndef LF_SHORT_H
#define LF_SHORT_H

#include "format.h"

/* significand * 2^(exponent - 63) with 2^63 <= significand; or 0, for what is left to others. */
typedef struct lf_short {
    uint64_t significand;
    int32_t exponent;
    bool sign;
} lf_short;

static inline bool lf_is_normal(const lf_layout *f, uint64_t code)
{
    return (code & f->magnitude_mask) - f->min_normal_code < f->normal_count;
}

/* Of a normal number. Shifting by 63 - M leaves the lowest exponent bit at bit 63, where the hidden
 * bit goes. */
static inline lf_short lf_shorten(const lf_layout *f, uint64_t code)
{
    uint64_t rest = code & f->magnitude_mask;
    return (lf_short){rest << (63 - f->mantissa_bits) | (uint64_t)1 << 63,
                      (int32_t)(rest >> f->mantissa_bits) - f->bias, (code & f->sign_mask) != 0};
}

static inline lf_short lf_short_normalized(uint64_t significand, int32_t exponent, bool sign)
{
    int shift = __builtin_clzll(significand | 1);
    return (lf_short){significand << shift, exponent - shift, sign};
}

/* Operands end in 11 zero bits, so the shift that makes room for a carry is exact, and so is that
 * of exponents which differ by at most 10. Else the sum keeps 61 bits above the last. */
static inline lf_short lf_short_sum(lf_short x, lf_short y)
{
    int32_t difference = x.exponent - y.exponent;
    bool swap = (difference < 0) | ((difference == 0) & (x.significand < y.significand));
    uint64_t exchange = (x.significand ^ y.significand) & -(uint64_t)swap;
    uint64_t larger = x.significand ^ exchange, smaller = y.significand ^ exchange;
    int32_t exponent = difference < 0 ? y.exponent : x.exponent;
    int32_t distance = difference < 0 ? -difference : difference;
    int shift = distance < 62 ? distance + 1 : 63;
    smaller = smaller >> shift | (smaller << (64 - shift) != 0);
    uint64_t minus = -(uint64_t)(x.sign != y.sign);
    uint64_t sum = (larger >> 1) + (smaller ^ minus) - minus;
    return lf_short_normalized(sum, exponent + 1, x.sign ^ (swap & (x.sign != y.sign)));
}

static inline lf_short lf_short_negated(lf_short x)
{
    x.sign = !x.sign;
    return x;
}

/* 2^126 or more: one place at most is lost above the last bit. */
static inline lf_short lf_short_product(lf_short x, lf_short y)
{
    lf_u128 product = (lf_u128)x.significand * y.significand;
    uint64_t high = (uint64_t)(product >> 64) | ((uint64_t)product != 0);
    int shift = !(high >> 63);
    return (lf_short){high << shift, x.exponent + y.exponent + 1 - shift, x.sign != y.sign};
}

/* The same in 128 bits, of which the product has 106 and the addend 53, both at the top; then the
 * lower 64 become the last of the upper. Bits are lost only if the exponents differ by more than
 * 21, and then the sum has 125 above them. */
static inline lf_short lf_short_fused(lf_short x, lf_short y, lf_short z)
{
    lf_u128 product = (lf_u128)x.significand * y.significand;
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    int carry = !(high >> 63);
    high = high << carry | (low >> 63 & -(uint64_t)carry);
    low <<= carry;
    int32_t exponent = x.exponent + y.exponent + 1 - carry;
    bool sign = x.sign != y.sign, minus = sign != z.sign;
    int32_t difference = exponent - z.exponent;
    bool swap = (difference < 0) | ((difference == 0) & (high < z.significand));
    uint64_t exchange = (high ^ z.significand) & -(uint64_t)swap;
    lf_u128 larger = (lf_u128)(high ^ exchange) << 64 | (low & -(uint64_t)!swap);
    lf_u128 smaller = (lf_u128)(z.significand ^ exchange) << 64 | (low & -(uint64_t)swap);
    int32_t distance = difference < 0 ? -difference : difference;
    int shift = distance < 126 ? distance + 1 : 127;
    smaller = smaller >> shift | (smaller << (128 - shift) != 0);
    lf_u128 negative = -(lf_u128)minus;
    lf_u128 sum = (larger >> 1) + (smaller ^ negative) - negative;
    int places = sum >> 64 ? 0 : 64;
    sum <<= places;
    int more = __builtin_clzll((uint64_t)(sum >> 64) | 1);
    sum <<= more;
    return (lf_short){(uint64_t)(sum >> 64) | ((uint64_t)sum != 0),
                      (difference < 0 ? z.exponent : exponent) + 1 - places - more,
                      sign ^ (swap & minus)};
}

/* dividend / divisor < 2^64 and the rest. */
static inline uint64_t lf_divide_128(lf_u128 dividend, uint64_t divisor, uint64_t *rest)
{
#if defined(__x86_64__)
    uint64_t quotient;
    __asm__("divq %4"
            : "=a"(quotient), "=d"(*rest)
            : "a"((uint64_t)dividend), "d"((uint64_t)(dividend >> 64)), "rm"(divisor)
            : "cc");
    return quotient;
#else
    uint64_t quotient = (uint64_t)(dividend / divisor);
    *rest = (uint64_t)dividend - quotient * divisor;
    return quotient;
#endif
}

/* x < 2 y as integers, so the quotient of x / 2 has 64 bits; it is 2^62 or more. */
static inline lf_short lf_short_quotient(lf_short x, lf_short y)
{
    uint64_t rest;
    uint64_t q = lf_divide_128((lf_u128)x.significand << 63, y.significand, &rest);
    q |= rest != 0;
    int shift = !(q >> 63);
    return (lf_short){q << shift, x.exponent - y.exponent - shift, x.sign != y.sign};
}

/* As integers, a 2^52 for a of 53 or 54 bits has a root of 53 bits; the next bit is set iff (root +
 * 1/2)^2 is below, that is, if the rest is above the root. The host's root of a, which is one of
 * its numbers, is a multiple of 2^-26 and off by less than that: the floor is it or the next below.
 */
static inline lf_short lf_short_root(lf_short x)
{
    uint64_t a = x.significand >> 11 << (x.exponent & 1);
    uint64_t root = (uint64_t)(int64_t)(__builtin_sqrt((double)(int64_t)a) * 0x1p26);
    int64_t rest = (int64_t)((a << 52) - root * root); /* below 2^56: modulo 2^64 is enough */
    uint64_t above = (uint64_t)(rest >> 63);           /* all ones, or none */
    root += above;
    rest += (int64_t)((2 * root + 1) & above);
    uint64_t bits = root << 11 | (uint64_t)(rest > (int64_t)root) << 10 | (rest != 0);
    return (lf_short){x.sign ? 0 : bits, x.exponent >> 1, false};
}

#endif

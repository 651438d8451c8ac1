/* A format's derived constants, and the values that codes are unpacked to. */
#ifndef LF_FORMAT_H
#define LF_FORMAT_H

#include <stdbool.h>

#include "lowfloat.h"

__extension__ typedef unsigned __int128 lf_u128;

/* No code: larger than every magnitude code, which has at most 63 bits. */
#define LF_NO_CODE UINT64_MAX

/* Codes are magnitude codes, without the sign bit, but nan_code (rules D-3 to D-7). */
typedef struct lf_layout {
    int mantissa_bits;
    int bias;
    int emin;          /* exponent of the lowest binade that has P bits */
    int top_exponent;  /* of a binade wholly above max_finite_code */
    int storage_bytes; /* 1, 2, 4 or 8 */
    uint64_t sign_mask;
    uint64_t magnitude_mask;
    uint64_t infinity_code;
    uint64_t nan_code; /* canonical */
    uint64_t max_finite_code;
    uint64_t min_positive_code;
    uint64_t min_normal_code;
    uint64_t normal_count; /* codes from min_normal_code to max_finite_code */
    uint8_t nan;
    uint8_t subnormals;
    bool is_signed;
    bool negative_zero;
    bool zero;
} lf_layout;

enum lf_kind { LF_FINITE, LF_ZERO, LF_INFINITE, LF_NAN };

/* What a code stands for. A finite number is significand * 2^(exponent - 127) with
 * 2^127 <= significand; an exact result that needs more bits has their union in bit 0, far below
 * the 53 + 65 bits that a projection can look at. A NaN's significand is its payload, with the
 * bit below the quiet bit at bit 127. */
typedef struct lf_value {
    lf_u128 significand;
    int32_t exponent;
    uint8_t kind;
    bool sign;
    bool signaling;
} lf_value;

/* False if a field is out of the range of rule D-1. */
bool lf_layout_init(lf_layout *layout, const lf_format *format);

/* Any code that is not a normal number; with daz, subnormals are zeros. */
lf_value lf_unpack_special(const lf_layout *f, bool daz, uint64_t code);

static inline lf_value lf_unpack(const lf_layout *f, bool daz, uint64_t code)
{
    uint64_t rest = code & f->magnitude_mask;
    if (rest - f->min_normal_code >= f->normal_count)
        return lf_unpack_special(f, daz, code);
    /* Shifting by 63 - M leaves the lowest exponent bit at bit 63, where the hidden bit goes. */
    uint64_t significand = rest << (63 - f->mantissa_bits) | (uint64_t)1 << 63;
    return (lf_value){.significand = (lf_u128)significand << 64,
                      .exponent = (int32_t)(rest >> f->mantissa_bits) - f->bias,
                      .kind = LF_FINITE,
                      .sign = (code & f->sign_mask) != 0};
}

static inline int lf_clz128(lf_u128 x)
{
    uint64_t high = (uint64_t)(x >> 64);
    return high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)x);
}

/* x >> shift, its lowest bit set if a lost bit was. */
static inline lf_u128 lf_shift_jam(lf_u128 x, uint32_t shift)
{
    if (shift >= 128)
        return x != 0;
    return x >> shift | (shift && x << (128 - shift) != 0);
}

#endif

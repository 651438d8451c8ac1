#include "format.h"

static bool in_range(const lf_format *f)
{
    int width = (f->is_signed != 0) + f->exponent_bits + f->mantissa_bits;
    return f->exponent_bits >= 0 && f->exponent_bits <= (width <= 16 ? 16 : 11) &&
           f->mantissa_bits >= 0 && f->mantissa_bits <= 52 && width >= 1 && width <= 64 &&
           f->bias >= -(1 << 20) && f->bias <= 1 << 20 && f->infinities <= LF_INFINITIES_TOP &&
           f->nan <= LF_NAN_TOP && f->subnormals <= LF_SUBNORMALS_NORMAL &&
           (f->nan == LF_NAN_IEEE) == (f->infinities == LF_INFINITIES_IEEE) &&
           (f->nan != LF_NAN_IEEE || (f->mantissa_bits && f->exponent_bits));
}

/* Rules D-3, D-4 and D-7. */
static void special_codes(lf_layout *t, const lf_format *f)
{
    uint64_t all_ones = t->magnitude_mask;
    uint64_t top = all_ones - (f->nan == LF_NAN_ALL_ONES || f->nan == LF_NAN_TOP);
    uint64_t hidden = (uint64_t)1 << f->mantissa_bits;

    t->infinity_code = LF_NO_CODE;
    if (f->infinities == LF_INFINITIES_IEEE)
        t->infinity_code = all_ones - (hidden - 1);
    else if (f->infinities == LF_INFINITIES_TOP)
        t->infinity_code = top;

    t->nan_code = all_ones;
    if (f->nan == LF_NAN_NONE)
        t->nan_code = LF_NO_CODE;
    else if (f->nan == LF_NAN_IEEE)
        t->nan_code = t->infinity_code | hidden >> 1;
    else if (f->nan == LF_NAN_NEGATIVE_ZERO)
        t->nan_code = t->sign_mask;

    t->max_finite_code = t->infinity_code == LF_NO_CODE ? top : t->infinity_code - 1;
    t->min_positive_code = !f->zero ? 0 : f->subnormals == LF_SUBNORMALS_FLUSH ? hidden : 1;
    t->min_normal_code = f->subnormals == LF_SUBNORMALS_NORMAL ? t->min_positive_code : hidden;
}

bool lf_layout_init(lf_layout *t, const lf_format *f)
{
    if (!f || f->size < sizeof *f || !in_range(f))
        return false;
    int magnitude_bits = f->exponent_bits + f->mantissa_bits;
    int width = magnitude_bits + (f->is_signed != 0);
    *t = (lf_layout){.mantissa_bits = f->mantissa_bits,
                     .bias = f->bias,
                     .emin = (f->subnormals != LF_SUBNORMALS_NORMAL) - f->bias,
                     .storage_bytes = width <= 8    ? 1
                                      : width <= 16 ? 2
                                      : width <= 32 ? 4
                                                    : 8,
                     .magnitude_mask = ((uint64_t)1 << magnitude_bits) - 1,
                     .sign_mask = f->is_signed ? (uint64_t)1 << magnitude_bits : 0,
                     .nan = f->nan,
                     .subnormals = f->subnormals,
                     .is_signed = f->is_signed != 0,
                     .negative_zero = f->negative_zero != 0,
                     .zero = f->zero != 0};
    special_codes(t, f);
    t->top_exponent = (int)(t->max_finite_code >> f->mantissa_bits) + 1 - f->bias;
    if (t->max_finite_code >= t->min_normal_code)
        t->normal_count = t->max_finite_code - t->min_normal_code + 1;
    return true;
}

static bool is_nan(const lf_layout *f, bool sign, uint64_t rest)
{
    switch (f->nan) {
    case LF_NAN_NONE: return false;
    case LF_NAN_IEEE: return rest > f->infinity_code;
    case LF_NAN_NEGATIVE_ZERO: return sign && rest == 0;
    default: return rest == f->magnitude_mask;
    }
}

/* Only IEEE NaNs carry a payload and can signal (N-1). */
static lf_value unpack_nan(const lf_layout *f, bool sign, uint64_t rest)
{
    if (f->nan != LF_NAN_IEEE)
        return (lf_value){.kind = LF_NAN, .sign = sign && f->nan == LF_NAN_ALL_ONES};
    uint64_t fraction = rest << (64 - f->mantissa_bits);
    return (lf_value){.significand = (lf_u128)(fraction << 1) << 64,
                      .kind = LF_NAN,
                      .sign = sign,
                      .signaling = fraction >> 63 == 0};
}

lf_value lf_unpack_special(const lf_layout *f, bool daz, uint64_t code)
{
    bool sign = (code & f->sign_mask) != 0;
    uint64_t rest = code & f->magnitude_mask;
    if (is_nan(f, sign, rest))
        return unpack_nan(f, sign, rest);
    if (rest == f->infinity_code)
        return (lf_value){.kind = LF_INFINITE, .sign = sign};
    if (rest == 0 || daz || f->subnormals == LF_SUBNORMALS_FLUSH)
        return (lf_value){.kind = LF_ZERO, .sign = sign && f->negative_zero};
    int shift = __builtin_clzll(rest);
    return (lf_value){.significand = (lf_u128)(rest << shift) << 64,
                      .exponent = 1 - f->bias - f->mantissa_bits + 63 - shift,
                      .kind = LF_FINITE,
                      .sign = sign};
}

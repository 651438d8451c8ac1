#include "project.h"

/* A magnitude between two neighbours of the lattice (P-2): the code at or below it, and its
 * distance above that code in steps of 2^-128 of the way to the next, bit 0 standing for all
 * that is below. At most 65 of these bits decide a rounding. */
typedef struct bracket {
    uint64_t lower;
    lf_u128 above;
} bracket;

/* Measured with the step of the binade of `exponent`, >= value's own; `drop` >= 75 bits of the
 * significand are below that step. Modulo 2^64 the code is right for any exponent, and its
 * parity always. */
static bracket neighbours(const lf_layout *f, const lf_value *v, int exponent, uint32_t drop)
{
    uint64_t lower = (uint64_t)((int64_t)exponent + f->bias - 1) << f->mantissa_bits;
    if (drop < 128)
        return (bracket){lower + (uint64_t)(v->significand >> drop),
                         v->significand << (128 - drop)};
    return (bracket){lower, lf_shift_jam(v->significand, drop - 128)};
}

/* Rule P-6: whether scaled = nu 2^N, rounded as the variant says, and R reach 2^N. */
static bool stochastic_away(const lf_projection *p, lf_u128 above, uint64_t random)
{
    int n = p->random_bits;
    lf_u128 half = (lf_u128)1 << 127;
    lf_u128 scaled = above >> (128 - n);
    lf_u128 rest = above << n;
    if (p->variant == LF_VARIANT_B)
        scaled += rest >= half;
    else if (p->variant == LF_VARIANT_C)
        scaled += rest > half || (rest == half && (scaled & 1));
    return (scaled + random) >> n != 0;
}

#define HALF ((uint64_t)1 << 63)
const lf_threshold lf_thresholds[LF_STOCHASTIC] = {
    [LF_NEAREST_EVEN] = {{HALF - 1, HALF - 1}, 1},
    [LF_NEAREST_AWAY] = {{HALF, HALF}, 0},
    [LF_NEAREST_ZERO] = {{HALF - 1, HALF - 1}, 0},
    [LF_TOWARD_ZERO] = {{0, 0}, 0},
    [LF_TOWARD_POSITIVE] = {{UINT64_MAX, 0}, 0},
    [LF_TOWARD_NEGATIVE] = {{0, UINT64_MAX}, 0},
    [LF_AWAY_FROM_ZERO] = {{UINT64_MAX, UINT64_MAX}, 0},
    [LF_TO_ODD] = {{UINT64_MAX, UINT64_MAX}, 1},
    [LF_NEAREST_ODD] = {{HALF, HALF}, UINT64_MAX},
};

bool lf_rounds_away(const lf_projection *p, lf_u128 above, bool odd, bool sign, uint64_t random)
{
    if (p->rounding == LF_STOCHASTIC)
        return stochastic_away(p, above, random);
    uint64_t nu = (uint64_t)(above >> 64) | ((uint64_t)above != 0);
    return lf_reaches_next(p->rounding, nu, odd, sign);
}

/* Rule P-5; in a format of powers of two alone, ties under nearest_even go to the larger. */
static bool rounds_away(const lf_target *t, const bracket *b, bool sign, uint64_t random)
{
    const lf_layout *f = &t->format;
    bool larger = f->mantissa_bits == 0 && !f->zero && t->projection.rounding == LF_NEAREST_EVEN;
    return lf_rounds_away(&t->projection, b->above, larger || (b->lower & 1), sign, random);
}

/* What is known of a rounded magnitude. `flags` is LF_TAIL or 0. */
typedef struct rounded {
    uint64_t code;
    bool tiny;
    bool inexact;
    uint32_t flags;
} rounded;

/* |X| / s, s the smallest positive number of a `normal` format with zero and |X| < s (P-3): 66
 * steps of long division give its binary places, and a remainder the bit for the rest. */
static bracket below_smallest(const lf_layout *f, const lf_value *v)
{
    lf_u128 smallest = (lf_u128)1 << 127 | (lf_u128)1 << ((uint32_t)(127 - f->mantissa_bits));
    lf_u128 rest = v->significand;
    lf_u128 quotient = rest >= smallest;
    if (quotient)
        rest -= smallest;
    for (int i = 0; i < 66; i++) {
        bool carry = rest >> 127;
        rest <<= 1;
        bool bit = carry || rest >= smallest;
        if (bit)
            rest -= smallest;
        quotient = quotient << 1 | bit;
    }
    /* The quotient has 66 places; the value is below s, so no integer bit is left. */
    lf_u128 places = lf_shift_jam(quotient << 61 | (rest != 0), (uint32_t)(f->emin - v->exponent));
    return (bracket){0, places << 1};
}

/* A magnitude below twice the smallest normal number: tininess (P-4), and what lies below the
 * smallest number of a `normal` format (P-3). */
static rounded round_low(const lf_target *t, const lf_value *v, uint64_t random)
{
    const lf_layout *f = &t->format;
    rounded r = {0};
    bracket b = neighbours(f, v, v->exponent, (uint32_t)(127 - f->mantissa_bits));
    bool below = v->exponent < f->emin || b.lower < f->min_normal_code;
    if (below) {
        r.tiny = true;
        if (!t->projection.tininess_before) {
            uint64_t code = b.lower + rounds_away(t, &b, v->sign, random);
            /* Two binades below no rounding reaches the smallest normal number. */
            r.tiny = v->exponent < f->emin - 1 || (int64_t)code < (int64_t)f->min_normal_code;
            r.flags = lf_long_tail(&t->projection, b.above);
        }
    }
    if (below && f->subnormals == LF_SUBNORMALS_NORMAL && !f->zero) {
        r.code = f->min_positive_code;
        r.inexact = true;
        return r;
    }
    if (below && f->subnormals == LF_SUBNORMALS_NORMAL)
        b = below_smallest(f, v);
    else
        b = neighbours(f, v, f->emin, (uint32_t)(127 - f->mantissa_bits + f->emin - v->exponent));
    r.code = b.lower + rounds_away(t, &b, v->sign, random);
    r.inexact = b.above != 0;
    r.flags |= lf_long_tail(&t->projection, b.above);
    return r;
}

static rounded round_magnitude(const lf_target *t, const lf_value *v, uint64_t random)
{
    const lf_layout *f = &t->format;
    if (v->exponent <= f->emin)
        return round_low(t, v, random);
    /* Codes of binades past top_exponent would not fit; all of them only mean overflow. */
    int exponent = v->exponent < f->top_exponent ? v->exponent : f->top_exponent;
    bracket b = neighbours(f, v, exponent, (uint32_t)(127 - f->mantissa_bits));
    return (rounded){.code = b.lower + rounds_away(t, &b, v->sign, random),
                     .inexact = b.above != 0,
                     .flags = lf_long_tail(&t->projection, b.above)};
}

/* Rule P-10. */
static uint64_t signed_code(const lf_layout *f, bool sign, uint64_t code)
{
    return sign && (code || f->negative_zero) ? code | f->sign_mask : code;
}

lf_value lf_default_nan(const lf_projection *p)
{
    lf_u128 payload = p->quirks & LF_QUIRK_NAN_ONES ? ~(lf_u128)0 : 0;
    return (lf_value){.kind = LF_NAN, .sign = p->default_nan_sign, .significand = payload};
}

lf_coded lf_nan_result(const lf_target *t, const lf_value *nan)
{
    const lf_layout *f = &t->format;
    if (f->nan == LF_NAN_NONE)
        return (lf_coded){f->max_finite_code, LF_INVALID};
    bool carries = t->projection.nan_rule != LF_NAN_CANONICAL;
    lf_value given = carries ? *nan : lf_default_nan(&t->projection);
    lf_coded r = {f->nan_code, nan->signaling ? LF_INVALID : 0};
    if (f->nan == LF_NAN_IEEE) {
        /* Two shifts, since M - 1 payload bits may be none. */
        r.code |= (uint64_t)(given.significand >> 64) >> 1 >> (64 - f->mantissa_bits);
    }
    if ((f->nan == LF_NAN_IEEE || f->nan == LF_NAN_ALL_ONES) && given.sign)
        r.code |= f->sign_mask;
    return r;
}

static uint64_t made_nan(const lf_target *t)
{
    lf_value nan = lf_default_nan(&t->projection);
    return lf_nan_result(t, &nan).code;
}

/* Rule P-11. */
static lf_coded zero_result(const lf_target *t, bool sign)
{
    const lf_layout *f = &t->format;
    if (f->zero)
        return (lf_coded){signed_code(f, sign, 0), 0};
    if (t->projection.saturation == LF_SATURATION_NONE && f->nan != LF_NAN_NONE)
        return (lf_coded){made_nan(t), LF_INVALID};
    return (lf_coded){f->min_positive_code, LF_INVALID};
}

/* What lies past the largest finite number (P-8, P-9, Q-5, Q-6). */
static lf_coded beyond(const lf_target *t, bool sign)
{
    const lf_layout *f = &t->format;
    const lf_projection *p = &t->projection;
    if (p->saturation == LF_SATURATION_NONE) {
        if (f->infinity_code != LF_NO_CODE)
            return (lf_coded){signed_code(f, sign, f->infinity_code), LF_OVERFLOW | LF_INEXACT};
        if (f->nan != LF_NAN_NONE && !p->infinityless_max) {
            uint64_t signs = f->nan == LF_NAN_ALL_ONES && sign ? f->sign_mask : 0;
            return (lf_coded){f->nan_code | signs, LF_OVERFLOW | LF_INEXACT};
        }
    }
    uint32_t flags = LF_INEXACT | (p->saturation_hides_overflow ? 0 : LF_OVERFLOW);
    return (lf_coded){signed_code(f, sign, f->max_finite_code), flags};
}

/* What lies below an unsigned format (P-12). */
static lf_coded below_unsigned(const lf_target *t)
{
    const lf_layout *f = &t->format;
    if (t->projection.saturation == LF_SATURATION_NONE && f->nan != LF_NAN_NONE)
        return (lf_coded){made_nan(t), LF_INVALID};
    return (lf_coded){f->zero ? 0 : f->min_positive_code, LF_INVALID};
}

/* Rule P-9. */
static lf_coded infinite_result(const lf_target *t, bool sign)
{
    const lf_layout *f = &t->format;
    if (sign && !f->is_signed)
        return below_unsigned(t);
    if (t->projection.saturation != LF_SATURATION_FINITE && f->infinity_code != LF_NO_CODE)
        return (lf_coded){signed_code(f, sign, f->infinity_code), 0};
    return beyond(t, sign);
}

/* Rule P-8. */
static lf_coded overflow_result(const lf_target *t, bool sign)
{
    const lf_layout *f = &t->format;
    int rounding = t->projection.rounding;
    bool stays = rounding == LF_TOWARD_ZERO || (rounding == LF_TOWARD_POSITIVE && sign) ||
                 (rounding == LF_TOWARD_NEGATIVE && !sign) ||
                 (rounding == LF_TO_ODD && (f->max_finite_code & 1));
    if (stays && t->projection.saturation == LF_SATURATION_NONE)
        return (lf_coded){signed_code(f, sign, f->max_finite_code), LF_OVERFLOW | LF_INEXACT};
    return beyond(t, sign);
}

/* Rules F-3 and Q-1, of a number that is inexact. */
static uint32_t underflow(const lf_target *t, const rounded *r)
{
    bool at_zero = t->projection.quirks & LF_QUIRK_UNDERFLOW_AT_ZERO;
    bool raised = at_zero ? t->format.zero && r->code == 0 : r->tiny;
    return raised ? LF_UNDERFLOW : 0;
}

/* Rule P-12. */
static lf_coded negative_to_unsigned(const lf_target *t, const rounded *r)
{
    const lf_layout *f = &t->format;
    int rounding = t->projection.rounding;
    if (r->code == 0 && f->zero)
        return (lf_coded){0, LF_INEXACT | underflow(t, r)};
    if (t->projection.saturation == LF_SATURATION_NONE &&
        (rounding == LF_TOWARD_ZERO || rounding == LF_TOWARD_POSITIVE))
        return (lf_coded){f->zero ? 0 : f->min_positive_code, LF_INVALID};
    return below_unsigned(t);
}

/* Rule P-1, from the rounded magnitude on. */
static lf_coded finite_result(const lf_target *t, bool sign, const rounded *r)
{
    const lf_layout *f = &t->format;
    if (sign && !f->is_signed)
        return negative_to_unsigned(t, r);
    if (r->code > f->max_finite_code)
        return overflow_result(t, sign);
    if (r->tiny && f->zero && (t->projection.ftz || f->subnormals == LF_SUBNORMALS_FLUSH))
        return (lf_coded){signed_code(f, sign, 0), t->projection.quirks & LF_QUIRK_SILENT_FLUSH
                                                       ? 0
                                                       : LF_INEXACT | LF_UNDERFLOW};
    return (lf_coded){signed_code(f, sign, r->code), r->inexact ? LF_INEXACT | underflow(t, r) : 0};
}

lf_coded lf_project(const lf_target *t, const lf_value *v, uint64_t random)
{
    switch (v->kind) {
    case LF_ZERO: return zero_result(t, v->sign);
    case LF_INFINITE: return infinite_result(t, v->sign);
    case LF_NAN: return lf_nan_result(t, v);
    }
    rounded r = round_magnitude(t, v, random);
    lf_coded c = finite_result(t, v->sign, &r);
    c.flags |= r.flags;
    return c;
}

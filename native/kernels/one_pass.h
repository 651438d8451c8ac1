/* Decoding, one operation and rounding in registers, for codes of 16 bits in vectors of binary32:
 * host_arithmetic.h. Everything is to nearest even, of one signed IEEE-style format.
 *
 * A kernel knows no NaN, and with flags no infinity either: where one is among the results, it says
 * so, and the loops that know them compute the piece again. Most know no infinite operand. */
#ifndef LF_ONE_PASS_H
#define LF_ONE_PASS_H

#define LF_LANES 32
#include "gemm_lanes.h"
#include "lattice.h"
#include "levels.h"

#include "halves.h"
#include "host_arithmetic.h"

#if defined(__AVX2__)

typedef VECTOR lf_reals;
typedef WORDS lf_words;
typedef uint32_t lf_whole_words __attribute__((vector_size(LF_VECTOR_BYTES)));
typedef uint16_t lf_codes __attribute__((vector_size(LF_VECTOR_BYTES)));
typedef struct lf_reals_pair {
    lf_reals low, high;
} lf_reals_pair;

/* A vector has as many codes as two have numbers. Unpacking goes by 128 bits, of which the first
 * half goes to the lower vector; packing puts them back where they were. */
#    if defined(__AVX512F__)
#        define LF_WORDS(name, a, b) ((lf_words)_mm512_##name((__m512i)(a), (__m512i)(b)))
#        define LF_UPPER(codes) _mm512_extracti64x4_epi64((__m512i)(codes), 1)
#        define LF_LOWER(codes) _mm512_castsi512_si256((__m512i)(codes))
#        define LF_ROOTS(x) _mm512_sqrt_ps((__m512)(x))
#        define LF_UPPER_PRODUCT(a, b) _mm256_mulhi_epu16(a, b)
#    else
#        define LF_WORDS(name, a, b) ((lf_words)_mm256_##name((__m256i)(a), (__m256i)(b)))
#        define LF_UPPER(codes) _mm256_extracti128_si256((__m256i)(codes), 1)
#        define LF_LOWER(codes) _mm256_castsi256_si128((__m256i)(codes))
#        define LF_ROOTS(x) _mm256_sqrt_ps((__m256)(x))
#        define LF_UPPER_PRODUCT(a, b) _mm_mulhi_epu16(a, b)
#    endif
#    define LF_EACH(x) ((lf_words){0} + (int32_t)(x))
#    define LF_EACH_CODE(x) ((lf_codes){0} + (uint16_t)(x))

/* Constants of a format, in every lane: shifts by lanes are one operation, by a register two. */
typedef struct lf_one_pass_constants {
    lf_codes magnitude_mask, base_of_code;
    lf_codes align, unalign, align_sign; /* factors; unalign of the upper half of the product */
    lf_words shift, base, raw_add;
    lf_reals raw_subtract;
    lf_words cap, low_bits, step_add, code_shift, sign_shift, sign_mask, tiny_below;
} lf_one_pass_constants;

LF_INLINE lf_one_pass_constants lf_one_pass_constants_of(const lf_cast_plan *in,
                                                         const lf_cast_plan *out, const int kind)
{
    /* To where binary32 has the lowest place of binary16's fraction, or of those of 16 bits. */
    const int room = in->code_shift - (kind == LF_SHORTER_BINARY16 ? 13 : 16);
    return (lf_one_pass_constants){
        .magnitude_mask = LF_EACH_CODE(in->magnitude_mask),
        .align = LF_EACH_CODE(room > 0 ? 1 << room : 1),
        .unalign = LF_EACH_CODE(room > 0 ? 1 << (16 - room) : 0),
        .align_sign = LF_EACH_CODE(1 << (in->sign_shift - 16)),
        .base_of_code = LF_EACH_CODE(in->code_base >> 16),
        .shift = LF_EACH(in->code_shift),
        .base = LF_EACH(in->code_base),
        .raw_add = LF_EACH(in->raw_add),
        .raw_subtract = (lf_reals)LF_EACH(in->raw_subtract),
        .cap = LF_EACH(out->cap),
        .low_bits = LF_EACH(out->low_bits),
        .step_add = LF_EACH(out->step_add),
        .code_shift = LF_EACH(out->code_shift),
        .sign_shift = LF_EACH(out->sign_shift),
        .sign_mask = LF_EACH(out->sign_mask),
        .tiny_below = LF_EACH(out->tiny_below),
    };
}

/* Modulo 2^32, as lanes are; signed additions must not overflow. */
LF_INLINE lf_words lf_plus(lf_words a, lf_words b)
{
    return (lf_words)((lf_whole_words)a + (lf_whole_words)b);
}

LF_INLINE lf_reals_pair lf_unpacked(lf_codes low, lf_codes high)
{
    return (lf_reals_pair){(lf_reals)LF_WORDS(unpacklo_epi16, low, high),
                           (lf_reals)LF_WORDS(unpackhi_epi16, low, high)};
}

LF_INLINE lf_reals_pair lf_from_binary16(lf_codes codes)
{
    return (lf_reals_pair){(lf_reals)LF_TO_FLOATS(LF_LOWER(codes)),
                           (lf_reals)LF_TO_FLOATS(LF_UPPER(codes))};
}

/* a, or twice a less b, of lf_widen_raw, with a sign. */
LF_INLINE lf_reals lf_widen_real(const lf_one_pass_constants *c, lf_reals number, lf_reals sign)
{
    lf_words a = (lf_words)number;
    lf_words b = (lf_words)((lf_reals)lf_plus(a, c->raw_add) - c->raw_subtract);
    return (lf_reals)(LF_WORDS(min_epi32, a, b) | (lf_words)sign);
}

/* As lf_decode_binary16, lf_decode_bfloat16 and lf_widen_raw, but for the infinities and NaNs of
 * the last, for which `greatest` is the largest magnitude. Codes without rest in the lower 16 bits
 * of binary32 are aligned and rebased as codes. */
LF_INLINE lf_reals_pair lf_load_reals(const lf_one_pass_constants *c, const uint16_t *in,
                                      lf_codes *greatest, const int kind)
{
    const lf_codes none = {0};
    lf_codes codes;
    memcpy(&codes, in, sizeof codes);
    if (kind == LF_WHOLE_BINARY16)
        return lf_from_binary16(codes);
    if (kind == LF_SHORTER_BINARY16)
        return lf_from_binary16(codes * c->align);
    if (kind == LF_WHOLE_BFLOAT16)
        return lf_unpacked(none, codes);
    lf_codes magnitude = codes & c->magnitude_mask;
    lf_reals_pair signs = lf_unpacked(none, (codes ^ magnitude) * c->align_sign), x;
    *greatest = (lf_codes)LF_WORDS(max_epu16, *greatest, magnitude);
    if (kind == LF_SHORTER_CODES) {
        x = lf_unpacked(none, magnitude * c->align + c->base_of_code);
    } else {
        x = lf_unpacked(magnitude, none);
        x.low = (lf_reals)lf_plus(LF_WORDS(sllv_epi32, x.low, c->shift), c->base);
        x.high = (lf_reals)lf_plus(LF_WORDS(sllv_epi32, x.high, c->shift), c->base);
    }
    return (lf_reals_pair){lf_widen_real(c, x.low, signs.low),
                           lf_widen_real(c, x.high, signs.high)};
}

/* A result rounded, as lf_nearest_chunk does: its code, and the number that this stands for. Codes
 * past the cap's are one infinity; lf_store_reals makes others of binary16's. */
typedef struct lf_rounded_real {
    lf_words code;
    lf_reals number;
} lf_rounded_real;

LF_INLINE lf_rounded_real lf_round_real(const lf_one_pass_constants *c, lf_reals result,
                                        const int kind)
{
    lf_words x = (lf_words)result, m = x & INT32_MAX;
    if (kind == LF_WHOLE_BINARY16)
        return (lf_rounded_real){x, result};
    if (kind == LF_WHOLE_BFLOAT16) {
        lf_words code =
            (lf_words)(((lf_whole_words)x + 0x7fff + ((lf_whole_words)x >> 16 & 1)) >> 16);
        return (lf_rounded_real){code, (lf_reals)(code << 16)};
    }
    if (kind != LF_SHORTER_BINARY16)
        m = LF_WORDS(min_epi32, m, c->cap);
    lf_words e = LF_WORDS(max_epi32, m & HOST_INFINITY, c->low_bits);
    lf_words power = lf_plus(e, c->step_add);
    lf_reals sum = (lf_reals)m + (lf_reals)power;
    lf_reals number = (lf_reals)((lf_words)(sum - (lf_reals)power) | (x & INT32_MIN));
    lf_words sign = LF_WORDS(srlv_epi32, x, c->sign_shift) & c->sign_mask;
    lf_words significand = (lf_words)((lf_whole_words)sum - (lf_whole_words)power);
    lf_words code = lf_plus(significand, LF_WORDS(srlv_epi32, e - c->low_bits, c->code_shift));
    return (lf_rounded_real){code | sign, number};
}

/* Rounds two vectors to codes and, if `wanted`, returns the numbers that these stand for. */
LF_INLINE lf_reals_pair lf_store_reals(const lf_one_pass_constants *c, lf_reals_pair results,
                                       uint16_t *out, const int kind, const int wanted)
{
    lf_rounded_real low = lf_round_real(c, results.low, kind);
    lf_rounded_real high = lf_round_real(c, results.high, kind);
    if (kind == LF_WHOLE_BINARY16 || kind == LF_SHORTER_BINARY16) {
        lf_halves halves[2] = {LF_TO_HALVES((lf_floats)low.number),
                               LF_TO_HALVES((lf_floats)high.number)};
        if (wanted && kind == LF_WHOLE_BINARY16) {
            low.number = (lf_reals)LF_TO_FLOATS(halves[0]);
            high.number = (lf_reals)LF_TO_FLOATS(halves[1]);
        }
        for (int k = 0; k < 2; k++) {
            if (kind == LF_SHORTER_BINARY16)
                halves[k] = LF_UPPER_PRODUCT(halves[k], LF_LOWER(c->unalign));
            memcpy(out + k * VECTOR_LANES, &halves[k], sizeof halves[k]);
        }
    } else {
        lf_codes codes = (lf_codes)LF_WORDS(packus_epi32, low.code, high.code);
        memcpy(out, &codes, sizeof codes);
    }
    return (lf_reals_pair){low.number, high.number};
}

/* As lf_odd_sum. */
LF_INLINE lf_reals lf_odd_sums(lf_reals x, lf_reals y)
{
    lf_reals s = x + y;
    lf_reals t = s - x;
    lf_reals e = (x - (s - t)) + (y - t);
    lf_words bits = (lf_words)s, inexact = (lf_words)(e != 0);
    lf_words above = (((lf_words)e ^ bits) >> 31) & inexact;
    return (lf_reals)(lf_plus(bits, above) | (inexact & 1));
}

/* What is known of a piece's results. */
typedef struct lf_one_pass_findings {
    lf_reals total; /* a NaN if one of them is, or if infinities meet */
    lf_words lost, tiny_lost, largest;
    lf_words unfit; /* not zero where the host has no room: host_arithmetic.h */
    lf_codes greatest;
} lf_one_pass_findings;

LF_INLINE lf_reals lf_host_result(const lf_arithmetic_plan *plan, lf_one_pass_findings *found,
                                  lf_reals x, lf_reals y, lf_reals z, const int op)
{
    switch (op) {
    case LF_HOST_ADD:
    case LF_HOST_SUBTRACT: return x + y;
    case LF_HOST_MULTIPLY: return x * y;
    case LF_HOST_DIVIDE: return x / y;
    case LF_HOST_SQRT: return (lf_reals)LF_ROOTS(x);
    }
    lf_reals product = x * y;
    if (plan->loses) {
        lf_whole_words m = (lf_whole_words)product & INT32_MAX;
        lf_whole_words beyond =
            m - (uint32_t)plan->constants.least > (uint32_t)plan->constants.span;
        found->unfit |= (lf_words)beyond & (x != 0) & (y != 0);
    }
    return lf_odd_sums(product, z);
}

/* Sums are exact in r's format iff r - x = y and r - y = x on the host. If r = x + y both hold
 * exactly. Otherwise let |x| >= |y|: x + y cannot have cancelled (it would be exact), so that r is
 * from |x| / 2 to 2 |x|, r - x has p + 2 bits at most, is exact on the host, and not y. They are
 * never tiny: below twice the lowest binade all sums are exact. An overflow to infinity differs
 * from both, and one to a finite number raises inexact as an overflow. */
LF_INLINE void lf_note_flags(const lf_arithmetic_plan *plan, lf_one_pass_findings *found,
                             const lf_one_pass_constants *c, lf_reals x, lf_reals y,
                             lf_reals result, lf_reals rounded, const int op)
{
    lf_words magnitude = (lf_words)result & INT32_MAX;
    found->largest = LF_WORDS(max_epi32, found->largest, magnitude);
    if (op <= LF_HOST_SUBTRACT) {
        found->lost |= (rounded - x != y) | (rounded - y != x);
        return;
    }
    lf_words lost = (lf_words)rounded ^ (lf_words)result;
    found->lost |= lost;
    found->tiny_lost |= lost & (magnitude < c->tiny_below);
    if (plan->loses && op == LF_HOST_MULTIPLY)
        found->unfit |= (result == 0) & (x != 0) & (y != 0);
    if (plan->loses && op == LF_HOST_DIVIDE)
        found->unfit |= (result == 0) & (x != 0);
}

/* The flags of what was found, into *flags; 0 if the piece must be computed again. */
LF_INLINE int lf_conclude(const lf_arithmetic_plan *plan, const lf_one_pass_findings *found,
                          uint32_t *flags, const int united)
{
    const lf_cast_plan *in = &plan->operands[0].plan, *out = &plan->result.plan;
    lf_words again = found->unfit;
    again |= (lf_words)(found->greatest > (uint16_t)in->max_code);
    again |= (lf_words)(found->total != found->total);
    again |= found->largest >= HOST_INFINITY;
    if (lf_any32(again != 0))
        return 0;
    if (!united || !out->want_flags || !flags)
        return 1;
    *flags |= lf_any32(found->lost != 0) ? LF_INEXACT : 0;
    *flags |= lf_any32(found->tiny_lost != 0) ? LF_UNDERFLOW : 0;
    *flags |= lf_any32(found->largest >= (int32_t)out->over_from) ? out->over_flags : 0;
    return 1;
}

LF_INLINE int lf_one_pass(const lf_arithmetic_plan *plan, const void *const codes[3], void *out,
                          uint32_t *flags, size_t n, const int kind, const int op, const int united)
{
    const lf_one_pass_constants constants =
        lf_one_pass_constants_of(&plan->operands[0].plan, &plan->result.plan, kind);
    const lf_one_pass_constants *c = &constants;
    const uint16_t *a = codes[0], *b = codes[1], *d = codes[2];
    const lf_words flip = LF_EACH(op == LF_HOST_SUBTRACT ? INT32_MIN : 0);
    lf_one_pass_findings found = {{0}, {0}, {0}, {0}, {0}, {0}};
    for (size_t i = 0; i < n; i += 2 * VECTOR_LANES) {
        lf_reals_pair x = lf_load_reals(c, a + i, &found.greatest, kind), y = {{0}, {0}}, z = y;
        if (op != LF_HOST_SQRT)
            y = lf_load_reals(c, b + i, &found.greatest, kind);
        if (op == LF_HOST_FMA)
            z = lf_load_reals(c, d + i, &found.greatest, kind);
        y.low = (lf_reals)((lf_words)y.low ^ flip);
        y.high = (lf_reals)((lf_words)y.high ^ flip);
        lf_reals_pair results = {lf_host_result(plan, &found, x.low, y.low, z.low, op),
                                 lf_host_result(plan, &found, x.high, y.high, z.high, op)};
        lf_reals_pair rounded = lf_store_reals(c, results, (uint16_t *)out + i, kind, united);
        if (united) {
            lf_note_flags(plan, &found, c, x.low, y.low, results.low, rounded.low, op);
            lf_note_flags(plan, &found, c, x.high, y.high, results.high, rounded.high, op);
        } else {
            found.total += results.low;
            found.total += results.high;
        }
    }
    return lf_conclude(plan, &found, flags, united);
}

#endif
#endif

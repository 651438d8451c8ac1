/* Codes by shape, as lowfloat/vectors/patterns.py and random_words.py make them. Included once per
 * instruction set; everything is branch-free, so that loops over cases become vectors. */
#ifndef LF_CASE_PATTERNS_H
#define LF_CASE_PATTERNS_H

#include "cases.h"
#include "lanes.h"

#define SPREAD 0xD1342543DE82EF95u
#define SALT 0x9E3779B97F4A7C15u

/* Runs `body` for every case i of a piece. Words, digits and codes do not overlap. */
#define FOR_CASES _Pragma("GCC ivdep") for (size_t i = 0; i < p->n; i++)
#define WORD(k) p->words[k][i]
#define DIGIT(k) p->digits[k][i]
#define OUT(k) p->out[k][i]

LF_INLINE int64_t max_of(int64_t x, int64_t y)
{
    return x > y ? x : y;
}

LF_INLINE int64_t min_of(int64_t x, int64_t y)
{
    return x < y ? x : y;
}

LF_INLINE int64_t clip(int64_t x, int64_t low, int64_t high)
{
    return min_of(max_of(x, low), high);
}

LF_INLINE uint64_t least_of(uint64_t x, uint64_t y)
{
    return x < y ? x : y;
}

LF_INLINE uint64_t most_of(uint64_t x, uint64_t y)
{
    return x > y ? x : y;
}

/* Codes as they are stored, of `bytes` bytes each. */
LF_INLINE void narrow(int bytes, const uint64_t *x, uint64_t *y, size_t n)
{
    lf_unaligned8 *y8 = (lf_unaligned8 *)y;
    lf_unaligned16 *y16 = (lf_unaligned16 *)y;
    lf_unaligned32 *y32 = (lf_unaligned32 *)y;
    for (size_t i = 0; bytes == 1 && i < n; i++)
        y8[i] = (uint8_t)x[i];
    for (size_t i = 0; bytes == 2 && i < n; i++)
        y16[i] = (uint16_t)x[i];
    for (size_t i = 0; bytes == 4 && i < n; i++)
        y32[i] = (uint32_t)x[i];
    for (size_t i = 0; bytes == 8 && i < n; i++)
        y[i] = x[i];
}

LF_INLINE uint64_t spread(uint64_t word, uint64_t salt)
{
    uint64_t mixed = (word ^ word >> 29) + salt * SALT;
    mixed *= SPREAD;
    return mixed ^ mixed >> 32;
}

/* bound is up to 2^31. */
LF_INLINE int64_t below(uint64_t word, uint64_t bound)
{
    return (int64_t)((word >> 32) * bound >> 32);
}

/* 2^n, n up to 63. GCC makes no vectors of shifted constants, so 1 is not one. */
LF_INLINE uint64_t bit(uint64_t n)
{
    return ((n >> 6) + 1) << n;
}

LF_INLINE uint64_t mask_of(int64_t bits) /* 0 to 63 */
{
    return bit((uint64_t)bits) - 1;
}

LF_INLINE uint64_t any_code(const lf_case_port *f, uint64_t word)
{
    return word & ~(uint64_t)0 >> (64 - f->width);
}

LF_INLINE uint64_t pick(const lf_code_list *list, uint64_t word)
{
    return list->codes[below(word, list->count)];
}

/* A number from 0 to span, of 64 bits: the high half of word (span + 1), by halves, which vectors
 * can multiply. */
LF_INLINE uint64_t up_to(uint64_t word, uint64_t span)
{
    const uint64_t half = 0xffffffff;
    uint64_t xh = word >> 32, xl = word & half, yh = span >> 32, yl = span & half;
    uint64_t middle = xh * yl + (xl * yl >> 32);
    uint64_t carried = xl * yh + (middle & half);
    uint64_t high = xh * yh + (middle >> 32) + (carried >> 32);
    return high + (word * span + word < word);
}

/* The same for a span below 2^31: two products in place of six. */
LF_INLINE uint64_t up_to_short(uint64_t word, uint64_t span)
{
    uint64_t high = word >> 32, low = word & 0xffffffff, bound = span + 1;
    return (high * bound + (low * bound >> 32)) >> 32;
}

LF_INLINE uint64_t draw(const lf_range_list *ranges, uint64_t index, uint64_t word, const int brief)
{
    uint64_t span = ranges->span[index];
    return ranges->low[index] + (brief ? up_to_short(word, span) : up_to(word, span));
}

/* Whether spans of a port's codes are below 2^31. */
LF_INLINE int is_brief(const lf_case_port *f)
{
    return f->width < 32;
}

/* All bits, or none: what branches would stand in the way of vectors is chosen by masks. */
LF_INLINE uint64_t all_if(uint64_t one_or_zero)
{
    return (uint64_t)-(int64_t)one_or_zero;
}

LF_INLINE uint64_t with_sign(const lf_case_port *f, uint64_t sign, uint64_t magnitude)
{
    return magnitude | (all_if(sign & 1) & f->sign_mask);
}

LF_INLINE uint64_t pack(const lf_case_port *f, uint64_t sign, int64_t exponent, uint64_t fraction)
{
    int64_t field = exponent + f->bias;
    int64_t lacking = clip(f->lowest - field, f->shortest, f->mantissa_bits + 1);
    uint64_t significand = (fraction | (uint64_t)1 << f->mantissa_bits) >> lacking;
    uint64_t normal = (uint64_t)clip(field, f->lowest, f->highest) << f->mantissa_bits;
    uint64_t code = lacking > 0 ? significand : normal | fraction;
    code = least_of(most_of(code, f->least), f->max_finite);
    return with_sign(f, sign, code);
}

LF_INLINE int64_t exponent_of(const lf_case_port *f, uint64_t code)
{
    int64_t field = (int64_t)((code & f->magnitude_mask) >> f->mantissa_bits);
    int64_t first = f->lowest ? f->lowest : 0;
    return max_of(field, first) - f->bias;
}

LF_INLINE uint64_t fraction_of(const lf_case_port *f, uint64_t code)
{
    return code & mask_of(f->mantissa_bits);
}

LF_INLINE int64_t exponents(const lf_case_port *f, uint64_t word, int64_t margin)
{
    int64_t room = f->emax - f->emin;
    margin = min_of(margin, room >> 1); /* of e0mY the room is -1 */
    return below(word, (uint64_t)max_of(room - 2 * margin, 0) + 1) + f->emin + margin;
}

/* An exponent from low to high, or low if that is above. */
LF_INLINE int64_t between(uint64_t word, int64_t low, int64_t high)
{
    return low + below(word, (uint64_t)max_of(high - low + 1, 1));
}

LF_INLINE uint64_t random_number(const lf_case_port *f, uint64_t word)
{
    return pack(f, word >> 63, exponents(f, spread(word, 1), 0), fraction_of(f, word));
}

#endif

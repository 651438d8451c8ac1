#include "wide.h"

#include <string.h>

/* Room above the greatest addend: for the carries of 2^63 of them, and one word for the last. */
#define CARRY_BITS 64

size_t lf_wide_words(int64_t lowest, int64_t highest)
{
    return (size_t)((highest - lowest + CARRY_BITS) / 64 + 3);
}

void lf_wide_init(lf_wide *w, uint64_t *memory, size_t words, int64_t lowest)
{
    *w = (lf_wide){.sums = {memory, memory + words},
                   .scratch = memory + 2 * words,
                   .words = words,
                   .lowest = lowest,
                   .low = words};
    memset(memory, 0, 3 * words * sizeof *memory);
}

void lf_wide_clear(lf_wide *w)
{
    if (w->low < w->high)
        for (int sign = 0; sign < 2; sign++)
            memset(w->sums[sign] + w->low, 0, (w->high - w->low) * sizeof *w->scratch);
    w->low = w->words;
    w->high = 0;
}

static int ctz128(lf_u128 x)
{
    return (uint64_t)x ? __builtin_ctzll((uint64_t)x) : 64 + __builtin_ctzll((uint64_t)(x >> 64));
}

void lf_wide_add(lf_wide *w, bool sign, lf_u128 integer, int64_t exponent)
{
    if (integer == 0)
        return;
    int zeros = ctz128(integer);
    integer >>= zeros;
    uint64_t shift = (uint64_t)(exponent + zeros - w->lowest);
    size_t word = shift / 64;
    int bit = shift % 64;
    uint64_t *sum = w->sums[sign];
    uint64_t parts[3] = {(uint64_t)(integer << bit), (uint64_t)(integer << bit >> 64),
                         bit ? (uint64_t)(integer >> (128 - bit)) : 0};
    uint64_t carry = 0;
    size_t at = word;
    for (int i = 0; i < 3 || carry; i++, at++) {
        lf_u128 total = (lf_u128)sum[at] + (i < 3 ? parts[i] : 0) + carry;
        sum[at] = (uint64_t)total;
        carry = (uint64_t)(total >> 64);
    }
    w->low = word < w->low ? word : w->low;
    w->high = at > w->high ? at : w->high;
}

void lf_wide_add_value(lf_wide *w, const lf_value *x)
{
    if (x->kind == LF_FINITE)
        lf_wide_add(w, x->sign, x->significand, (int64_t)x->exponent - 127);
}

/* |positive - negative| into the scratch; returns its sign. */
static bool difference(const lf_wide *w)
{
    size_t i = w->high;
    while (i > w->low && w->sums[0][i - 1] == w->sums[1][i - 1])
        i--;
    bool sign = i > w->low && w->sums[0][i - 1] < w->sums[1][i - 1];
    uint64_t borrow = 0;
    for (size_t k = w->low; k < w->high; k++) {
        lf_u128 d = (lf_u128)w->sums[sign][k] - w->sums[!sign][k] - borrow;
        w->scratch[k] = (uint64_t)d;
        borrow = (uint64_t)(d >> 64) & 1;
    }
    return sign;
}

/* Bits position .. position + 127 of the scratch, which is zero outside of low .. high - 1. */
static lf_u128 bits_at(const lf_wide *w, int64_t position)
{
    lf_u128 result = 0;
    int64_t word = position >> 6;
    int bit = (int)(position & 63);
    for (int i = 0; i < 3; i++) {
        int64_t k = word + i;
        if (k < (int64_t)w->low || k >= (int64_t)w->high)
            continue;
        int shift = 64 * i - bit;
        lf_u128 part = w->scratch[k];
        result |= shift < 0 ? part >> -shift : shift < 128 ? part << shift : 0;
    }
    return result;
}

/* Whether a bit below position is set. */
static bool any_below(const lf_wide *w, int64_t position)
{
    for (size_t k = w->low; k < w->high && (int64_t)k * 64 < position; k++) {
        int64_t kept = position - (int64_t)k * 64;
        uint64_t mask = kept >= 64 ? UINT64_MAX : ((uint64_t)1 << kept) - 1;
        if (w->scratch[k] & mask)
            return true;
    }
    return false;
}

static int64_t top_bit(const lf_wide *w)
{
    size_t k = w->high; /* below w->low where nothing was added */
    while (k > w->low && w->scratch[k - 1] == 0)
        k--;
    return k <= w->low ? -1 : (int64_t)k * 64 - 1 - __builtin_clzll(w->scratch[k - 1]);
}

lf_value lf_wide_value(lf_wide *w)
{
    bool sign = difference(w);
    int64_t top = top_bit(w);
    if (top < 0)
        return (lf_value){.kind = LF_ZERO};
    return (lf_value){.significand = bits_at(w, top - 127) | any_below(w, top - 127),
                      .exponent = (int32_t)(top + w->lowest),
                      .kind = LF_FINITE,
                      .sign = sign};
}

uint32_t lf_wide_move(lf_wide *from, lf_wide *to, int64_t grid, const lf_projection *rounding)
{
    bool sign = difference(from);
    if (top_bit(from) < 0)
        return 0;
    int64_t position = grid - from->lowest; /* of the first bit that stays */
    int64_t first = position > 0 ? position : 0;
    for (int64_t k = first / 64; k < (int64_t)from->high; k++) {
        uint64_t word = k < (int64_t)from->low ? 0 : from->scratch[k];
        if (k * 64 < first)
            word &= UINT64_MAX << (first - k * 64);
        lf_wide_add(to, sign, word, from->lowest + k * 64);
    }
    if (position <= 0)
        return 0;
    lf_u128 above = bits_at(from, position - 128) | any_below(from, position - 128);
    if (lf_rounds_away(rounding, above, bits_at(from, position) & 1, sign, 0))
        lf_wide_add(to, sign, 1, grid);
    return above ? LF_INEXACT : 0;
}

uint32_t lf_wide_add_cut(lf_wide *w, const lf_value *x, int64_t grid, const lf_projection *rounding)
{
    if (x->kind != LF_FINITE)
        return 0;
    int64_t drop = grid - ((int64_t)x->exponent - 127);
    if (drop <= 0) {
        lf_wide_add_value(w, x);
        return 0;
    }
    lf_u128 whole = drop < 128 ? x->significand >> drop : 0;
    lf_u128 above = drop < 128 ? x->significand << (128 - drop)
                    : drop - 128 > UINT32_MAX
                        ? 1
                        : lf_shift_jam(x->significand, (uint32_t)(drop - 128));
    whole += lf_rounds_away(rounding, above, whole & 1, x->sign, 0);
    lf_wide_add(w, x->sign, whole, grid);
    return above ? LF_INEXACT : 0;
}

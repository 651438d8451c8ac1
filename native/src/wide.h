/* Exact sums: fixed-point numbers as wide as the formats of the addends ask for. */
#ifndef LF_WIDE_H
#define LF_WIDE_H

#include "operations.h"

/* The positive and the negative addends are summed apart, so that carries seldom go far. Words are
 * of 64 bits, the lowest first; bit 0 of word 0 stands for 2^lowest. */
typedef struct lf_wide {
    uint64_t *sums[2]; /* by sign */
    uint64_t *scratch;
    size_t words;
    int64_t lowest;
    size_t low, high; /* words outside of low .. high - 1 are zero in both sums */
} lf_wide;

/* Words of each of the three arrays for addends that are multiples of 2^lowest below 2^highest. */
size_t lf_wide_words(int64_t lowest, int64_t highest);

void lf_wide_init(lf_wide *w, uint64_t *memory, size_t words, int64_t lowest);
void lf_wide_clear(lf_wide *w);

/* integer * 2^exponent, a multiple of 2^lowest. */
void lf_wide_add(lf_wide *w, bool sign, lf_u128 integer, int64_t exponent);

/* The sum; all bits below the first 128 are in bit 0. An exact zero is +0. */
lf_value lf_wide_value(lf_wide *w);

/* The sum, rounded to a multiple of 2^grid, into another. Returns LF_INEXACT or 0. */
uint32_t lf_wide_move(lf_wide *from, lf_wide *to, int64_t grid, const lf_projection *rounding);

/* A finite number or a zero, rounded to a multiple of 2^grid. Returns LF_INEXACT or 0. */
uint32_t lf_wide_add_cut(lf_wide *w, const lf_value *x, int64_t grid,
                         const lf_projection *rounding);

/* A finite number or a zero. */
void lf_wide_add_value(lf_wide *w, const lf_value *x);

#endif

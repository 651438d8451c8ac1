/* 2^40 log2|x| of binary32 numbers as integers, rounded to nearest. Internal.
 *
 * With x = 2^e m, 1 <= m < 2, and c the middle of m's sixteenth of [1, 2): q is 1/c to 24 bits,
 * r = m q - 1 is exact in binary64 (24 + 24 bits), and |r| < 0.0304. Then log2 m = -log2 q +
 * log2(1 + r), the first from a table in units of 2^-60, the second a polynomial of degree 11.
 *
 * Error bound, in log2 m: truncation below 0.0304^12 / 12 / ln 2 < 2^-63; the last two steps of
 * Horner's rule, r (c1 + r s): c1 is off by 2^-54, the sum by 2^-53, the inner part by 2^-57, all
 * times |r|, and the product by 2^-58: in all below 2^-56.5, with or without fused steps; the table
 * is off by 2^-61. So a log whose bits below 2^-40 are farther than LF_LOG_DOUBT = 2^-56 from 1/2
 * is rounded right; the others (one in 2^15) are computed again, exactly, by lf_log2_exact. */
#ifndef LF_LOGARITHM_H
#define LF_LOGARITHM_H

#include <stddef.h>
#include <stdint.h>

enum { LF_LOG_FRACTION = 20, LF_LOG_DOUBT = 16 }; /* bits below 2^-40; 2^-56 in units of 2^-60 */

/* 1/c to 24 bits, and round(-2^60 log2 q). */
extern const double lf_log_reciprocal[16];
extern const int64_t lf_log_table[16];
/* log2(e) (-1)^(k+1) / k times 2^60, for k = 1 to 11. */
extern const double lf_log_polynomial[11];

/* What the vectors use: log2 m = -log2 q + r P(r) in binary64, P of degree 7. The table is off by
 * 2^-54, the last sum by 2^-54, P by 2^-54.9, and its evaluation by |r| 2^-52.4 < 2^-57: in all
 * below LF_LOG_QUICK_DOUBT. Doubtful logs (one in 2^11) go to lf_log2_significand. */
#define LF_LOG_QUICK_DOUBT 0x1p-52
extern const double lf_log_quick[8];
extern const double lf_log_quick_table[16];

/* 2^40 log2(1 + significand / 2^23), 0 <= significand < 2^23, rounded to nearest. */
int64_t lf_log2_exact(uint32_t significand);

/* The same, by the table; without a certain result it asks lf_log2_exact. */
int64_t lf_log2_significand(uint32_t significand);

/* Sums over the numbers of an array; what lf_log2_statistics promises, for one thread's part. */
typedef struct lf_log_sums {
    uint64_t count;
    int64_t exponents;
    uint64_t fractions_high, fractions_low;
    uint32_t max_magnitude;
} lf_log_sums;

typedef void (*lf_log_kernel)(const uint32_t *x, size_t n, lf_log_sums *sums);

/* Thresholds of a codebook, arranged for a search of seven steps, and what it finds. Step k sets
 * bit k of `found`, which the steps after it use as it is: threshold i of level k, and result i,
 * stand at the reversed bits of i. */
typedef struct lf_search {
    uint32_t level[7][64]; /* level k has 2^k thresholds */
    uint32_t results[128];
    uint32_t infinity, infinity_sign, nan, sign, zero_sign;
} lf_search;

/* to_codes: out has one byte per element, and results are the places 0 to 127. to_values: out has
 * four bytes. */
typedef void (*lf_search_kernel)(const lf_search *s, const uint32_t *x, void *out, size_t n);

/* What one instruction set offers. */
typedef struct lf_logarithm_table {
    lf_log_kernel sums;
    lf_search_kernel to_codes, to_values;
} lf_logarithm_table;

#endif

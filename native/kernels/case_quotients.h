/* Classes of quotients and roots: lowfloat/vectors/hard_classes.py, and the tables of dividers. */
#ifndef LF_CASE_QUOTIENTS_H
#define LF_CASE_QUOTIENTS_H

#include "case_relations.h"

/* Fraction bits that lead to a row or a column of a quotient-selection table. */
enum { SRT_BITS = 5 };

static int srt(const lf_case_unit *u, lf_case_piece *p)
{
    const uint64_t has_sign = u->operation != LF_SQRT && u->operation != LF_RSQRT;
    for (int k = 0; k < u->ports; k++) {
        const lf_case_port f = u->port[k];
        const int64_t rest = max_of(f.mantissa_bits - SRT_BITS, 0);
        const uint64_t ones = mask_of(rest);
        FOR_CASES
        {
            uint64_t head = (uint64_t)DIGIT(k) >> 2, tail = (uint64_t)DIGIT(k) & 3;
            uint64_t bits = tail == 0 ? 0 : tail == 1 ? ones : tail == 2 ? 1 : WORD(k);
            uint64_t fraction = head << rest | (bits & ones);
            int64_t exponent = near_exponent(&f, WORD(0), WORD(k));
            OUT(k) = pack(&f, WORD(k) >> 63 & has_sign, exponent, fraction);
        }
    }
    return LF_OK;
}

/* How far a nonzero significand can be shifted up within `precision` bits. */
LF_INLINE int64_t shift_of(uint64_t significand, int64_t precision)
{
    return max_of(precision - 64 + __builtin_clzll(significand), 0);
}

LF_INLINE uint64_t normal(uint64_t significand, int64_t precision)
{
    return significand << shift_of(significand, precision) & mask_of(precision - 1);
}

/* An odd number of 1 to 63 bits. */
LF_INLINE uint64_t odd_of_length(uint64_t word, int64_t bits)
{
    uint64_t top = bit((uint64_t)bits - 1);
    return (word & (top - 1)) | top | 1;
}

/* -- quotients and roots that end early ------------------------------------------------------- */

static int short_roots(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port f = u->port[0];
    FOR_CASES
    {
        int64_t bits = min_of(DIGIT(0) + 1, (f.precision + 1) / 2);
        uint64_t root = odd_of_length(spread(WORD(0), 2), bits), square = root * root;
        int64_t shift = shift_of(square, f.precision + 1);
        int64_t even = exponents(&f, spread(WORD(0), 1), 1) >> 1 << 1;
        int64_t exponent = clip(even + f.precision - shift, f.emin, f.emax);
        OUT(0) = pack(&f, 0, exponent, normal(square, f.precision + 1) >> 1);
    }
    return LF_OK;
}

static int short_quotients(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port a = u->port[0], b = u->port[1];
    FOR_CASES
    {
        int64_t bits = DIGIT(0) + 1, rest = clip(a.precision - bits, 1, b.precision);
        uint64_t quotient = odd_of_length(spread(WORD(0), 2), bits);
        uint64_t divisor = odd_of_length(spread(WORD(1), 2), rest);
        uint64_t fraction = normal(quotient * divisor, a.precision + 1) >> 1;
        int64_t above = exponents(&a, spread(WORD(0), 1), 0);
        int64_t below_it = exponents(&b, spread(WORD(1), 1), 0);
        OUT(0) = pack(&a, (uint64_t)DIGIT(1), above, fraction);
        OUT(1) = pack(&b, WORD(1) >> 63, below_it, normal(divisor, b.precision));
    }
    return LF_OK;
}

static int b20(const lf_case_unit *u, lf_case_piece *p)
{
    return u->operation == LF_SQRT ? short_roots(u, p) : short_quotients(u, p);
}

/* -- division by zeros and infinities --------------------------------------------------------- */

static int b21(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port a = u->port[0], b = u->port[u->ports - 1];
    const int has_zero = a.format->zero != 0;
    const uint64_t infinity = b.infinity ? b.infinity : b.max_finite;
    FOR_CASES OUT(0) = draw(&a.specials, (uint64_t)DIGIT(0), WORD(0), 0);
    if (u->ports == 1)
        FOR_CASES
        {
            uint64_t zero = with_sign(&a, (uint64_t)DIGIT(1), 0);
            OUT(0) = has_zero && DIGIT(1) < 2 ? zero : OUT(0);
        }
    else
        FOR_CASES OUT(1) = with_sign(&b, (uint64_t)DIGIT(1), DIGIT(1) < 2 ? b.zero : infinity);
    return LF_OK;
}

/* -- near ties -------------------------------------------------------------------------------- */

/* a / b beside a midpoint m. The product m b has precision + 1 + b's precision bits, at most 62. */
static int near_quotient(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port a = u->port[0], b = u->port[1], r = u->result;
    const int64_t bits = r.precision + 1, pa = a.precision, pb = b.precision;
    const int64_t up = max_of(pa - pb, 0), down = max_of(pb - pa, 0);
    const uint64_t top = (uint64_t)1 << (pb - 1), sum = (uint64_t)1 << bits;
    FOR_CASES
    {
        uint64_t divisor = (WORD(1) & (top - 1)) | top | 1;
        uint64_t distance = 1 + 2 * (uint64_t)DIGIT(0);
        uint64_t m = distance * odd_inverse(divisor, 5) & (sum - 1);
        uint64_t above = all_if(m >> (bits - 1) & 1);
        m = (m & above) | ((sum - m) & ~above);
        int64_t product = (int64_t)(m * divisor + (distance ^ above) + (above & 1));
        uint64_t dividend = most_of((uint64_t)(product >> bits), 1);
        uint64_t fraction = normal(dividend, pb) << up >> down;
        int64_t quotient = exponents(&r, spread(WORD(0), 1), 1);
        int64_t low = max_of(b.emin, a.emin - quotient), high = min_of(b.emax, a.emax - quotient);
        int64_t exponent = between(spread(WORD(1), 1), low, high);
        OUT(0) = pack(&a, (uint64_t)DIGIT(1), quotient + exponent, fraction);
        OUT(1) = pack(&b, WORD(0) >> 63, exponent, divisor & (top - 1));
    }
    return LF_OK;
}

/* x beside the square of a midpoint m, which has at most 62 bits. */
static int near_root(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port f = u->port[0], r = u->result;
    const int64_t zeros = max_of(2 * r.precision + 2 - f.precision, 4 - f.precision % 2);
    const int64_t bits = min_of(zeros - 1, r.precision + 1);
    const int64_t half_span = max_of((f.emax - f.emin) / 2 - 2, 1), first = (f.emin + 2) >> 1;
    const uint64_t sum = (uint64_t)1 << bits, top = (uint64_t)1 << r.precision;
    FOR_CASES
    {
        uint64_t less = (spread(WORD(0), 3) >> 52) % 24;
        uint64_t c = 1 + 8 * ((uint64_t)DIGIT(0) + (spread(WORD(0), 2) >> 52 >> less));
        c = (WORD(0) >> 62 & 1) && c > 1 ? 2 - c : c;
        uint64_t root = 1; /* of c modulo 2^zeros */
        for (int64_t k = 3; k < zeros; k++)
            root += ((root * root ^ c) >> k & 1) << (k - 1);
        uint64_t m = root & (sum - 1);
        uint64_t free = (spread(WORD(0), 4) & (top - sum)) | top;
        m = sum > top ? m & top ? m : sum - m : m | free;
        uint64_t significand = most_of((uint64_t)((int64_t)(m * m - c) >> zeros), 1);
        int64_t half = below(spread(WORD(0), 1), (uint64_t)half_span) + first;
        int64_t exponent = 2 * half + 1 - shift_of(significand, f.precision);
        OUT(0) = pack(&f, 0, exponent, normal(significand, f.precision));
    }
    return LF_OK;
}

static int near_tie(const lf_case_unit *u, lf_case_piece *p)
{
    switch (u->operation) {
    case LF_ADD:
    case LF_SUBTRACT: return near_sum(u, p);
    case LF_MULTIPLY: return near_product(u, p);
    case LF_DIVIDE: return near_quotient(u, p);
    case LF_SQRT: return near_root(u, p);
    default: return near_fma(u, p);
    }
}

#endif

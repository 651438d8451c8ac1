/* Results as near to a tie as can be, or that end early: lowfloat/vectors/hard_classes.py. */
#ifndef LF_CASE_HARD_H
#define LF_CASE_HARD_H

#include "case_relations.h"

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

/* -- near ties -------------------------------------------------------------------------------- */

/* Half a last place, or its neighbours. */
LF_INLINE uint64_t tail_of(int64_t tail, uint64_t ones)
{
    return (tail == 0 ? 0 : tail == 1 ? 1 : ones) & ones;
}

static int near_sum(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port a = u->port[0], b = u->port[1];
    const int64_t precision = u->result.precision;
    const uint64_t ones = mask_of(b.mantissa_bits);
    FOR_CASES
    {
        uint64_t field = (fraction_of(&a, WORD(0)) & ~(uint64_t)1) | (uint64_t)DIGIT(2);
        int64_t exponent = exponents(&a, spread(WORD(0), 1), 0);
        int64_t half = exponent - precision - (DIGIT(0) == 2);
        OUT(0) = pack(&a, WORD(0) >> 63, exponent, field);
        OUT(1) = pack(&b, (uint64_t)DIGIT(1), half, tail_of(DIGIT(0), ones));
    }
    return LF_OK;
}

/* The inverse of an odd number in its low 3 2^rounds bits. */
LF_INLINE uint64_t odd_inverse(uint64_t x, const int rounds)
{
    uint64_t inverse = x;
#pragma GCC unroll 5
    for (int k = 0; k < rounds; k++)
        inverse *= 2 - x * inverse;
    return inverse;
}

/* Products have this many bits below the last place of a result, or one more; 0 if b is a power. */
static int64_t discarded_bits(const lf_case_unit *u)
{
    const int64_t pa = u->port[0].precision, pb = u->port[1].precision;
    return pb > 1 ? clip(pa + pb - 1 - u->result.precision, 1, pb - 1) : 0;
}

LF_INLINE void near_products(const lf_case_unit *u, lf_case_piece *p, const int rounds)
{
    const lf_case_port a = u->port[0], b = u->port[1], r = u->result;
    const int64_t pa = a.precision, pb = b.precision, discarded = discarded_bits(u);
    const uint64_t top_a = (uint64_t)1 << (pa - 1), top_b = (uint64_t)1 << (pb - 1);
    const uint64_t half = (uint64_t)1 << (discarded - 1);
    uint64_t zeros_of[128]; /* trailing zeros of the first factor of a tie */
    for (int64_t k = 0; k < 128; k++)
        zeros_of[k] = (uint64_t)min_of(k % discarded, pa - 1);
    FOR_CASES
    {
        uint64_t x = (WORD(0) & (top_a - 1)) | top_a, tie = all_if(DIGIT(0) == 0);
        uint64_t odd = x | 1, zeros = zeros_of[DIGIT(2)];
        uint64_t others = (uint64_t)(discarded - 1) - zeros;
        uint64_t tie_x = x >> zeros << zeros | bit(zeros) | top_a;
        uint64_t field = (WORD(1) & (top_b - 1)) | top_b;
        uint64_t tie_y = field >> others << others | bit(others);
        uint64_t wanted = half + (DIGIT(0) == 1 ? 1 : ~(uint64_t)0);
        uint64_t low = wanted * odd_inverse(odd, rounds) & mask_of(discarded);
        uint64_t near_y = field >> discarded << discarded | low | top_b;
        x = (tie_x & tie) | (odd & ~tie);
        uint64_t y = (tie_y & tie) | (near_y & ~tie);
        int64_t total = exponents(&r, spread(WORD(1), 1), 1);
        int64_t least = max_of(a.emin, total - b.emax), most = min_of(a.emax, total - b.emin);
        int64_t one = between(spread(WORD(0), 1), least, most);
        OUT(0) = pack(&a, (uint64_t)DIGIT(1), one, x & (top_a - 1));
        OUT(1) = pack(&b, WORD(1) >> 63, total - one, y & (top_b - 1));
    }
}

/* The second factor is a power of two. */
static void near_powers(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port a = u->port[0], b = u->port[1], r = u->result;
    FOR_CASES
    {
        int64_t total = exponents(&r, spread(WORD(1), 1), 1);
        int64_t least = max_of(a.emin, total - b.emax), most = min_of(a.emax, total - b.emin);
        int64_t one = between(spread(WORD(0), 1), least, most);
        OUT(0) = pack(&a, (uint64_t)DIGIT(1), one, fraction_of(&a, WORD(0)));
        OUT(1) = pack(&b, WORD(1) >> 63, total - one, 0);
    }
}

static int near_product(const lf_case_unit *u, lf_case_piece *p)
{
    const int64_t discarded = discarded_bits(u);
    if (discarded == 0)
        near_powers(u, p);
    else if (discarded <= 12)
        near_products(u, p, 2);
    else
        near_products(u, p, 5);
    return LF_OK;
}

static int near_fma(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port a = u->port[0], b = u->port[1], c = u->port[2];
    const int64_t precision = u->result.precision;
    const uint64_t ones = mask_of(b.mantissa_bits);
    near_product(u, p);
    FOR_CASES
    {
        uint64_t tiny = with_sign(&c, WORD(2) >> 62, c.min_positive);
        uint64_t addend = random_number(&c, WORD(2));
        int64_t half = exponent_of(&c, addend) - precision - (DIGIT(0) == 2);
        int64_t low = max_of(a.emin, half - b.emax);
        uint64_t power = pack(&a, (uint64_t)DIGIT(1), low, 0);
        uint64_t other = pack(&b, WORD(1) >> 63, half - low, tail_of(DIGIT(0), ones));
        int product = DIGIT(2) % 2 == 0;
        OUT(0) = product ? OUT(0) : power;
        OUT(1) = product ? OUT(1) : other;
        OUT(2) = product ? tiny : addend;
    }
    return LF_OK;
}

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

/* -- quotients and roots that end early ------------------------------------------------------- */

static int short_roots(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port f = u->port[0];
    FOR_CASES
    {
        int64_t bits = min_of(DIGIT(0) + 1, (f.precision + 1) / 2);
        uint64_t root = odd_of_length(spread(WORD(0), 2), bits), square = root * root;
        int64_t shift = shift_of(square, f.precision + 1);
        int64_t even = exponents(&f, spread(WORD(0), 1), 1) & ~(int64_t)1;
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

#endif

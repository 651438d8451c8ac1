/* Classes that choose each operand by itself: lowfloat/vectors/operand_classes.py. */
#ifndef LF_CASE_OPERANDS_H
#define LF_CASE_OPERANDS_H

#include "case_patterns.h"

static int random_codes(const lf_case_unit *u, lf_case_piece *p)
{
    for (int k = 0; k < u->ports; k++) {
        const uint64_t mask = ~(uint64_t)0 >> (64 - u->port[k].width);
        FOR_CASES OUT(k) = WORD(k) & mask;
    }
    return LF_OK;
}

/* TestFloat's mix of few or any exponents with sums of runs or any fractions. */
LF_INLINE uint64_t mixed(const lf_case_port *f, uint64_t word)
{
    const uint64_t mask = mask_of(f->mantissa_bits);
    uint64_t chosen = spread(word, 1), code = any_code(f, word);
    uint64_t few = pick(&f->fields, chosen), sum = pick(&f->sums, chosen << 32);
    uint64_t any = all_if(chosen >> 2 & 1);
    uint64_t fraction = ((chosen & 3) == 3 ? code : sum) & mask;
    return (code & ~mask & any) | (few & ~any) | fraction;
}

LF_INLINE uint64_t mixed_integer(const lf_case_port *f, uint64_t word)
{
    return any_code(f, word) >> below(spread(word, 1), (uint64_t)f->width);
}

LF_INLINE void weighted_integers(const lf_case_port *given, lf_case_piece *p, int k)
{
    const lf_case_port f = *given;
    FOR_CASES OUT(k) = mixed_integer(&f, WORD(k));
}

LF_INLINE void weighted_numbers(const lf_case_port *given, lf_case_piece *p, int k, const int brief)
{
    const lf_case_port f = *given;
    const uint64_t mask = mask_of(f.mantissa_bits), places = (uint64_t)max_of(f.mantissa_bits, 1);
    FOR_CASES
    {
        uint64_t word = WORD(k), chosen = spread(word, 1);
        uint64_t code = draw(&f.weighted, (uint64_t)below(chosen, f.weighted.count), word, brief);
        uint64_t walking = bit((uint64_t)below(spread(word, 2), places));
        uint64_t shape = pick(&f.shapes, chosen << 32);
        uint64_t fraction = (all_if(shape == 4) & word) | (all_if(shape >> 1 == 1) & walking);
        fraction ^= all_if(shape & 1);
        uint64_t shaped = (code & ~mask) | (fraction & mask);
        /* Zero less one is the largest number. */
        uint64_t old = (code & f.magnitude_mask) - 1, new = (shaped & f.magnitude_mask) - 1;
        OUT(k) = most_of(old, new) < f.max_finite ? shaped : code;
    }
}

static int weighted(const lf_case_unit *u, lf_case_piece *p)
{
    for (int k = 0; k < u->ports; k++)
        if (u->port[k].is_integer)
            weighted_integers(&u->port[k], p, k);
        else if (is_brief(&u->port[k]))
            weighted_numbers(&u->port[k], p, k, 1);
        else
            weighted_numbers(&u->port[k], p, k, 0);
    return LF_OK;
}

/* Both operands are computed and one is kept: a branch would be guessed wrong every other time. */
LF_INLINE int testfloat(const lf_case_unit *u, lf_case_piece *p, const int level)
{
    const uint64_t turns = u->turns[level];
    const int64_t *turn = p->digits[u->ports];
    for (int k = 0; k < u->ports; k++) {
        const lf_case_port f = u->port[k];
        const uint64_t *codes = f.directed[level].codes;
        if (f.is_integer)
            FOR_CASES OUT(k) = mixed_integer(&f, WORD(k));
        else
            FOR_CASES OUT(k) = mixed(&f, WORD(k));
        FOR_CASES
        {
            uint64_t directed = all_if(turns >> (3 * turn[i] + k) & 1);
            OUT(k) = (codes[DIGIT(k)] & directed) | (OUT(k) & ~directed);
        }
    }
    return LF_OK;
}

static int testfloat1(const lf_case_unit *u, lf_case_piece *p)
{
    return testfloat(u, p, 0);
}

static int testfloat2(const lf_case_unit *u, lf_case_piece *p)
{
    return testfloat(u, p, 1);
}

static int specials(const lf_case_unit *u, lf_case_piece *p)
{
    for (int k = 0; k < u->ports; k++) {
        const lf_range_list ranges = u->port[k].specials;
        if (is_brief(&u->port[k]))
            FOR_CASES OUT(k) = draw(&ranges, (uint64_t)DIGIT(k), WORD(k), 1);
        else
            FOR_CASES OUT(k) = draw(&ranges, (uint64_t)DIGIT(k), WORD(k), 0);
    }
    return LF_OK;
}

static int nans(const lf_case_unit *u, lf_case_piece *p)
{
    for (int k = 0; k < u->ports; k++) {
        const lf_case_port f = u->port[k];
        const uint64_t payloads = all_if(f.has_payloads != 0);
        uint64_t walking[64] = {0};
        for (int bit = 0; payloads && bit < 64; bit++)
            walking[bit] = f.infinity | (uint64_t)1 << bit % f.mantissa_bits;
        FOR_CASES
        {
            int64_t index = below(spread(WORD(k), 3), f.specials.count);
            uint64_t other = draw(&f.specials, (uint64_t)index, WORD(k), 0);
            uint64_t nan = with_sign(&f, (uint64_t)DIGIT(1), walking[DIGIT(2)]);
            uint64_t here = all_if(DIGIT(0) == k) & payloads;
            OUT(k) = (nan & here) | (other & ~here);
        }
    }
    return LF_OK;
}

/* All operands of one format. */
static int zero_signs(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port f = u->port[0];
    const int64_t *kind = p->digits[u->ports];
    const uint64_t one = pack(&f, 0, 0, 0);
    for (int k = 0; k < u->ports; k++) {
        /* x and y of x - y; or x, one and zero of x 1 + 0. Kind 0 has zeros in place of x. */
        const int fixed = u->ports == 3 && k;
        const uint64_t constant = k == 1 ? one : f.zero;
        for (size_t i = 0; fixed && i < p->n; i++)
            OUT(k) = constant;
        for (size_t i = 0; !fixed && i < p->n; i++) {
            uint64_t x = random_number(&f, WORD(0)) & f.magnitude_mask;
            OUT(k) = kind[i] == 0 ? f.zero : x;
        }
        FOR_CASES OUT(k) = with_sign(&f, (uint64_t)DIGIT(k), kind[i] == 2 ? f.zero : OUT(k));
    }
    return LF_OK;
}

/* Every other case has the operands' exponents within three of one another. */
LF_INLINE int64_t near_exponent(const lf_case_port *f, uint64_t first, uint64_t word)
{
    int64_t shared = exponents(f, spread(first, 1), 2);
    int64_t close = shared + below(spread(word, 4), 7) - 3;
    int64_t anywhere = exponents(f, spread(word, 5), 0);
    return first >> 40 & 1 ? anywhere : close;
}

LF_INLINE void with_fractions(const lf_case_port *given, lf_case_piece *p, int k,
                              const lf_code_list *given_list, const int drawn)
{
    const lf_case_port f = *given;
    const lf_code_list list = *given_list;
    FOR_CASES
    {
        uint64_t fraction = drawn ? pick(&list, spread(WORD(k), 2)) : list.codes[DIGIT(k)];
        OUT(k) = pack(&f, WORD(k) >> 63, near_exponent(&f, WORD(0), WORD(k)), fraction);
    }
}

static int significands(const lf_case_unit *u, lf_case_piece *p)
{
    for (int k = 0; k < u->ports; k++) {
        const lf_case_port *f = &u->port[k];
        if (f->is_integer)
            FOR_CASES OUT(k) = any_code(f, WORD(k));
        else if (k < 2)
            with_fractions(f, p, k, &f->significands, 0);
        else
            with_fractions(f, p, k, &f->significands, 1);
    }
    return LF_OK;
}

LF_INLINE void random_numbers(const lf_case_port *given, lf_case_piece *p, int k)
{
    const lf_case_port f = *given;
    FOR_CASES OUT(k) = random_number(&f, WORD(k));
}

static int booth(const lf_case_unit *u, lf_case_piece *p)
{
    for (int k = 0; k < u->ports; k++)
        if (k == 2)
            random_numbers(&u->port[k], p, k);
        else
            with_fractions(&u->port[k], p, k, &u->port[k].booth, 0);
    return LF_OK;
}

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

/* R of stochastic rounding, from the last word. */
static void random_bits(const lf_case_unit *u, lf_case_piece *p)
{
    const int width = u->random_width, last = u->words - 1;
    const uint64_t top = ~(uint64_t)0 >> (64 - width), half = (uint64_t)1 << (width - 1);
    FOR_CASES
    {
        uint64_t kind = spread(WORD(last), 11);
        int64_t end = below(kind, 4);
        uint64_t at_end = end == 0 ? 0 : end == 1 ? top : end == 2 ? half : top >> 1;
        p->random[i] = kind & 3 ? spread(WORD(last), 12) & top : at_end;
    }
}

#endif

/* Classes of conversions and of rounding to integers: lowfloat/vectors/conversion_classes.py. */
#ifndef LF_CASE_CONVERSIONS_H
#define LF_CASE_CONVERSIONS_H

#include "case_operands.h"

/* Every exponent from -2 on. */
static int b22(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port f = u->port[0];
    FOR_CASES OUT(0) = pack(&f, (uint64_t)DIGIT(1), DIGIT(0) - 2, fraction_of(&f, WORD(0)));
    return LF_OK;
}

static int b23(const lf_case_unit *u, lf_case_piece *p)
{
    FOR_CASES OUT(0) = u->limits.codes[DIGIT(0)];
    return LF_OK;
}

static int b24(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port f = u->port[0];
    FOR_CASES
    {
        uint64_t code = u->quarters.codes[DIGIT(0)];
        int64_t magnitude = (int64_t)(code & f.magnitude_mask) + DIGIT(1) - 1;
        OUT(0) = (uint64_t)clip(magnitude, 0, (int64_t)f.max_finite) | (code & f.sign_mask);
    }
    return LF_OK;
}

/* Integers of every length with every number of significant bits. */
static int b26(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port f = u->port[0];
    FOR_CASES
    {
        uint64_t top = bit((uint64_t)DIGIT(0)),
                 lowest = bit((uint64_t)max_of(DIGIT(0) - DIGIT(1), 0));
        uint64_t number = top | lowest | (WORD(0) & (top - 1) & ~(lowest - 1));
        OUT(0) = any_code(&f, DIGIT(2) == 1 ? -number : number);
    }
    return LF_OK;
}

/* A number of an exponent with the given bits after its binary point; the lowest bit of the word is
 * the last one of the integer. A sticky bit stands for random bits if `tail`, else for one. */
LF_INLINE uint64_t parts(const lf_case_port *f, int64_t exponent, uint64_t sign, int64_t guard,
                         int64_t sticky, uint64_t word, const int tail)
{
    uint64_t places = (uint64_t)clip(f->mantissa_bits - exponent, 0, f->mantissa_bits);
    uint64_t below_point = bit(places) - 1, rest = (below_point + 1) >> 2;
    uint64_t under = most_of(below_point >> 1, 1);
    uint64_t random_tail = (up_to(spread(word, 3), under - 1) + 1) & below_point >> 1;
    uint64_t small = tail ? rest ? random_tail : 0 : rest;
    uint64_t whole = word << places & mask_of(f->mantissa_bits);
    whole |= (guard == 1 ? (below_point + 1) >> 1 : 0) | (sticky == 1 ? small : 0);
    return pack(f, sign, exponent, whole);
}

static int b28(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port f = u->port[0];
    FOR_CASES
    {
        int64_t guard = DIGIT(1) >> 1, sticky = DIGIT(1) & 1;
        OUT(0) = parts(&f, DIGIT(0) - 2, (uint64_t)DIGIT(2), guard, sticky, WORD(0) >> 1, 0);
    }
    return LF_OK;
}

static int b29(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port f = u->port[0];
    FOR_CASES
    {
        uint64_t word = (WORD(0) & ~(uint64_t)1) | (uint64_t)DIGIT(2);
        OUT(0) = parts(&f, DIGIT(0) - 2, (uint64_t)DIGIT(1), DIGIT(3), DIGIT(4), word, 1);
    }
    return LF_OK;
}

#endif

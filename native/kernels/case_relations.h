/* Classes about how operands relate: lowfloat/vectors/relation_classes.py. */
#ifndef LF_CASE_RELATIONS_H
#define LF_CASE_RELATIONS_H

#include "case_operands.h"

/* The widest precision among operands and result. */
static int64_t precision_of(const lf_case_unit *u)
{
    int64_t widest = u->result.precision;
    for (int k = 0; k < u->ports; k++)
        widest = max_of(widest, u->port[k].precision);
    return widest;
}

LF_INLINE uint64_t fraction(const lf_case_port *f, uint64_t word, const int special)
{
    return special ? pick(&f->significands, spread(word, 2)) : fraction_of(f, word);
}

/* A third operand near the first one in size. */
static void rest(const lf_case_unit *u, lf_case_piece *p)
{
    if (u->ports < 3)
        return;
    const lf_case_port a = u->port[0], c = u->port[2];
    FOR_CASES
    {
        int64_t apart = below(spread(WORD(2), 7), (uint64_t)(2 * c.precision + 1)) - c.precision;
        OUT(2) = pack(&c, WORD(2) >> 63, exponent_of(&a, OUT(0)) + apart, fraction_of(&c, WORD(2)));
    }
}

LF_INLINE int aligned(const lf_case_unit *u, lf_case_piece *p, const int special)
{
    const lf_case_port a = u->port[0], b = u->port[1];
    const int64_t middle = precision_of(u) + 4;
    FOR_CASES
    {
        int64_t shift = DIGIT(0) - middle;
        int64_t low = max_of(a.emin, b.emin + shift), high = min_of(a.emax, b.emax + shift);
        int64_t exponent = between(spread(WORD(0), 1), low, high);
        uint64_t signs = (uint64_t)DIGIT(1);
        OUT(0) = pack(&a, signs, exponent, fraction(&a, WORD(0), special));
        OUT(1) = pack(&b, signs >> 1, exponent - shift, fraction(&b, WORD(1), special));
    }
    rest(u, p);
    return LF_OK;
}

static int b10(const lf_case_unit *u, lf_case_piece *p)
{
    return aligned(u, p, 0);
}

static int b11(const lf_case_unit *u, lf_case_piece *p)
{
    return aligned(u, p, 1);
}

/* A fraction of one format in the places of another. */
LF_INLINE uint64_t moved(uint64_t fraction, int64_t from, int64_t to)
{
    return fraction << max_of(to - from, 0) >> max_of(from - to, 0);
}

LF_INLINE int cancelling(const lf_case_unit *u, lf_case_piece *p, const int lowest)
{
    const lf_case_port a = u->port[0], b = u->port[1];
    const int same = a.format == b.format;
    const uint64_t flip = u->operation != LF_SUBTRACT;
    FOR_CASES
    {
        int64_t exponent = lowest ? a.emin + DIGIT(2) : exponents(&a, spread(WORD(0), 1), 0);
        uint64_t x = pack(&a, 0, exponent, fraction_of(&a, WORD(0)));
        uint64_t low = mask_of(min_of(DIGIT(0), a.width - 1));
        uint64_t y = least_of((x & ~low) | (WORD(1) & low), a.max_finite);
        uint64_t other = moved(fraction_of(&a, y), a.mantissa_bits, b.mantissa_bits);
        uint64_t sign = (uint64_t)DIGIT(1);
        OUT(0) = with_sign(&a, sign, x);
        OUT(1) = with_sign(&b, sign ^ flip, same ? y : pack(&b, 0, exponent_of(&a, y), other));
    }
    rest(u, p);
    return LF_OK;
}

static int b12(const lf_case_unit *u, lf_case_piece *p)
{
    return cancelling(u, p, 0);
}

static int b13(const lf_case_unit *u, lf_case_piece *p)
{
    return cancelling(u, p, 1);
}

/* Factors whose exponents add up to `total` where the formats allow. */
LF_INLINE void factors(const lf_case_port *a, const lf_case_port *b, lf_case_piece *p, size_t i,
                       int64_t total, const int special)
{
    int64_t low = max_of(a->emin, total - b->emax), high = min_of(a->emax, total - b->emin);
    int64_t one = between(spread(WORD(0), 1), low, high);
    OUT(0) = pack(a, WORD(0) >> 63, one, fraction(a, WORD(0), special));
    OUT(1) = pack(b, WORD(1) >> 63, total - one, fraction(b, WORD(1), special));
}

LF_INLINE int product_aligned(const lf_case_unit *u, lf_case_piece *p, const int special)
{
    const lf_case_port a = u->port[0], b = u->port[1], c = u->port[2];
    const int64_t middle = 2 * precision_of(u) + 1;
    FOR_CASES
    {
        int64_t shift = DIGIT(0) - middle;
        int64_t low = max_of(a.emin + b.emin, c.emin - shift);
        int64_t high = min_of(a.emax + b.emax, c.emax - shift);
        int64_t total = between(spread(WORD(2), 1), low, high);
        OUT(2) = pack(&c, (uint64_t)DIGIT(1), total + shift, fraction(&c, WORD(2), special));
        factors(&a, &b, p, i, total, special);
    }
    return LF_OK;
}

static int b14(const lf_case_unit *u, lf_case_piece *p)
{
    return product_aligned(u, p, 0);
}

static int b15(const lf_case_unit *u, lf_case_piece *p)
{
    return product_aligned(u, p, 1);
}

static int b18(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port a = u->port[0], b = u->port[1], c = u->port[2], r = u->result;
    const int64_t bottom = r.emin - r.precision / 2;
    FOR_CASES
    {
        int64_t top = DIGIT(0) ? bottom : r.emax, size = DIGIT(3);
        factors(&a, &b, p, i, top + DIGIT(1) - 4, 0);
        uint64_t sign = (WORD(0) ^ WORD(1)) >> 63 ^ (uint64_t)DIGIT(2);
        int64_t down = size == 0 ? 0 : size == 1 ? 1 : size == 2 ? r.precision : r.precision + 1;
        OUT(2) = pack(&c, sign, top - down, fraction(&c, WORD(2), 1));
    }
    return LF_OK;
}

static int b19(const lf_case_unit *u, lf_case_piece *p)
{
    const lf_case_port a = u->port[0], b = u->port[1];
    const uint64_t mask = mask_of(b.mantissa_bits), places = (uint64_t)max_of(b.mantissa_bits, 1);
    FOR_CASES
    {
        int64_t shared = exponents(&a, spread(WORD(0), 1), 0), how = DIGIT(1), which = DIGIT(2);
        uint64_t field = fraction_of(&a, WORD(0));
        uint64_t same = moved(field, a.mantissa_bits, b.mantissa_bits);
        uint64_t flipped = same ^ bit((uint64_t)below(spread(WORD(1), 2), places));
        uint64_t other = same + (which == 1) - (which == 2);
        uint64_t third = all_if(which == 3), last = all_if(which == 4);
        other = (other & ~(third | last)) | (flipped & third) | (WORD(1) & last);
        int64_t exponent = shared + (how == 2) - (how == 3);
        int64_t anywhere = exponents(&b, spread(WORD(1), 1), 0);
        exponent += (anywhere - exponent) & (int64_t)all_if(how == 4);
        uint64_t signs = (uint64_t)DIGIT(0);
        OUT(0) = pack(&a, signs, shared, field);
        OUT(1) = pack(&b, signs >> 1, exponent, other & mask);
    }
    rest(u, p);
    return LF_OK;
}

#endif

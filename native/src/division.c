#include "operations.h"

/* Quotients. Operands have at most 53 bits, at the top of their significands, so that the upper
 * 64 bits are all. */

/* The quotient of two finite nonzero numbers: the first 127 bits and one for the rest. */
static lf_value quotient(const lf_value *x, const lf_value *y)
{
    uint64_t divisor = (uint64_t)(y->significand >> 64), rest;
    /* x < 2 y as integers, so the quotient of x / 2 fits in 64 bits; it is 2^62 or more. */
    lf_u128 q = lf_divide_128(x->significand >> 1, divisor, &rest);
    q = q << 64 | lf_divide_128((lf_u128)rest << 64, divisor, &rest);
    return lf_with_significand(q | (rest != 0), x->exponent - y->exponent, x->sign != y->sign);
}

/* Rule A-7, of values that are not NaN. */
static lf_coded project_quotient(const lf_target *t, const lf_value *x, const lf_value *y,
                                 uint64_t random)
{
    bool sign = x->sign != y->sign;
    lf_value q = {.kind = LF_ZERO, .sign = sign};
    if (x->kind == LF_FINITE && y->kind == LF_FINITE)
        q = quotient(x, y);
    else if (x->kind == y->kind)
        return lf_invalid(t);
    else if (x->kind == LF_INFINITE)
        q.kind = LF_INFINITE;
    else if (y->kind == LF_ZERO)
        return lf_pole(t, sign);
    return lf_project(t, &q, random);
}

lf_coded lf_divide(const lf_target *t, lf_value x, lf_value y, uint64_t random)
{
    if (lf_any_nan(&x, &y))
        return lf_nan_operands(t, (lf_value[]){x, y}, 2);
    return project_quotient(t, &x, &y, random);
}

lf_coded lf_reciprocal(const lf_target *t, lf_value x, uint64_t random)
{
    if (x.kind == LF_NAN)
        return lf_nan_operands(t, &x, 1);
    lf_value one = lf_whole(1, false);
    return project_quotient(t, &one, &x, random);
}

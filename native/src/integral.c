#include "operations.h"

uint64_t lf_nearest_integer(const lf_projection *p, const lf_value *x, uint64_t random,
                            uint32_t *flags)
{
    if (x->kind == LF_ZERO)
        return 0;
    uint64_t whole = 0;
    lf_u128 above = 0;
    if (x->exponent >= 0) {
        whole = (uint64_t)(x->significand >> (127 - x->exponent));
        above = x->significand << (x->exponent + 1);
    } else {
        above = lf_shift_jam(x->significand, (uint32_t)(-1 - x->exponent));
    }
    *flags |= (above ? LF_INEXACT : 0) | lf_long_tail(p, above);
    return whole + lf_rounds_away(p, above, whole & 1, x->sign, random);
}

/* Rule I-1. A number of 2^53 or more is an integer. */
lf_coded lf_round_to_integral(const lf_target *t, lf_value x, bool exact, uint64_t random)
{
    if (x.kind == LF_NAN)
        return lf_nan_operands(t, &x, 1);
    uint32_t raised = 0;
    if (x.kind == LF_FINITE && x.exponent < 53) {
        uint64_t whole = lf_nearest_integer(&t->projection, &x, random, &raised);
        x = lf_whole(whole, x.sign);
    }
    lf_coded r = lf_project(t, &x, random);
    r.flags |= raised & (exact ? LF_INEXACT | LF_TAIL : LF_TAIL);
    return r;
}

/* Rule I-3. */
lf_coded lf_logb(const lf_target *t, lf_value x, uint64_t random)
{
    if (x.kind == LF_NAN)
        return lf_nan_operands(t, &x, 1);
    if (x.kind == LF_ZERO)
        return lf_pole(t, true);
    bool negative = x.kind == LF_FINITE && x.exponent < 0;
    if (x.kind == LF_FINITE)
        x = lf_whole((uint64_t)(negative ? -x.exponent : x.exponent), negative);
    x.sign = negative;
    return lf_project(t, &x, random);
}

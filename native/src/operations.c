#include "operations.h"

lf_value lf_first_nan(const lf_projection *p, lf_value x, lf_value y)
{
    bool second = p->nan_rule == LF_NAN_SIGNALING_FIRST && y.kind == LF_NAN && y.signaling &&
                  !(x.kind == LF_NAN && x.signaling);
    lf_value chosen = second || x.kind != LF_NAN ? y : x;
    chosen.signaling = false;
    return chosen;
}

lf_coded lf_nan_operands(const lf_target *t, const lf_value *values, int count)
{
    uint32_t raised = t->projection.quirks & LF_QUIRK_QUIET_NAN_INVALID ? LF_INVALID : 0;
    lf_value chosen = values[0];
    raised |= values[0].signaling ? LF_INVALID : 0;
    for (int i = 1; i < count; i++) {
        raised |= values[i].signaling ? LF_INVALID : 0;
        chosen = lf_first_nan(&t->projection, chosen, values[i]);
    }
    lf_coded r = lf_nan_result(t, &chosen);
    r.flags |= raised;
    return r;
}

lf_coded lf_invalid(const lf_target *t)
{
    lf_value nan = lf_default_nan(&t->projection);
    return (lf_coded){lf_nan_result(t, &nan).code, LF_INVALID};
}

lf_coded lf_pole(const lf_target *t, bool sign)
{
    lf_value infinity = {.kind = LF_INFINITE, .sign = sign};
    lf_coded r = lf_project(t, &infinity, 0);
    r.flags |= LF_DIVIDE_BY_ZERO;
    return r;
}

int lf_magnitude_order(const lf_value *x, const lf_value *y)
{
    /* Zeros, finite numbers and infinities, from the lowest. */
    static const int RANK[] = {[LF_FINITE] = 1, [LF_ZERO] = 0, [LF_INFINITE] = 2};
    int order = RANK[x->kind] - RANK[y->kind];
    if (order == 0 && x->kind == LF_FINITE) {
        order = (x->exponent > y->exponent) - (x->exponent < y->exponent);
        if (order == 0)
            order = (x->significand > y->significand) - (x->significand < y->significand);
    }
    return (order > 0) - (order < 0);
}

int lf_order(const lf_value *x, const lf_value *y)
{
    if (x->kind == LF_ZERO && y->kind == LF_ZERO)
        return 0;
    bool sign = x->kind == LF_ZERO ? y->sign : x->sign;
    if (y->kind != LF_ZERO && y->sign != sign)
        return sign ? -1 : 1;
    int order = lf_magnitude_order(x, y);
    return sign ? -order : order;
}

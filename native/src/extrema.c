#include "operations.h"

/* Rule K-4. -0 is below +0. */
static bool lesser_is_first(const lf_value *x, const lf_value *y)
{
    int order = lf_order(x, y);
    return order < 0 || (order == 0 && x->sign >= y->sign);
}

static const lf_value *pick(const lf_value *x, const lf_value *y, bool greater)
{
    return lesser_is_first(x, y) != greater ? x : y;
}

/* How an extremum compares, from the place of its operation after LF_MINIMUM. */
enum family { PLAIN, NUMBER, MAGNITUDE, MAGNITUDE_NUMBER, FINITE };

static const lf_value *choose(int family, bool greater, const lf_value *x, const lf_value *y)
{
    if (family == FINITE && (x->kind == LF_INFINITE) != (y->kind == LF_INFINITE))
        return x->kind == LF_INFINITE ? y : x;
    if (family == MAGNITUDE || family == MAGNITUDE_NUMBER) {
        int order = lf_magnitude_order(x, y);
        if (order != 0)
            return (order > 0) == greater ? x : y;
    }
    return pick(x, y, greater);
}

lf_coded lf_extremum(const lf_target *t, int operation, lf_value x, lf_value y, uint64_t random)
{
    int family = (operation - LF_MINIMUM) / 2;
    bool greater = (operation - LF_MINIMUM) % 2;
    bool numbers_win = family != PLAIN && family != MAGNITUDE;
    bool x_nan = x.kind == LF_NAN, y_nan = y.kind == LF_NAN;
    if (numbers_win ? x_nan && y_nan : x_nan || y_nan)
        return lf_nan_operands(t, (lf_value[]){x, y}, 2);
    const lf_value *chosen = x_nan ? &y : y_nan ? &x : choose(family, greater, &x, &y);
    lf_coded r = lf_project(t, chosen, random);
    r.flags |= x.signaling || y.signaling ? LF_INVALID : 0;
    return r;
}

lf_coded lf_clamp(const lf_target *t, lf_value x, lf_value low, lf_value high, uint64_t random)
{
    if (lf_any_nan(&x, &low) || high.kind == LF_NAN)
        return lf_nan_operands(t, (lf_value[]){x, low, high}, 3);
    if (lf_order(&low, &high) > 0)
        return lf_invalid(t);
    return lf_project(t, pick(pick(&x, &low, true), &high, false), random);
}

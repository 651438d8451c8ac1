/* Template, for lanes of LF_LANES bits: one operation on host numbers. */
#include "lanes.h"

#include "host_arithmetic.h"

#define MAGNITUDE(x) ((SIGNED_LANE)((x) & ~(LANE)0 >> 1))
#define SIGN_BIT ((LANE)1 << (LF_LANES - 1))

LF_INLINE HOST NAME(lf_host)(LANE bits)
{
    HOST x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

LF_INLINE LANE NAME(lf_bits)(HOST x)
{
    LANE bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

LF_INLINE HOST NAME(lf_sqrt)(HOST x)
{
    return LF_LANES == 32 ? (HOST)__builtin_sqrtf((float)x) : (HOST)__builtin_sqrt((double)x);
}

/* x + y rounded to odd (Boldo and Melquiond 2008): if the sum s is not exact, its neighbour toward
 * zero, with the last bit set. The error e of s is what TwoSum leaves (Knuth), exactly, unless s
 * overflows; then e is a NaN and s stays infinite. */
LF_INLINE LANE NAME(lf_odd_sum)(HOST x, HOST y)
{
    HOST s = x + y;
    HOST t = s - x;
    HOST e = (x - (s - t)) + (y - t);
    LANE bits = NAME(lf_bits)(s);
    LANE inexact = e < 0 || e > 0 ? ~(LANE)0 : 0;
    LANE above = (LANE)((SIGNED_LANE)(NAME(lf_bits)(e) ^ bits) >> (LF_LANES - 1)) & inexact;
    return (bits + above) | (inexact & 1);
}

/* The least magnitude instead of a zero that is not one, with the bits of a quotient or product. */
LF_INLINE LANE NAME(lf_not_zero)(LANE result, int exact)
{
    return MAGNITUDE(result) == 0 && !exact ? result | 1 : result;
}

/* Whether a NaN's first bit of fraction is not set. */
LF_INLINE int NAME(lf_signals)(SIGNED_LANE magnitude)
{
    const LANE quiet = (LANE)1 << (FRACTION - 1);
    return (LANE)magnitude - HOST_INFINITY - 1 < quiet - 1;
}

/* What call invalid or a division by zero, from operands and result. An infinity that is
 * none by overflow gets the mark that cast kernels know (infinite_at); one by overflow, counted in
 * *over, stays, and rounds as the power of two beyond the host's range. */
LF_INLINE LANE NAME(lf_special)(const lf_operate_plan *p, LANE x, LANE y, LANE z, LANE result,
                                uint8_t *flags, LANE *over, const int op, const int arity)
{
    SIGNED_LANE a = MAGNITUDE(x), b = arity > 1 ? MAGNITUDE(y) : 0,
                c = arity > 2 ? MAGNITUDE(z) : 0;
    int nan = (a > HOST_INFINITY) | (b > HOST_INFINITY);
    int infinite = (a == HOST_INFINITY) | (b == HOST_INFINITY) | (c == HOST_INFINITY);
    int raised = MAGNITUDE(result) > HOST_INFINITY && !nan && !(c > HOST_INFINITY) ? LF_INVALID : 0;
    if (op == LF_HOST_FMA) { /* zero times infinity, plus NaN */
        int product = (a == 0 && b == HOST_INFINITY) | (b == 0 && a == HOST_INFINITY);
        raised = product && !(c > HOST_INFINITY && p->fma_nan_silent) ? LF_INVALID : raised;
    }
    int pole = (op == LF_HOST_DIVIDE) & (b == 0) & (a != 0) & (a < HOST_INFINITY);
    raised = pole ? LF_DIVIDE_BY_ZERO : raised;
    int signals = NAME(lf_signals)(a) | NAME(lf_signals)(b) | NAME(lf_signals)(c);
    *flags = (uint8_t)(signals ? LF_INVALID : raised);
    int large = MAGNITUDE(result) == HOST_INFINITY, exact = infinite | pole;
    *over |= large & !exact;
    return result + (large & exact);
}

LF_INLINE uint64_t NAME(lf_operate)(const lf_operate_plan *plan, const void *x, const void *y,
                                    const void *z, void *out, uint8_t *flags, size_t n,
                                    const int op, const int care)
{
    const lf_operate_plan constants = *plan; /* which stores cannot change */
    const lf_operate_plan *p = &constants;
    const int arity = op == LF_HOST_SQRT ? 1 : op == LF_HOST_FMA ? 3 : 2;
    const LANE *a = x, *b = y, *c = z;
    const LANE flip = care == LF_CARE_NEAREST ? 0 : (LANE)p->flip;
    LANE *r = out;
    SIGNED_LANE largest = 0;
    LANE unfit = 0, over = 0;
#pragma GCC ivdep
    for (size_t i = 0; i < n; i++) {
        LANE result, xi = a[i], yi = arity > 1 ? b[i] : 0, zi = arity > 2 ? c[i] : 0;
        HOST u = NAME(lf_host)(xi), v = NAME(lf_host)(yi);
        if (op == LF_HOST_ADD || op == LF_HOST_SUBTRACT) {
            LANE negate = op == LF_HOST_SUBTRACT ? SIGN_BIT : 0;
            u = NAME(lf_host)(xi ^ flip), v = NAME(lf_host)(yi ^ flip ^ negate);
            result = care == LF_CARE_NEAREST ? NAME(lf_bits)(u + v) : NAME(lf_odd_sum)(u, v) ^ flip;
        } else if (op == LF_HOST_MULTIPLY) {
            result = NAME(lf_bits)(u * v);
            if (care != LF_CARE_NEAREST)
                result = NAME(lf_not_zero)(result, (MAGNITUDE(xi) == 0) | (MAGNITUDE(yi) == 0));
        } else if (op == LF_HOST_DIVIDE) {
            result = NAME(lf_bits)(u / v);
            if (care != LF_CARE_NEAREST)
                result = NAME(lf_not_zero)(result,
                                           (MAGNITUDE(xi) == 0) | (MAGNITUDE(yi) == HOST_INFINITY));
        } else if (op == LF_HOST_SQRT) {
            result = NAME(lf_bits)(NAME(lf_sqrt)(u));
        } else {
            LANE product = NAME(lf_bits)(u * v);
            SIGNED_LANE m = MAGNITUDE(product);
            int zero = (MAGNITUDE(xi) == 0) | (MAGNITUDE(yi) == 0);
            unfit |= (LANE)m - (LANE)p->least > (LANE)p->span && !zero ? 1 : 0;
            result =
                NAME(lf_odd_sum)(NAME(lf_host)(product ^ flip), NAME(lf_host)(zi ^ flip)) ^ flip;
        }
        if (care == LF_CARE_FULL)
            result = NAME(lf_special)(p, xi, yi, zi, result, &flags[i], &over, op, arity);
        else if (care == LF_CARE_ODD)
            largest = MAGNITUDE(result) > largest ? MAGNITUDE(result) : largest;
        r[i] = result;
    }
    return unfit || (over && p->over_unfit) ? UINT64_MAX : (uint64_t)largest;
}

#undef MAGNITUDE
#undef SIGN_BIT

/* Template: one step of a rounded sum on whole vectors. Why the bits are right.
 *
 * x is the host's a b + c, rounded once to W bits (24 or 53), and p the accumulator's precision.
 *
 * 1. Rounding in two operations (nearest). With k = W - p, y = RN((2^k - 1) x) and r = 2^k x - y,
 * the latter exact, r is x rounded to p bits, ties to even, if 2 p + 2 <= W: y is a multiple of its
 * last place, which is that of 2^k x where both lie in one binade; so is r, and it is off x by the
 * error of y, at most half of it: r is the nearest. In a tie the last k bits of x are 100...0, k >=
 * 2, so 2^k x is an even multiple of that place; y is even, hence r. Otherwise x = 2^e (1 + d) with
 * 0 <= d < 2^-k (1 + 2^(1-k)), and y lies one binade below, where places are half as wide. Then r
 * is a multiple of 2^(k-W) 2^e, the nearest to x; since d < 2^(k-W-1) for 2k >= W + 2, that is 2^e,
 * as it should be. 2^k x must not overflow.
 *
 * In three operations: y = RN((2^k + 1) x), r = y + RN(x - y), for k >= 1 (Veltkamp; ties: here).
 * Let x = 2^k X + s, an integer of W bits with 0 <= s < 2^k; then y = 2^k Y. y - x = 2^k (Y - X) -
 * s is from 2^(W-1+k) to 2^(W+k), where host numbers are 2^k apart, so its rounding is 2^k (Y - X -
 * u) and r = 2^k (X + u), where u is 0 or 1 as s is below or above half of 2^k. In a tie Y - X - u
 * is even; Y is even, since y was a tie as well, or lies in the binade above, where places are
 * twice as wide; so X + u is even. (2^k + 1) x must not overflow. tests/accumulators checks both
 * forms for every significand.
 *
 * 2. Two roundings are one (nearest). Let a b have q bits and c be a number of the accumulator,
 * whose smallest positive number is 2^u and whose greatest is below 2^(E+1). Rounding a b + c to W
 * bits, then to p bits or to a multiple of 2^u, equals rounding once, if (A) p + q <= W - 1, and
 * (B) q <= p and 2 p <= W - 1, or E + 1 - u <= W - 1. It can go wrong only where the first rounding
 * meets a midpoint of the second: the sum is at most half of its last of W places off a midpoint,
 * but not on it. The greater addend is then a multiple of the midpoints' unit, and the smaller one
 * has bits from there down to below the W places: W - p + 1 bits or more, against (A) if it is a b,
 * against (B) if it is c; or the greater addend is the midpoint itself, which a number of the
 * accumulator is not, nor a b if q <= p, and otherwise c would lie below 2^u by E + 1 - u <= W - 1.
 * Directed roundings compose without conditions.
 *
 * 3. No subnormals (nearest, truncate, stochastic). If a b is a multiple of 2^u, so are all sums;
 * one below the smallest normal number has fewer than p bits and no rounding moves it. No sum is -0
 * unless c was: exact zeros are +0 in these directions.
 *
 * A product that is rounded first is a multiple of its format's smallest number, which an
 * accumulator has.
 *
 * 4. No overflow. After n steps |sum| <= (|c| + n m) (1 + 2^(1-p))^n, where m bounds |a b|; the
 * caller compares this with the largest number before it runs n steps without looking.
 *
 * 5. Checked. With t = 2^e of the sign of x, e the exponent of x or the lowest, adding t 2^k leaves
 * the places of p bits, or of subnormals, rounded as the control word says; t 2^k is even, so ties
 * go to even. To nearest even 1.5 |t| 2^k does the same for both signs of x, if k >= 2: the sum
 * stays in one binade. The sign of a zero is that of x (A-2 by the host, P-10). Overflows,
 * infinities and NaNs are replaced afterwards; where t 2^k overflows, x is scaled down first.
 *
 * 6. Random bits (stochastic). Under a control word toward zero x has its first W bits, of which p
 * + N <= W decide (P-6 A: floor(nu 2^N)); R is added at the N places below the last of p and the
 * rest cut off.
 *
 * 7. Spread. Where (B) fails, sums are still exact in W bits, and (B) not needed, while all
 * products so far are multiples of some 2^v and |sums| <= 2^(W + v).
 *
 * 8. Odd. Otherwise the error of the sum (Knuth's two-sum) tells whether it is inexact and where
 * from; the neighbour with an odd last bit replaces it, and a second rounding to p <= W - 2 bits is
 * innocuous (Boldo and Melquiond 2008).
 */

/* Adds t 2^k and takes it off again. */
LF_INLINE VECTOR NAME(lf_cut)(VECTOR t, VECTOR power, VECTOR x)
{
    return NAME(lf_fnmadd)(t, power, NAME(lf_fma)(t, power, x));
}

/* 2^e of x with its sign, and no less than the smallest normal number. */
LF_INLINE VECTOR NAME(lf_binade)(VECTOR x, VECTOR smallest)
{
#if defined(__AVX512F__)
    return (VECTOR)INTRINSIC(range)((VECTOR)((WORDS)x & (HOST_SIGN | HOST_EXPONENT)), smallest, 3);
#else
    VECTOR m = NAME(lf_greater)((VECTOR)((WORDS)x & HOST_EXPONENT), smallest);
    return (VECTOR)((WORDS)m | ((WORDS)x & HOST_SIGN));
#endif
}

/* x rounded where it is beyond the grid's reach; r elsewhere, and there too unless 2^k x overflows.
 */
static __attribute__((noinline)) VECTOR NAME(lf_mend)(const lf_grid *g, VECTOR x, VECTOR r)
{
    WORDS good = (WORDS)(NAME(lf_magnitude)(x) <= EACH(g->reach));
    VECTOR up = r;
    VECTOR limit = EACH(g->largest);
    if (g->scale != 1) {
        VECTOR y = x * EACH(g->scale);
        VECTOR t = (VECTOR)((WORDS)y & (HOST_SIGN | HOST_EXPONENT));
        up = NAME(lf_cut)(t, EACH(g->power), y);
        limit *= EACH(g->scale);
    }
    /* Beyond twice the largest, t 2^k may overflow after all. */
    WORDS over = (WORDS)(NAME(lf_magnitude)(up) > limit) |
                 (WORDS)(NAME(lf_magnitude)(x) > EACH(2 * g->largest));
    WORDS negative = (WORDS)x >> (LF_LANES - 1);
    VECTOR mended = NAME(lf_choose)(negative, EACH(g->over[1]), EACH(g->over[0]));
    if (g->scale != 1)
        up *= EACH(1 / g->scale);
    mended = NAME(lf_choose)(over, mended, up);
    VECTOR beyond = NAME(lf_choose)(negative, EACH(g->beyond[1]), EACH(g->beyond[0]));
    WORDS magnitude = (WORDS)x & ~HOST_SIGN;
    mended = NAME(lf_choose)((WORDS)(magnitude == HOST_EXPONENT), beyond, mended);
    mended = NAME(lf_choose)((WORDS)(magnitude > HOST_EXPONENT), x, mended);
    return NAME(lf_choose)(good, r, mended);
}

LF_INLINE VECTOR NAME(lf_signed_as)(VECTOR r, VECTOR x)
{
    return (VECTOR)(((WORDS)r & ~HOST_SIGN) | ((WORDS)x & HOST_SIGN));
}

LF_INLINE VECTOR NAME(lf_settle)(const lf_grid *g, VECTOR x, VECTOR r)
{
    r = NAME(lf_signed_as)(r, x);
    WORDS good = (WORDS)(NAME(lf_magnitude)(x) <= EACH(g->reach));
    return NAME(lf_any)(~good) ? NAME(lf_mend)(g, x, r) : r;
}

/* Subnormals included, but no overflow; the sign of a zero may be lost. */
LF_INLINE VECTOR NAME(lf_fitted)(const lf_grid *g, VECTOR x)
{
    return NAME(lf_cut)(NAME(lf_binade)(x, EACH(g->smallest)), EACH(g->power), x);
}

LF_INLINE VECTOR NAME(lf_bounded)(const lf_grid *g, VECTOR x)
{
    return NAME(lf_signed_as)(NAME(lf_fitted)(g, x), x);
}

LF_INLINE VECTOR NAME(lf_checked)(const lf_grid *g, VECTOR x)
{
    return NAME(lf_settle)(g, x, NAME(lf_fitted)(g, x));
}

/* The same, to nearest even, for k >= 2. */
LF_INLINE VECTOR NAME(lf_fitted_nearest)(const lf_grid *g, VECTOR x)
{
#if defined(__AVX512F__)
    return NAME(lf_fitted)(g, x);
#else
    VECTOR t = NAME(lf_greater)((VECTOR)((WORDS)x & HOST_EXPONENT), EACH(g->smallest));
    return NAME(lf_cut)(t, EACH(1.5 * g->power), x);
#endif
}

/* Additions of at most 256 bits have ports of their own: every other column uses them. */
LF_INLINE VECTOR NAME(lf_nearest)(const lf_grid *g, VECTOR x, const int column)
{
    if (column % 2 == 0 || LF_VECTOR_BYTES > 32)
        return NAME(lf_fmsub)(x, EACH(g->power), x * EACH(g->power - 1));
    VECTOR y = x * EACH(g->power + 1);
    return y + (x - y);
}

LF_INLINE VECTOR NAME(lf_truncated)(const lf_grid *g, VECTOR x)
{
    return (VECTOR)((WORDS)x & (SIGNED_LANE)g->kept);
}

/* a b + c rounded to odd; a b is exact. */
LF_INLINE VECTOR NAME(lf_odd_sum)(VECTOR product, VECTOR c)
{
    VECTOR s = product + c;
    VECTOR part = s - c;
    VECTOR error = (c - (s - part)) + (product - part);
    WORDS lost = (WORDS)(error != EACH(0));
    lost &= (WORDS)(NAME(lf_magnitude)(s) < EACH(INFINITY));
    WORDS beyond = ((WORDS)error ^ (WORDS)s) >> (LF_LANES - 1); /* the sum lies nearer to zero */
    return (VECTOR)(((WORDS)s + (lost & beyond)) | (lost & 1));
}

/* Adds R, in the N places below the last of p; `r` has it at the bottom of these places. */
LF_INLINE VECTOR NAME(lf_random_checked)(const lf_grid *g, int n, VECTOR x, WORDS r)
{
    const HOST unit = (HOST)1 / (HOST)((int64_t)1 << n);
    VECTOR t = NAME(lf_binade)(x, EACH(g->smallest));
    VECTOR power = EACH(g->power);
    VECTOR cut = NAME(lf_cut)(t, power * unit, x);
    /* The last place of p bits is 2^k t 2^(1-W). */
    HOST place = (HOST)g->power * ((HOST)2 / (HOST)((int64_t)1 << (FRACTION + 1)));
    VECTOR added = __builtin_convertvector(r, VECTOR) * (t * (place * unit));
    return NAME(lf_settle)(g, x, NAME(lf_cut)(t, power, cut + added));
}

/* `column` is that of the vector in its tile. */
LF_INLINE VECTOR NAME(lf_stepped)(const lf_step *p, const int kind, const int column, VECTOR a,
                                  VECTOR b, VECTOR c)
{
    switch (kind) {
    case LF_STEP_HOST: return NAME(lf_fma)(a, b, c);
    case LF_STEP_NEAREST: return NAME(lf_nearest)(&p->sum, NAME(lf_fma)(a, b, c), column);
    case LF_STEP_TRUNCATE: return NAME(lf_truncated)(&p->sum, NAME(lf_fma)(a, b, c));
    case LF_STEP_PRODUCT_NEAREST:
        return NAME(lf_nearest)(&p->sum, NAME(lf_fitted_nearest)(&p->product, a * b) + c, column);
    case LF_STEP_PRODUCT_TRUNCATE:
        return NAME(lf_truncated)(&p->sum, NAME(lf_fitted)(&p->product, a * b) + c);
    case LF_STEP_BOUNDED: return NAME(lf_bounded)(&p->sum, NAME(lf_fma)(a, b, c));
    case LF_STEP_PRODUCT_BOUNDED:
        return NAME(lf_bounded)(&p->sum, NAME(lf_bounded)(&p->product, a * b) + c);
    case LF_STEP_ODD_BOUNDED: return NAME(lf_bounded)(&p->sum, NAME(lf_odd_sum)(a * b, c));
    case LF_STEP_CHECKED: return NAME(lf_checked)(&p->sum, NAME(lf_fma)(a, b, c));
    case LF_STEP_PRODUCT_CHECKED:
        return NAME(lf_checked)(&p->sum, NAME(lf_checked)(&p->product, a * b) + c);
    default: return NAME(lf_checked)(&p->sum, NAME(lf_odd_sum)(a * b, c));
    }
}

/* A step of a stochastic sum; `r` has the N bits where they are added, or where sums are checked at
 * the bottom. */
LF_INLINE VECTOR NAME(lf_stepped_random)(const lf_step *p, const int kind, int n, VECTOR a,
                                         VECTOR b, VECTOR c, WORDS r)
{
    VECTOR x = NAME(lf_fma)(a, b, c);
    if (kind == LF_STEP_STOCHASTIC)
        return (VECTOR)(((WORDS)x + r) & (SIGNED_LANE)p->sum.kept);
    return NAME(lf_random_checked)(&p->sum, n, x, r);
}

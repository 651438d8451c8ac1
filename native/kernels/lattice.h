/* Template, for lanes of LF_LANES bits: host numbers to codes or to numbers of a grid.
 *
 * A magnitude becomes w / 2^s, in units of the code lattice of rule P-2. Let m be the host's
 * magnitude bits, c its exponent field clamped to 1 .. low_field (the host's field of the target's
 * lowest binade), and
 *
 *     w = m - c 2^F + lattice_add,    s = drop_base - c,    drop_base = F - M + low_field.
 *
 * In the target's normal range c = low_field, so that s = F - M >= 1 and w is m with the exponent
 * rebased: w >> s is the code. Below it c is the host's own field, so that w is the significand
 * and w >> s the subnormal code, as long as low_field >= 1 (field 0 of the host then has the step
 * of field 1).
 *
 * Every rounding adds t 2^(s - L), rounded down, where L = LF_LANES and t / 2^L is the threshold
 * in [0, 1): away from zero iff nu + t / 2^L >= 1.
 *
 *     toward_zero 0       away_from_zero 1-     to_odd 1- if even, 0 if odd
 *     nearest_away 1/2    nearest_zero 1/2-     nearest_even 1/2- if even, 1/2 if odd
 *     stochastic, with r = R / 2^N and e = 2^-N:
 *         A: r            B: r + e/2            C: r + e/2- if even, r + e/2 if odd
 *
 * where x- is x - 2^-L, so that an odd code adds 2^-L, modulo 1. "Odd" is the parity of w at bit s
 * - N, that of floor(nu 2^N) in C; if s <= N the part of t that depends on it is shifted out. So
 * nearest_even is C, nearest_away B and toward_zero A with N = 0. Discarding the bits of t below
 * 2^(L - s) changes nothing, since nu is a multiple of 2^-s.
 *
 * s is clamped to L - 1. Then w < 2^(F + 1), so that nu < 2^(F + 2 - L) < 1/2: deterministic
 * roundings see the same as below any larger s. Stochastic ones shift w by the excess, keeping
 * the union of the lost bits in bit 0; this is exact if that bit is below every bit that B and C
 * look at, N + 1 <= L - 2. No sum reaches 2^L: t 2^(s - L) < 2^s, and w < 2^(L - 1).
 */

LF_INLINE LANE NAME(lf_pick)(LANE value, LANE flip, LANE negative)
{
    return value ^ (flip & negative);
}

/* A code's magnitude as a host number: shifted and rebased, or, below low_codes, by an exact
 * subtraction. For subnormals low_add makes the hidden bit that low_subtract takes away. */
LF_INLINE LANE NAME(lf_widen)(const lf_cast_plan *p, LANE code)
{
    LANE normal = (code << p->code_shift) + (LANE)p->code_base;
    LANE low = normal + (LANE)p->low_add;
    LANE subtract = (LANE)p->low_subtract;
    HOST x, y;
    memcpy(&x, &low, sizeof x);
    memcpy(&y, &subtract, sizeof y);
    x -= y;
    memcpy(&low, &x, sizeof x);
    return (SIGNED_LANE)code < (SIGNED_LANE)p->low_codes ? low : normal;
}

LF_INLINE void NAME(lf_store)(void *out, int target, int i, LANE value)
{
    if (target == LF_CODES8)
        ((lf_unaligned8 *)out)[i] = (uint8_t)value;
    else if (target == LF_CODES16)
        ((lf_unaligned16 *)out)[i] = (uint16_t)value;
    else if (target == LF_CODES32)
        ((lf_unaligned32 *)out)[i] = (uint32_t)value;
    else
        ((UNALIGNED *)out)[i] = value;
}

/* A magnitude as w / 2^s on the lattice. */
typedef struct NAME(lf_point) {
    LANE w;
    SIGNED_LANE s;
    LANE exact; /* w before its shift by the excess */
} NAME(lf_point);

LF_INLINE NAME(lf_point) NAME(lf_locate)(const lf_cast_plan *p, SIGNED_LANE m, const int stochastic)
{
    const SIGNED_LANE last = LF_LANES - 1;
    SIGNED_LANE c = m >> FRACTION;
    c = c < 1 ? 1 : c;
    c = c > (SIGNED_LANE)p->low_field ? (SIGNED_LANE)p->low_field : c;
    LANE w = (LANE)m + (LANE)p->lattice_add - ((LANE)c << FRACTION);
    SIGNED_LANE s = (SIGNED_LANE)p->drop_base - c;
    LANE exact = w;
    if (stochastic) {
        SIGNED_LANE excess = s > last ? s - last : 0;
        excess = excess > last ? last : excess;
        LANE kept = w >> excess;
        w = kept | (kept << excess != w);
    }
    return (NAME(lf_point)){w, s > last ? last : s, exact};
}

/* t, of which the random bits are the top ones. */
LF_INLINE LANE NAME(lf_threshold)(const lf_cast_plan *p, LANE w, SIGNED_LANE s, LANE random,
                                  const int stochastic)
{
    SIGNED_LANE bit = s;
    if (stochastic)
        bit = s > p->random_bits ? s - p->random_bits : 0;
    LANE t = (LANE)p->threshold + (w >> bit & (LANE)p->threshold_odd);
    return stochastic ? t ^ random : t;
}

LF_INLINE LANE NAME(lf_round)(LANE w, SIGNED_LANE s, LANE t)
{
    return (w + (t >> (LF_LANES - s))) >> s;
}

/* Rule P-4. With stochastic rounding a number from tiny_retry on is not tiny if this R takes it
 * to the smallest normal number, at precision P. */
LF_INLINE int NAME(lf_tiny)(const lf_cast_plan *p, SIGNED_LANE m, LANE negative, LANE exact,
                            LANE random, const int stochastic)
{
    LANE below = NAME(lf_pick)((LANE)p->tiny_below, (LANE)p->tiny_below_flip, negative);
    int tiny = m < (SIGNED_LANE)below;
    if (!stochastic)
        return tiny;
    LANE t = NAME(lf_threshold)(p, exact, p->tiny_drop, random, 1);
    LANE sum = exact + (t >> (LF_LANES - p->tiny_drop));
    return tiny & (m < (SIGNED_LANE)p->tiny_retry || !(sum >> p->tiny_carry));
}

/* A number with the sign of x; code is its magnitude code. */
LF_INLINE LANE NAME(lf_signed)(const lf_cast_plan *p, LANE number, LANE code, LANE x,
                               const int target)
{
    LANE sign = (target == LF_QUANTIZED ? x : x >> p->sign_shift) & (LANE)p->sign_mask;
    return number | ((SIGNED_LANE)code < (SIGNED_LANE)p->sign_min ? 0 : sign);
}

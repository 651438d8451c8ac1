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
 * where x- is x - 2^-L. "Odd" is the parity of w at bit s - N, that of floor(nu 2^N) in C; if s <=
 * N the part of t that depends on it is shifted out. So nearest_even is C, nearest_away B and
 * toward_zero A with N = 0. Discarding the bits of t below 2^(L - s) changes nothing, since nu is
 * a multiple of 2^-s.
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

/* whether a magnitude that lies from tiny_retry on below the smallest normal number rounds
 * to it, with P bits and this R, and so is not tiny. */
LF_INLINE int NAME(lf_escapes)(const lf_cast_plan *p, LANE w, LANE random)
{
    int parity_bit = p->tiny_drop > p->random_bits ? p->tiny_drop - p->random_bits : 0;
    LANE odd = -(w >> parity_bit & 1);
    LANE t = ((LANE)p->threshold ^ (odd & (LANE)p->threshold_odd)) ^ random;
    return (w + (t >> (LF_LANES - p->tiny_drop))) >> p->tiny_carry != 0;
}

/* What one chunk's rounding found, for the union of flags without a byte per element. */
typedef struct NAME(lf_findings) {
    LANE lost;      /* union of bits below the last place */
    LANE tiny_lost; /* the same, of tiny numbers */
    SIGNED_LANE largest_code, largest;
} NAME(lf_findings);

/* One chunk. random[i] has R in its top bits. Plain and union kernels: signed gradual formats
 * with a zero, roundings that do not depend on the sign. Then an overflow is max_code or the next
 * code, whatever that stands for, and `over` caps all codes. Union kernels do not know NaN and
 * infinity; the caller sees them in `largest`. */
LF_INLINE void NAME(lf_round_chunk)(const lf_cast_plan *plan, const void *in, void *out,
                                    uint8_t *flags, const LANE *random,
                                    NAME(lf_findings) *findings, const int target,
                                    const int stochastic, const int level)
{
    const lf_cast_plan k = *plan; /* a copy that stores to `out` cannot change */
    const lf_cast_plan *p = &k;
    const UNALIGNED *source = in;
    const SIGNED_LANE quiet = (SIGNED_LANE)1 << (FRACTION - 1);
    const int full = level == LF_FULL;
    NAME(lf_findings) found = {0};
#pragma GCC ivdep
    for (int i = 0; i < LF_CHUNK; i++) {
        LANE x = source[i];
        LANE negative = (LANE)((SIGNED_LANE)x >> (LF_LANES - 1));
        SIGNED_LANE m = (SIGNED_LANE)(x & ~(LANE)0 >> 1);
        if (full)
            m = m < (SIGNED_LANE)p->zero_below ? 0 : m;

        SIGNED_LANE c = m >> FRACTION;
        c = c < 1 ? 1 : c;
        c = c > (SIGNED_LANE)p->low_field ? (SIGNED_LANE)p->low_field : c;
        LANE w = (LANE)m - ((LANE)c << FRACTION) + (LANE)p->lattice_add;
        SIGNED_LANE s = (SIGNED_LANE)p->drop_base - c;
        LANE whole = w;
        if (stochastic) {
            SIGNED_LANE excess = s > LF_LANES - 1 ? s - (LF_LANES - 1) : 0;
            excess = excess > LF_LANES - 1 ? LF_LANES - 1 : excess;
            LANE kept = w >> excess;
            w = kept | (kept << excess != w);
        }
        s = s > LF_LANES - 1 ? LF_LANES - 1 : s;
        SIGNED_LANE parity_bit = s;
        if (stochastic)
            parity_bit = s > p->random_bits ? s - p->random_bits : 0;
        LANE odd = -(w >> parity_bit & 1);
        LANE t = (LANE)p->threshold ^ (odd & (LANE)p->threshold_odd);
        if (full)
            t ^= negative & (LANE)p->threshold_flip;
        if (stochastic)
            t ^= random[i];
        LANE code = (w + (t >> (LF_LANES - s))) >> s;
        LANE lost = w & ~(LANE)0 >> (LF_LANES - s);

        uint8_t raised = 0;
        SIGNED_LANE rounded = (SIGNED_LANE)code;
        LANE result;
        if (!full) {
            if (level == LF_UNION) {
                int tiny = m < (SIGNED_LANE)p->tiny_below;
                if (stochastic)
                    tiny &= m < (SIGNED_LANE)p->tiny_retry ||
                            !NAME(lf_escapes)(p, whole, random[i]);
                found.lost |= lost;
                found.tiny_lost |= tiny ? lost : 0;
                found.largest = m > found.largest ? m : found.largest;
                found.largest_code = rounded > found.largest_code ? rounded : found.largest_code;
            }
            LANE over = (LANE)p->over_code;
            code = rounded > (SIGNED_LANE)over ? over : code;
            if (level == LF_PLAIN)
                code = m >= HOST_INFINITY ? (LANE)p->infinite_code : code;
            result = target == LF_QUANTIZED ? NAME(lf_widen)(p, code) : code;
            LANE sign = x >> p->sign_shift & (LANE)p->sign_mask;
            result |= (SIGNED_LANE)code < (SIGNED_LANE)p->sign_min ? 0 : sign;
            if (level == LF_PLAIN)
                result = m > HOST_INFINITY ? (LANE)p->nan : result;
        } else {
            int tiny = m < (SIGNED_LANE)NAME(lf_pick)((LANE)p->tiny_below,
                                                      (LANE)p->tiny_below_flip, negative);
            if (stochastic)
                tiny &= m < (SIGNED_LANE)p->tiny_retry ||
                        !NAME(lf_escapes)(p, whole, random[i]);
            int below = m < (SIGNED_LANE)p->smallest;
            LANE half = NAME(lf_pick)((LANE)p->smallest_half, (LANE)p->smallest_half_flip, negative);
            code = below ? (m < (SIGNED_LANE)half ? 0 : (LANE)p->smallest_code) : code;
            int inexact = lost != 0 || below;
            raised = inexact ? (tiny ? LF_INEXACT | LF_UNDERFLOW : LF_INEXACT) : 0;
            rounded = (SIGNED_LANE)code;
            int flush = tiny & p->flush;
            code = flush ? 0 : code;
            raised = flush ? LF_INEXACT | LF_UNDERFLOW : raised;

            result = target == LF_QUANTIZED ? NAME(lf_widen)(p, code) : code;
            LANE sign = x >> p->sign_shift & (LANE)p->sign_mask;
            result |= (SIGNED_LANE)code < (SIGNED_LANE)p->sign_min ? 0 : sign;
            int over = rounded > (SIGNED_LANE)p->max_code;
            result = over ? NAME(lf_pick)((LANE)p->over, (LANE)p->over_flip, negative) : result;
            raised = over ? p->over_flags ^ (negative ? p->over_flags_flip : 0) : raised;
            int invalid = negative && rounded >= (SIGNED_LANE)p->negative_min;
            result = invalid ? (LANE)p->negative : result;
            raised = invalid ? LF_INVALID : raised;
            LANE zero = NAME(lf_pick)((LANE)p->zero, (LANE)p->zero_flip, negative);
            result = m == 0 ? zero : result;
            raised = m == 0 ? p->zero_flags : raised;
            LANE infinite = NAME(lf_pick)((LANE)p->infinite, (LANE)p->infinite_flip, negative);
            result = m >= HOST_INFINITY ? infinite : result;
            result = m > HOST_INFINITY ? (LANE)p->nan : result;
            uint8_t infinite_flags = p->infinite_flags ^ (negative ? p->infinite_flags_flip : 0);
            uint8_t nan_flags = p->nan_flags | (m & quiet ? 0 : LF_INVALID);
            raised = m >= HOST_INFINITY ? infinite_flags : raised;
            raised = m > HOST_INFINITY ? nan_flags : raised;
            flags[i] = raised;
        }
        NAME(lf_store)(out, target, i, result);
    }
    if (level == LF_UNION)
        *findings = found;
}

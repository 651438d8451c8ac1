/* Template, for lanes of LF_LANES bits: one chunk, at the three levels of kernels.h. random[i] has
 * R in its top bits.
 *
 * Plain and union kernels are for signed gradual formats with a zero. There an overflow is
 * max_code or the code after it, whatever that stands for, and magnitudes are capped beforehand at
 * the host number whose code that is: no rounding moves it.
 */

/* No flags; roundings that do not depend on the sign; infinity is an overflow like any other. */
LF_INLINE void NAME(lf_plain_chunk)(const lf_cast_plan *plan, const UNALIGNED *in, void *out,
                                    const LANE *random, const int target, const int stochastic)
{
    const lf_cast_plan copy = *plan; /* which stores to `out` cannot change */
    const lf_cast_plan *p = &copy;
#pragma GCC ivdep
    for (int i = 0; i < LF_CHUNK; i++) {
        LANE x = in[i];
        SIGNED_LANE magnitude = (SIGNED_LANE)(x & ~(LANE)0 >> 1);
        SIGNED_LANE m = magnitude > (SIGNED_LANE)p->cap ? (SIGNED_LANE)p->cap : magnitude;
        NAME(lf_point) v = NAME(lf_locate)(p, m, stochastic);
        LANE t = NAME(lf_threshold)(p, v.w, v.s, stochastic ? random[i] : 0, stochastic);
        LANE code = NAME(lf_round)(v.w, v.s, t);
        LANE result;
        if (target == LF_QUANTIZED) {
            LANE over = (LANE)p->over ^ (x & (LANE)p->over_flip);
            result = NAME(lf_signed)(p, NAME(lf_widen)(p, code), code, x, target);
            result = (SIGNED_LANE)code > (SIGNED_LANE)p->max_code ? over : result;
        } else {
            result = NAME(lf_signed)(p, code, code, x, target);
        }
        result = magnitude > HOST_INFINITY ? (LANE)p->nan : result;
        NAME(lf_store)(out, target, i, result);
    }
}

/* What one chunk's rounding found. */
typedef struct NAME(lf_findings) {
    LANE lost;      /* union of the bits below the last place */
    LANE tiny_lost; /* the same, of tiny numbers */
    SIGNED_LANE largest_code, largest;
} NAME(lf_findings);

LF_INLINE void NAME(lf_put_nans)(const lf_cast_plan *p, const UNALIGNED *in, void *out,
                                 const int target)
{
    for (int i = 0; i < LF_CHUNK; i++)
        if ((SIGNED_LANE)(in[i] & ~(LANE)0 >> 1) > HOST_INFINITY)
            NAME(lf_store)(out, target, i, (LANE)p->nan);
}

/* As lf_plain_chunk, for nearest_even. With e the exponent of m, raised to that of the lowest
 * binade, m + 2^(e + F - M) has the step 2^(e - M) that m has on the lattice, and M >= 1, F - M >=
 * 1 keep the sum below 2^(e + F - M + 1): the host rounds it, ties to even, where P-5 says. What
 * the sum has above the power is the significand, hidden bit included. In a union kernel magnitudes
 * past the cap have lost something, as every overflow has. NaNs are rare: they are put in
 * afterwards, unless the codes took the place of the numbers. `signs`: the format has -0. */
LF_INLINE NAME(lf_findings)
    NAME(lf_nearest_chunk)(const lf_cast_plan *plan, const UNALIGNED *in, void *out,
                           const int target, const int united, const int signs)
{
    const lf_cast_plan copy = *plan; /* which stores to `out` cannot change */
    const lf_cast_plan *p = &copy;
    NAME(lf_findings) found = {0, 0, 0, 0};
    const int separate = target != LF_QUANTIZED && lf_code_size(target) < sizeof(LANE);
#pragma GCC ivdep
    for (int i = 0; i < LF_CHUNK; i++) {
        LANE x = in[i];
        SIGNED_LANE magnitude = (SIGNED_LANE)(x & ~(LANE)0 >> 1);
        SIGNED_LANE m = magnitude > (SIGNED_LANE)p->cap ? (SIGNED_LANE)p->cap : magnitude;
        SIGNED_LANE e = m & HOST_INFINITY;
        e = e < (SIGNED_LANE)p->low_bits ? (SIGNED_LANE)p->low_bits : e;
        LANE power = (LANE)e + (LANE)p->step_add;
        HOST a, b;
        memcpy(&a, &m, sizeof a);
        memcpy(&b, &power, sizeof b);
        a += b;
        HOST rounded = a - b;
        SIGNED_LANE number;
        memcpy(&number, &rounded, sizeof number);
        if (united) {
            LANE lost = (LANE)(number ^ magnitude);
            found.lost |= lost;
            found.tiny_lost |= magnitude < (SIGNED_LANE)p->tiny_below ? lost : 0;
        }
        if (united || separate)
            found.largest = magnitude > found.largest ? magnitude : found.largest;
        LANE result;
        if (target == LF_QUANTIZED) {
            LANE over = (LANE)p->over ^ (x & (LANE)p->over_flip);
            result = NAME(lf_signed)(p, (LANE)number, (LANE)number, x, target);
            result = number > (SIGNED_LANE)p->max_number ? over : result;
        } else {
            LANE sum;
            memcpy(&sum, &a, sizeof sum);
            LANE code = sum - power + (((LANE)e - (LANE)p->low_bits) >> p->code_shift);
            LANE sign = x >> p->sign_shift & (LANE)p->sign_mask;
            result = signs ? code | sign : NAME(lf_signed)(p, code, code, x, target);
        }
        if (!separate)
            result = magnitude > HOST_INFINITY ? (LANE)p->nan : result;
        NAME(lf_store)(out, target, i, result);
    }
    if (separate && !united && found.largest > HOST_INFINITY)
        NAME(lf_put_nans)(p, in, out, target);
    found.largest_code = found.largest >= (SIGNED_LANE)p->over_from ? p->max_code + 1 : 0;
    return found;
}

/* The union of flags. NaN and infinity are not known here; the caller sees them in `largest`. */
LF_INLINE NAME(lf_findings)
    NAME(lf_union_chunk)(const lf_cast_plan *plan, const UNALIGNED *in, void *out,
                         const LANE *random, const int target, const int stochastic)
{
    const lf_cast_plan copy = *plan;
    const lf_cast_plan *p = &copy;
    NAME(lf_findings) found = {0, 0, 0, 0};
#pragma GCC ivdep
    for (int i = 0; i < LF_CHUNK; i++) {
        LANE x = in[i];
        LANE r = stochastic ? random[i] : 0;
        LANE negative = (LANE)((SIGNED_LANE)x >> (LF_LANES - 1));
        SIGNED_LANE magnitude = (SIGNED_LANE)(x & ~(LANE)0 >> 1);
        SIGNED_LANE m = magnitude > (SIGNED_LANE)p->cap ? (SIGNED_LANE)p->cap : magnitude;
        NAME(lf_point) v = NAME(lf_locate)(p, m, stochastic);
        LANE t = NAME(lf_threshold)(p, v.w, v.s, r, stochastic);
        t ^= negative & (LANE)p->threshold_flip;
        LANE code = NAME(lf_round)(v.w, v.s, t);

        LANE lost = v.w ^ (v.w >> v.s << v.s);
        int tiny = NAME(lf_tiny)(p, m, negative, v.exact, r, stochastic);
        found.lost |= lost;
        found.tiny_lost |= tiny ? lost : 0;
        found.largest = magnitude > found.largest ? magnitude : found.largest;
        found.largest_code =
            (SIGNED_LANE)code > found.largest_code ? (SIGNED_LANE)code : found.largest_code;

        LANE result;
        if (target == LF_QUANTIZED) {
            LANE over = NAME(lf_pick)((LANE)p->over, (LANE)p->over_flip, negative);
            result = NAME(lf_signed)(p, NAME(lf_widen)(p, code), code, x, target);
            result = (SIGNED_LANE)code > (SIGNED_LANE)p->max_code ? over : result;
        } else {
            LANE over = NAME(lf_pick)((LANE)p->over_code, (LANE)p->over_code_flip, negative);
            code = (SIGNED_LANE)code > (SIGNED_LANE)over ? over : code;
            result = NAME(lf_signed)(p, code, code, x, target);
        }
        NAME(lf_store)(out, target, i, result);
    }
    return found;
}

/* Everything, with a byte of flags per element. `common`: as in the plan; then zeros and what is
 * below the smallest number are codes like others. */
LF_INLINE void NAME(lf_full_chunk)(const lf_cast_plan *plan, const UNALIGNED *in, void *out,
                                   uint8_t *flags, const LANE *random, const int target,
                                   const int stochastic, const int common)
{
    const lf_cast_plan copy = *plan;
    const lf_cast_plan *p = &copy;
    const LANE quiet = (LANE)1 << (FRACTION - 1);
#pragma GCC ivdep
    for (int i = 0; i < LF_CHUNK; i++) {
        LANE x = in[i];
        LANE r = stochastic ? random[i] : 0;
        LANE negative = (LANE)((SIGNED_LANE)x >> (LF_LANES - 1));
        SIGNED_LANE m = (SIGNED_LANE)(x & ~(LANE)0 >> 1);
        m = !common && m < (SIGNED_LANE)p->zero_below ? 0 : m;
        NAME(lf_point) v = NAME(lf_locate)(p, m, stochastic);
        LANE t = NAME(lf_threshold)(p, v.w, v.s, r, stochastic);
        t ^= negative & (LANE)p->threshold_flip;
        LANE code = NAME(lf_round)(v.w, v.s, t);

        int below = !common && m < (SIGNED_LANE)p->smallest;
        LANE half = NAME(lf_pick)((LANE)p->smallest_half, (LANE)p->smallest_half_flip, negative);
        code = below ? (m < (SIGNED_LANE)half ? 0 : (LANE)p->smallest_code) : code;
        int inexact = v.w >> v.s << v.s != v.w || below;
        int tiny = NAME(lf_tiny)(p, m, negative, v.exact, r, stochastic);
        int flushed = !common && tiny & p->flush;
        LANE raised = inexact ? LF_INEXACT : 0;
        raised |= inexact && tiny ? LF_UNDERFLOW : 0;
        raised = flushed ? LF_INEXACT | LF_UNDERFLOW : raised;

        LANE kept = flushed ? 0 : code;
        LANE number = target == LF_QUANTIZED ? NAME(lf_widen)(p, kept) : kept;
        LANE sign = (target == LF_QUANTIZED ? x : x >> p->sign_shift) & (LANE)p->sign_mask;
        LANE result = common ? number | sign : NAME(lf_signed)(p, number, kept, x, target);
#define REPLACE(condition, name)                                                                   \
    do {                                                                                           \
        LANE value = NAME(lf_pick)((LANE)p->name, (LANE)p->name##_flip, negative);                 \
        LANE value_flags = NAME(lf_pick)(p->name##_flags, p->name##_flags_flip, negative);         \
        int replaced = (condition);                                                                \
        result = replaced ? value : result;                                                        \
        raised = replaced ? value_flags : raised;                                                  \
    } while (0)
        REPLACE((SIGNED_LANE)code > (SIGNED_LANE)p->max_code, over);
        if (!common) {
            REPLACE(negative && (SIGNED_LANE)code >= (SIGNED_LANE)p->negative_min, over);
            REPLACE(m == 0, zero);
        }
        const SIGNED_LANE infinity = (SIGNED_LANE)p->infinite_at;
        REPLACE(m >= infinity, infinite);
#undef REPLACE
        result = m > infinity ? (LANE)p->nan : result;
        raised = m > infinity ? p->nan_flags | ((LANE)m & quiet ? 0 : LF_INVALID) : raised;
        flags[i] = (uint8_t)raised;
        NAME(lf_store)(out, target, i, result);
    }
}

/* Template, for lanes of LF_LANES bits: codes to host numbers. Flags come from signaling NaNs, and
 * in full kernels from infinities that a saturation clamps. */
#include "lanes.h"

#include "lattice.h"
#if LF_LANES == 32
#    include "levels.h"

#    include "halves.h"
#endif

/* Everything of an IEEE-style format. With t the fraction as a number below 1 and f the field, take
 * a = (1 + t) 2^(f - B) and b = 2 a - 2^(1 - B): where f = 0, b = t 2^(1 - B) is the subnormal and
 * below a; elsewhere a is the number, and not above b. */
LF_INLINE LANE NAME(lf_widen_raw)(const lf_cast_plan *p, LANE x)
{
    LANE aligned = x << p->sign_shift;
    LANE a = ((aligned & ~(LANE)0 >> 1) >> p->raw_shift) + (LANE)p->code_base;
    LANE twice = a + (LANE)p->raw_add, subtract = (LANE)p->raw_subtract;
    HOST u, v;
    memcpy(&u, &twice, sizeof u);
    memcpy(&v, &subtract, sizeof v);
    u -= v;
    LANE b;
    memcpy(&b, &u, sizeof b);
    LANE least = (SIGNED_LANE)a < (SIGNED_LANE)b ? a : b;
    LANE special = (SIGNED_LANE)a > (SIGNED_LANE)p->raw_max ? (LANE)p->special_add : 0;
    return (least + special) | (aligned & ~(~(LANE)0 >> 1));
}

/* Returns the union of flags. */
LF_INLINE uint32_t NAME(lf_decode_loop)(const lf_cast_plan *plan, const void *in, void *out,
                                        uint8_t *flags, size_t n, const int bytes, const int level)
{
    const lf_cast_plan copy = *plan; /* which stores to `out` cannot change */
    const lf_cast_plan *p = &copy;
    const lf_unaligned8 *source8 = in;
    const lf_unaligned16 *source16 = in;
    const lf_unaligned32 *source32 = in;
    UNALIGNED *target = out;
    LANE all = 0;
#pragma GCC ivdep
    for (size_t i = 0; i < n; i++) {
        LANE x = bytes == 1 ? source8[i] : bytes == 2 ? source16[i] : source32[i];
        if (level == LF_RAW) {
            target[i] = NAME(lf_widen_raw)(p, x);
            continue;
        }
        LANE code = x & (LANE)p->magnitude_mask;
        LANE result = NAME(lf_widen)(p, code);
        int infinite = (SIGNED_LANE)code > (SIGNED_LANE)p->max_code;
        result = infinite ? (LANE)p->infinite : result;
        LANE sign = x << p->sign_shift & (LANE)p->sign_mask;
        result |= (SIGNED_LANE)code < (SIGNED_LANE)p->sign_min ? 0 : sign;
        SIGNED_LANE key = (SIGNED_LANE)((x & (LANE)p->nan_mask) ^ (LANE)p->nan_flip);
        int nan = key >= (SIGNED_LANE)p->nan_least;
        target[i] = nan ? (LANE)p->nan : result;
        if (level == LF_PLAIN)
            continue;
        LANE raised = nan && !(x & (LANE)p->quiet_bits) ? LF_INVALID : 0;
        if (level == LF_FULL) {
            raised = infinite && !nan ? p->infinite_flags : raised;
            flags[i] = (uint8_t)raised;
        }
        all |= raised;
    }
    return (uint32_t)all;
}

LF_INLINE int NAME(lf_decode)(const lf_cast_plan *p, const void *in, void *out, uint8_t *flags_out,
                              uint32_t *flags, size_t n, const int bytes, const int level)
{
    uint8_t chunk_flags[LF_CHUNK];
    uint32_t raised = 0;
    size_t count;
    if (level != LF_FULL)
        raised = NAME(lf_decode_loop)(p, in, out, NULL, n, bytes, level);
    for (size_t done = 0; level == LF_FULL && done < n; done += count) {
        count = n - done < LF_CHUNK ? n - done : LF_CHUNK;
        raised |= NAME(lf_decode_loop)(p, (const char *)in + done * bytes, (UNALIGNED *)out + done,
                                       chunk_flags, count, bytes, level);
        if (p->want_flags_out && flags_out)
            memcpy(flags_out + done, chunk_flags, count);
    }
    if (p->want_flags && flags)
        *flags |= raised;
    return LF_OK;
}

/* binary16 and bfloat16 in 32-bit lanes: their codes are the host's own, shortened. Included by
 * cast.h and decode.h for LF_LANES 32.
 *
 * The conversions of F16C round to nearest even whatever the control word says, keep subnormals,
 * and put infinity where rule P-8 puts it under saturation "none"; NaNs are replaced.
 */
#ifndef LF_HALVES_H
#define LF_HALVES_H

#if defined(__F16C__)
#    include <immintrin.h>
#endif

#include "lanes.h"

/* A block of lanes as a vector, for the conversions. */
#if defined(__AVX512F__)
enum { LF_HALVES = 16 };
typedef __m512 lf_floats;
typedef __m256i lf_halves;
#    define LF_TO_HALVES(x) _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT)
#    define LF_TO_FLOATS(x) _mm512_cvtph_ps(x)
#elif defined(__F16C__)
enum { LF_HALVES = 8 };
typedef __m256 lf_floats;
typedef __m128i lf_halves;
#    define LF_TO_HALVES(x) _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT)
#    define LF_TO_FLOATS(x) _mm256_cvtph_ps(x)
#endif

#if defined(__F16C__)
LF_INLINE void lf_to_halves(const void *in, void *out, size_t n)
{
    for (size_t i = 0; i < n; i += LF_HALVES) {
        lf_floats x;
        memcpy(&x, (const uint32_t *)in + i, sizeof x);
        lf_halves y = LF_TO_HALVES(x);
        memcpy((uint16_t *)out + i, &y, sizeof y);
    }
}

LF_INLINE void lf_to_floats(const void *in, void *out, size_t n)
{
    for (size_t i = 0; i < n; i += LF_HALVES) {
        lf_halves x;
        memcpy(&x, (const uint16_t *)in + i, sizeof x);
        lf_floats y = LF_TO_FLOATS(x);
        memcpy((uint32_t *)out + i, &y, sizeof y);
    }
}
#endif

#if defined(__F16C__)
/* As lf_nearest_chunk. */
LF_INLINE lf_findings32 lf_binary16_chunk(const lf_cast_plan *plan, const lf_unaligned32 *in,
                                          void *out, const int united)
{
    const lf_cast_plan *p = plan;
    const int32_t tiny_below = (int32_t)p->tiny_below;
    lf_findings32 found = {0, 0, 0, 0};
    lf_to_halves(in, out, LF_CHUNK);
    if (!united) {
        uint16_t largest = 0;
        for (int i = 0; i < LF_CHUNK; i++) {
            uint16_t code = ((const lf_unaligned16 *)out)[i] & INT16_MAX;
            largest = code > largest ? code : largest;
        }
        if (largest > 0x7c00)
            lf_put_nans32(p, in, out, LF_CODES16);
        return found;
    }
    uint32_t back[LF_CHUNK];
    lf_to_floats(out, back, LF_CHUNK);
    for (int i = 0; i < LF_CHUNK; i++) {
        int32_t magnitude = (int32_t)(in[i] & INT32_MAX);
        uint32_t lost = back[i] ^ in[i];
        found.lost |= lost;
        found.tiny_lost |= magnitude < tiny_below ? lost : 0;
        found.largest = magnitude > found.largest ? magnitude : found.largest;
    }
    found.largest_code = found.largest >= p->over_from ? (int32_t)p->max_code + 1 : 0;
    return found;
}
#endif

/* As lf_nearest_chunk: a carry out of the half that goes rounds to nearest even. */
LF_INLINE lf_findings32 lf_bfloat16_chunk(const lf_cast_plan *plan, const lf_unaligned32 *in,
                                          lf_unaligned16 *out, const int united)
{
    const lf_cast_plan *p = plan;
    const int32_t tiny_below = (int32_t)p->tiny_below;
    lf_findings32 found = {0, 0, 0, 0};
#pragma GCC ivdep
    for (int i = 0; i < LF_CHUNK; i++) {
        uint32_t x = in[i];
        int32_t magnitude = (int32_t)(x & INT32_MAX);
        if (united) {
            uint32_t lost = x & UINT16_MAX;
            found.lost |= lost;
            found.tiny_lost |= magnitude < tiny_below ? lost : 0;
        }
        found.largest = magnitude > found.largest ? magnitude : found.largest;
        out[i] = (uint16_t)((x + 0x7fff + (x >> 16 & 1)) >> 16);
    }
    if (!united && found.largest > 0x7f800000)
        lf_put_nans32(p, in, out, LF_CODES16);
    found.largest_code = found.largest >= p->over_from ? (int32_t)p->max_code + 1 : 0;
    return found;
}

/* As lf_decode_loop. */
#if defined(__F16C__)
LF_INLINE uint32_t lf_decode_binary16(const lf_cast_plan *plan, const lf_unaligned16 *in,
                                      lf_unaligned32 *out, size_t n, const int level)
{
    const uint32_t nan = (uint32_t)plan->nan;
    uint32_t all = 0;
    size_t whole = n - n % LF_HALVES;
    uint16_t last[LF_HALVES] = {0};
    uint32_t last_floats[LF_HALVES];
    lf_to_floats(in, out, whole);
    memcpy(last, in + whole, (n - whole) * sizeof *last);
    lf_to_floats(last, last_floats, LF_HALVES);
    memcpy(out + whole, last_floats, (n - whole) * sizeof *last_floats);
    if (level == LF_RAW)
        return 0;
#    pragma GCC ivdep
    for (size_t i = 0; i < n; i++) {
        uint32_t x = out[i];
        int is_nan = (int32_t)(x & INT32_MAX) > 0x7f800000;
        if (level == LF_UNION)
            all |= is_nan && !(in[i] & 0x200) ? LF_INVALID : 0;
        out[i] = is_nan ? nan : x;
    }
    return all;
}
#endif

LF_INLINE uint32_t lf_decode_bfloat16(const lf_cast_plan *plan, const lf_unaligned16 *in,
                                      lf_unaligned32 *out, size_t n, const int level)
{
    const uint32_t nan = (uint32_t)plan->nan;
    uint32_t all = 0;
#pragma GCC ivdep
    for (size_t i = 0; i < n; i++) {
        uint32_t x = (uint32_t)in[i] << 16;
        int is_nan = (int32_t)(x & INT32_MAX) > 0x7f800000;
        if (level == LF_UNION)
            all |= is_nan && !(in[i] & 0x40) ? LF_INVALID : 0;
        out[i] = is_nan && level != LF_RAW ? nan : x;
    }
    return all;
}

#endif

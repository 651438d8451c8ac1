/* Vectors of host floats for the templates of gemm.c. Define LF_LANES as 32 or 64 before each
 * inclusion. */
#include "lanes.h"

#undef VECTOR
#undef WORDS
#undef LOADED
#undef VECTOR_LANES
#undef HOST_SIGN
#undef HOST_EXPONENT
#undef INTRINSIC
#undef EACH

#define VECTOR NAME(lf_vector)
#define WORDS NAME(lf_vector_words)
#define LOADED NAME(lf_vector_loaded)
#define VECTOR_LANES (LF_VECTOR_BYTES * 8 / LF_LANES)
#define HOST_SIGN ((SIGNED_LANE)((LANE)1 << (LF_LANES - 1)))
#define HOST_EXPONENT ((SIGNED_LANE)HOST_INFINITY)
#define EACH(x) ((VECTOR){0} + (HOST)(x))

#ifndef LF_GEMM_LANES_H
#    define LF_GEMM_LANES_H
#    if defined(__x86_64__)
#        include <immintrin.h>
#    endif
#    if defined(__AVX512F__)
#        define LF_VECTOR_BYTES 64
#    elif defined(__AVX2__)
#        define LF_VECTOR_BYTES 32
#    else
#        define LF_VECTOR_BYTES 16
#    endif
#endif

typedef HOST VECTOR __attribute__((vector_size(LF_VECTOR_BYTES)));
typedef SIGNED_LANE WORDS __attribute__((vector_size(LF_VECTOR_BYTES)));
typedef VECTOR LOADED __attribute__((aligned(sizeof(HOST)), may_alias));

/* a b + c, a b - c, c - a b. Without the instruction there are two roundings; lf_gemm_table.fused
 * says so, and a plan then takes only factors with exact products. */
#if defined(__AVX512F__)
#    if LF_LANES == 32
#        define INTRINSIC(name) _mm512_##name##_ps
#    else
#        define INTRINSIC(name) _mm512_##name##_pd
#    endif
#elif defined(__AVX2__)
#    if LF_LANES == 32
#        define INTRINSIC(name) _mm256_##name##_ps
#    else
#        define INTRINSIC(name) _mm256_##name##_pd
#    endif
#endif

LF_INLINE VECTOR NAME(lf_fma)(VECTOR a, VECTOR b, VECTOR c)
{
#if defined(INTRINSIC)
    return (VECTOR)INTRINSIC(fmadd)(a, b, c);
#else
    return a * b + c;
#endif
}

LF_INLINE VECTOR NAME(lf_fmsub)(VECTOR a, VECTOR b, VECTOR c)
{
#if defined(INTRINSIC)
    return (VECTOR)INTRINSIC(fmsub)(a, b, c);
#else
    return a * b - c;
#endif
}

LF_INLINE VECTOR NAME(lf_fnmadd)(VECTOR a, VECTOR b, VECTOR c)
{
#if defined(INTRINSIC)
    return (VECTOR)INTRINSIC(fnmadd)(a, b, c);
#else
    return c - a * b;
#endif
}

/* A load and a broadcast in one, which EACH is not; and EACH(-0.0) would be +0. */
LF_INLINE VECTOR NAME(lf_repeat)(const HOST *x)
{
#if defined(INTRINSIC)
    return (VECTOR)INTRINSIC(set1)(*x);
#else
    VECTOR v;
    for (int i = 0; i < VECTOR_LANES; i++)
        v[i] = *x;
    return v;
#endif
}

/* `yes` where the bits of the mask are set, else `no`. */
LF_INLINE VECTOR NAME(lf_choose)(WORDS mask, VECTOR yes, VECTOR no)
{
    return (VECTOR)(((WORDS)yes & mask) | ((WORDS)no & ~mask));
}

/* The greater of two numbers, neither a NaN, nor zeros of unlike sign. */
LF_INLINE VECTOR NAME(lf_greater)(VECTOR x, VECTOR y)
{
#if defined(INTRINSIC)
    return (VECTOR)INTRINSIC(max)(x, y);
#else
    return NAME(lf_choose)((WORDS)(x > y), x, y);
#endif
}

LF_INLINE VECTOR NAME(lf_magnitude)(VECTOR x)
{
    return (VECTOR)((WORDS)x & ~HOST_SIGN);
}

LF_INLINE int NAME(lf_any)(WORDS mask)
{
#if defined(__AVX512F__) && LF_LANES == 32
    return _mm512_movepi32_mask((__m512i)mask) != 0;
#elif defined(__AVX512F__)
    return _mm512_movepi64_mask((__m512i)mask) != 0;
#elif defined(__AVX2__)
    return !_mm256_testz_si256((__m256i)mask, (__m256i)mask);
#else
    SIGNED_LANE all = 0;
    for (int i = 0; i < VECTOR_LANES; i++)
        all |= mask[i];
    return all != 0;
#endif
}

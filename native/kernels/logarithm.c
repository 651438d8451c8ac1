/* Sums of logarithms, and the search in a codebook: the two passes of S2FP8. */
#include "logarithm.h"

#include <string.h>

#include "kernels.h"

#if defined(LF_ISA_IS_AVX512)
#    include <immintrin.h>
#endif

#define FIRST_NORMAL 0x00800000u
#define INFINITE 0x7f800000u
#define SIGN 0x80000000u
#define FRACTION_MASK 0x007fffffu

/* Fractions of this many elements fit in 64 bits; exponents in 32. */
enum { BLOCK = 1 << 16 };

static void add_fractions(lf_log_sums *sums, uint64_t fractions)
{
    sums->fractions_low += fractions & 0xffffffffu;
    sums->fractions_high += fractions >> 32;
}

/* One number of any kind; zeros, infinities and NaNs do not count. */
static void add_one(uint32_t bits, lf_log_sums *sums)
{
    uint32_t magnitude = bits & ~SIGN;
    if (magnitude == 0 || magnitude >= INFINITE)
        return;
    int exponent = (int)(magnitude >> 23) - 127;
    uint32_t significand = magnitude & FRACTION_MASK;
    if (magnitude < FIRST_NORMAL) {
        int shift = __builtin_clz(magnitude) - 8;
        exponent = -126 - shift;
        significand = magnitude << shift & FRACTION_MASK;
    }
    if (magnitude > sums->max_magnitude)
        sums->max_magnitude = magnitude;
    sums->count++;
    sums->exponents += exponent;
    add_fractions(sums, (uint64_t)lf_log2_significand(significand));
}

#if defined(LF_ISA_IS_AVX512)

typedef struct accumulators {
    __m512i fractions, exponents, largest;
    uint64_t count;
} accumulators;

/* 2^40 log2 of eight significands in [1, 2), rounded, in the low bits of binary64 numbers above
 * MAGIC, and which of them are in doubt. */
#    define MAGIC 0x1.8p12 /* its last bit is 2^-40 */
static inline
    __attribute__((always_inline)) __m512i log_of_eight(__m256 significands, __m512i sixteenths,
                                                        __mmask8 *doubt)
{
    const double *c = lf_log_quick;
    __m512d q = _mm512_permutex2var_pd(_mm512_loadu_pd(lf_log_reciprocal), sixteenths,
                                       _mm512_loadu_pd(lf_log_reciprocal + 8));
    __m512d t = _mm512_permutex2var_pd(_mm512_loadu_pd(lf_log_quick_table), sixteenths,
                                       _mm512_loadu_pd(lf_log_quick_table + 8));
    __m512d r = _mm512_fmadd_pd(_mm512_cvtps_pd(significands), q, _mm512_set1_pd(-1.0));
    __m512d p = _mm512_set1_pd(c[7]);
#    pragma GCC unroll 7
    for (int k = 6; k >= 0; k--)
        p = _mm512_fmadd_pd(p, r, _mm512_set1_pd(c[k]));
    __m512d log = _mm512_fmadd_pd(p, r, t);
    const __m512d magic = _mm512_set1_pd(MAGIC);
    __m512d rounded = _mm512_add_pd(log, magic);
    __m512d off = _mm512_abs_pd(_mm512_sub_pd(log, _mm512_sub_pd(rounded, magic)));
    *doubt = _mm512_cmp_pd_mask(off, _mm512_set1_pd(0x1p-41 - LF_LOG_QUICK_DOUBT), _CMP_GT_OQ);
    return _mm512_castpd_si512(rounded);
}

/* Sixteen numbers; zeros add nothing. Returns the lanes that were left out: subnormals,
 * infinities, NaNs and logs in doubt. */
static inline __attribute__((always_inline)) __mmask16 add_sixteen(__m512i bits, accumulators *a)
{
    __m512i magnitude = _mm512_and_si512(bits, _mm512_set1_epi32(0x7fffffff));
    __m512i above = _mm512_sub_epi32(magnitude, _mm512_set1_epi32(FIRST_NORMAL));
    __mmask16 normal = _mm512_cmplt_epu32_mask(above, _mm512_set1_epi32(INFINITE - FIRST_NORMAL));
    __mmask16 other = _mm512_mask_test_epi32_mask((__mmask16)~normal, magnitude, magnitude);
    __m512i fraction = _mm512_and_si512(bits, _mm512_set1_epi32(FRACTION_MASK));
    __m512 significand =
        _mm512_castsi512_ps(_mm512_or_si512(fraction, _mm512_set1_epi32(127 << 23)));
    __m512i sixteenth = _mm512_srli_epi32(fraction, 19);
    __mmask8 doubt_low, doubt_high;
    __m512i low =
        log_of_eight(_mm512_castps512_ps256(significand),
                     _mm512_cvtepu32_epi64(_mm512_castsi512_si256(sixteenth)), &doubt_low);
    __m512i high =
        log_of_eight(_mm512_extractf32x8_ps(significand, 1),
                     _mm512_cvtepu32_epi64(_mm512_extracti64x4_epi64(sixteenth, 1)), &doubt_high);
    __mmask16 doubt = (__mmask16)(doubt_low | doubt_high << 8) & normal;
    __mmask16 sure = normal & (__mmask16)~doubt;
    a->fractions = _mm512_mask_add_epi64(a->fractions, (__mmask8)sure, a->fractions, low);
    a->fractions = _mm512_mask_add_epi64(a->fractions, (__mmask8)(sure >> 8), a->fractions, high);
    a->exponents =
        _mm512_mask_add_epi32(a->exponents, sure, a->exponents, _mm512_srli_epi32(magnitude, 23));
    a->largest = _mm512_mask_max_epu32(a->largest, sure, a->largest, magnitude);
    a->count += (uint64_t)__builtin_popcount(sure);
    return other | doubt;
}

static void add_block(const uint32_t *x, size_t n, lf_log_sums *sums)
{
    accumulators a = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(), 0};
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        _mm_prefetch((const char *)(x + i + 1024), _MM_HINT_T0);
        __mmask16 left = add_sixteen(_mm512_loadu_si512(x + i), &a);
        for (; left; left &= (__mmask16)(left - 1))
            add_one(x[i + (size_t)__builtin_ctz(left)], sums);
    }
    /* Every fraction carries the bits of MAGIC; modulo 2^64 they go as they came. */
    const uint64_t fractions =
        (uint64_t)_mm512_reduce_add_epi64(a.fractions) -
        a.count * (uint64_t)_mm_cvtsi128_si64(_mm_castpd_si128(_mm_set_sd(MAGIC)));
    sums->count += a.count;
    sums->exponents += _mm512_reduce_add_epi32(a.exponents) - 127 * (int64_t)a.count;
    add_fractions(sums, fractions);
    uint32_t largest = _mm512_reduce_max_epu32(a.largest);
    if (largest > sums->max_magnitude)
        sums->max_magnitude = largest;
    for (; i < n; i++)
        add_one(x[i], sums);
}

#else

static void add_block(const uint32_t *x, size_t n, lf_log_sums *sums)
{
    for (size_t i = 0; i < n; i++)
        add_one(x[i], sums);
}

#endif

static void log_sums(const uint32_t *x, size_t n, lf_log_sums *sums)
{
    memset(sums, 0, sizeof *sums);
    for (size_t begin = 0; begin < n; begin += BLOCK)
        add_block(x + begin, n - begin < BLOCK ? n - begin : BLOCK, sums);
}

static uint32_t search_one(const lf_search *s, uint32_t bits)
{
    uint32_t magnitude = bits & ~SIGN, sign = bits & SIGN ? s->sign : 0, found = 0;
    if (magnitude >= INFINITE)
        return magnitude > INFINITE ? s->nan : s->infinity | (bits & SIGN ? s->infinity_sign : 0);
    for (int k = 0; k < 7; k++)
        found |= (uint32_t)(magnitude >= s->level[k][found]) << k;
    if (found == 0 && sign)
        sign = s->zero_sign;
    return s->results[found] | sign;
}

#if defined(LF_ISA_IS_AVX512)

static inline __attribute__((always_inline)) __m512i table(const uint32_t *t, int part)
{
    return _mm512_loadu_si512(t + 16 * part);
}

/* The places of sixteen magnitudes, their bits reversed; the last two steps' decisions too. */
static inline __attribute__((always_inline)) __m512i find_sixteen(const lf_search *s, __m512i x,
                                                                  __mmask16 *sixth,
                                                                  __mmask16 *seventh)
{
    const uint32_t (*t)[64] = s->level;
    __m512i i =
        _mm512_maskz_set1_epi32(_mm512_cmpge_epu32_mask(x, _mm512_set1_epi32((int)t[0][0])), 1);
#    pragma GCC unroll 4
    for (int k = 1; k < 5; k++) {
        __mmask16 above = _mm512_cmpge_epu32_mask(x, _mm512_permutexvar_epi32(i, table(t[k], 0)));
        i = _mm512_mask_or_epi32(i, above, i, _mm512_set1_epi32(1 << k));
    }
    *sixth =
        _mm512_cmpge_epu32_mask(x, _mm512_permutex2var_epi32(table(t[5], 0), i, table(t[5], 1)));
    i = _mm512_mask_or_epi32(i, *sixth, i, _mm512_set1_epi32(32));
    __m512i low = _mm512_permutex2var_epi32(table(t[6], 0), i, table(t[6], 1));
    __m512i high = _mm512_permutex2var_epi32(table(t[6], 2), i, table(t[6], 3));
    *seventh = _mm512_cmpge_epu32_mask(x, _mm512_mask_mov_epi32(low, *sixth, high));
    return i;
}

static inline __attribute__((always_inline)) __m512i look_up(const uint32_t *r, __m512i i,
                                                             __mmask16 sixth, __mmask16 seventh)
{
    __m512i a = _mm512_permutex2var_epi32(table(r, 0), i, table(r, 1));
    __m512i b = _mm512_permutex2var_epi32(table(r, 2), i, table(r, 3));
    __m512i c = _mm512_permutex2var_epi32(table(r, 4), i, table(r, 5));
    __m512i d = _mm512_permutex2var_epi32(table(r, 6), i, table(r, 7));
    a = _mm512_mask_mov_epi32(a, sixth, b);
    c = _mm512_mask_mov_epi32(c, sixth, d);
    return _mm512_mask_mov_epi32(a, seventh, c);
}

/* The seven bits of sixteen bytes, the other way round. */
static inline __attribute__((always_inline)) __m128i reversed_bytes(__m128i x)
{
    const __m128i low =
        _mm_setr_epi8(0, 64, 32, 96, 16, 80, 48, 112, 8, 72, 40, 104, 24, 88, 56, 120);
    const __m128i high = _mm_setr_epi8(0, 4, 2, 6, 1, 5, 3, 7, 0, 4, 2, 6, 1, 5, 3, 7);
    const __m128i nibble = _mm_set1_epi8(15);
    __m128i upper = _mm_and_si128(_mm_srli_epi16(x, 4), nibble);
    return _mm_or_si128(_mm_shuffle_epi8(low, _mm_and_si128(x, nibble)),
                        _mm_shuffle_epi8(high, upper));
}

static inline __attribute__((always_inline)) size_t search_vectors(const lf_search *s,
                                                                   const uint32_t *x, void *out,
                                                                   size_t n, int values)
{
    const lf_search t = *s; /* on the stack, where nothing written through `out` can change it */
    const int plain_sign = t.zero_sign == t.sign;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        _mm_prefetch((const char *)(x + i + 512), _MM_HINT_T0);
        __m512i bits = _mm512_loadu_si512(x + i);
        __m512i magnitude = _mm512_and_si512(bits, _mm512_set1_epi32(0x7fffffff));
        __mmask16 special = _mm512_cmpge_epu32_mask(magnitude, _mm512_set1_epi32(INFINITE));
        __mmask16 negative = _mm512_movepi32_mask(bits), sixth, seventh;
        __m512i found = find_sixteen(&t, magnitude, &sixth, &seventh);
        if (!plain_sign) /* place 0 is found iff the first of all thresholds is not reached */
            negative &= _mm512_cmpge_epu32_mask(magnitude, _mm512_set1_epi32((int)t.level[6][0]));
        if (values) {
            __m512i result = look_up(t.results, found, sixth, seventh);
            result = _mm512_mask_or_epi32(result, negative, result, _mm512_set1_epi32((int)SIGN));
            _mm512_storeu_si512((uint32_t *)out + i, result);
        } else {
            found = _mm512_mask_or_epi32(found, seventh, found, _mm512_set1_epi32(64));
            __m128i codes = reversed_bytes(_mm512_cvtepi32_epi8(found));
            codes = _mm_or_si128(codes, _mm_maskz_set1_epi8(negative, (char)t.sign));
            _mm_storeu_si128((__m128i *)((uint8_t *)out + i), codes);
        }
        if (__builtin_expect(special, 0)) {
            uint32_t given[16];
            _mm512_storeu_si512(given, bits);
            for (; special; special &= (__mmask16)(special - 1)) {
                int lane = __builtin_ctz(special);
                uint32_t result = search_one(s, given[lane]);
                if (values)
                    ((uint32_t *)out)[i + (size_t)lane] = result;
                else
                    ((uint8_t *)out)[i + (size_t)lane] = (uint8_t)result;
            }
        }
    }
    return i;
}

#else

static inline size_t search_vectors(const lf_search *s, const uint32_t *x, void *out, size_t n,
                                    int values)
{
    (void)s, (void)x, (void)out, (void)n, (void)values;
    return 0;
}

#endif

static void to_codes(const lf_search *s, const uint32_t *x, void *out, size_t n)
{
    for (size_t i = search_vectors(s, x, out, n, 0); i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)search_one(s, x[i]);
}

static void to_values(const lf_search *s, const uint32_t *x, void *out, size_t n)
{
    for (size_t i = search_vectors(s, x, out, n, 1); i < n; i++)
        ((uint32_t *)out)[i] = search_one(s, x[i]);
}

const lf_logarithm_table LF_JOIN(lf_logarithms_, LF_ISA_NAME) = {log_sums, to_codes, to_values};

/* Logarithms of binary32 numbers, rounded to integers and summed. Part of logarithm.c. */
#ifndef LF_LOG_SUMS_H
#define LF_LOG_SUMS_H

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

/* A sum with MAGIC is rounded to a multiple of 2^-40: its last bit. */
#define MAGIC 0x1.8p12

static inline uint64_t magic_bits(void)
{
    const double magic = MAGIC;
    uint64_t bits;
    memcpy(&bits, &magic, sizeof bits);
    return bits;
}

#if defined(LF_ISA_IS_AVX512)

typedef struct accumulators {
    __m512i fractions, exponents, largest;
    uint64_t count;
} accumulators;

/* 2^40 log2 of eight significands in [1, 2), rounded, in the low bits of binary64 numbers above
 * MAGIC, and which of them are in doubt. */
static inline __attribute__((always_inline)) __m512i log_of_eight(__m256 significands,
                                                                  __m512i sixteenths,
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
        (uint64_t)_mm512_reduce_add_epi64(a.fractions) - a.count * magic_bits();
    sums->count += a.count;
    sums->exponents += _mm512_reduce_add_epi32(a.exponents) - 127 * (int64_t)a.count;
    add_fractions(sums, fractions);
    uint32_t largest = _mm512_reduce_max_epu32(a.largest);
    if (largest > sums->max_magnitude)
        sums->max_magnitude = largest;
    for (; i < n; i++)
        add_one(x[i], sums);
}

#elif defined(LF_ISA_IS_AVX2)

/* Tables of sixteen entries, by halves: permutes look up eight. */
typedef struct log_tables {
    __m256 reciprocal[2];
    __m256i low[2], high[2]; /* halves of lf_log_quick_table's entries */
} log_tables;

static log_tables make_tables(void)
{
    float reciprocal[16];
    uint32_t halves[2][16];
    for (int i = 0; i < 16; i++) {
        uint64_t bits;
        memcpy(&bits, &lf_log_quick_table[i], sizeof bits);
        reciprocal[i] = (float)lf_log_reciprocal[i]; /* exact: 24 bits */
        halves[0][i] = (uint32_t)bits;
        halves[1][i] = (uint32_t)(bits >> 32);
    }
    log_tables t;
    for (int k = 0; k < 2; k++) {
        t.reciprocal[k] = _mm256_loadu_ps(reciprocal + 8 * k);
        t.low[k] = _mm256_loadu_si256((const __m256i *)(halves[0] + 8 * k));
        t.high[k] = _mm256_loadu_si256((const __m256i *)(halves[1] + 8 * k));
    }
    return t;
}

typedef struct accumulators {
    __m256i fractions, exponents, largest, zeros;
} accumulators;

/* Log2 of four significands in [1, 2), to be rounded by MAGIC's bits, with 1/c and -log2 q of
 * each; the greatest distance from a multiple of 2^-40 joins `off`. */
static inline __attribute__((always_inline)) __m256i log_of_four(__m128 significands,
                                                                 __m128 reciprocals, __m256d table,
                                                                 __m256d *off)
{
    const double *c = lf_log_quick;
    __m256d r = _mm256_fmadd_pd(_mm256_cvtps_pd(significands), _mm256_cvtps_pd(reciprocals),
                                _mm256_set1_pd(-1.0));
    __m256d p = _mm256_set1_pd(c[7]);
#    pragma GCC unroll 7
    for (int k = 6; k >= 0; k--)
        p = _mm256_fmadd_pd(p, r, _mm256_set1_pd(c[k]));
    __m256d log = _mm256_fmadd_pd(p, r, table);
    const __m256d magic = _mm256_set1_pd(MAGIC);
    __m256d rounded = _mm256_add_pd(log, magic);
    __m256d rest = _mm256_sub_pd(log, _mm256_sub_pd(rounded, magic));
    *off = _mm256_max_pd(*off, _mm256_andnot_pd(_mm256_set1_pd(-0.0), rest));
    return _mm256_castpd_si256(rounded);
}

static inline __attribute__((always_inline)) __m256i one_of(const __m256i table[2], __m256i index,
                                                            __m256i upper)
{
    __m256 low = _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(table[0], index));
    __m256 high = _mm256_castsi256_ps(_mm256_permutevar8x32_epi32(table[1], index));
    return _mm256_castps_si256(_mm256_blendv_ps(low, high, _mm256_castsi256_ps(upper)));
}

/* Eight numbers. Zeros need no mask: the log of their significand, 1, is 0, their exponent field
 * is 0, and they are counted. Returns 0, with nothing added, if there are subnormals, infinities,
 * NaNs or logs in doubt. */
static inline __attribute__((always_inline)) int add_eight(__m256i bits, const log_tables *t,
                                                           accumulators *a)
{
    __m256i magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(0x7fffffff));
    __m256i zero = _mm256_cmpeq_epi32(magnitude, _mm256_setzero_si256());
    __m256i small = _mm256_cmpgt_epi32(_mm256_set1_epi32(FIRST_NORMAL), magnitude);
    __m256i special = _mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(INFINITE - 1));
    __m256i odd = _mm256_or_si256(special, _mm256_andnot_si256(zero, small));

    __m256i fraction = _mm256_and_si256(bits, _mm256_set1_epi32(FRACTION_MASK));
    __m256i significand = _mm256_or_si256(fraction, _mm256_set1_epi32(127 << 23));
    __m256i sixteenth = _mm256_srli_epi32(fraction, 19);
    __m256i upper = _mm256_slli_epi32(bits, 9); /* the sixteenth's bit of 8 as sign */
    __m256i low = one_of(t->low, sixteenth, upper), high = one_of(t->high, sixteenth, upper);
    __m256 below = _mm256_permutevar8x32_ps(t->reciprocal[0], sixteenth);
    __m256 above = _mm256_permutevar8x32_ps(t->reciprocal[1], sixteenth);
    __m256 reciprocal = _mm256_blendv_ps(below, above, _mm256_castsi256_ps(upper));

    /* Unpacking joins halves of numbers 0, 1, 4, 5, then 2, 3, 6, 7: the rest goes that way too. */
    const int order = _MM_SHUFFLE(3, 1, 2, 0);
    __m256 m = _mm256_castsi256_ps(_mm256_permute4x64_epi64(significand, order));
    __m256 q = _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(reciprocal), order));
    __m256d off = _mm256_setzero_pd();
    __m256i first = log_of_four(_mm256_castps256_ps128(m), _mm256_castps256_ps128(q),
                                _mm256_castsi256_pd(_mm256_unpacklo_epi32(low, high)), &off);
    __m256i second = log_of_four(_mm256_extractf128_ps(m, 1), _mm256_extractf128_ps(q, 1),
                                 _mm256_castsi256_pd(_mm256_unpackhi_epi32(low, high)), &off);
    __m256d doubt = _mm256_cmp_pd(off, _mm256_set1_pd(0x1p-41 - LF_LOG_QUICK_DOUBT), _CMP_GT_OQ);
    __m256i left = _mm256_or_si256(odd, _mm256_castpd_si256(doubt));
    if (__builtin_expect(!_mm256_testz_si256(left, left), 0))
        return 0;
    a->fractions = _mm256_add_epi64(a->fractions, _mm256_add_epi64(first, second));
    a->exponents = _mm256_add_epi32(a->exponents, _mm256_srli_epi32(magnitude, 23));
    a->largest = _mm256_max_epu32(a->largest, magnitude);
    a->zeros = _mm256_sub_epi32(a->zeros, zero);
    return 1;
}

static void add_block(const uint32_t *x, size_t n, lf_log_sums *sums)
{
    const log_tables tables = make_tables();
    const __m256i none = _mm256_setzero_si256();
    accumulators a = {none, none, none, none};
    uint64_t logs = 0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        _mm_prefetch((const char *)(x + i + 1024), _MM_HINT_T0);
        if (add_eight(_mm256_loadu_si256((const __m256i *)(x + i)), &tables, &a))
            logs += 8;
        else
            for (size_t j = i; j < i + 8; j++)
                add_one(x[j], sums);
    }
    uint64_t fractions[4], total = 0;
    uint32_t exponents[8], largest[8], zeros[8];
    _mm256_storeu_si256((__m256i *)fractions, a.fractions);
    _mm256_storeu_si256((__m256i *)exponents, a.exponents);
    _mm256_storeu_si256((__m256i *)largest, a.largest);
    _mm256_storeu_si256((__m256i *)zeros, a.zeros);
    uint64_t count = logs;
    for (int lane = 0; lane < 8; lane++) {
        total += lane < 4 ? fractions[lane] : 0;
        count -= zeros[lane];
        sums->exponents += exponents[lane];
        if (largest[lane] > sums->max_magnitude)
            sums->max_magnitude = largest[lane];
    }
    sums->count += count;
    sums->exponents -= 127 * (int64_t)count;
    add_fractions(sums, total - logs * magic_bits());
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

#endif

/* A codebook of 128 places searched in seven steps. Part of logarithm.c. */
#ifndef LF_CODEBOOK_SEARCH_H
#define LF_CODEBOOK_SEARCH_H

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

static inline void put_one(const lf_search *s, uint32_t bits, void *out, size_t i, int values)
{
    if (values)
        ((uint32_t *)out)[i] = search_one(s, bits);
    else
        ((uint8_t *)out)[i] = (uint8_t)search_one(s, bits);
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
                put_one(s, given[lane], out, i + (size_t)lane, values);
            }
        }
    }
    return i;
}

#elif defined(LF_ISA_IS_AVX2)

/* The search with signed comparisons: what stands in place of a threshold is the greatest number
 * below it; one that no finite number reaches becomes the greatest of all. */
static lf_search below_thresholds(const lf_search *s)
{
    lf_search t = *s;
    for (int k = 0; k < 7; k++)
        for (int i = 0; i < 1 << k; i++) {
            uint32_t threshold = t.level[k][i];
            t.level[k][i] = (threshold < SIGN ? threshold : SIGN) - 1;
        }
    return t;
}

static inline __attribute__((always_inline)) __m256i eight_of(const uint32_t *t, int part,
                                                              __m256i i)
{
    const __m256i *place = (const __m256i *)(t + 8 * part);
    return _mm256_permutevar8x32_epi32(_mm256_loadu_si256(place), i);
}

static inline __attribute__((always_inline)) __m256i choose(__m256i a, __m256i b, __m256i which)
{
    return _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b),
                                                _mm256_castsi256_ps(which)));
}

/* The places of eight finite magnitudes, their bits reversed. Entries are looked up by the first
 * three steps' bits in every part of a level, and the decisions of steps 3, 4, 5 choose a part. */
static inline __attribute__((always_inline)) __m256i find_eight(const lf_search *t, __m256i x)
{
    const uint32_t (*level)[64] = t->level;
    __m256i above[7], i = _mm256_setzero_si256();
#    pragma GCC unroll 7
    for (int k = 0; k < 7; k++) {
        __m256i parts[8];
        int count = k < 4 ? 1 : 1 << (k - 3);
        for (int part = 0; part < count; part++)
            parts[part] = k ? eight_of(level[k], part, i) : _mm256_set1_epi32((int)level[0][0]);
        for (int step = k - 1; step >= 3; step--)
            for (int part = 0; part < 1 << (step - 3); part++)
                parts[part] = choose(parts[part], parts[part + (1 << (step - 3))], above[step]);
        above[k] = _mm256_cmpgt_epi32(x, parts[0]);
        i = _mm256_or_si256(i, _mm256_and_si256(above[k], _mm256_set1_epi32(1 << k)));
    }
    return i;
}

/* The seven bits of 32 bytes, the other way round. */
static inline __attribute__((always_inline)) __m256i reversed_bytes(__m256i x)
{
    const __m256i low = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 64, 32, 96, 16, 80, 48, 112, 8, 72, 40, 104, 24, 88, 56, 120));
    const __m256i high =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 4, 2, 6, 1, 5, 3, 7, 0, 4, 2, 6, 1, 5, 3, 7));
    const __m256i nibble = _mm256_set1_epi8(15);
    __m256i upper = _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble);
    return _mm256_or_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(x, nibble)),
                           _mm256_shuffle_epi8(high, upper));
}

/* The low bytes of 32 numbers below 128, or of masks, in order. */
static inline __attribute__((always_inline)) __m256i to_bytes(const __m256i x[4])
{
    __m256i low = _mm256_packs_epi32(x[0], x[1]), high = _mm256_packs_epi32(x[2], x[3]);
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    return _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high), order);
}

static inline __attribute__((always_inline)) size_t search_vectors(const lf_search *s,
                                                                   const uint32_t *x, void *out,
                                                                   size_t n, int values)
{
    const lf_search t = below_thresholds(s);
    const int plain_sign = t.zero_sign == t.sign;
    const __m256i least = _mm256_set1_epi32((int)t.level[6][0]), none = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        __m256i found[4], negative[4], special = none;
        _mm_prefetch((const char *)(x + i + 512), _MM_HINT_T0);
        _mm_prefetch((const char *)(x + i + 528), _MM_HINT_T0);
#    pragma GCC unroll 4
        for (int k = 0; k < 4; k++) {
            __m256i bits = _mm256_loadu_si256((const __m256i *)(x + i + 8 * k));
            __m256i magnitude = _mm256_and_si256(bits, _mm256_set1_epi32(0x7fffffff));
            special = _mm256_or_si256(
                special, _mm256_cmpgt_epi32(magnitude, _mm256_set1_epi32(INFINITE - 1)));
            negative[k] = _mm256_srai_epi32(bits, 31);
            found[k] = find_eight(&t, magnitude);
            if (!plain_sign) /* place 0 is found iff the first of all thresholds is not reached */
                negative[k] = _mm256_and_si256(negative[k], _mm256_cmpgt_epi32(magnitude, least));
        }
        if (__builtin_expect(!_mm256_testz_si256(special, special), 0)) {
            uint32_t given[32]; /* `out` may be `x` */
            memcpy(given, x + i, sizeof given);
            for (size_t j = 0; j < 32; j++)
                put_one(s, given[j], out, i + j, values);
        } else if (values) {
            for (int k = 0; k < 4; k++) {
                __m256i result = _mm256_i32gather_epi32((const int *)t.results, found[k], 4);
                __m256i sign = _mm256_and_si256(negative[k], _mm256_set1_epi32((int)SIGN));
                _mm256_storeu_si256((__m256i *)((uint32_t *)out + i + 8 * (size_t)k),
                                    _mm256_or_si256(result, sign));
            }
        } else {
            __m256i sign = _mm256_and_si256(to_bytes(negative), _mm256_set1_epi8((char)t.sign));
            __m256i codes = _mm256_or_si256(reversed_bytes(to_bytes(found)), sign);
            _mm256_storeu_si256((__m256i *)((uint8_t *)out + i), codes);
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
        put_one(s, x[i], out, i, 0);
}

static void to_values(const lf_search *s, const uint32_t *x, void *out, size_t n)
{
    for (size_t i = search_vectors(s, x, out, n, 1); i < n; i++)
        put_one(s, x[i], out, i, 1);
}

#endif

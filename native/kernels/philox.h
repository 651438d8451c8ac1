/* Random bits of one chunk: rules. Included once per instruction set.
 *
 * Philox runs in 64-bit lanes that hold 32-bit words: bits above the words are left to be
 * garbage, since the multiplication reads 32 bits, and are cleared at the end.
 */
#ifndef LF_PHILOX_H
#    define LF_PHILOX_H

#    if defined(__x86_64__)
#        include <immintrin.h>
#    endif

#    include "lanes.h"

#    if defined(__AVX512F__)
enum { LF_BLOCKS = 8 }; /* Philox blocks side by side */
#        define multiply_words(a, b) ((lf_words)_mm512_mul_epu32((__m512i)(a), (__m512i)(b)))
#        define LF_LOW_HALVES 0, 8, 2, 10, 4, 12, 6, 14
#        define LF_HIGH_HALVES 1, 9, 3, 11, 5, 13, 7, 15
#        define LF_BLOCK_ORDER 0, 4, 1, 5, 2, 6, 3, 7
#    elif defined(__AVX2__)
enum { LF_BLOCKS = 4 };
#        define multiply_words(a, b) ((lf_words)_mm256_mul_epu32((__m256i)(a), (__m256i)(b)))
#        define LF_LOW_HALVES 0, 4, 2, 6
#        define LF_HIGH_HALVES 1, 5, 3, 7
#        define LF_BLOCK_ORDER 0, 2, 1, 3
#    else
enum { LF_BLOCKS = 2 };
#        if defined(__SSE2__)
#            define multiply_words(a, b) ((lf_words)_mm_mul_epu32((__m128i)(a), (__m128i)(b)))
#        else
#            define multiply_words(a, b) (((a) & LF_WORD) * ((b) & LF_WORD))
#        endif
#        define LF_LOW_HALVES 0, 2
#        define LF_HIGH_HALVES 1, 3
#        define LF_BLOCK_ORDER 0, 1
#    endif

typedef uint64_t lf_words __attribute__((vector_size(8 * LF_BLOCKS)));

#    define LF_WORD 0xffffffffu

/* LF_BLOCKS blocks of Philox4x32-10 from `block` on, as a little-endian stream. */
LF_INLINE void philox(const lf_cast_plan *p, uint64_t block, uint64_t *stream)
{
    const lf_words order = {LF_BLOCK_ORDER};
    lf_words c0 = block + order;
    lf_words c1 = c0 >> 32;
    lf_words c2 = (lf_words){0} + p->call;
    lf_words c3 = (lf_words){0} + p->stream;
    const lf_words factor0 = (lf_words){0} + 0xD2511F53u;
    const lf_words factor1 = (lf_words){0} + 0xCD9E8D57u;
    uint32_t k0 = (uint32_t)p->seed, k1 = (uint32_t)(p->seed >> 32);
#    pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        lf_words p0 = multiply_words(factor0, c0);
        lf_words p1 = multiply_words(factor1, c2);
        c0 = p1 >> 32 ^ c1 ^ k0;
        c1 = p1;
        c2 = p0 >> 32 ^ c3 ^ k1;
        c3 = p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    lf_words low = (c0 & LF_WORD) | c1 << 32;
    lf_words high = (c2 & LF_WORD) | c3 << 32;
    /* The order of the blocks makes these two one unpack instruction each. */
    lf_words first = __builtin_shuffle(low, high, (lf_words){LF_LOW_HALVES});
    lf_words second = __builtin_shuffle(low, high, (lf_words){LF_HIGH_HALVES});
    memcpy(stream, &first, sizeof first);
    memcpy(stream + LF_BLOCKS, &second, sizeof second);
}

/* The lanes of the chunk at index `first`, a multiple of LF_CHUNK. */
static void philox_chunk(const lf_cast_plan *p, uint64_t first, uint64_t *stream)
{
    int blocks = LF_CHUNK * p->random_lane / 128;
    uint64_t block = first / 128 * p->random_lane;
    for (int i = 0; i < blocks; i += LF_BLOCKS)
        philox(p, block + (uint64_t)i, stream + 2 * i);
}

#endif

/* Fills random[offset .. offset + n - 1], at least, with R in the top bits of lanes of LF_LANES
 * bits; random[0] belongs to index `first`, a multiple of LF_CHUNK. Returns LF_OK, or
 * LF_ERROR_ARGUMENT if a given R is not below 2^N. */
static int NAME(lf_random_chunk)(const lf_cast_plan *p, uint64_t first, size_t offset, size_t n,
                                 LANE *random)
{
    const int bits = p->random_bits;
    uint64_t stream[LF_CHUNK];
    if (p->random_kind == LF_RANDOM_GIVEN) {
        ptrdiff_t start = (ptrdiff_t)(first + offset - p->random_first);
        const uint64_t *given = p->given + start * p->given_stride;
        uint64_t all = 0;
        for (size_t i = 0; i < n; i++) {
            uint64_t r = given[(ptrdiff_t)i * p->given_stride];
            all |= r;
            random[offset + i] = (LANE)r << (LF_LANES - bits);
        }
        return all >> (bits - 1) > 1 ? LF_ERROR_ARGUMENT : LF_OK;
    }
    philox_chunk(p, first, stream);
    const LANE kept = ~((~(LANE)0 >> 1) >> (bits - 1));
    const uint8_t *lane8 = (const uint8_t *)stream;
    const lf_unaligned16 *lane16 = (const lf_unaligned16 *)stream;
    const lf_unaligned32 *lane32 = (const lf_unaligned32 *)stream;
    if (p->random_lane == 8)
        for (int i = 0; i < LF_CHUNK; i++)
            random[i] = (LANE)lane8[i] << (LF_LANES - 8) & kept;
    else if (p->random_lane == 16)
        for (int i = 0; i < LF_CHUNK; i++)
            random[i] = (LANE)lane16[i] << (LF_LANES - 16) & kept;
    else if (p->random_lane == 32)
        for (int i = 0; i < LF_CHUNK; i++)
            random[i] = (LANE)lane32[i] << (LF_LANES - 32) & kept;
    else
        for (int i = 0; i < LF_CHUNK; i++)
            random[i] = (LANE)(stream[i] >> (64 - LF_LANES)) & kept;
    return LF_OK;
}

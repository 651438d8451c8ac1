/* Ten rounds of Philox, several counters side by side (rule R-2).
 *
 * Philox runs in 64-bit lanes that hold 32-bit words: bits above the words are left to be
 * garbage, since the multiplication reads 32 bits. A round is two multiplications, two shifts and
 * two exclusive ors of three words, and its latency three times what it takes to issue them: hence
 * the streams, vectors of counters whose rounds are interleaved.
 */
#ifndef LF_PHILOX_ROUNDS_H
#define LF_PHILOX_ROUNDS_H

#if defined(__x86_64__)
#    include <immintrin.h>
#endif

#include "lanes.h"

#if defined(__AVX512F__)
enum { LF_BLOCKS = 8 }; /* Philox blocks side by side */
#    define multiply_words(a, b) ((lf_words)_mm512_mul_epu32((__m512i)(a), (__m512i)(b)))
#    define LF_LOW_HALVES 0, 8, 2, 10, 4, 12, 6, 14
#    define LF_HIGH_HALVES 1, 9, 3, 11, 5, 13, 7, 15
#    define LF_BLOCK_ORDER 0, 4, 1, 5, 2, 6, 3, 7
#elif defined(__AVX2__)
enum { LF_BLOCKS = 4 };
#    define multiply_words(a, b) ((lf_words)_mm256_mul_epu32((__m256i)(a), (__m256i)(b)))
#    define LF_LOW_HALVES 0, 4, 2, 6
#    define LF_HIGH_HALVES 1, 5, 3, 7
#    define LF_BLOCK_ORDER 0, 2, 1, 3
#else
enum { LF_BLOCKS = 2 };
#    if defined(__SSE2__)
#        define multiply_words(a, b) ((lf_words)_mm_mul_epu32((__m128i)(a), (__m128i)(b)))
#    else
#        define multiply_words(a, b) (((a) & LF_WORD) * ((b) & LF_WORD))
#    endif
#    define LF_LOW_HALVES 0, 2
#    define LF_HIGH_HALVES 1, 3
#    define LF_BLOCK_ORDER 0, 1
#endif

/* Streams that are interleaved: as many as the registers hold. */
#if defined(__AVX512F__)
enum { LF_STREAMS = 4 };
#else
enum { LF_STREAMS = 2 };
#endif

typedef uint64_t lf_words __attribute__((vector_size(8 * LF_BLOCKS)));

#define LF_WORD 0xffffffffu

/* The keys of all rounds; in memory, from where they are spread over the lanes at no cost. */
typedef struct lf_philox_keys {
    uint64_t round[10][2];
} lf_philox_keys;

LF_INLINE void philox_keys(lf_philox_keys *keys, uint64_t seed)
{
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < 10; round++) {
        keys->round[round][0] = k0;
        keys->round[round][1] = k1;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

/* Ten rounds of Philox4x32 on `streams` x LF_BLOCKS counters, a constant of at most LF_STREAMS. */
LF_INLINE void philox_rounds(lf_words c[][4], const int streams, const lf_philox_keys *keys)
{
    const lf_words factor0 = (lf_words){0} + 0xD2511F53u;
    const lf_words factor1 = (lf_words){0} + 0xCD9E8D57u;
#pragma GCC unroll 10
    for (int round = 0; round < 10; round++) {
        const uint64_t *key = keys->round[round];
#pragma GCC unroll 4
        for (int i = 0; i < streams; i++) {
            lf_words p0 = multiply_words(factor0, c[i][0]);
            lf_words p1 = multiply_words(factor1, c[i][2]);
            c[i][0] = p1 >> 32 ^ c[i][1] ^ ((lf_words){0} + key[0]);
            c[i][1] = p1;
            c[i][2] = p0 >> 32 ^ c[i][3] ^ ((lf_words){0} + key[1]);
            c[i][3] = p0;
        }
    }
}

#endif

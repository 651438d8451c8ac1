/* Template, for lanes of LF_LANES bits: tiles of running sums held in registers. */
#include "gemm_lanes.h"

#include "gemm_steps.h"

#undef TILE_COLUMNS
#define TILE_COLUMNS (2 * VECTOR_LANES)

#ifndef LF_GEMM_TILE_H
#    define LF_GEMM_TILE_H
/* Twice as many sums, and what a step needs, are what the registers hold. Where there are 16 of
 * them, steps of several operations have more sums than that, for their latency. */
#    if defined(__AVX512F__)
enum { LF_HOST_ROWS = 14, LF_TILE_ROWS = 14 };
#    else
enum { LF_HOST_ROWS = 6, LF_TILE_ROWS = 8 };
#    endif
#endif

/* `rows` and `kind` are constants, so that the loops over the tile unroll and the sums stay in
 * registers. */
LF_INLINE void NAME(lf_tile)(const lf_step *p, const HOST *a, const HOST *b, size_t steps,
                             HOST *sums, const int rows, const int kind)
{
    VECTOR c[LF_TILE_MOST][2];
    lf_step constants = *p;
#pragma GCC unroll 14
    for (int i = 0; i < rows; i++) {
        c[i][0] = *(const LOADED *)(sums + i * TILE_COLUMNS);
        c[i][1] = *(const LOADED *)(sums + i * TILE_COLUMNS + VECTOR_LANES);
    }
    for (size_t s = 0; s < steps; s++) {
        VECTOR b0 = *(const LOADED *)(b + s * TILE_COLUMNS);
        VECTOR b1 = *(const LOADED *)(b + s * TILE_COLUMNS + VECTOR_LANES);
#pragma GCC unroll 14
        for (int i = 0; i < rows; i++) {
            VECTOR factor = NAME(lf_repeat)(a + s * (size_t)rows + i);
            c[i][0] = NAME(lf_stepped)(&constants, kind, 0, factor, b0, c[i][0]);
            c[i][1] = NAME(lf_stepped)(&constants, kind, 1, factor, b1, c[i][1]);
        }
    }
#pragma GCC unroll 14
    for (int i = 0; i < rows; i++) {
        *(LOADED *)(sums + i * TILE_COLUMNS) = c[i][0];
        *(LOADED *)(sums + i * TILE_COLUMNS + VECTOR_LANES) = c[i][1];
    }
}

LF_INLINE void NAME(lf_join)(const lf_step *p, const HOST *inner, HOST *outer, size_t n,
                             const int kind)
{
    const lf_step constants = *p;
    const VECTOR one = EACH(1);
    for (size_t i = 0; i < n; i += VECTOR_LANES) {
        VECTOR x = *(const LOADED *)(inner + i), c = *(const LOADED *)(outer + i);
        *(LOADED *)(outer + i) = NAME(lf_stepped)(&constants, kind, 0, x, one, c);
    }
}

static void NAME(lf_extent)(const void *numbers, size_t n, double *least, double *greatest)
{
    const UNALIGNED *x = numbers;
    LANE low = ~(LANE)0, high = 0;
    for (size_t i = 0; i < n; i++) {
        LANE magnitude = x[i] & ~(LANE)HOST_SIGN;
        LANE below = magnitude - 1; /* zero becomes the largest */
        low = below < low ? below : low;
        high = magnitude > high ? magnitude : high;
    }
    HOST pair[2];
    low = low == ~(LANE)0 ? 0 : low + 1;
    memcpy(&pair[0], &low, sizeof low);
    memcpy(&pair[1], &high, sizeof high);
    *least = pair[0];
    *greatest = pair[1];
}

/* Where a draw of a block lies, and how far its N bits move to where they are added. */
typedef struct NAME(lf_draw) {
    int word;
    LANE right, left, turn;
} NAME(lf_draw);

LF_INLINE void NAME(lf_draws)(const lf_tile_random *r, int place, NAME(lf_draw) * draws)
{
    for (int lane = 0; lane < 128 / r->lane; lane++) {
        int from = lane * r->lane % 32 + r->lane - r->bits;
        draws[lane] = (NAME(lf_draw)){.word = lane * r->lane / 32,
                                      .right = (LANE)(from > place ? from - place : 0),
                                      .left = (LANE)(from > place ? 0 : place - from),
                                      .turn = (LANE)(place - from) % LF_LANES};
    }
}

/* Random words turned to their place; the mask cuts out the draw's. */
LF_INLINE WORDS NAME(lf_turned)(WORDS word, const NAME(lf_draw) * draw)
{
#if defined(__AVX512F__) && LF_LANES == 32
    return (WORDS)_mm512_rolv_epi32((__m512i)word, _mm512_set1_epi32((int)draw->turn));
#elif defined(__AVX512F__)
    return (WORDS)_mm512_rolv_epi64((__m512i)word, _mm512_set1_epi64((long long)draw->turn));
#else
    typedef LANE UNSIGNED_WORDS __attribute__((vector_size(LF_VECTOR_BYTES)));
    const UNSIGNED_WORDS right = (UNSIGNED_WORDS){0} + draw->right;
    return (WORDS)((UNSIGNED_WORDS)word >> right) << (WORDS)((UNSIGNED_WORDS){0} + draw->left);
#endif
}

/* `even` and `odd` have the words of even and odd columns in the low halves of 64-bit lanes. */
LF_INLINE lf_words NAME(lf_merged)(lf_words even, lf_words odd)
{
#if defined(__AVX512F__)
    return (lf_words)_mm512_mask_shuffle_epi32((__m512i)even, 0xaaaa, (__m512i)odd,
                                               (_MM_PERM_ENUM)0xa0);
#else
    return (even & LF_WORD) | odd << 32;
#endif
}

enum { NAME(LF_PARTS) = VECTOR_LANES / LF_BLOCKS }; /* columns of a 64-bit lane */

/* The random words of a row of a tile: words[j][w] has word w of the block of each column of its
 * vector j. ramp[] has the distance of the columns' blocks from `block`. */
LF_INLINE void NAME(lf_column_words)(const lf_tile_random *r, const lf_philox_keys *keys,
                                     uint64_t block, const lf_words *ramp, WORDS words[2][4])
{
    enum { PARTS = NAME(LF_PARTS), STREAMS = 2 * PARTS < LF_STREAMS ? 2 * PARTS : LF_STREAMS };
    const lf_words call = (lf_words){0} + r->call, stream = (lf_words){0} + r->stream;
    for (int i = 0; i < 2 * PARTS; i += STREAMS) {
        lf_words c[STREAMS][4];
#pragma GCC unroll 4
        for (int s = 0; s < STREAMS; s++) {
            lf_words number = ramp[i + s] + block;
            c[s][0] = number;
            c[s][1] = number >> 32;
            c[s][2] = call;
            c[s][3] = stream;
        }
        philox_rounds(c, STREAMS, keys);
#pragma GCC unroll 4
        for (int s = 0; s < STREAMS; s += PARTS)
            for (int w = 0; w < 4; w++)
                words[(i + s) / PARTS][w] =
                    (WORDS)(PARTS > 1 ? NAME(lf_merged)(c[s][w], c[s + PARTS - 1][w]) : c[s][w]);
    }
}

LF_INLINE void NAME(lf_random_tile)(const lf_step *p, const HOST *a, const HOST *b, size_t steps,
                                    HOST *sums, const int rows, const int kind)
{
    enum { PARTS = NAME(LF_PARTS) };
    const lf_tile_random *r = p->random;
    const lf_step constants = *p;
    const uint64_t per_block = 128 / (uint64_t)r->lane;
    const uint64_t stride = (uint64_t)r->column_step * r->blocks;
    const int place = kind == LF_STEP_STOCHASTIC ? r->shift : 0;
    const WORDS mask = (WORDS){0} + (SIGNED_LANE)((((LANE)1 << r->bits) - 1) << place);
    NAME(lf_draw) draws[16];
    lf_philox_keys keys;
    lf_words ramp[2 * PARTS], lane = {0};
    NAME(lf_draws)(r, place, draws);
    philox_keys(&keys, r->seed);
    for (int i = 0; i < LF_BLOCKS; i++)
        lane[i] = (uint64_t)i * PARTS * stride;
    for (int j = 0; j < 2 * PARTS; j++)
        ramp[j] = lane + (uint64_t)(j / PARTS * VECTOR_LANES + j % PARTS) * stride;
    for (int i = 0; i < rows; i++) {
        uint64_t element = r->first + (uint64_t)(i * r->row_step);
        uint64_t block = element * r->blocks + r->step / per_block;
        size_t draw = r->step % per_block;
        const HOST *factor = a + i, *columns = b;
        VECTOR c0 = *(const LOADED *)(sums + i * TILE_COLUMNS);
        VECTOR c1 = *(const LOADED *)(sums + i * TILE_COLUMNS + VECTOR_LANES);
        for (size_t left = steps, n; left; left -= n, draw = 0, block++) {
            n = left < per_block - draw ? left : per_block - draw;
            WORDS words[2][4];
            NAME(lf_column_words)(r, &keys, block, ramp, words);
            for (size_t s = 0; s < n; s++, factor += rows, columns += TILE_COLUMNS) {
                const NAME(lf_draw) *d = &draws[draw + s];
                VECTOR x = NAME(lf_repeat)(factor);
                VECTOR b0 = *(const LOADED *)columns;
                VECTOR b1 = *(const LOADED *)(columns + VECTOR_LANES);
                c0 = NAME(lf_stepped_random)(&constants, kind, r->bits, x, b0, c0,
                                             NAME(lf_turned)(words[0][d->word], d) & mask);
                c1 = NAME(lf_stepped_random)(&constants, kind, r->bits, x, b1, c1,
                                             NAME(lf_turned)(words[1][d->word], d) & mask);
            }
        }
        *(LOADED *)(sums + i * TILE_COLUMNS) = c0;
        *(LOADED *)(sums + i * TILE_COLUMNS + VECTOR_LANES) = c1;
    }
}

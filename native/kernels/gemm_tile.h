/* Template, for lanes of LF_LANES bits: tiles of running sums held in registers. */
#include "gemm_lanes.h"

#include "gemm_steps.h"

#undef TILE_COLUMNS
#define TILE_COLUMNS (2 * VECTOR_LANES)

/* `rows` and `kind` are constants, so that the loops over the tile unroll and the sums stay in
 * registers. */
LF_INLINE void NAME(lf_tile)(const lf_step *p, const HOST *a, const HOST *b, size_t steps,
                             HOST *sums, const int rows, const int kind)
{
    VECTOR c[LF_TILE_ROWS][2];
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
            c[i][0] = NAME(lf_stepped)(&constants, kind, factor, b0, c[i][0]);
            c[i][1] = NAME(lf_stepped)(&constants, kind, factor, b1, c[i][1]);
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
        *(LOADED *)(outer + i) = NAME(lf_stepped)(&constants, kind, x, one, c);
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

/* The random words of a row of a tile: words[w] has word w of each column's block. `block` is that
 * of the first column, `stride` the distance between columns. */
LF_INLINE void NAME(lf_column_words)(const lf_tile_random *r, uint64_t block, uint64_t stride,
                                     WORDS words[4])
{
    enum { PARTS = VECTOR_LANES / LF_BLOCKS }; /* columns per 64-bit lane: even ones, odd ones */
    lf_words ramp;
    for (int i = 0; i < LF_BLOCKS; i++)
        ramp[i] = (uint64_t)i * PARTS * stride + block;
    for (int part = 0; part < PARTS; part++) {
        lf_words number = ramp + (uint64_t)part * stride;
        lf_words c[4] = {number, number >> 32, (lf_words){0} + r->call, (lf_words){0} + r->stream};
        philox_rounds(c, r->seed);
        for (int w = 0; w < 4; w++)
            words[w] = part ? words[w] | (WORDS)(c[w] << 32) : (WORDS)(c[w] & LF_WORD);
    }
}

/* The N bits of draw `lane` of the blocks in `words`, at the bottom. */
LF_INLINE WORDS NAME(lf_column_bits)(const lf_tile_random *r, const WORDS words[4], int lane)
{
    typedef LANE UNSIGNED_WORDS __attribute__((vector_size(LF_VECTOR_BYTES)));
    int last = lane * r->lane % 32 + r->lane; /* the bit above the draw's */
    UNSIGNED_WORDS word = (UNSIGNED_WORDS)words[lane * r->lane / 32];
    return (WORDS)(word >> (last - r->bits) & (((LANE)1 << r->bits) - 1));
}

LF_INLINE void NAME(lf_random_tile)(const lf_step *p, const HOST *a, const HOST *b, size_t steps,
                                    HOST *sums, const int rows, const int kind)
{
    const lf_tile_random *r = p->random;
    const lf_step constants = *p;
    const int draws = 128 / r->lane; /* of a block */
    const int n = r->bits, shift = r->shift;
    WORDS words[2][4];
    for (int i = 0; i < rows; i++) {
        uint64_t element = r->first + (uint64_t)(i * r->row_step);
        uint64_t stride = (uint64_t)r->column_step * r->blocks;
        VECTOR c0 = *(const LOADED *)(sums + i * TILE_COLUMNS);
        VECTOR c1 = *(const LOADED *)(sums + i * TILE_COLUMNS + VECTOR_LANES);
        for (size_t s = 0; s < steps; s++) {
            uint64_t number = r->step + s;
            int lane = (int)(number % (uint64_t)draws);
            if (s == 0 || lane == 0) {
                uint64_t block = element * r->blocks + number / (uint64_t)draws;
                NAME(lf_column_words)(r, block, stride, words[0]);
                NAME(lf_column_words)(r, block + VECTOR_LANES * stride, stride, words[1]);
            }
            VECTOR factor = NAME(lf_repeat)(a + s * (size_t)rows + i);
            VECTOR b0 = *(const LOADED *)(b + s * TILE_COLUMNS);
            VECTOR b1 = *(const LOADED *)(b + s * TILE_COLUMNS + VECTOR_LANES);
            c0 = NAME(lf_stepped_random)(&constants, kind, n, shift, factor, b0, c0,
                                         NAME(lf_column_bits)(r, words[0], lane));
            c1 = NAME(lf_stepped_random)(&constants, kind, n, shift, factor, b1, c1,
                                         NAME(lf_column_bits)(r, words[1], lane));
        }
        *(LOADED *)(sums + i * TILE_COLUMNS) = c0;
        *(LOADED *)(sums + i * TILE_COLUMNS + VECTOR_LANES) = c1;
    }
}

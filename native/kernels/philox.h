/* Random bits of one chunk: rules. Included once per instruction set.
 */
#ifndef LF_PHILOX_H
#    define LF_PHILOX_H

#    include "philox_rounds.h"

/* The stream of LF_BLOCKS blocks of Philox4x32-10, little-endian. */
LF_INLINE void philox_store(const lf_words c[4], uint64_t *stream)
{
    lf_words low = (c[0] & LF_WORD) | c[1] << 32;
    lf_words high = (c[2] & LF_WORD) | c[3] << 32;
    /* The order of the blocks makes these two one unpack instruction each. */
    lf_words first = __builtin_shuffle(low, high, (lf_words){LF_LOW_HALVES});
    lf_words second = __builtin_shuffle(low, high, (lf_words){LF_HIGH_HALVES});
    memcpy(stream, &first, sizeof first);
    memcpy(stream + LF_BLOCKS, &second, sizeof second);
}

/* The lanes of the chunk at index `first`, a multiple of LF_CHUNK; there are two vectors of
 * blocks, or a multiple of it. */
static void philox_chunk(const lf_cast_plan *p, uint64_t first, uint64_t *stream)
{
    const lf_words order = {LF_BLOCK_ORDER};
    const lf_words call = (lf_words){0} + p->call, tensor = (lf_words){0} + p->stream;
    int blocks = LF_CHUNK * p->random_lane / 128;
    uint64_t block = first / 128 * p->random_lane;
    lf_philox_keys keys;
    philox_keys(&keys, p->seed);
    for (int i = 0; i < blocks; i += 2 * LF_BLOCKS) {
        lf_words n0 = order + (block + (uint64_t)i), n1 = n0 + LF_BLOCKS;
        lf_words c[2][4] = {{n0, n0 >> 32, call, tensor}, {n1, n1 >> 32, call, tensor}};
        philox_rounds(c, 2, &keys);
        philox_store(c[0], stream + 2 * i);
        philox_store(c[1], stream + 2 * i + 2 * LF_BLOCKS);
    }
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

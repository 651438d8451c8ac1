/* Template, for lanes of LF_LANES bits: a whole array, chunk by chunk. */
#include "lanes.h"

#include "lattice.h"

#include "levels.h"
#include "philox.h"
#if LF_LANES == 32
#    include "halves.h"
#endif

#ifndef LF_CAST_H
#    define LF_CAST_H

/* binary32 as binary64: exact, and a signaling NaN stays one (F-5). */
LF_INLINE void lf_widen_chunk(const void *in, uint64_t *out, size_t n)
{
    const lf_unaligned32 *source = in;
    for (size_t i = 0; i < n; i++) {
        uint32_t x = source[i];
        int32_t m = (int32_t)(x & 0x7fffffff);
        float narrow;
        memcpy(&narrow, &x, sizeof narrow);
        double wide = narrow;
        uint64_t bits;
        memcpy(&bits, &wide, sizeof bits);
        int signaling = m > 0x7f800000 && !(x & 0x00400000);
        out[i] = signaling ? bits & ~((uint64_t)1 << 51) : bits;
    }
}
#endif

/* The flags of a chunk without NaN and infinity. */
LF_INLINE uint32_t NAME(lf_union)(const lf_cast_plan *p, const NAME(lf_findings) * found)
{
    return (found->lost ? LF_INEXACT : 0) | (found->tiny_lost ? LF_UNDERFLOW : 0) |
           (found->largest_code > (SIGNED_LANE)p->max_code ? p->over_flags : 0);
}

/* Of binary16 and bfloat16, which only 32-bit lanes have kernels for. */
LF_INLINE NAME(lf_findings) NAME(lf_halves_chunk)(const lf_cast_plan *p, const void *in, void *out,
                                                  const int target, const int united)
{
#if LF_LANES == 32 && defined(__F16C__)
    if (target == LF_BINARY16)
        return lf_binary16_chunk(p, in, out, united);
#endif
#if LF_LANES == 32
    if (target == LF_BFLOAT16)
        return lf_bfloat16_chunk(p, in, out, united);
#endif
    (void)target;
    return NAME(lf_nearest_chunk)(p, in, out, LF_CODES16, united, 1);
}

/* `redo` is the full kernel, for chunks with NaN or infinity in a union kernel. */
LF_INLINE int NAME(lf_cast)(const lf_cast_plan *p, const void *in, void *out, uint8_t *flags_out,
                            uint32_t *flags, size_t n, uint64_t first, const int target,
                            const int stochastic, const int level, const lf_cast_kernel redo)
{
    const int halves = target == LF_BINARY16 || target == LF_BFLOAT16;
    const size_t out_size = target == LF_CODES8              ? 1
                            : target == LF_CODES16 || halves ? 2
                            : target == LF_CODES32           ? 4
                                                             : sizeof(LANE);
    const size_t in_size = LF_LANES == 64 && p->widen ? 4 : sizeof(LANE);
    const int united = level == LF_UNION || level == LF_NEAREST_UNION;
    /* A quantization may be in place, and a union kernel may need its input again. */
    const int aside = united && target == LF_QUANTIZED;
    LANE random[LF_CHUNK];
    LANE in_copy[LF_CHUNK];
    LANE out_copy[LF_CHUNK];
    uint8_t chunk_flags[LF_CHUNK];
    uint32_t raised = 0;
    size_t count;

    for (size_t done = 0; done < n; done += count) {
        size_t offset = stochastic ? (first + done) % LF_CHUNK : 0;
        count = n - done < LF_CHUNK - offset ? n - done : LF_CHUNK - offset;
        const char *source = (const char *)in + done * in_size;
        char *result = (char *)out + done * out_size;
        int whole = count == LF_CHUNK;
        int direct = whole && !aside;

        for (size_t ahead = 2048; n > 1024 && ahead < 2048 + LF_CHUNK * in_size; ahead += 64)
            __builtin_prefetch(source + ahead);
        if (stochastic) {
            int status = NAME(lf_random_chunk)(p, first + done - offset, offset, count, random);
            if (status != LF_OK)
                return status;
        }
        const void *chunk = source;
        if (!whole)
            memset(in_copy, 0, sizeof in_copy);
        if (LF_LANES == 64 && p->widen)
            lf_widen_chunk(chunk, (uint64_t *)in_copy + offset, count);
        else if (!whole)
            memcpy(in_copy + offset, source, count * in_size);
        if (!whole || p->widen)
            chunk = in_copy;
        void *to = direct ? (void *)result : out_copy;
        NAME(lf_findings) found = {0, 0, 0, 0};
        if (halves)
            found = NAME(lf_halves_chunk)(p, chunk, to, target, united);
        else if (level == LF_NEAREST || level == LF_NEAREST_UNION)
            found = p->sign_min ? NAME(lf_nearest_chunk)(p, chunk, to, target, united, 0)
                                : NAME(lf_nearest_chunk)(p, chunk, to, target, united, 1);
        else if (level == LF_PLAIN)
            NAME(lf_plain_chunk)(p, chunk, to, random, target, stochastic);
        else if (level == LF_UNION)
            found = NAME(lf_union_chunk)(p, chunk, to, random, target, stochastic);
        else if (p->common)
            NAME(lf_full_chunk)(p, chunk, to, chunk_flags, random, target, stochastic, 1);
        else
            NAME(lf_full_chunk)(p, chunk, to, chunk_flags, random, target, stochastic, 0);
        if (united && found.largest >= HOST_INFINITY) {
            redo(p, source, result, NULL, &raised, count, first + done);
            continue;
        }
        if (!direct)
            memcpy(result, (char *)out_copy + offset * out_size, count * out_size);
        if (united)
            raised |= NAME(lf_union)(p, &found);
        if (level == LF_FULL) {
            for (size_t i = offset; i < offset + count; i++)
                raised |= chunk_flags[i];
            if (p->want_flags_out && flags_out)
                memcpy(flags_out + done, chunk_flags + offset, count);
        }
    }
    if ((united || level == LF_FULL) && p->want_flags && flags)
        *flags |= raised;
    return LF_OK;
}

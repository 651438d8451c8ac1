/* Codes of up to 16 bits to binary32, and of up to 32 to binary64: exact, but for NaNs and
 * infinities. */
#define LF_LANES 32
#include "decode.h"

#undef LF_LANES
#define LF_LANES 64
#include "decode.h"

/* bytes of a code, level */
/* clang-format off */
#define WIDEST(X, lanes)                                                                           \
    X(lanes, 4, LF_PLAIN) X(lanes, 4, LF_UNION) X(lanes, 4, LF_FULL) X(lanes, 4, LF_RAW)
#define KERNELS(X, lanes)                                                                          \
    X(lanes, 1, LF_PLAIN) X(lanes, 1, LF_UNION) X(lanes, 1, LF_FULL) X(lanes, 1, LF_RAW)           \
    X(lanes, 2, LF_PLAIN) X(lanes, 2, LF_UNION) X(lanes, 2, LF_FULL) X(lanes, 2, LF_RAW)
/* clang-format on */

#define KERNEL(lanes, bytes, level)                                                                \
    static int kernel##lanes##bytes##level(const lf_cast_plan *p, const void *in, void *out,       \
                                           uint8_t *flags_out, uint32_t *flags, size_t n,          \
                                           uint64_t first)                                         \
    {                                                                                              \
        (void)first;                                                                               \
        return lf_decode##lanes(p, in, out, flags_out, flags, n, bytes, level);                    \
    }
KERNELS(KERNEL, 32)
KERNELS(KERNEL, 64)
WIDEST(KERNEL, 64)

#define HALF_KERNEL(kind, level, loop)                                                             \
    static int kernel##kind##level(const lf_cast_plan *p, const void *in, void *out,               \
                                   uint8_t *flags_out, uint32_t *flags, size_t n, uint64_t first)  \
    {                                                                                              \
        (void)first, (void)flags_out;                                                              \
        uint32_t raised = loop(p, in, out, n, level);                                              \
        if (p->want_flags && flags)                                                                \
            *flags |= raised;                                                                      \
        return LF_OK;                                                                              \
    }
#define HALF_ENTRY(kind, level, loop) [kind][LF_LANES32][level] = kernel##kind##level,
/* clang-format off */
#define HALF(X, kind, loop) X(kind, LF_PLAIN, loop) X(kind, LF_UNION, loop) X(kind, LF_RAW, loop)
#if defined(__F16C__)
#    define HALVES(X)                                                                              \
        HALF(X, LF_BINARY16, lf_decode_binary16) HALF(X, LF_BFLOAT16, lf_decode_bfloat16)
#else
#    define HALVES(X) HALF(X, LF_BFLOAT16, lf_decode_bfloat16)
#endif
/* clang-format on */
HALVES(HALF_KERNEL)

#define ENTRY(lanes, bytes, level)                                                                 \
    [bytes / 2][LF_LANES##lanes][level] = kernel##lanes##bytes##level,
const lf_decode_table LF_JOIN(lf_decoders_, LF_ISA_NAME) = {
    .kernel = {KERNELS(ENTRY, 32) KERNELS(ENTRY, 64) WIDEST(ENTRY, 64) HALVES(HALF_ENTRY)},
};

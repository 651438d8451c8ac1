/* Codes of up to 16 bits to binary32 and binary64: exact, but for NaNs and infinities. */
#define LF_LANES 32
#include "decode.h"

#undef LF_LANES
#define LF_LANES 64
#include "decode.h"

/* bytes of a code, level */
/* clang-format off */
#define KERNELS(X, lanes)                                                                          \
    X(lanes, 1, LF_PLAIN) X(lanes, 1, LF_UNION) X(lanes, 1, LF_FULL)                               \
    X(lanes, 2, LF_PLAIN) X(lanes, 2, LF_UNION) X(lanes, 2, LF_FULL)
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

#define ENTRY(lanes, bytes, level)                                                                 \
    [bytes - 1][LF_LANES##lanes][level] = kernel##lanes##bytes##level,
const lf_decode_table LF_JOIN(lf_decoders_, LF_ISA_NAME) = {
    .kernel = {KERNELS(ENTRY, 32) KERNELS(ENTRY, 64)},
};

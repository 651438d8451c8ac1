/* Casts from binary32 and binary64: every rounding, run-time formats, one template. */
#define LF_LANES 32
#include "cast.h"

#undef LF_LANES
#define LF_LANES 64
#include "cast.h"

#define NAMED(lanes, target, stochastic, level) kernel##lanes##target##stochastic##level
#define KERNEL(lanes, target, stochastic, level, redo)                                             \
    static int NAMED(lanes, target, stochastic, level)(const lf_cast_plan *p, const void *in,      \
                                                       void *out, uint8_t *flags_out,              \
                                                       uint32_t *flags, size_t n, uint64_t first)  \
    {                                                                                              \
        return lf_cast##lanes(p, in, out, flags_out, flags, n, first, target, stochastic, level,   \
                              redo);                                                               \
    }
/* clang-format off */
#define LEVELS(lanes, target, stochastic)                                                          \
    KERNEL(lanes, target, stochastic, LF_PLAIN, NULL)                                              \
    KERNEL(lanes, target, stochastic, LF_FULL, NULL)                                               \
    KERNEL(lanes, target, stochastic, LF_UNION, NAMED(lanes, target, stochastic, LF_FULL))
#define ENTRIES(lanes, target, stochastic)                                                         \
    [LF_LANES##lanes][target][stochastic] = {                                                      \
        [LF_PLAIN] = NAMED(lanes, target, stochastic, LF_PLAIN),                                   \
        [LF_UNION] = NAMED(lanes, target, stochastic, LF_UNION),                                   \
        [LF_FULL] = NAMED(lanes, target, stochastic, LF_FULL),                                     \
    },
#define NEAREST(lanes, target)                                                                     \
    KERNEL(lanes, target, 0, LF_NEAREST, NULL)                                                     \
    KERNEL(lanes, target, 0, LF_NEAREST_UNION, NAMED(lanes, target, 0, LF_FULL))
#define HALVES(target)                                                                             \
    KERNEL(32, target, 0, LF_NEAREST, NULL)                                                        \
    KERNEL(32, target, 0, LF_NEAREST_UNION, NAMED(32, LF_CODES16, 0, LF_FULL))
#define NEAREST_ENTRY(lanes, target)                                                               \
    [LF_LANES##lanes][target][0][LF_NEAREST] = NAMED(lanes, target, 0, LF_NEAREST),                \
    [LF_LANES##lanes][target][0][LF_NEAREST_UNION] = NAMED(lanes, target, 0, LF_NEAREST_UNION),
#define TARGETS(X, lanes)                                                                          \
    X(lanes, LF_CODES8) X(lanes, LF_CODES16) X(lanes, LF_CODES32) X(lanes, LF_QUANTIZED)
#define ALL(X, lanes)                                                                              \
    X(lanes, LF_CODES8, 0)    X(lanes, LF_CODES8, 1)                                               \
    X(lanes, LF_CODES16, 0)   X(lanes, LF_CODES16, 1)                                              \
    X(lanes, LF_CODES32, 0)   X(lanes, LF_CODES32, 1)                                              \
    X(lanes, LF_QUANTIZED, 0) X(lanes, LF_QUANTIZED, 1)
/* clang-format on */

ALL(LEVELS, 32)
ALL(LEVELS, 64)
TARGETS(NEAREST, 32)
TARGETS(NEAREST, 64)
#if defined(__F16C__)
HALVES(LF_BINARY16)
#    define BINARY16_ENTRY NEAREST_ENTRY(32, LF_BINARY16)
#else
#    define BINARY16_ENTRY
#endif
HALVES(LF_BFLOAT16)

const lf_encode_table LF_JOIN(lf_encoders_, LF_ISA_NAME) = {
    .kernel = {ALL(ENTRIES, 32) ALL(ENTRIES, 64) TARGETS(NEAREST_ENTRY, 32)
                   TARGETS(NEAREST_ENTRY, 64) BINARY16_ENTRY NEAREST_ENTRY(32, LF_BFLOAT16)},
};

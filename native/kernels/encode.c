/* Casts from binary32 and binary64: every rounding, run-time formats, one template. */
#include "kernels.h"

#define LF_LANES 32
#include "lanes.h"
#include "lattice.h"
#include "levels.h"
#include "philox.h"
#include "cast.h"

#undef LF_LANES
#define LF_LANES 64
#include "lanes.h"
#include "lattice.h"
#include "levels.h"
#include "philox.h"
#include "cast.h"

#define KERNEL(lanes, target, stochastic, level, redo)                                          \
    static int kernel##lanes##target##stochastic##level(                                        \
        const lf_cast_plan *p, const void *in, void *out, uint8_t *flags_out, uint32_t *flags,  \
        size_t n, uint64_t first)                                                               \
    {                                                                                           \
        return lf_cast##lanes(p, in, out, flags_out, flags, n, first, target, stochastic, level, \
                              redo);                                                            \
    }
#define LEVELS(lanes, target, stochastic)                                                       \
    KERNEL(lanes, target, stochastic, LF_PLAIN, NULL)                                           \
    KERNEL(lanes, target, stochastic, LF_FULL, NULL)                                            \
    KERNEL(lanes, target, stochastic, LF_UNION, kernel##lanes##target##stochastic##LF_FULL)
#define TARGETS(lanes)                                                                          \
    LEVELS(lanes, LF_CODES8, 0) LEVELS(lanes, LF_CODES8, 1)                                     \
    LEVELS(lanes, LF_CODES16, 0) LEVELS(lanes, LF_CODES16, 1)                                   \
    LEVELS(lanes, LF_CODES32, 0) LEVELS(lanes, LF_CODES32, 1)                                   \
    LEVELS(lanes, LF_QUANTIZED, 0) LEVELS(lanes, LF_QUANTIZED, 1)
TARGETS(32)
TARGETS(64)

#define LEVEL_ENTRIES(lanes, target, stochastic)                                                \
    [LF_LANES##lanes][target][stochastic] = {                                                   \
        [LF_PLAIN] = kernel##lanes##target##stochastic##LF_PLAIN,                               \
        [LF_UNION] = kernel##lanes##target##stochastic##LF_UNION,                               \
        [LF_FULL] = kernel##lanes##target##stochastic##LF_FULL,                                 \
    },
#define ENTRIES(lanes)                                                                          \
    LEVEL_ENTRIES(lanes, LF_CODES8, 0) LEVEL_ENTRIES(lanes, LF_CODES8, 1)                       \
    LEVEL_ENTRIES(lanes, LF_CODES16, 0) LEVEL_ENTRIES(lanes, LF_CODES16, 1)                     \
    LEVEL_ENTRIES(lanes, LF_CODES32, 0) LEVEL_ENTRIES(lanes, LF_CODES32, 1)                     \
    LEVEL_ENTRIES(lanes, LF_QUANTIZED, 0) LEVEL_ENTRIES(lanes, LF_QUANTIZED, 1)
const lf_encode_table LF_JOIN(lf_encoders_, LF_ISA_NAME) = {.kernel = {ENTRIES(32) ENTRIES(64)}};

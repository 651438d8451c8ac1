/* Casts from binary32 and binary64: every rounding, run-time formats, one template. */
#include "kernels.h"

#define LF_LANES 32
#include "lanes.h"
#include "lattice.h"
#include "philox.h"
#include "cast.h"

#undef LF_LANES
#define LF_LANES 64
#include "lanes.h"
#include "lattice.h"
#include "philox.h"
#include "cast.h"

/* target, stochastic, full */
#define KERNELS(X, lanes)                                                                       \
    X(lanes, LF_CODES8, 0, 0) X(lanes, LF_CODES8, 0, 1)                                         \
    X(lanes, LF_CODES8, 1, 0) X(lanes, LF_CODES8, 1, 1)                                         \
    X(lanes, LF_CODES16, 0, 0) X(lanes, LF_CODES16, 0, 1)                                       \
    X(lanes, LF_CODES16, 1, 0) X(lanes, LF_CODES16, 1, 1)                                       \
    X(lanes, LF_CODES32, 0, 0) X(lanes, LF_CODES32, 0, 1)                                       \
    X(lanes, LF_CODES32, 1, 0) X(lanes, LF_CODES32, 1, 1)                                       \
    X(lanes, LF_QUANTIZED, 0, 0) X(lanes, LF_QUANTIZED, 0, 1)                                   \
    X(lanes, LF_QUANTIZED, 1, 0) X(lanes, LF_QUANTIZED, 1, 1)

#define KERNEL(lanes, target, stochastic, full)                                                 \
    static int kernel##lanes##target##stochastic##full(                                         \
        const lf_cast_plan *p, const void *in, void *out, uint8_t *flags_out, uint32_t *flags,  \
        size_t n, uint64_t first)                                                               \
    {                                                                                           \
        return lf_cast##lanes(p, in, out, flags_out, flags, n, first, target, stochastic, full); \
    }
KERNELS(KERNEL, 32)
KERNELS(KERNEL, 64)

#define ENTRY(lanes, target, stochastic, full)                                                  \
    [LF_LANES##lanes][target][stochastic][full] = kernel##lanes##target##stochastic##full,
const lf_encode_table LF_JOIN(lf_encoders_, LF_ISA_NAME) = {
    .kernel = {KERNELS(ENTRY, 32) KERNELS(ENTRY, 64)},
};

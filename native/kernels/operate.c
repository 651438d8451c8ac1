/* Sums, products, quotients and roots in the host's arithmetic: host_arithmetic.h. */
#define LF_LANES 32
#include "operate.h"

#undef LF_LANES
#define LF_LANES 64
#include "operate.h"

/* clang-format off */
#define CARES(X, lanes, op)                                                                  \
    X(lanes, op, LF_CARE_NEAREST) X(lanes, op, LF_CARE_ODD)                            \
    X(lanes, op, LF_CARE_FULL)
#define OPERATORS(X, lanes)                                                                        \
    CARES(X, lanes, LF_HOST_ADD)      CARES(X, lanes, LF_HOST_SUBTRACT)                            \
    CARES(X, lanes, LF_HOST_MULTIPLY) CARES(X, lanes, LF_HOST_DIVIDE)                              \
    CARES(X, lanes, LF_HOST_SQRT)     CARES(X, lanes, LF_HOST_FMA)
/* clang-format on */

#define KERNEL(lanes, op, care)                                                                    \
    static uint64_t kernel##lanes##op##care(const lf_operate_plan *p, const void *x,               \
                                            const void *y, const void *z, void *out,               \
                                            uint8_t *flags, size_t n)                              \
    {                                                                                              \
        return lf_operate##lanes(p, x, y, z, out, flags, n, op, care);                             \
    }
OPERATORS(KERNEL, 32)
OPERATORS(KERNEL, 64)

#define ENTRY(lanes, op, care) [LF_LANES##lanes][op][care] = kernel##lanes##op##care,
const lf_operate_table LF_JOIN(lf_operators_, LF_ISA_NAME) = {
    .kernel = {OPERATORS(ENTRY, 32) OPERATORS(ENTRY, 64)},
};

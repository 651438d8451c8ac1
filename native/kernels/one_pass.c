/* One kernel for each kind of code, operator, and with or without flags: one_pass.h. */
#include "one_pass.h"

#if defined(__AVX2__)
/* clang-format off */
#    define FLAGS(X, kind, op) X(kind, op, 0) X(kind, op, 1)
#    define OPERATORS(X, kind)                                                                     \
        FLAGS(X, kind, LF_HOST_ADD)      FLAGS(X, kind, LF_HOST_SUBTRACT)                          \
        FLAGS(X, kind, LF_HOST_MULTIPLY) FLAGS(X, kind, LF_HOST_DIVIDE)                            \
        FLAGS(X, kind, LF_HOST_SQRT)     FLAGS(X, kind, LF_HOST_FMA)
#    define KERNELS(X)                                                                             \
        OPERATORS(X, LF_WHOLE_BINARY16)  OPERATORS(X, LF_SHORTER_BINARY16)                         \
        OPERATORS(X, LF_WHOLE_BFLOAT16)  OPERATORS(X, LF_SHORTER_CODES)                            \
        OPERATORS(X, LF_LONGER_CODES)
/* clang-format on */

#    define KERNEL(kind, op, united)                                                               \
        static int kernel##kind##op##united(const lf_arithmetic_plan *plan,                        \
                                            const void *const codes[3], void *out,                 \
                                            uint32_t *flags, size_t n)                             \
        {                                                                                          \
            return lf_one_pass(plan, codes, out, flags, n, kind, op, united);                      \
        }
KERNELS(KERNEL)

#    define ENTRY(kind, op, united) [kind][op][united] = kernel##kind##op##united,
const lf_one_pass_table LF_JOIN(lf_one_passes_, LF_ISA_NAME) = {
    .kernel = {KERNELS(ENTRY)},
    .at_once = 2 * VECTOR_LANES,
};
#else
const lf_one_pass_table LF_JOIN(lf_one_passes_, LF_ISA_NAME) = {.at_once = 1};
#endif

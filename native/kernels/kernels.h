/* Cast kernels: whole arrays between binary32, binary64 and codes, in SIMD. Internal.
 *
 * plan.c is compiled once. encode.c, decode.c, philox.c, limits.c and table.c are compiled once
 * per instruction set, with LF_ISA = baseline, avx2 or avx512. Kernels with float arithmetic
 * (decode, quantize) rely on an MXCSR that rounds to nearest, without FTZ and DAZ; the caller
 * sets it.
 */
#ifndef LF_KERNELS_H
#define LF_KERNELS_H

#include "lowfloat.h"

/* Constants for one (from, to, projection, random), broadcast by the kernels. */
typedef struct lf_cast_plan {
    uint64_t reserved;
} lf_cast_plan;

/* out[i] = in[i] cast, for i < n; returns an lf_status. `first` is the index in the draw of in[0]
 * (random->first for the first element of a call), and is ignored unless the rounding is
 * stochastic. `flags` collects the union (OR-ed in), `flags_out` one byte per element; each may be
 * NULL, and is ignored unless the plan was made with want_flags, want_flags_out. Pointers need no
 * alignment; in == out is allowed where the elements are of one size. */
typedef int (*lf_cast_kernel)(const lf_cast_plan *plan, const void *in, void *out,
                              uint8_t *flags_out, uint32_t *flags, size_t n, uint64_t first);

/* Fills in the plan and the kernel for contiguous arrays of codes of `from`, and returns nonzero;
 * or returns 0 where only the generic path can do it. With `quantize`, `to` is the grid and the
 * results are codes of `from`. `random` may be NULL unless the rounding is stochastic. */
int lf_plan_cast(lf_cast_plan *plan, const lf_format *from, const lf_format *to,
                 const lf_projection *projection, const lf_random *random, int want_flags,
                 int want_flags_out, int quantize, int isa, lf_cast_kernel *kernel);

/* Limits to measure the kernels against: loops that move the same bytes and do nothing else. */
enum lf_limit_kind { LF_LIMIT_NARROW32TO8, LF_LIMIT_NARROW32TO16, LF_LIMIT_WIDEN8TO32, LF_LIMITS };

/* Runs one on n elements; returns an lf_status. */
int lf_limit(int which, int isa, const void *in, void *out, size_t n);

#endif

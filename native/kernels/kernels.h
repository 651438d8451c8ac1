/* Cast kernels: whole arrays between binary32, binary64 and codes, in SIMD. Internal.
 *
 * plan.c is compiled once; every other .c file here once per instruction set, with LF_ISA_NAME =
 * baseline, avx2 or avx512 as the suffix of its one symbol. Kernels with float arithmetic
 * (decode, quantize, binary32 in 64-bit lanes) rely on an MXCSR that rounds to nearest, without
 * FTZ and DAZ; the caller sets it.
 */
#ifndef LF_KERNELS_H
#define LF_KERNELS_H

#include "lowfloat.h"

/* Constants for one (from, to, projection, random), broadcast by the kernels. "Host" is binary32
 * in 32-bit lanes or binary64 in 64-bit lanes, and F the bits of its fraction. A pair of
 * constants (x, x_flip) is chosen by sign: x, or x ^ x_flip for negative numbers. */
typedef struct lf_cast_plan {
    uint8_t level;  /* enum lf_level, of the kernel that was chosen */
    uint8_t common; /* full kernels: signed, gradual, with both zeros, and nothing is flushed */
    /* Rounding: lattice.h. */
    int64_t cap; /* plain and union kernels: larger magnitudes are read as this one */
    int64_t low_field;
    int64_t drop_base;
    uint64_t lattice_add;
    uint64_t threshold, threshold_flip, threshold_odd;
    /* Rounding by the host: lf_nearest_chunk. */
    int64_t low_bits, max_number, over_from;
    uint64_t step_add;
    /* Results that are not a rounded code. */
    int64_t max_code;
    int64_t sign_min;
    uint64_t sign_mask;
    int32_t sign_shift;
    uint64_t over, over_flip;
    uint64_t over_code, over_code_flip; /* union kernels: its magnitude code */
    uint64_t infinite, infinite_flip;
    /* Full kernels: the magnitude's bits of infinity, beyond which are NaNs. The host's own; one
     * more if the host's own is a number that overflowed (operate.h). */
    int64_t infinite_at;
    uint64_t nan;
    /* Codes to host numbers: quantize and decode. */
    int32_t code_shift;
    uint64_t code_base;
    int64_t low_codes;
    uint64_t low_add, low_subtract;
    int32_t raw_shift; /* raw: lf_widen_raw */
    int64_t raw_max;
    uint64_t raw_add, raw_subtract, special_add;
    /* Only in `full` kernels: flags and rare knobs. */
    int64_t zero_below; /* magnitudes below it are read as zero */
    int64_t tiny_below, tiny_below_flip;
    int64_t tiny_retry; /* with stochastic rounding, tininess depends on R from here on */
    int32_t tiny_drop, tiny_carry;
    uint8_t flush;                                       /* */
    int64_t smallest, smallest_half, smallest_half_flip; /* P-3 */
    uint64_t smallest_code;
    int64_t negative_min; /* P-12: negative numbers of these codes are `over` */
    uint64_t zero, zero_flip;
    uint8_t over_flags, over_flags_flip;
    uint8_t infinite_flags, infinite_flags_flip;
    uint8_t zero_flags, zero_flags_flip;
    uint8_t nan_flags;
    uint8_t want_flags, want_flags_out;
    /* Codes in: decode. */
    uint64_t magnitude_mask;
    uint64_t nan_mask, nan_flip, nan_least; /* NaN iff (code & mask) ^ flip >= least */
    uint64_t quiet_bits;                    /* a NaN with none of them signals */
    /* Random bits: philox.h. */
    uint8_t widen; /* binary32 in, 64-bit lanes */
    uint8_t random_kind, random_bits, random_lane;
    uint32_t call, stream;
    uint64_t seed, random_first;
    const uint64_t *given;
    ptrdiff_t given_stride;
} lf_cast_plan;

/* out[i] = in[i] cast, for i < n; returns an lf_status. `first` is the index in the draw of in[0]
 * (random->first for the first element of a call), and is ignored unless the rounding is
 * stochastic. `flags` collects the union (OR-ed in), `flags_out` one byte per element; each may be
 * NULL, and is ignored unless the plan was made with want_flags or want_flags_out. Pointers need
 * no alignment; in == out is allowed where the elements are of one size. */
typedef int (*lf_cast_kernel)(const lf_cast_plan *plan, const void *in, void *out,
                              uint8_t *flags_out, uint32_t *flags, size_t n, uint64_t first);

/* Fills in the plan and the kernel for contiguous arrays of codes of `from`, and returns nonzero;
 * or returns 0 where only the generic path can do it. With `quantize`, `to` is the grid and the
 * results are codes of `from`. `random` may be NULL unless the rounding is stochastic. */
int lf_plan_cast(lf_cast_plan *plan, const lf_format *from, const lf_format *to,
                 const lf_projection *projection, const lf_random *random, int want_flags,
                 int want_flags_out, int quantize, int isa, lf_cast_kernel *kernel);

/* The raw kernel in place of the one that lf_plan_cast chose for a conversion from `from` to a
 * host, where there is one. */
lf_cast_kernel lf_raw_decoder(const lf_cast_plan *plan, const lf_format *from, int lanes, int isa,
                              lf_cast_kernel chosen);

/* Limits to measure the kernels against: loops that move the same bytes and do nothing else. */
enum lf_limit_kind { LF_LIMIT_NARROW32TO8, LF_LIMIT_NARROW32TO16, LF_LIMIT_WIDEN8TO32, LF_LIMITS };

/* Runs one on n elements; returns an lf_status. */
int lf_limit(int which, int isa, const void *in, void *out, size_t n);

enum lf_lanes { LF_LANES32, LF_LANES64 };
/* binary16 and bfloat16 have kernels of their own, to nearest even from 32-bit lanes, and the
 * others from and to LF_CODES16. */
enum lf_target_kind {
    LF_CODES8,
    LF_CODES16,
    LF_CODES32,
    LF_QUANTIZED,
    LF_BINARY16,
    LF_BFLOAT16,
    LF_TARGETS
};

/* Plain: no flags. Union: the union of flags. Full: a byte of flags per element, and every format
 * and rounding that plan.c accepts; the others do the common ones (levels.h). Nearest: plain and
 * union for nearest_even, rounded by the host's own addition. Raw: to a host, without flags, NaNs
 * with whatever payload. */
enum lf_level { LF_PLAIN, LF_UNION, LF_FULL, LF_NEAREST, LF_NEAREST_UNION, LF_RAW, LF_LEVELS };

typedef void (*lf_limit_loop)(const void *in, void *out, size_t n);

/* What one instruction set offers. */
typedef struct lf_encode_table {
    lf_cast_kernel kernel[2][LF_TARGETS][2][LF_LEVELS]; /* lanes, target, stochastic, level */
} lf_encode_table;

typedef struct lf_decode_table {
    lf_cast_kernel kernel[LF_TARGETS][2][LF_LEVELS]; /* kind of code, lanes, level */
} lf_decode_table;

typedef struct lf_limit_table {
    lf_limit_loop loop[LF_LIMITS];
} lf_limit_table;

#define LF_JOIN_(a, b) a##b
#define LF_JOIN(a, b) LF_JOIN_(a, b)

#endif

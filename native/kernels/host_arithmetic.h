/* Arithmetic by host floats: decode to the host, compute, round once. Internal.
 *
 * A piece of an array goes through three loops: a cast kernel decodes each operand to binary32 or
 * binary64, exactly; an operate kernel computes; a cast kernel rounds to the result's format. What
 * the last one gets is not the exact result v but a host number x, and rounds as if it were v. It
 * looks at x only through comparisons with the points of the result's lattice (P-2), the midpoints
 * between them, and the bound of tininess (P-4): numbers of at most p + 1 bits, where p = M + 1 is
 * the result's precision, and multiples of 2^(emin - M - 2). So it is enough that x and v are on
 * the same side of each, or both at it. plan_arithmetic.c holds the bounds under which they are.
 *
 * Where all formats are one, IEEE-style, of 9 to 16 bits, and rounding is to nearest even, one loop
 * does it all first (one_pass.h), for pieces without NaN.
 */
#ifndef LF_ARITHMETIC_KERNELS_H
#define LF_ARITHMETIC_KERNELS_H

#include "kernels.h"

enum lf_operator {
    LF_HOST_ADD,
    LF_HOST_SUBTRACT,
    LF_HOST_MULTIPLY,
    LF_HOST_DIVIDE,
    LF_HOST_SQRT,
    LF_HOST_FMA,
    LF_OPERATORS
};

/* Nearest: the host's result, for roundings to nearest even without flags. Odd: on the right side
 * of everything that rounding looks at. Full: odd, with flags. */
enum lf_care { LF_CARE_NEAREST, LF_CARE_ODD, LF_CARE_FULL, LF_CARES };

typedef struct lf_operate_plan {
    uint64_t flip; /* the sign bit under toward_negative: -((-x) + (-y)) has its zeros' signs */
    uint64_t least, span;   /* fma: magnitudes of products that fit; all if span is all ones */
    uint8_t fma_nan_silent; /* */
    uint8_t over_unfit;     /* what overflows this host may be below the power of two beyond it */
} lf_operate_plan;

/* n results; returns the largest magnitude's bits, or all ones if a product or an overflow
 * did not fit. `flags`
 * only in full kernels: one byte an element, for what operands or operation make invalid or divide
 * by zero. */
typedef uint64_t (*lf_operate_kernel)(const lf_operate_plan *plan, const void *x, const void *y,
                                      const void *z, void *out, uint8_t *flags, size_t n);

/* What one instruction set offers. */
typedef struct lf_operate_table {
    lf_operate_kernel kernel[2][LF_OPERATORS][LF_CARES]; /* lanes, operator, care */
} lf_operate_table;

/* Codes by how one_pass.h decodes and rounds: binary16; what binary16 has with fewer bits of
 * fraction; bfloat16; other formats with fractions of up to 7 bits, and of more. */
enum lf_one_pass_kind {
    LF_WHOLE_BINARY16,
    LF_SHORTER_BINARY16,
    LF_WHOLE_BFLOAT16,
    LF_SHORTER_CODES,
    LF_LONGER_CODES,
    LF_ONE_PASS_KINDS
};

/* The whole of n elements, of stride 1, with the union of flags; 0 where it cannot: one_pass.h. n
 * is a multiple of at_once; `out` is none of the operands. */
struct lf_arithmetic_plan;
typedef int (*lf_one_pass_kernel)(const struct lf_arithmetic_plan *plan, const void *const codes[3],
                                  void *out, uint32_t *flags, size_t n);

typedef struct lf_one_pass_table {
    lf_one_pass_kernel kernel[LF_ONE_PASS_KINDS][LF_OPERATORS][2]; /* kind, operator, flags */
    size_t at_once;
} lf_one_pass_table;

/* A cast kernel and its plan, and the kernel that knows every flag. */
typedef struct lf_stage {
    lf_cast_plan plan, full_plan;
    lf_cast_kernel kernel, full;
    uint8_t flagged; /* operands: whether `full` raises flags, and makes signaling NaNs quiet */
    /* Operands whose magnitude's bits are below it are zeros (Q-3, and `flush` formats), of their
     * sign unless kept_sign is 0. */
    int64_t zero_below;
    uint64_t kept_sign;
    int bytes;   /* of a code */
    uint8_t raw; /* whether kernel leaves NaNs as they come */
} lf_stage;

typedef struct lf_arithmetic_plan {
    int arity, lanes;
    lf_stage operands[3], result;
    lf_operate_plan constants;
    lf_operate_kernel operate, operate_full;
    uint8_t always_full;         /* else only pieces with an infinity or a NaN among the results */
    uint8_t checked;             /* whether there are such pieces */
    lf_one_pass_kernel one_pass; /* or NULL */
    size_t at_once;              /* of one_pass */
    uint8_t loses;               /* products or quotients may be below what the host has */
    /* For pieces that do not fit this plan's host, or NULL. */
    const struct lf_arithmetic_plan *wider;
} lf_arithmetic_plan;

/* Fills in plans[0], and plans[1] if that needs a wider one, and returns nonzero; or returns 0
 * where only the generic path can do it. */
int lf_plan_arithmetic(lf_arithmetic_plan plans[2], int operation, const lf_format *const *formats,
                       const lf_format *format, const lf_projection *projection,
                       const lf_random *random, int want_flags, int want_flags_out, int isa);

/* Elements of arrays of codes, of stride 1 or 0 (one code repeated); otherwise as lf_cast_kernel.
 */
int lf_arithmetic_run(const lf_arithmetic_plan *plan, const void *const codes[3],
                      const ptrdiff_t strides[3], void *out, uint8_t *flags_out, uint32_t *flags,
                      size_t n, uint64_t first);

#endif

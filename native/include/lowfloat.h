/* lowfloat: software floating point in any ExMy format. Plain C, no global state.
 *
 * Rules named in comments (D-3, P-8, ...) are those of spec/semantics.md.
 * Codes travel as unsigned integers of 8, 16, 32 or 64 bits: the smallest that holds the
 * format's width. Sizes are in elements. Every struct begins with its own size in bytes.
 */
#ifndef LOWFLOAT_H
#define LOWFLOAT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A shared library exports what is declared here and in lowfloat_dpi.h, nothing else. */
#ifdef __GNUC__
#    pragma GCC visibility push(default)
#endif

#define LF_ABI_VERSION 1

enum lf_infinities { LF_INFINITIES_NONE, LF_INFINITIES_IEEE, LF_INFINITIES_TOP };
enum lf_nan { LF_NAN_NONE, LF_NAN_IEEE, LF_NAN_ALL_ONES, LF_NAN_NEGATIVE_ZERO, LF_NAN_TOP };
enum lf_subnormals { LF_SUBNORMALS_GRADUAL, LF_SUBNORMALS_FLUSH, LF_SUBNORMALS_NORMAL };

/* A format (rule D-1). The caller answers for its legality (rule D-2). */
typedef struct lf_format {
    uint32_t size;
    int32_t exponent_bits;
    int32_t mantissa_bits;
    int32_t bias;
    uint8_t is_signed;
    uint8_t infinities;
    uint8_t nan;
    uint8_t negative_zero;
    uint8_t zero;
    uint8_t subnormals;
    uint8_t reserved[2];
} lf_format;

enum lf_rounding {
    LF_NEAREST_EVEN,
    LF_NEAREST_AWAY,
    LF_NEAREST_ZERO,
    LF_TOWARD_ZERO,
    LF_TOWARD_POSITIVE,
    LF_TOWARD_NEGATIVE,
    LF_AWAY_FROM_ZERO,
    LF_TO_ODD,
    LF_NEAREST_ODD,
    LF_STOCHASTIC
};
enum lf_variant { LF_VARIANT_A, LF_VARIANT_B, LF_VARIANT_C };
enum lf_saturation { LF_SATURATION_NONE, LF_SATURATION_FINITE, LF_SATURATION_PROPAGATE };
enum lf_nan_rule { LF_NAN_CANONICAL, LF_NAN_FIRST, LF_NAN_SIGNALING_FIRST };
enum lf_float_to_int { LF_TO_INT_LIMITS, LF_TO_INT_INDEFINITE, LF_TO_INT_NAN_ZERO };

/* What few designs do, as bits; any of them takes the generic path. */
enum lf_quirk {
    LF_QUIRK_UNDERFLOW_AT_ZERO = 1,        /* Q-1, tininess zero */
    LF_QUIRK_NAN_ONES = 2,                 /* */
    LF_QUIRK_QUIET_NAN_INVALID = 4,        /* */
    LF_QUIRK_INTEGER_OVERFLOW_INVALID = 8, /* */
    LF_QUIRK_SILENT_FLUSH = 16,            /* */
    LF_QUIRK_POSITIVE_ZERO = 32            /* */
};

/* Rounding, saturation and policy (P-5 to P-9, Q-1 to Q-13). All zero is the default. */
typedef struct lf_projection {
    uint32_t size;
    uint8_t rounding;
    uint8_t variant;
    uint8_t random_bits; /* N of P-6, 1..64 */
    uint8_t exact_tail;  /* nonzero: Stochastic(bits=None), N = 64 */
    uint8_t saturation;
    uint8_t tininess_before;           /* */
    uint8_t nan_rule;                  /* */
    uint8_t default_nan_sign;          /* */
    uint8_t daz;                       /* */
    uint8_t ftz;                       /* */
    uint8_t saturation_hides_overflow; /* */
    uint8_t infinityless_max;          /* */
    uint8_t fma_nan_silent;            /* */
    uint8_t float_to_int;              /* */
    uint8_t quirks;                    /* enum lf_quirk */
    uint8_t reserved;
} lf_projection;

enum lf_random_kind { LF_RANDOM_NONE, LF_RANDOM_GIVEN, LF_RANDOM_PHILOX };

/* Where R comes from. Element i of a call is element first + i of the draw. */
typedef struct lf_random {
    uint32_t size;
    uint32_t kind;
    const uint64_t *given; /* LF_RANDOM_GIVEN: element i is given[i * given_stride], below 2^N or
                            * the call ends with LF_ERROR_ARGUMENT */
    ptrdiff_t given_stride;
    uint64_t seed;
    uint64_t first;
    uint32_t stream;
    uint32_t call;
} lf_random;

enum lf_flag {
    LF_INEXACT = 1,
    LF_UNDERFLOW = 2,
    LF_OVERFLOW = 4,
    LF_DIVIDE_BY_ZERO = 8,
    LF_INVALID = 16
};

typedef struct lf_operand {
    const lf_format *format;
    const void *codes;
    ptrdiff_t stride; /* in elements; 0 repeats one code */
} lf_operand;

typedef struct lf_result {
    const lf_format *format;
    void *codes;        /* contiguous */
    uint8_t *flags_out; /* one byte per element, or NULL */
    uint32_t *flags;    /* union of all flags is OR-ed in, or NULL */
} lf_result;

enum lf_isa { LF_ISA_BEST, LF_ISA_BASELINE, LF_ISA_AVX2, LF_ISA_AVX512 };

typedef struct lf_options {
    uint32_t size;
    int32_t isa;     /* enum lf_isa */
    int32_t threads; /* at most; fewer than 131072 elements use one */
    int32_t generic; /* nonzero: only the generic path, no shortcut */
    /* NULL, or called by lf_matmul in the thread that called it, every 50 ms or less often, with
     * the steps that all threads have done (a term of an element is a step). Nonzero stops the
     * call. */
    int32_t (*tell)(void *context, uint64_t steps);
    void *context;
} lf_options;

/* What lf_apply computes. Nextup, nextdown and nextafter have results of the first operand's
 * format, and need no random bits. */
enum lf_operation {
    LF_CONVERT,
    LF_ADD,
    LF_SUBTRACT,
    LF_MULTIPLY,
    LF_FMA,
    LF_DIVIDE,
    LF_RECIPROCAL,
    LF_SQRT,
    LF_RSQRT,
    LF_HYPOT,
    LF_REMAINDER,
    LF_FMOD,
    LF_FAA,
    LF_ROUND_TO_INTEGRAL,
    LF_ROUND_TO_INTEGRAL_EXACT,
    LF_LOGB,
    LF_NEGATE,
    LF_ABS,
    LF_COPYSIGN,
    LF_NEXTUP,
    LF_NEXTDOWN,
    LF_NEXTAFTER,
    LF_MINIMUM,
    LF_MAXIMUM,
    LF_MINIMUM_NUMBER,
    LF_MAXIMUM_NUMBER,
    LF_MINIMUM_MAGNITUDE,
    LF_MAXIMUM_MAGNITUDE,
    LF_MINIMUM_MAGNITUDE_NUMBER,
    LF_MAXIMUM_MAGNITUDE_NUMBER,
    LF_MINIMUM_FINITE,
    LF_MAXIMUM_FINITE,
    LF_CLAMP
};

/* Elementary functions (E-2 to E-10); from LF_ATAN2 on they have two operands. */
enum lf_function {
    LF_EXP,
    LF_EXP2,
    LF_EXP10,
    LF_EXPM1,
    LF_LOG,
    LF_LOG2,
    LF_LOG10,
    LF_LOG1P,
    LF_SIN,
    LF_COS,
    LF_TAN,
    LF_ASIN,
    LF_ACOS,
    LF_ATAN,
    LF_SINPI,
    LF_COSPI,
    LF_TANPI,
    LF_ASINPI,
    LF_ACOSPI,
    LF_ATANPI,
    LF_SINH,
    LF_COSH,
    LF_TANH,
    LF_ASINH,
    LF_ACOSH,
    LF_ATANH,
    LF_CBRT,
    LF_ERF,
    LF_SIGMOID,
    LF_SOFTPLUS,
    LF_GELU,
    LF_SILU,
    LF_ATAN2,
    LF_ATAN2PI,
    LF_POW
};

enum lf_relation {
    LF_EQUAL,
    LF_NOT_EQUAL,
    LF_LESS,
    LF_LESS_EQUAL,
    LF_GREATER,
    LF_GREATER_EQUAL,
    LF_UNORDERED
};

/* Classes of rule K-3. */
enum lf_class {
    LF_CLASS_SIGNALING_NAN,
    LF_CLASS_QUIET_NAN,
    LF_CLASS_NEGATIVE_INFINITY,
    LF_CLASS_NEGATIVE_NORMAL,
    LF_CLASS_NEGATIVE_SUBNORMAL,
    LF_CLASS_NEGATIVE_ZERO,
    LF_CLASS_POSITIVE_ZERO,
    LF_CLASS_POSITIVE_SUBNORMAL,
    LF_CLASS_POSITIVE_NORMAL,
    LF_CLASS_POSITIVE_INFINITY
};

enum lf_accumulator_kind { LF_ROUNDED, LF_EXACT, LF_FIXED_POINT, LF_FUSED, LF_GROUPED };
enum lf_order { LF_SEQUENTIAL, LF_REVERSED, LF_PAIRWISE, LF_INTERLEAVED };
enum lf_compensation { LF_NOT_COMPENSATED, LF_KAHAN, LF_NEUMAIER };
enum lf_product { LF_PRODUCT_EXACT, LF_PRODUCT_INTEGER_ADD, LF_PRODUCT_POWER_OF_TWO };
enum lf_scaling { LF_SCALED_TERMS, LF_SCALED_EXACTLY, LF_SCALES_FIRST, LF_SUM_FIRST };
enum lf_grouping { LF_UNGROUPED, LF_BY_CHUNKS, LF_BY_SPLIT, LF_BY_LANES };

#define LF_ALL_BITS (-1)

/* Everything that decides the bits of a sum of products (G-1 to G-19). A kind reads the fields that
 * are its own; all others are zero. */
typedef struct lf_accumulator {
    uint32_t size;
    uint8_t kind;
    uint8_t order; /* rounded, fixed point, fused (G-5) */
    uint8_t compensation;
    uint8_t product;                         /* rounded (G-4) */
    size_t order_n, order_width;             /* LF_INTERLEAVED */
    const lf_format *format;                 /* of the sum; NULL: exact, not rounded */
    const lf_projection *projection;         /* of every step; not fixed point, grouped */
    const lf_format *product_format;         /* rounded; NULL: products are added as they are */
    const lf_projection *product_projection; /* rounded; NULL: the accumulator's daz holds */
    int32_t bits, lsb;                       /* fixed point (G-8) */
    uint8_t saturates;
    uint8_t alignment;        /* fused: enum lf_rounding (G-10) */
    uint8_t zeros_aligned;    /* fused */
    uint8_t sorted;           /* fused (G-13) */
    int32_t fraction_bits;    /* fused; LF_ALL_BITS */
    int32_t minimum_exponent; /* fused; INT32_MIN: none */
    size_t terms;             /* of a fused block */
    uint8_t subsums;          /* fused (G-11): LF_UNGROUPED, LF_BY_CHUNKS (runs) or LF_BY_LANES */
    uint8_t subsum_alignment;
    uint8_t subsum_scales; /* the exponent is that of the scales */
    uint8_t late;          /* fused (G-12) */
    uint8_t late_alignment;
    uint8_t grouping; /* grouped (G-14) */
    size_t subsum_n;
    int32_t subsum_bits; /* LF_ALL_BITS */
    int32_t late_sum_bits, late_start_bits;
    int32_t late_cutoff; /* LF_ALL_BITS: none */
    size_t n, width;     /* grouped */
    const struct lf_accumulator *inner, *outer;
    uint8_t scaling;                 /* grouped: whether scales multiply sums (G-19) */
    const lf_format *scaling_format; /* LF_SCALES_FIRST, LF_SUM_FIRST */
    const lf_projection *scaling_projection;
} lf_accumulator;

/* A batch of matrices of codes; strides are in elements. */
typedef struct lf_matrix {
    const lf_format *format;
    const void *codes;
    ptrdiff_t batch_stride, row_stride, column_stride;
} lf_matrix;

/* result[i, r, j] = c[i, r, j] + the sum of a[i, r, k] b[i, k, j] over k. Without c its codes are
 * NULL. Scale index k / block goes with element k; without scales their codes are NULL. */
typedef struct lf_reduction {
    uint32_t size;
    const lf_accumulator *accumulator;
    size_t batch, rows, columns, terms;
    lf_matrix a, b, c;
    lf_matrix a_scales, b_scales; /* rows x blocks, blocks x columns */
    size_t a_block, b_block;
    uint8_t swapped; /* the terms are b a: which NaN is chosen, and the second operand of G-4 */
} lf_reduction;

enum lf_status {
    LF_OK = 0,
    LF_ERROR_TAIL = 1, /* Stochastic(bits=None) met a tail longer than 64 bits (P-6) */
    LF_ERROR_ISA = 2,  /* this CPU or build lacks the instruction set */
    LF_ERROR_MEMORY = 3,
    LF_ERROR_ARGUMENT = 4, /* a size field, an enum or a number is out of range */
    LF_UNDECIDED = 5,      /* no error: some results of an elementary function are left open */
    LF_STOPPED = 6         /* no error: options->tell stopped the call; its results are void */
};

uint32_t lf_abi_version(void);

/* result[i] = operation(operands[0][i], ...), rounded once. The result may be an operand's array
 * exactly (same start, same code width); any other overlap is undefined. `random` and `options`
 * may be NULL. */
int lf_apply(int operation, const lf_operand *operands, const lf_result *result, size_t n,
             const lf_projection *projection, const lf_random *random, const lf_options *options);

/* lf_apply(LF_CONVERT, ...) without random bits or flag bytes, for callers to whom building structs
 * costs time; `flags` may be NULL. */
int lf_convert(const lf_format *from, const void *codes, ptrdiff_t stride, const lf_format *to,
               void *out, size_t n, const lf_projection *projection, uint32_t *flags,
               const lf_options *options);

/* Values of `container` rounded to the grid of `grid` and kept as codes of `container`, which must
 * hold every value of `grid`. Same aliasing as lf_apply. */
int lf_quantize(const lf_operand *container, const lf_format *grid, const lf_result *result,
                size_t n, const lf_projection *projection, const lf_random *random,
                const lf_options *options);

/* lf_quantize without random bits or flag bytes, as lf_convert is for lf_apply. */
int lf_to_grid(const lf_format *container, const void *codes, ptrdiff_t stride,
               const lf_format *grid, void *out, size_t n, const lf_projection *projection,
               uint32_t *flags, const lf_options *options);

/* Integers of 8, 16, 32 or 64 bits, rounded once. */
int lf_from_integers(const void *integers, int bits, int is_signed, const lf_result *result,
                     size_t n, const lf_projection *projection, const lf_random *random,
                     const lf_options *options);

/* Numbers to integers of 8, 16, 32 or 64 bits (I-5); `exact`: other numbers raise inexact. Of the
 * projection only the rounding, daz and float_to_int matter. `flags_out` and `flags` as in
 * lf_result. */
int lf_to_integers(const lf_operand *x, int bits, int is_signed, int exact, void *result, size_t n,
                   uint8_t *flags_out, uint32_t *flags, const lf_projection *projection,
                   const lf_random *random, const lf_options *options);

/* result[i] = x[i] 2^n[i * n_stride], rounded once (I-4). */
int lf_scaleb(const lf_operand *x, const int64_t *n, ptrdiff_t n_stride, const lf_result *result,
              size_t count, const lf_projection *projection, const lf_random *random,
              const lf_options *options);

/* result[i] = 1 if the relation holds, else 0 (K-1); of the projection only daz matters. */
int lf_compare(int relation, int signaling, const lf_operand operands[2], uint8_t *result, size_t n,
               uint8_t *flags_out, uint32_t *flags, const lf_projection *projection,
               const lf_options *options);

/* result[i] = 1 if operands[0] is not above operands[1] in the total order, else 0 (K-2). */
int lf_total_order(const lf_operand operands[2], uint8_t *result, size_t n,
                   const lf_options *options);

/* result[i] = enum lf_class. */
int lf_classify(const lf_operand *x, uint8_t *result, size_t n, const lf_options *options);

/* Sums of products (G-1 to G-17). The result is contiguous: batch, row, column; its elements are
 * numbered in this order for random bits, and LF_RANDOM_GIVEN has S values for each. */
int lf_matmul(const lf_reduction *reduction, const lf_result *result,
              const lf_projection *projection, const lf_random *random, const lf_options *options);

/* S of rule G-17: the stochastic roundings of each sum that is projected into `format`. */
int lf_matmul_draws(const lf_reduction *reduction, const lf_format *format,
                    const lf_projection *projection, size_t *draws);

/* One result; `random_bits` is R. Returns a status. `flags` may be NULL. */
int lf_apply_scalar(int operation, const lf_format *const *formats, const uint64_t *codes,
                    const lf_format *format, const lf_projection *projection, uint64_t random_bits,
                    uint64_t *code, uint32_t *flags);

/* An operation or question whose formats and projection stay, for one result at a time. The caller
 * owns its lf_prepared_size() bytes, aligned as for malloc; it may be copied and read by many
 * threads. */
typedef struct lf_prepared lf_prepared;

/* What lf_prepare_question takes beside enum lf_relation. */
enum lf_question_name { LF_QUESTION_TOTAL_ORDER = 7, LF_QUESTION_CLASS };

size_t lf_prepared_size(void);
int lf_prepare(lf_prepared *prepared, int operation, const lf_format *const *formats,
               const lf_format *format, const lf_projection *projection);
int lf_prepare_question(lf_prepared *prepared, int question, int signaling,
                        const lf_format *const *formats, const lf_projection *projection);

/* A code, 0 or 1, or an enum lf_class, and its flags, with 0x80 where Stochastic(bits=None) met a
 * tail longer than 64 bits. Operands that there are fewer of, and R of other roundings, are not
 * looked at. R must be below 2^N. */
uint64_t lf_prepared_apply(const lf_prepared *prepared, uint64_t x, uint64_t y, uint64_t z,
                           uint64_t random, uint32_t *flags);

/* An operation on few bits, tabulated. The caller owns the memory of `codes`, the results in
 * elements of `result_bytes`, and of `flags`, one byte a result; lf_table_fill sets the rest. The
 * index is the first operand's code, or both, the first one above. A table that the caller fills
 * may have results of any function, of 8, 16 or 32 bits. */
typedef struct lf_table {
    uint32_t size;
    uint32_t operands;
    uint32_t bits[2]; /* of each operand's codes */
    uint32_t result_bytes;
    uint32_t raised; /* the union of all flags */
    void *codes;
    uint8_t *flags;
} lf_table;

/* The entries of a table of lf_apply's results, or 0 where there can be none: there are one operand
 * of at most 16 bits or two of at most 8, results of at most 16, and no stochastic rounding. */
size_t lf_table_entries(int operation, const lf_format *const *formats, const lf_format *format,
                        const lf_projection *projection);

int lf_table_fill(lf_table *table, int operation, const lf_format *const *formats,
                  const lf_format *format, const lf_projection *projection);

/* lf_apply by a table of its results. Only the operands' codes and strides are looked at. */
int lf_table_apply(const lf_table *table, const lf_operand *operands, const lf_result *result,
                   size_t n, const lf_options *options);

/* result[i] = function(operands[0][i], ...), rounded once (E-1), computed in double with a bound on
 * the error. undecided[i] = 1 where that does not decide the result: flags and code are then left
 * to the caller, `result` keeps what it held there, and the call returns LF_UNDECIDED. That is rare
 * for results of up to 32 bits; wider ones, and Stochastic(bits=None), are seldom decided. */
int lf_elementary(int function, const lf_operand *operands, const lf_result *result, size_t n,
                  const lf_projection *projection, const lf_random *random, uint8_t *undecided,
                  const lf_options *options);

/* One result, or LF_UNDECIDED. `flags` may be NULL. */
int lf_elementary_scalar(int function, const lf_format *const *formats, const uint64_t *codes,
                         const lf_format *format, const lf_projection *projection,
                         uint64_t random_bits, uint64_t *code, uint32_t *flags);

/* lf_elementary_scalar by value, for compiled callers: the code in bits 0 to 31, the flags in 32 to
 * 39, and the status above them. Results of more than 32 bits are left undecided; `second` and `y`
 * are not looked at for functions of one operand. */
uint64_t lf_elementary_word(uint64_t function, const lf_format *first, const lf_format *second,
                            const lf_format *format, const lf_projection *projection, uint64_t x,
                            uint64_t y, uint64_t random_bits);

/* R of elements first .. first + n - 1 (rule R-3); 1 <= bits <= 64. */
void lf_philox_bits(uint64_t seed, uint32_t stream, uint32_t call, uint64_t first, int bits,
                    uint64_t *out, size_t n);

enum lf_lfsr_form { LF_LFSR_GALOIS, LF_LFSR_FIBONACCI };
enum lf_bit_order { LF_BITS_MSB, LF_BITS_LSB, LF_BITS_REVERSED };

/* The next n draws of a shift register from `state` on (rule R-5); returns the state after them.
 * 1 <= bits <= width <= 64; state and taps are below 2^width. */
uint64_t lf_lfsr_bits(int width, uint64_t taps, int form, uint32_t shifts, int bit_order,
                      uint64_t state, int bits, uint64_t *out, size_t n);

/* Of the finite nonzero numbers of a binary32 array. The sum of their logarithms is
 * sum_exponents + (sum_high 2^32 + sum_low) 2^-40, each logarithm rounded to 2^-40. */
typedef struct lf_log_statistics {
    uint32_t size;
    uint32_t max_magnitude; /* the largest, as bits; 0 if there is none */
    uint64_t count;
    int64_t sum_exponents;
    uint64_t sum_high;
    uint64_t sum_low;
} lf_log_statistics;

int lf_log2_statistics(const void *x, size_t n, lf_log_statistics *out, const lf_options *options);

/* 2^40 log2 of a positive finite binary32 number, given as bits, rounded to nearest; INT64_MIN
 * for anything else. */
int64_t lf_log2_fixed(uint32_t magnitude);

/* A monotone map of binary32 magnitudes to at most 128 results. A magnitude's place is
 * the number of thresholds (bits of binary32, ascending, the rest UINT32_MAX) at or below it. */
typedef struct lf_codebook {
    uint32_t size;
    uint32_t sign;      /* OR-ed into results of negative numbers: one bit */
    uint32_t zero_sign; /* the same for place 0: `sign`, or 0 */
    uint32_t infinity;  /* of infinities, and what is OR-ed in where they are negative */
    uint32_t infinity_sign;
    uint32_t nan; /* of NaNs, with whatever sign */
    uint32_t thresholds[127];
    uint32_t results[128]; /* by place; not read where `bytes` is 1 */
} lf_codebook;

/* out[i] = the place of |x[i]| (bytes = 1) or its result (bytes = 4), with a sign. The result may
 * be x itself where bytes is 4. */
int lf_codebook_search(const void *x, size_t n, const lf_codebook *book, int bytes, void *out,
                       const lf_options *options);

/* The best instruction set of this CPU and build, and whether one is usable. */
int lf_isa_best(void);
int lf_isa_usable(int isa);

/* For benchmarks: a plain loop of one instruction set that loads, changes the width and stores;
 * 0: 32 to 8 bits, 1: 32 to 16 bits, 2: 8 to 32 bits. Returns a status. */
int lf_limit(int which, int isa, const void *in, void *out, size_t n);

/* For tests: the ends of what lf_elementary knows about a result, rounded toward zero to doubles.
 * Returns 0 if the result is `low` exactly, 1 if it lies between them, 2 for poles, 3 for operands
 * outside the domain, 4 if nothing is known. */
int lf_test_enclosure(int function, const double *operands, double *low, double *high);

/* Gives the calling thread's SSE control word the rounding control (bits 13 and 14), flush-to-zero
 * (15) and denormals-are-zero (6) of `control`; returns the old word. Without SSE it does nothing
 * and returns 0. For tests: results must not change. */
uint32_t lf_test_set_mxcsr(uint32_t control);

#ifdef __GNUC__
#    pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif
#endif

/* Kernels of sums of products: register tiles in host floats. Internal.
 *
 * A tile is `rows` x `columns` running sums, one host number each, row by row. Steps add products
 * of packed operands: a[s * rows + i] and b[s * columns + j] are the factors of step s.
 * gemm.c is compiled once per instruction set; src/gemm_plan.c chooses, once per call.
 */
#ifndef LF_GEMM_H
#define LF_GEMM_H

#include "lowfloat.h"

/* Rows of a tile, at most, and of the tiles of the last rows. */
enum { LF_TILE_MOST = 14, LF_TILE_FEW = 4 };

/* What a step does after the product; gemm_steps.h has the theorems. W is the host's precision, p
 * that of the accumulator.
 *
 * host:    the host's own fused multiply-add; nothing else.
 * nearest: to nearest even, for sums that neither overflow nor fall between multiples of the
 *          smallest positive number.
 * truncate: as nearest, toward zero.
 * product_nearest, product_truncate: the product is rounded first, subnormals included.
 * bounded, product_bounded, odd_bounded: as the checked ones, for sums that cannot overflow.
 * checked, product_checked: in every direction of the control word; subnormals, zeros, infinities,
 *          NaNs and overflows included.
 * odd_checked: as checked to nearest even, for products of more bits than p (64-bit lanes).
 * stochastic, stochastic_checked: random bits are added, under a control word toward zero. */
enum lf_step_kind {
    LF_STEP_HOST,
    LF_STEP_NEAREST,
    LF_STEP_TRUNCATE,
    LF_STEP_PRODUCT_NEAREST,
    LF_STEP_PRODUCT_TRUNCATE,
    LF_STEP_BOUNDED,
    LF_STEP_PRODUCT_BOUNDED,
    LF_STEP_ODD_BOUNDED,
    LF_STEP_CHECKED,
    LF_STEP_PRODUCT_CHECKED,
    LF_STEP_ODD_CHECKED,
    LF_STEP_STOCHASTIC,
    LF_STEP_STOCHASTIC_CHECKED,
    LF_STEPS
};

/* A rounding to a format, as host numbers. */
typedef struct lf_grid {
    double power;    /* 2^(W - p) */
    double smallest; /* normal */
    double largest;
    double reach;     /* the largest, or less where 2^(W - p) times that overflows */
    double scale;     /* a power of two: 1, or less where 2^(W - p) times the largest overflows */
    double over[2];   /* what an overflow becomes, by sign */
    double beyond[2]; /* what an infinity becomes */
    int64_t kept;     /* the host's bits down to the last of p */
} lf_grid;

/* Where a tile's random bits come from: number (i, j) of the tile is element first + i * row_step +
 * j * column_step, and step s of a call has number s + `step` (rule G-17). */
typedef struct lf_tile_random {
    uint64_t seed, first;
    int64_t row_step, column_step;
    uint64_t blocks; /* of one element */
    uint64_t step;
    uint32_t stream, call;
    int bits, lane; /* N and W */
    int shift;      /* W - p - N: places below the N bits */
} lf_tile_random;

typedef struct lf_step {
    lf_grid sum, product;
    const lf_tile_random *random;
} lf_step;

typedef void (*lf_tile)(const lf_step *step, const void *a, const void *b, size_t steps,
                        void *sums);

/* outer[i] = the step of inner[i] times one, for whole vectors. */
typedef void (*lf_join)(const lf_step *step, const void *inner, void *outer, size_t n);

/* Least nonzero and greatest magnitude of n numbers; the greatest is infinite or NaN if one is.
 * Both are 0 where all are zeros. */
typedef void (*lf_extent)(const void *numbers, size_t n, double *least, double *greatest);

/* Fused blocks (G-10) in 32-bit lanes. */
typedef struct lf_fused {
    lf_grid sum;
    size_t terms;      /* of a block */
    int fraction_bits; /* F */
    double least;      /* no exponent is below that of this power of two */
    int nearest;       /* sums are rounded to nearest even; otherwise as the control word says */
    int exact;         /* sums are numbers of the host */
    int direct;        /* one conversion makes a sum */
    int32_t large;     /* so it does where |H| is less */
} lf_fused;

/* Blocks of `steps` terms in a tile of `rows`; the factors' powers of two lie like the factors.
 * Nonzero: a sum has overflowed, and the tile is void. */
typedef int (*lf_fused_tile)(const lf_fused *f, const float *a, const float *a_powers,
                             const float *b, const float *b_powers, size_t steps, size_t rows,
                             float *sums);

/* 2^e of each number, no less than `smallest`; 0 of zeros. */
typedef void (*lf_powers)(const float *numbers, size_t n, float smallest, float *powers);

/* What one instruction set offers, by lanes of 32 and 64 bits. */
typedef struct lf_gemm_table {
    int rows[2];    /* of a tile of host steps, and of others */
    int columns[2]; /* of a tile */
    int fused;      /* whether a product and its sum are rounded once */
    lf_tile tile[2][LF_STEPS], few[2][LF_STEPS];
    lf_join join[2][LF_STEPS];
    lf_extent extent[2];
    lf_fused_tile fused_tile;
    lf_powers powers;
    void (*widen)(const float *numbers, size_t n, double *out);
} lf_gemm_table;

#endif

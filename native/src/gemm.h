/* Sums of products by the kernels: what is decided once per call, and how it is run. Internal.
 *
 * gemm_plan.c: which accumulators the kernels take; gemm_pack.c: operands to host numbers;
 * gemm_terms.c: the order of terms and their groups; gemm_run.c: blocks, tiles and results. */
#ifndef LF_GEMM_PLAN_H
#define LF_GEMM_PLAN_H

#include "gemm_kernels.h"
#include "kernels.h"
#include "project.h"
#include "watching.h"

/* Terms that are packed at a time, at most, so that a tile's panels stay in the first cache; rows
 * and columns of a block, so that its sums stay in the second. */
enum { LF_DEPTH = 256, LF_BLOCK_ROWS = 448, LF_BLOCK_COLUMNS = 512 };

/* A format as a range of host numbers: all are multiples of 2^unit below 2^(top + 1). */
typedef struct lf_gemm_range {
    int precision, unit, top;
} lf_gemm_range;

/* Codes to host numbers: by a cast, or by a table where codes of 8 bits have no kernel. */
typedef struct lf_gemm_codec {
    const lf_format *format, *host; /* `host` is binary32 where numbers are widened afterwards */
    lf_projection projection;       /* canonical NaNs, no knobs */
    int bytes, host_bytes;
    bool same; /* codes are host numbers */
    bool tabled;
    union {
        float narrow[256];
        double wide[256];
    } table;
    lf_cast_plan plan;
    lf_cast_kernel kernel; /* NULL: the generic path */
    void (*widen)(const float *numbers, size_t n, double *out);
    int isa;
} lf_gemm_codec;

/* One rounded accumulator. */
typedef struct lf_gemm_level {
    lf_step step;
    int plain, bounded, checked; /* enum lf_step_kind: the fastest that is right is run */
    bool spread;                 /* theorem 7: plain steps need exact sums */
    bool is_fused;               /* then only `direction` and these matter */
    lf_fused fused;
    float smallest[2]; /* normal numbers of the operands */
    int direction;     /* of the control word, enum lf_rounding */
    double growth;     /* |rounded x| <= |x| (1 + growth) */
    double limit;      /* plain steps stay below it */
    double product_limit;
    int product_unit; /* plain steps need products that are multiples of 2^product_unit */
} lf_gemm_level;

/* Terms in the order in which they are added; groups of an inner accumulator. */
typedef struct lf_gemm_terms {
    size_t count;
    int grouping; /* enum lf_grouping */
    size_t n, width;
    int order; /* within a group */
    size_t order_n, order_width;
} lf_gemm_terms;

/* An operand as lines (rows of a, columns of b) of terms; strides in elements. */
typedef struct lf_gemm_side {
    const char *codes;
    ptrdiff_t batch_stride, line_stride, term_stride;
    size_t lines;
    lf_gemm_range range;
    lf_gemm_codec codec;
} lf_gemm_side;

/* Side 0 gives the rows of tiles, side 1 their columns: a and b, or b and a where the result has
 * few columns. */
typedef struct lf_gemm {
    const lf_reduction *reduction;
    const lf_gemm_table *table;
    int wide; /* 0: binary32 in the lanes; 1: binary64 */
    int host_bytes;
    int rows, columns; /* of a tile */
    size_t block_rows; /* of whole tiles */
    size_t depth;      /* terms that are packed at a time: whole blocks */
    int levels;        /* 1, or 2 with an outer accumulator */
    lf_gemm_level level[2];
    lf_gemm_terms terms;
    lf_gemm_side side[2];
    bool turned;
    ptrdiff_t result_step[2], start_step[2]; /* from line to line of each side */
    lf_gemm_codec start, result;
    const lf_format *start_format;
    int start_unit; /* numbers of it are multiples of 2^start_unit */
    lf_projection start_projection;
    bool start_same; /* c needs no conversion */
    char *codes;     /* the result's */
    lf_tile_random draws;
    lf_watch *watch;
} lf_gemm;

/* Whether the kernels can do a call, and how; no flags may be wanted. */
bool lf_gemm_plan(lf_gemm *g, const lf_reduction *r, const lf_result *result,
                  const lf_projection *projection, const lf_random *random,
                  const lf_options *options);

/* Runs a plan; returns an lf_status, or LF_GEMM_UNABLE where the operands have specials, or sums
 * overflow, that fused kernels do not know: then the result is void. */
enum { LF_GEMM_UNABLE = -1 };
int lf_gemm_run(const lf_gemm *g, int threads);

/* Does a call, if the kernels can. */
bool lf_gemm_matmul(const lf_reduction *r, const lf_result *result, const lf_projection *projection,
                    const lf_random *random, const lf_options *options, lf_watch *watch,
                    int *status);

const lf_gemm_table *lf_gemm_table_of(int isa);

/* Whether binary32, or binary64, has all numbers of a format. */
bool lf_gemm_holds(const lf_layout *format, bool wide);

bool lf_gemm_decoder(lf_gemm_codec *c, const lf_format *format, bool wide, int isa);
bool lf_gemm_encoder(lf_gemm_codec *c, const lf_format *format, const lf_projection *projection,
                     bool wide, int isa);
/* n contiguous codes to host numbers, and back; return false if a kernel failed. */
bool lf_gemm_decode(const lf_gemm_codec *c, const void *codes, void *numbers, size_t n);
bool lf_gemm_encode(const lf_gemm_codec *c, const void *numbers, void *codes, size_t n);

/* Packs factors of terms index[0 .. n - 1] of `lines` rows or columns, the others up to `width` are
 * those of the first: packed[s * width + i]. */
bool lf_gemm_pack(const lf_gemm_codec *c, const char *codes, ptrdiff_t line_stride,
                  ptrdiff_t term_stride, const size_t *index, size_t n, size_t lines, size_t width,
                  void *packed);

/* The number of groups; the terms of group g; and the k of its terms first .. first + n - 1. */
size_t lf_gemm_groups(const lf_gemm_terms *t);
size_t lf_gemm_group_terms(const lf_gemm_terms *t, size_t g);
void lf_gemm_indices(const lf_gemm_terms *t, size_t g, size_t first, size_t n, size_t *index);

#endif

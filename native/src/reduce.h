/* Sums of products, one element at a time, in any accumulator: the generic path of lf_matmul.
 *
 * An accumulator is a tree of nodes; a node sums the terms that a list names. Rules G-1 to G-17. */
#ifndef LF_REDUCE_H
#define LF_REDUCE_H

#include "apply.h"
#include "watching.h"
#include "wide.h"

/* A product of zero and infinity, beside the kinds of lf_value. */
enum { LF_NO_VALUE = LF_NAN + 1 };

/* No exponent is below that of a number of this "format": fixed point. */
#define LF_NO_LOWEST INT32_MIN

/* A value, and of its format what a reader needs: the lowest exponent (G-10) and whether -0 is. */
typedef struct lf_number {
    lf_value value;
    int32_t lowest;
    bool negative_zero;
} lf_number;

/* Every finite number of a format, or every term, is a multiple of 2^low below 2^high, and has no
 * more than so many significant bits. */
typedef struct lf_range {
    int64_t low, high;
    int bits;
} lf_range;

typedef struct lf_node {
    const lf_accumulator *a;
    lf_target target;  /* with a format: rounded, exact, fused */
    lf_target product; /* rounded, where products have a format; grouped, where scales' have */
    lf_projection alignments[3]; /* fused: of addends, subsums, late start */
    bool has_format, daz, product_daz;
    int32_t lowest; /* exponent of its results */
    lf_range sums;  /* of what an exact sum of its terms and c is made */
    struct lf_node *inner, *outer;
    bool scales_sums; /* the call's scales multiply the sums of its groups (G-19) */
    bool scaled;      /* it or a node below has a scaling */
} lf_node;

/* Which terms: first, first + 1, ..., or those that are listed. */
typedef struct lf_terms {
    const size_t *listed;
    size_t first, count;
    const lf_number *sums;        /* in place of the operands: terms are these, times one */
    const lf_number (*scales)[2]; /* and times so many of these (G-19) */
    int scale_count;
    bool unscaled; /* the operands' scales are left out */
} lf_terms;

enum { LF_A, LF_B, LF_A_SCALE, LF_B_SCALE, LF_FACTORS };

typedef struct lf_factor {
    lf_layout layout;
    const void *codes; /* NULL: there is none */
    ptrdiff_t batch_stride, line_stride, term_stride;
    size_t block; /* terms that share one */
} lf_factor;

typedef struct lf_reduce_job {
    lf_output output;
    lf_target final;
    const lf_reduction *r;
    lf_factor factors[LF_FACTORS];
    lf_factor start;
    lf_node *root;
    size_t arena_bytes;
    size_t draws; /* S of rule G-17 */
    int lane;     /* W of rule G-17 */
    lf_watch *watch;
} lf_reduce_job;

/* One element while it is summed. */
typedef struct lf_run {
    const lf_reduce_job *job;
    const char *lines[LF_FACTORS]; /* where term 0 of the element is */
    lf_number start;
    bool has_start;
    const uint64_t *random;
    size_t drawn;
    uint32_t flags;
    char *arena;
    size_t used;
    uint64_t read; /* terms */
    bool stopped;  /* by the watch: every loop over terms ends, and the sum is void */
} lf_run;

/* Memory of the arena, aligned to 16 bytes; a caller gives it back by restoring run->used. */
void *lf_take(lf_run *run, size_t bytes);

/* The random bits of the next rounding under a projection. */
uint64_t lf_next_random(lf_run *run, const lf_projection *p);

/* A term: its value, its exponent and that of its scales, LF_NO_EXPONENT for a zero (G-10). */
#define LF_NO_EXPONENT INT64_MIN
typedef struct lf_term {
    lf_value value;
    int64_t exponent, scale_exponent;
} lf_term;

/* terms.c: the value of term i, a NaN or LF_NO_VALUE; a NaN is chosen by `nans` (G-1, G-4). */
lf_value lf_term_value(lf_run *run, const lf_terms *terms, size_t i, bool daz, int method,
                       const lf_projection *nans);
/* With `zeros_aligned` zeros have exponents. */
lf_term lf_term_aligned(lf_run *run, const lf_terms *terms, size_t i, const lf_projection *p,
                        bool zeros_aligned);
/* The block scales of the term in the order of its factors, and their number. */
int lf_scales_of(const lf_run *run, size_t k, lf_number out[2]);
/* The exact product of so many numbers as an operation with this projection reads them: a NaN or
 * LF_NO_VALUE where A-4 has one. */
lf_value lf_product_of(lf_run *run, lf_number *x, int count, const lf_projection *p);
/* A number as an operation with this daz reads it. */
lf_value lf_read(const lf_number *x, bool daz);
/* G-5: the terms in the node's order. */
lf_terms lf_ordered(lf_run *run, const lf_accumulator *a, const lf_terms *terms);
/* Those with floor(i / width) mod n = lane into `list`, and their number. */
size_t lf_lane(const lf_terms *terms, size_t n, size_t width, size_t lane, size_t *list);
static inline size_t lf_term_index(const lf_terms *terms, size_t i)
{
    return terms->listed ? terms->listed[i] : terms->first + i;
}

/* What is known of the specials among addends that are not rounded one by one (G-9). */
typedef struct lf_specials {
    bool nan, invalid, infinite[2];
} lf_specials;
void lf_note_special(lf_specials *s, const lf_value *x);
/* Whether the sum is special; then *result is that NaN or infinity. */
bool lf_special_sum(lf_run *run, const lf_specials *s, const lf_projection *p, lf_value *result);

/* Each sums terms from the run's start or, without `start`, from +0. */
lf_number lf_sum_rounded(lf_run *run, const lf_node *node, const lf_terms *terms, bool start);
lf_number lf_sum_exact(lf_run *run, const lf_node *node, const lf_terms *terms, bool start);
lf_number lf_sum_fixed(lf_run *run, const lf_node *node, const lf_terms *terms, bool start);
lf_number lf_sum_fused(lf_run *run, const lf_node *node, const lf_terms *terms, bool start);
lf_number lf_sum_node(lf_run *run, const lf_node *node, const lf_terms *terms, bool start);

/* A value, NaN or LF_NO_VALUE, projected, and the number that the code stands for. */
lf_value lf_project_step(lf_run *run, const lf_target *t, const lf_value *x);

static inline lf_number lf_number_of(const lf_node *node, lf_value value)
{
    return (lf_number){value, node->lowest, node->has_format && node->target.format.negative_zero};
}

/* Bytes of the arena for so many terms. */
size_t lf_fused_bytes(const lf_node *node, size_t count);

#endif

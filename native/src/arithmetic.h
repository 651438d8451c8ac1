/* Operations on codes: unpack, compute exactly, project (rule A-1). */
#ifndef LF_ARITHMETIC_H
#define LF_ARITHMETIC_H

#include "project.h"

/* Everything that decides one element of a call. */
typedef struct lf_context {
    int operation;
    bool same_format; /* as the first operand's */
    lf_layout operands[3];
    lf_target target;
    /* quantize only: the grid, on which the rounding is done before the exact way back */
    lf_target grid;
} lf_context;

enum { LF_QUANTIZE = LF_CLAMP + 1, LF_OPERATIONS };

/* Legal formats are one if they agree in every field (D-9). */
bool lf_same_format(const lf_format *f, const lf_format *g);

int lf_arity(int operation);

/* LF_OK, or LF_ERROR_ARGUMENT. `formats` has one entry per operand. */
int lf_context_init(lf_context *c, int operation, const lf_format *const *formats,
                    const lf_format *format, const lf_projection *projection);

/* The target of an operation whose operands are not codes. */
int lf_target_init(lf_target *t, const lf_format *format, const lf_projection *projection);

/* As lf_context_init, for the rounding of `container` codes to `grid`. */
int lf_quantize_init(lf_context *c, const lf_format *container, const lf_format *grid,
                     const lf_format *format, const lf_projection *projection);

/* n elements of operation c->operation. Results may replace operands. Returns the union of
 * the flags, LF_TAIL among them. */
uint32_t lf_compute(const lf_context *c, const uint64_t *const operands[3], const uint64_t *random,
                    uint64_t *codes, uint8_t *flags, size_t n);

/* The parts of lf_compute from LF_DIVIDE to LF_FAA, and from there on. */
uint32_t lf_compute_algebraic(const lf_context *c, const uint64_t *const operands[3],
                              const uint64_t *random, uint64_t *codes, uint8_t *flags, size_t n);
uint32_t lf_compute_others(const lf_context *c, const uint64_t *const operands[3],
                           const uint64_t *random, uint64_t *codes, uint8_t *flags, size_t n);

#endif

/* The tree of an accumulator: checked, with layouts and ranges, and what it needs. */
#ifndef LF_ACCUMULATOR_H
#define LF_ACCUMULATOR_H

#include "reduce.h"

/* Nodes deeper than this are refused. */
#define LF_DEEPEST 16

/* Numbers of a format, as addends. */
lf_range lf_format_range(const lf_layout *f);

/* Products of such numbers. */
lf_range lf_product_range(lf_range x, lf_range y);

/* Makes the node and those below it from memory of LF_MOST_NODES; `term` and `start` are the ranges
 * of what it sums, start.low > start.high where there is none, and `scales` those of the factors
 * that multiply terms or sums of groups, of no bits where there are none. LF_OK or
 * LF_ERROR_ARGUMENT. */
#define LF_MOST_NODES 64
int lf_node_init(lf_node **next, lf_node *end, const lf_accumulator *a, lf_range term,
                 const lf_range scales[2], lf_range start, lf_node **made);

/* Bytes of the arena, and stochastic roundings, for so many terms. */
size_t lf_node_bytes(const lf_node *node, size_t count);
size_t lf_node_draws(const lf_node *node, size_t count);
/* The most random bits of a rounding. */
int lf_node_bits(const lf_node *node);

/* The groups of so many terms (G-14): their number, and the size of the greatest. */
size_t lf_groups(const lf_accumulator *a, size_t count, size_t *largest);

#endif

/* The choke point: every exact result becomes a code here, and nowhere else. */
#ifndef LF_PROJECT_H
#define LF_PROJECT_H

#include "format.h"

/* Beside the flags of rule F-1: Stochastic(bits=None) met a tail longer than 64 bits (P-6). */
#define LF_TAIL 0x80

typedef struct lf_coded {
    uint64_t code;
    uint32_t flags;
} lf_coded;

/* Where results go: a format and how it is reached. */
typedef struct lf_target {
    lf_layout format;
    lf_projection projection;
} lf_target;

lf_coded lf_project(const lf_target *t, const lf_value *value, uint64_t random);

/* A NaN, already chosen among the operands, into the target (N-1 to N-4). */
lf_coded lf_nan_result(const lf_target *t, const lf_value *nan);

/* The NaN that an operation makes (N-2). */
lf_value lf_default_nan(const lf_projection *p);

#endif

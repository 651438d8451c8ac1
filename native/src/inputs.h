/* Arrays that a job reads, in blocks. */
#ifndef LF_INPUTS_H
#define LF_INPUTS_H

#include "storage.h"

typedef struct lf_input {
    const void *elements;
    int bytes;
    ptrdiff_t stride;
    uint64_t repeated; /* the element of stride 0, read before the first store */
} lf_input;

/* LF_OK, or LF_ERROR_ARGUMENT without elements. */
int lf_input_init(lf_input *in, const void *elements, int bytes, ptrdiff_t stride);

/* Elements begin .. begin + n - 1, n <= LF_BLOCK. */
void lf_input_load(const lf_input *in, size_t begin, uint64_t *block, size_t n);

#endif

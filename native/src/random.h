#ifndef LF_RANDOM_H
#define LF_RANDOM_H

#include "lowfloat.h"

/* False if a field is out of range, or there is no source. */
int lf_random_valid(const lf_random *random);

/* R of elements begin .. begin + n - 1 of the call. Returns the union of the given numbers, or 0:
 * a bit at or above 2^bits there is an error. */
uint64_t lf_random_fill(const lf_random *random, int bits, size_t begin, uint64_t *out, size_t n);

#endif

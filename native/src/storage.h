/* Codes of 8, 16, 32 or 64 bits in arrays, moved in blocks to and from 64-bit integers. */
#ifndef LF_STORAGE_H
#define LF_STORAGE_H

#include "lowfloat.h"

/* Elements that are loaded before the first of them is stored. */
#define LF_BLOCK 256

/* Elements begin, begin + 1, ... of an array of `bytes`-wide codes, `stride` codes apart. */
void lf_load(const void *codes, int bytes, ptrdiff_t stride, size_t begin, uint64_t *out, size_t n);
void lf_store(void *codes, int bytes, size_t begin, const uint64_t *in, size_t n);

#endif

/* Kernels that draw cases of test vectors. Internal. */
#ifndef LF_CASE_KERNELS_H
#define LF_CASE_KERNELS_H

#include "../vectors/cases.h"

/* Cases of a class that are made at a time: their words stay in the second cache, and lf_apply's
 * plans, at some microseconds each, are few. A multiple of 16. */
enum { LF_CASE_PIECE = 2560 };

/* Philox's stream of the words of cases. */
#define LF_CASE_STREAM 0x56454354u

/* The salt of the third word of a call; the fourth has the next. */
#define LF_CASE_THIRD 31u

/* Up to LF_CASE_PIECE cases of one class: the words and digits come in, the codes go out. */
typedef struct lf_case_piece {
    size_t n;
    uint64_t words[LF_CASE_WORDS][LF_CASE_PIECE];
    int64_t digits[LF_CASE_DIGITS][LF_CASE_PIECE];
    uint64_t out[LF_CASE_PORTS][LF_CASE_PIECE];
    uint64_t random[LF_CASE_PIECE];
} lf_case_piece;

typedef int (*lf_case_kernel)(const lf_case_unit *unit, lf_case_piece *piece);

/* What one instruction set offers. */
typedef struct lf_case_table {
    lf_case_kernel classes[LF_CASE_CLASSES];
    void (*random_bits)(const lf_case_unit *unit, lf_case_piece *piece);
    /* The digits of cases first .. first + 7, and of the runs that lie `apart` from one another. */
    void (*digits)(const lf_case_turn *turn, uint64_t first, uint64_t apart, size_t runs,
                   lf_case_piece *piece);
    /* Puts runs into a column of `bytes` bytes a code, `apart` codes from one another. */
    void (*scatter)(const uint64_t *codes, size_t runs, size_t apart, int bytes, char *out);
    /* Words 4 call .. 4 call + count - 1 (2 to 4) of n cases, a multiple of eight: `first` and the
     * seven after it, those a step further, ... */
    void (*words)(uint64_t seed, uint32_t call, uint64_t first, uint64_t step, int count,
                  uint64_t (*out)[LF_CASE_PIECE], size_t n);
} lf_case_table;

#endif

/* Kernels that write records of test vectors. Internal. */
#ifndef LF_RECORD_KERNELS_H
#define LF_RECORD_KERNELS_H

#include "../vectors/records.h"

/* Records that are made at a time: their words stay in the first cache. */
enum { LF_RECORD_PIECE = 256 };
enum { LF_RECORD_WORDS = 4, LF_RECORD_BLOCKS = 8, LF_RECORD_MOST = 32 };

/* A record as its codes come: each column in a 64-bit word, at a whole byte. */
typedef struct lf_gathered {
    int word, shift;
} lf_gathered;

/* Where the characters of a record come from. A word has 16 characters, two for each byte, the
 * lowest byte first; block b is made of bytes 16 b .. 16 b + 15 of the record. */
typedef struct lf_text_plan {
    const lf_column *columns;
    const uint8_t *record;
    size_t size;
    int count;
    int words; /* 0 if a record has too many codes or bytes, and takes the plain path */
    int blocks;
    lf_gathered at[LF_RECORD_MOST];
    uint8_t from[LF_RECORD_WORDS][LF_RECORD_BLOCKS][16]; /* the character's index in the word */
    uint8_t keep[LF_RECORD_WORDS][LF_RECORD_BLOCKS][16]; /* 255 where it is one, else 0 */
    uint8_t fixed[LF_RECORD_BLOCKS][16];                 /* what stands between the codes */
} lf_text_plan;

/* What one instruction set offers: records begin .. begin + n - 1, with n up to LF_RECORD_PIECE,
 * written at `out` with up to 15 bytes more. Text needs a plan with words, packed a size up to 16,
 * where up to 7 bytes more are written. */
typedef struct lf_record_table {
    void (*text)(const lf_text_plan *plan, size_t begin, uint8_t *out, size_t n);
    void (*packed)(const lf_column *columns, int count, size_t size, size_t begin, uint8_t *out,
                   size_t n);
    int has_text; /* zero where bytes cannot be looked up in a register */
} lf_record_table;

#endif

/* Records of test vectors: columns of codes as text or packed binary. Internal: declared to cffi,
 * not installed. */
#ifndef LF_RECORDS_H
#define LF_RECORDS_H

#include "lowfloat.h"

/* One column of a record. Codes are contiguous and below 2^width. */
typedef struct lf_column {
    const void *codes;
    int32_t bytes; /* of a code: 1, 2, 4 or 8 */
    int32_t width; /* bits that are written; text: digits are (width + 3) / 4 */
    int32_t place; /* text: the index of the first digit in the record; packed: the lowest bit */
} lf_column;

/* n records of `size` bytes into `out`: copies of `record` with the upper-case hexadecimal digits
 * of the columns in their places, which do not overlap. Returns an lf_status. */
int lf_write_text(const lf_column *columns, int count, const uint8_t *record, size_t size,
                  uint8_t *out, size_t n, const lf_options *options);

/* n records of `size` bytes, most significant first: the columns' bits side by side, and zeros
 * where there are none. */
int lf_write_packed(const lf_column *columns, int count, size_t size, uint8_t *out, size_t n,
                    const lf_options *options);

/* out[i] = bits shift .. shift + width - 1 of the counter start + i, in codes of `bytes` bytes. */
int lf_count_codes(uint64_t start, int shift, int width, int bytes, void *out, size_t n);

#endif

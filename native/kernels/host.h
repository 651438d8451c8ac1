/* binary32 and binary64 as hosts of other formats. Part of the plans. */
#ifndef LF_HOST_H
#define LF_HOST_H

#include "arithmetic.h"
#include "kernels.h"

/* binary32 or binary64, the number that fills a lane. */
typedef struct host {
    int lanes;
    int bits;
    int fraction;
    int bias;
    int64_t infinity;
} host;

static const host hosts[] = {
    [LF_LANES32] = {LF_LANES32, 32, 23, 127, (int64_t)0xff << 23},
    [LF_LANES64] = {LF_LANES64, 64, 52, 1023, (int64_t)0x7ff << 52},
};

/* Whether a format is the host itself. */
static inline bool is_host(const lf_format *f, const host *h)
{
    return f->exponent_bits == h->bits - 1 - h->fraction && f->mantissa_bits == h->fraction &&
           f->bias == h->bias && f->is_signed && f->nan == LF_NAN_IEEE && f->negative_zero &&
           f->zero && f->subnormals == LF_SUBNORMALS_GRADUAL;
}

/* The host's exponent field of the lowest binade of the lattice: of field 1, and of field 0 where
 * that is a normal binade. */
static inline int64_t low_field(const lf_layout *f, const host *h)
{
    return (int64_t)f->emin + h->bias;
}

/* The host magnitude of a code, also of codes past max_finite_code. */
static inline int64_t magnitude_of(int64_t code, const lf_layout *f, const host *h)
{
    int64_t low = low_field(f, h);
    int64_t hidden = (int64_t)1 << f->mantissa_bits;
    int drop = h->fraction - f->mantissa_bits;
    if (code >= hidden)
        return ((code - hidden) << drop) + (low << h->fraction);
    int shift = f->mantissa_bits - (63 - __builtin_clzll((uint64_t)code));
    if (low - shift >= 1)
        return (((code << shift) - hidden) << drop) + ((low - shift) << h->fraction);
    return code << (drop + low - 1);
}

#endif

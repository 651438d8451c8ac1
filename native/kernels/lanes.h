/* The types and constants of 32-bit and of 64-bit lanes, for the templates lattice.h and widen.h.
 * Define LF_LANES as 32 or 64 before each inclusion. */
#include <string.h>

#include "kernels.h"

#undef LANES_ARE
#undef LANE
#undef SIGNED_LANE
#undef UNALIGNED
#undef HOST
#undef FRACTION
#undef HOST_INFINITY
#undef NAME

#define NAME(name) LF_JOIN(name, LF_LANES)
#define LANE LF_JOIN(LF_JOIN(uint, LF_LANES), _t)
#define SIGNED_LANE LF_JOIN(LF_JOIN(int, LF_LANES), _t)
#define UNALIGNED LF_JOIN(lf_unaligned, LF_LANES)
#if LF_LANES == 32
#    define HOST float
#    define FRACTION 23
#    define HOST_INFINITY 0x7f800000
#else
#    define HOST double
#    define FRACTION 52
#    define HOST_INFINITY 0x7ff0000000000000
#endif

#ifndef LF_LANES_H
#    define LF_LANES_H

/* Without this GCC keeps the float subtraction of lf_widen, whose exceptions nobody reads, out of
 * vectors. */
#    if defined(__GNUC__) && !defined(__clang__)
#        pragma GCC optimize("no-trapping-math")
#    endif

/* Kernels work on chunks, which begin at multiples of LF_CHUNK of the index in the draw. */
enum { LF_CHUNK = 256 };

#    define LF_INLINE static inline __attribute__((always_inline))

typedef uint8_t __attribute__((may_alias)) lf_unaligned8;
typedef uint16_t __attribute__((aligned(1), may_alias)) lf_unaligned16;
typedef uint32_t __attribute__((aligned(1), may_alias)) lf_unaligned32;
typedef uint64_t __attribute__((aligned(1), may_alias)) lf_unaligned64;

/* Bytes of a code; of a quantized number, more than any. */
LF_INLINE size_t lf_code_size(int target)
{
    switch (target) {
    case LF_CODES8: return 1;
    case LF_CODES32: return 4;
    case LF_QUANTIZED: return 8;
    default: return 2;
    }
}

#endif

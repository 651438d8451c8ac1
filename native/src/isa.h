/* The tables of kernels that every instruction set has one of. Internal. */
#ifndef LF_ISA_H
#define LF_ISA_H

#include "lowfloat.h"

#ifdef LF_HAVE_AVX2
#    define LF_IF_AVX2(text) text
#else
#    define LF_IF_AVX2(text)
#endif
#ifdef LF_HAVE_AVX512
#    define LF_IF_AVX512(text) text
#else
#    define LF_IF_AVX512(text)
#endif

/* Defines `of(isa)`, a pointer to one of the tables prefix_baseline, prefix_avx2 and prefix_avx512:
 * the best one's for LF_ISA_BEST. */
#define LF_DEFINE_TABLE_OF(of, type, prefix)                                                       \
    extern const type prefix##_baseline;                                                           \
    LF_IF_AVX2(extern const type prefix##_avx2;)                                                   \
    LF_IF_AVX512(extern const type prefix##_avx512;)                                               \
    static const type *of(int isa)                                                                 \
    {                                                                                              \
        switch (isa == LF_ISA_BEST ? lf_isa_best() : isa) {                                        \
            LF_IF_AVX2(case LF_ISA_AVX2 : return &prefix##_avx2;)                                  \
            LF_IF_AVX512(case LF_ISA_AVX512 : return &prefix##_avx512;)                            \
        default: return &prefix##_baseline;                                                        \
        }                                                                                          \
    }

/* The instruction set that a call asks for. */
static inline int lf_isa_of(const lf_options *options)
{
    return options ? options->isa : LF_ISA_BEST;
}

#endif

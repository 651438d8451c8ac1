/* Sums of logarithms, and the search in a codebook: the two passes of S2FP8. */
#include "logarithm.h"

#include <string.h>

#include "kernels.h"

#if defined(LF_ISA_IS_AVX512) || defined(LF_ISA_IS_AVX2)
#    include <immintrin.h>
#endif

#define FIRST_NORMAL 0x00800000u
#define INFINITE 0x7f800000u
#define SIGN 0x80000000u
#define FRACTION_MASK 0x007fffffu

#include "codebook_search.h"
#include "log_sums.h"

const lf_logarithm_table LF_JOIN(lf_logarithms_, LF_ISA_NAME) = {log_sums, to_codes, to_values};

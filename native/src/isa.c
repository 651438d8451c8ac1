#include "lowfloat.h"

uint32_t lf_abi_version(void)
{
    return LF_ABI_VERSION;
}

int lf_isa_usable(int isa)
{
    switch (isa) {
    case LF_ISA_BEST:
    case LF_ISA_BASELINE: return 1;
#ifdef LF_HAVE_AVX2
    case LF_ISA_AVX2: /* x86-64-v3; every CPU with these has its smaller parts too */
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
#endif
#ifdef LF_HAVE_AVX512
    case LF_ISA_AVX512: /* x86-64-v4 */
        return lf_isa_usable(LF_ISA_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
    default: return 0;
    }
}

int lf_isa_best(void)
{
    if (lf_isa_usable(LF_ISA_AVX512))
        return LF_ISA_AVX512;
    return lf_isa_usable(LF_ISA_AVX2) ? LF_ISA_AVX2 : LF_ISA_BASELINE;
}

#include "fpenv.h"

#include "lowfloat.h"

#if defined(__SSE2__)
#    include <xmmintrin.h>

/* All six exceptions masked, everything else zero. */
#    define NEUTRAL 0x1F80u
/* DAZ, the rounding control and FTZ. */
#    define TESTED 0xE040u

uint32_t lf_fpenv_enter(void)
{
    uint32_t saved = _mm_getcsr();
    _mm_setcsr(NEUTRAL);
    return saved;
}

void lf_fpenv_leave(uint32_t saved)
{
    _mm_setcsr(saved);
}

void lf_fpenv_direct(int rounding)
{
    uint32_t control = rounding == LF_TOWARD_ZERO       ? 3u
                       : rounding == LF_TOWARD_POSITIVE ? 2u
                       : rounding == LF_TOWARD_NEGATIVE ? 1u
                                                        : 0;
    _mm_setcsr(NEUTRAL | control << 13);
}

uint32_t lf_test_set_mxcsr(uint32_t control)
{
    uint32_t saved = _mm_getcsr();
    _mm_setcsr((saved & ~TESTED) | (control & TESTED));
    return saved;
}

#else
#    include <fenv.h>

uint32_t lf_fpenv_enter(void)
{
    int saved = fegetround();
    fesetround(FE_TONEAREST);
    return (uint32_t)saved;
}

void lf_fpenv_direct(int rounding)
{
    fesetround(rounding == LF_TOWARD_ZERO       ? FE_TOWARDZERO
               : rounding == LF_TOWARD_POSITIVE ? FE_UPWARD
               : rounding == LF_TOWARD_NEGATIVE ? FE_DOWNWARD
                                                : FE_TONEAREST);
}

void lf_fpenv_leave(uint32_t saved)
{
    fesetround((int)saved);
}

uint32_t lf_test_set_mxcsr(uint32_t control)
{
    (void)control;
    return 0;
}

#endif

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

uint32_t lf_test_set_mxcsr(uint32_t control)
{
    uint32_t saved = _mm_getcsr();
    _mm_setcsr((saved & ~TESTED) | (control & TESTED));
    return saved;
}

#else

uint32_t lf_fpenv_enter(void)
{
    return 0;
}

void lf_fpenv_leave(uint32_t saved)
{
    (void)saved;
}

uint32_t lf_test_set_mxcsr(uint32_t control)
{
    (void)control;
    return 0;
}

#endif

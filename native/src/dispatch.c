#include "elements.h"
#include "fpenv.h"
#include "operations.h"

/* The number 1. */
#define ONE ((lf_short){(uint64_t)1 << 63, 0, false})
#define SIGN(k) lf_unpack(&context->operands[k], false, operands[k][i]).sign
#define WITH_SIGN(sign)                                                                            \
    lf_with_sign(t, &context->operands[0], context->same_format, operands[0][i], sign, DRAWN)

DEFINE_NUMBERS(divide_all, 2, lf_short_quotient(SHORT(0), SHORT(1)),
               lf_divide(t, VALUE(0), VALUE(1), DRAWN))
DEFINE_NUMBERS(reciprocal_all, 1, lf_short_quotient(ONE, SHORT(0)),
               lf_reciprocal(t, VALUE(0), DRAWN))
DEFINE_NUMBERS(sqrt_all, 1, lf_short_root(SHORT(0)), lf_sqrt(t, VALUE(0), DRAWN))

/* Rules. */
uint32_t lf_compute_algebraic(const lf_context *context, const uint64_t *const operands[3],
                              const uint64_t *random, uint64_t *codes, uint8_t *flags, size_t n)
{
    const lf_target *t = &context->target;
    bool daz = t->projection.daz;
    uint32_t all = 0;
    uint32_t control = lf_fpenv_enter(); /* the roots begin with the host's */
    switch (context->operation) {
    case LF_DIVIDE: all = divide_all(context, operands, random, codes, flags, n); break;
    case LF_RECIPROCAL: all = reciprocal_all(context, operands, random, codes, flags, n); break;
    case LF_SQRT: all = sqrt_all(context, operands, random, codes, flags, n); break;
    case LF_RSQRT: FOR_ELEMENTS(lf_rsqrt(t, VALUE(0), DRAWN)) break;
    case LF_HYPOT: FOR_ELEMENTS(lf_hypot(t, VALUE(0), VALUE(1), DRAWN)) break;
    case LF_REMAINDER: FOR_ELEMENTS(lf_remainder(t, VALUE(0), VALUE(1), true, DRAWN)) break;
    case LF_FMOD: FOR_ELEMENTS(lf_remainder(t, VALUE(0), VALUE(1), false, DRAWN)) break;
    case LF_FAA: FOR_ELEMENTS(lf_faa(t, VALUE(0), VALUE(1), VALUE(2), DRAWN)) break;
    }
    lf_fpenv_leave(control);
    return all;
}

/* Rules I-1 to I-3, S-1 to S-3, K-4 and K-5. */
uint32_t lf_compute_others(const lf_context *context, const uint64_t *const operands[3],
                           const uint64_t *random, uint64_t *codes, uint8_t *flags, size_t n)
{
    const lf_target *t = &context->target;
    const lf_layout *second = &context->operands[1];
    bool daz = t->projection.daz;
    int operation = context->operation;
    uint32_t all = 0;
    switch (operation) {
    case LF_ROUND_TO_INTEGRAL: FOR_ELEMENTS(lf_round_to_integral(t, VALUE(0), false, DRAWN)) break;
    case LF_ROUND_TO_INTEGRAL_EXACT:
        FOR_ELEMENTS(lf_round_to_integral(t, VALUE(0), true, DRAWN)) break;
    case LF_LOGB: FOR_ELEMENTS(lf_logb(t, VALUE(0), DRAWN)) break;
    case LF_NEGATE: FOR_ELEMENTS(WITH_SIGN(!SIGN(0))) break;
    case LF_ABS: FOR_ELEMENTS(WITH_SIGN(false)) break;
    case LF_COPYSIGN: FOR_ELEMENTS(WITH_SIGN(SIGN(1))) break;
    case LF_NEXTUP: FOR_ELEMENTS(lf_next(t, operands[0][i], false)) break;
    case LF_NEXTDOWN: FOR_ELEMENTS(lf_next(t, operands[0][i], true)) break;
    case LF_NEXTAFTER: FOR_ELEMENTS(lf_nextafter(t, second, operands[0][i], operands[1][i])) break;
    case LF_CLAMP: FOR_ELEMENTS(lf_clamp(t, VALUE(0), VALUE(1), VALUE(2), DRAWN)) break;
    default: FOR_ELEMENTS(lf_extremum(t, operation, VALUE(0), VALUE(1), DRAWN)) break;
    }
    return all;
}

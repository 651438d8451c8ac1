/* The loops over the elements of a block. */
#ifndef LF_ELEMENTS_H
#define LF_ELEMENTS_H

#include "arithmetic.h"

/* `definition` defines result, of element i and its R, r. */
#define LF_LOOP(definition)                                                                        \
    for (size_t i = 0; i < n; i++) {                                                               \
        uint64_t r = random ? random[i] : 0;                                                       \
        definition;                                                                                \
        codes[i] = result.code;                                                                    \
        flags[i] = (uint8_t)result.flags;                                                          \
        all |= result.flags;                                                                       \
    }

/* Runs `expression` over the elements; VALUE(k) is operand k. */
#define FOR_ELEMENTS(expression) LF_LOOP(lf_coded result = expression)
#define VALUE(k) lf_unpack(&context->operands[k], daz, operands[k][i])

/* The same for operations of `count` operands that short.h has: `exact`, of SHORT(k), where these
 * are normal numbers, the rounding draws nothing and the result is not zero. */
#define FOR_NUMBERS(count, exact, expression)                                                      \
    LF_LOOP(bool normal =                                                                          \
                !draws && NORMAL(0) && (count < 2 || NORMAL(1)) && (count < 3 || NORMAL(2));       \
            lf_short number = normal ? exact : (lf_short){0};                                      \
            lf_coded result = number.significand ? lf_project_short(t, number) : expression)
#define NORMAL(k) lf_is_normal(&context->operands[k], operands[k][i])
#define SHORT(k) lf_shorten(&context->operands[k], operands[k][i])

#endif

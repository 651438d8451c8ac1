/* The loop over the elements of a block. */
#ifndef LF_ELEMENTS_H
#define LF_ELEMENTS_H

#include "arithmetic.h"

/* Runs `expression` over the elements; VALUE(k) is operand k and r is R. */
#define FOR_ELEMENTS(expression)                                                                   \
    for (size_t i = 0; i < n; i++) {                                                               \
        uint64_t r = random ? random[i] : 0;                                                       \
        lf_coded result = expression;                                                              \
        codes[i] = result.code;                                                                    \
        flags[i] = (uint8_t)result.flags;                                                          \
        all |= result.flags;                                                                       \
    }
#define VALUE(k) lf_unpack(&context->operands[k], daz, operands[k][i])

#endif

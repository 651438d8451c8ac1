/* The loops over the elements of a block. */
#ifndef LF_ELEMENTS_H
#define LF_ELEMENTS_H

#include "arithmetic.h"

/* `definition` defines result, of element i. */
#define LF_LOOP(definition)                                                                        \
    for (size_t i = 0; i < n; i++) {                                                               \
        definition;                                                                                \
        codes[i] = result.code;                                                                    \
        flags[i] = (uint8_t)result.flags;                                                          \
        all |= result.flags;                                                                       \
    }

/* Runs `expression` over the elements; VALUE(k) is operand k and DRAWN is R. */
#define FOR_ELEMENTS(expression) LF_LOOP(lf_coded result = expression)
#define DRAWN (random ? random[i] : 0)
#define VALUE(k) lf_unpack(&context->operands[k], daz, operands[k][i])

/* A function for an operation of `count` operands that short.h has: its loop over the elements
 * takes `exact`, of SHORT(k), where these are normal numbers, the target takes short results and
 * this is not zero. A loop in a function of its own has the registers to itself. */
#define DEFINE_NUMBERS(name, count, exact, expression)                                             \
    static uint32_t name(const lf_context *context, const uint64_t *const operands[3],             \
                         const uint64_t *random, uint64_t *codes, uint8_t *flags, size_t n)        \
    {                                                                                              \
        const lf_target *t = &context->target;                                                     \
        bool daz = t->projection.daz, takes_short = lf_takes_short(t);                             \
        uint32_t all = 0;                                                                          \
        LF_LOOP(bool normal = takes_short && NORMAL(0) && (count < 2 || NORMAL(1)) &&              \
                              (count < 3 || NORMAL(2));                                            \
                lf_short number = normal ? exact : (lf_short){0};                                  \
                lf_coded result = number.significand ? lf_project_short(t, number) : expression)   \
        return all;                                                                                \
    }
#define NORMAL(k) lf_is_normal(&context->operands[k], operands[k][i])
#define SHORT(k) lf_shorten(&context->operands[k], operands[k][i])

#endif

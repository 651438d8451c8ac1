/* One result at a time, of an operation or question whose formats and projection stay. */
#include "arithmetic.h"
#include "question.h"

struct lf_prepared {
    bool asks;
    lf_context context;
    lf_question question;
};

size_t lf_prepared_size(void)
{
    return sizeof(lf_prepared);
}

int lf_prepare(lf_prepared *p, int operation, const lf_format *const *formats,
               const lf_format *format, const lf_projection *projection)
{
    if (!p || !formats || operation < LF_CONVERT || operation > LF_CLAMP)
        return LF_ERROR_ARGUMENT;
    p->asks = false;
    return lf_context_init(&p->context, operation, formats, format, projection);
}

int lf_prepare_question(lf_prepared *p, int question, int signaling,
                        const lf_format *const *formats, const lf_projection *projection)
{
    if (!p || !formats || !projection || question < LF_EQUAL || question > LF_QUESTION_CLASS)
        return LF_ERROR_ARGUMENT;
    *p = (lf_prepared){.asks = true,
                       .question = {.kind = question == LF_QUESTION_CLASS ? LF_ASK_CLASS
                                            : question == LF_QUESTION_TOTAL_ORDER
                                                ? LF_ASK_TOTAL_ORDER
                                                : LF_ASK_RELATION,
                                    .count = question == LF_QUESTION_CLASS ? 1 : 2,
                                    .relation = question,
                                    .signaling = signaling != 0,
                                    .daz = projection->daz}};
    for (int k = 0; k < p->question.count; k++)
        if (!lf_layout_init(&p->question.formats[k], formats[k]))
            return LF_ERROR_ARGUMENT;
    return LF_OK;
}

uint64_t lf_prepared_apply(const lf_prepared *p, uint64_t x, uint64_t y, uint64_t z,
                           uint64_t random, uint32_t *flags)
{
    if (p->asks) {
        lf_coded answer = lf_answer(&p->question, x, y);
        *flags = answer.flags;
        return answer.code;
    }
    const uint64_t *const operands[3] = {&x, &y, &z};
    uint64_t code;
    uint8_t each;
    *flags = lf_compute(&p->context, operands, &random, &code, &each, 1);
    return code;
}

#include "apply.h"
#include "inputs.h"
#include "operations.h"
#include "question.h"

typedef struct comparison_job {
    lf_question question;
    lf_output output;
    lf_input inputs[2];
} comparison_job;

/* The orders that a relation accepts: bit 0 below, bit 1 equal, bit 2 above, bit 3 unordered. */
static const uint8_t ACCEPTED[] = {[LF_EQUAL] = 2,      [LF_NOT_EQUAL] = 13, [LF_LESS] = 1,
                                   [LF_LESS_EQUAL] = 3, [LF_GREATER] = 4,    [LF_GREATER_EQUAL] = 6,
                                   [LF_UNORDERED] = 8};

/* Rule K-1. */
static lf_coded compare(const lf_question *q, uint64_t a, uint64_t b)
{
    lf_value x = lf_unpack(&q->formats[0], q->daz, a);
    lf_value y = lf_unpack(&q->formats[1], q->daz, b);
    unsigned accepted = ACCEPTED[q->relation];
    if (!lf_any_nan(&x, &y))
        return (lf_coded){accepted >> (lf_order(&x, &y) + 1) & 1, 0};
    bool raises = q->signaling || x.signaling || y.signaling;
    return (lf_coded){accepted >> 3, raises ? LF_INVALID : 0};
}

/* From the top of rule K-2's order: quiet NaNs 3, signaling ones 2, numbers 1; below zero negated.
 */
static int total_rank(const lf_value *x)
{
    int rank = x->kind != LF_NAN ? 1 : x->signaling ? 2 : 3;
    return x->sign ? -rank : rank;
}

static lf_coded total_order(const lf_question *q, uint64_t a, uint64_t b)
{
    lf_value x = lf_unpack(&q->formats[0], false, a);
    lf_value y = lf_unpack(&q->formats[1], false, b);
    int order = total_rank(&x) - total_rank(&y);
    if (order == 0 && x.kind == LF_NAN)
        order = (x.significand > y.significand) - (x.significand < y.significand);
    else if (order == 0)
        order = lf_magnitude_order(&x, &y);
    else
        return (lf_coded){order < 0, 0};
    return (lf_coded){x.sign ? order >= 0 : order <= 0, 0};
}

/* Rule K-3. */
static lf_coded classify(const lf_question *q, uint64_t a, uint64_t b)
{
    (void)b;
    const lf_layout *f = &q->formats[0];
    lf_value x = lf_unpack(f, false, a);
    bool subnormal = (a & f->magnitude_mask) < f->min_normal_code;
    int distance = 0;
    switch (x.kind) {
    case LF_NAN: return (lf_coded){x.signaling ? LF_CLASS_SIGNALING_NAN : LF_CLASS_QUIET_NAN, 0};
    case LF_INFINITE: distance = 3; break;
    case LF_FINITE: distance = subnormal ? 1 : 2; break;
    }
    int class = x.sign ? LF_CLASS_NEGATIVE_ZERO - distance : LF_CLASS_POSITIVE_ZERO + distance;
    return (lf_coded){(uint64_t)class, 0};
}

lf_coded lf_answer(const lf_question *q, uint64_t a, uint64_t b)
{
    switch (q->kind) {
    case LF_ASK_TOTAL_ORDER: return total_order(q, a, b);
    case LF_ASK_CLASS: return classify(q, a, b);
    default: return compare(q, a, b);
    }
}

static uint32_t comparison_chunk(const void *argument, size_t begin, size_t end)
{
    const comparison_job *job = argument;
    uint64_t blocks[2][LF_BLOCK], truths[LF_BLOCK];
    uint8_t flags[LF_BLOCK];
    uint32_t raised = 0;
    for (size_t n; begin < end; begin += n) {
        n = end - begin < LF_BLOCK ? end - begin : LF_BLOCK;
        for (int k = 0; k < job->question.count; k++)
            lf_input_load(&job->inputs[k], begin, blocks[k], n);
        for (size_t i = 0; i < n; i++) {
            lf_coded r =
                lf_answer(&job->question, blocks[0][i], blocks[job->question.count - 1][i]);
            truths[i] = r.code;
            flags[i] = (uint8_t)r.flags;
            raised |= r.flags;
        }
        lf_output_store(&job->output, begin, truths, flags, n);
    }
    return raised;
}

static int run(comparison_job *job, const lf_operand *operands, const lf_result *result, size_t n,
               const lf_options *options)
{
    int status = operands ? lf_options_check(options) : LF_ERROR_ARGUMENT;
    for (int k = 0; k < job->question.count && status == LF_OK; k++) {
        const lf_operand *x = &operands[k];
        if (!lf_layout_init(&job->question.formats[k], x->format))
            return LF_ERROR_ARGUMENT;
        if (n)
            status = lf_input_init(&job->inputs[k], x->codes,
                                   job->question.formats[k].storage_bytes, x->stride);
    }
    if (status != LF_OK || n == 0)
        return status;
    if (!result->codes)
        return LF_ERROR_ARGUMENT;
    job->output = (lf_output){.result = result, .bytes = 1};
    return lf_output_run(&job->output, comparison_chunk, job, n, options);
}

int lf_compare(int relation, int signaling, const lf_operand operands[2], uint8_t *result, size_t n,
               uint8_t *flags_out, uint32_t *flags, const lf_projection *projection,
               const lf_options *options)
{
    if (relation < LF_EQUAL || relation > LF_UNORDERED || !projection ||
        projection->size < sizeof *projection)
        return LF_ERROR_ARGUMENT;
    comparison_job job = {.question = {.kind = LF_ASK_RELATION,
                                       .count = 2,
                                       .relation = relation,
                                       .signaling = signaling != 0,
                                       .daz = projection->daz}};
    lf_result r = {.codes = result, .flags_out = flags_out, .flags = flags};
    return run(&job, operands, &r, n, options);
}

int lf_total_order(const lf_operand operands[2], uint8_t *result, size_t n,
                   const lf_options *options)
{
    comparison_job job = {.question = {.kind = LF_ASK_TOTAL_ORDER, .count = 2}};
    return run(&job, operands, &(lf_result){.codes = result}, n, options);
}

int lf_classify(const lf_operand *x, uint8_t *result, size_t n, const lf_options *options)
{
    comparison_job job = {.question = {.kind = LF_ASK_CLASS, .count = 1}};
    return run(&job, x, &(lf_result){.codes = result}, n, options);
}

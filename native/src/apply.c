#include "apply.h"

#include "fpenv.h"
#include "host_arithmetic.h"
#include "inputs.h"
#include "isa.h"
#include "kernels.h"

/* Below these the generic path is done before plans are made. */
#define KERNEL_FROM 16
#define ARITHMETIC_FROM 128

typedef struct apply_job {
    lf_context context;
    lf_output output;
    const lf_operand *operands;
    lf_input inputs[3];
    int arity;
    lf_cast_plan plan;
    lf_cast_kernel kernel;
    lf_arithmetic_plan arithmetic[2];
} apply_job;

/* The generic path: load a block, compute, store it. */
static uint32_t generic_chunk(const void *argument, size_t begin, size_t end)
{
    const apply_job *job = argument;
    uint64_t blocks[3][LF_BLOCK], random[LF_BLOCK], codes[LF_BLOCK];
    uint8_t flags[LF_BLOCK];
    const uint64_t *operands[3] = {blocks[0], blocks[1], blocks[2]};
    uint32_t raised = 0;

    for (size_t n; begin < end; begin += n) {
        n = end - begin < LF_BLOCK ? end - begin : LF_BLOCK;
        for (int k = 0; k < job->arity; k++)
            lf_input_load(&job->inputs[k], begin, blocks[k], n);
        const uint64_t *bits = lf_output_random(&job->output, begin, random, n, &raised);
        raised |= lf_compute(&job->context, operands, bits, codes, flags, n);
        lf_output_store(&job->output, begin, codes, flags, n);
    }
    return raised;
}

/* What a chunk returns. */
static uint32_t outcome(int status, uint32_t flags)
{
    switch (status) {
    case LF_OK: return flags;
    case LF_ERROR_TAIL: return LF_TAIL;
    case LF_ERROR_ARGUMENT: return LF_RANGE;
    default: return LF_FAILED;
    }
}

/* A kernel computes with host floats, so it runs under a control word that is known. */
static uint32_t kernel_chunk(const void *argument, size_t begin, size_t end)
{
    const apply_job *job = argument;
    const lf_output *o = &job->output;
    const char *in = job->operands[0].codes;
    char *out = o->result->codes;
    uint8_t *flags_out = o->result->flags_out;
    uint64_t first = begin + (o->random ? o->random->first : 0);
    uint32_t flags = 0;

    uint32_t control = lf_fpenv_enter();
    int status =
        job->kernel(&job->plan, in + begin * (size_t)job->context.operands[0].storage_bytes,
                    out + begin * (size_t)o->bytes, flags_out ? flags_out + begin : NULL,
                    o->result->flags ? &flags : NULL, end - begin, first);
    lf_fpenv_leave(control);
    return outcome(status, flags);
}

/* As kernel_chunk, for operations that plan_arithmetic.c has a plan for. */
static uint32_t arithmetic_chunk(const void *argument, size_t begin, size_t end)
{
    const apply_job *job = argument;
    const lf_output *o = &job->output;
    uint8_t *flags_out = o->result->flags_out;
    uint64_t first = begin + (o->random ? o->random->first : 0);
    uint32_t flags = 0;
    const void *codes[3];
    ptrdiff_t strides[3];
    uint64_t repeated[3];
    for (int k = 0; k < job->arity; k++) {
        const lf_input *x = &job->inputs[k];
        lf_store(&repeated[k], x->bytes, 0, &x->repeated, 1);
        strides[k] = x->stride;
        codes[k] = x->stride ? (const void *)((const char *)x->elements + begin * (size_t)x->bytes)
                             : &repeated[k];
    }
    uint32_t control = lf_fpenv_enter();
    int status = lf_arithmetic_run(
        job->arithmetic, codes, strides, (char *)o->result->codes + begin * (size_t)o->bytes,
        flags_out ? flags_out + begin : NULL, o->result->flags ? &flags : NULL, end - begin, first);
    lf_fpenv_leave(control);
    return outcome(status, flags);
}

/* Whether a kernel does this cast: a conversion, or a quantization to `to`, of contiguous codes. */
static bool lf_shortcut(apply_job *job, const lf_format *to, const lf_projection *projection,
                        int isa)
{
    const lf_operand *x = &job->operands[0];
    const lf_result *result = job->output.result;
    int operation = job->context.operation;
    if ((operation != LF_CONVERT && operation != LF_QUANTIZE) || x->stride != 1)
        return false;
    if (isa == LF_ISA_BEST)
        isa = lf_isa_best();
    return lf_plan_cast(&job->plan, x->format, to, projection, job->output.random,
                        result->flags != NULL, result->flags_out != NULL, operation == LF_QUANTIZE,
                        isa, &job->kernel) != 0;
}

/* Whether the host's arithmetic does this operation, on operands of stride 0 or 1. */
static bool by_host(apply_job *job, const lf_projection *projection, int isa)
{
    const lf_result *result = job->output.result;
    const lf_format *formats[3] = {0};
    if (job->context.operation == LF_QUANTIZE)
        return false;
    for (int k = 0; k < job->arity; k++) {
        formats[k] = job->operands[k].format;
        if (job->inputs[k].stride >> 1)
            return false;
    }
    return lf_plan_arithmetic(job->arithmetic, job->context.operation, formats, result->format,
                              projection, job->output.random, result->flags != NULL,
                              result->flags_out != NULL, isa) != 0;
}

/* `to` and `projection` say what is rounded to, which for quantize is the grid. */
static int run(apply_job *job, const lf_result *result, size_t n, const lf_format *to,
               const lf_projection *projection, const lf_random *random, const lf_options *options)
{
    const lf_context *c = &job->context;
    const lf_target *rounding = c->operation == LF_QUANTIZE ? &c->grid : &c->target;
    int status = lf_output_init(&job->output, rounding, &c->target.format, result, n, random);
    if (status == LF_OK)
        status = lf_options_check(options);
    if (status != LF_OK || n == 0)
        return status;
    job->arity = lf_arity(c->operation);
    for (int k = 0; k < job->arity && status == LF_OK; k++) {
        const lf_operand *x = &job->operands[k];
        status = lf_input_init(&job->inputs[k], x->codes, c->operands[k].storage_bytes, x->stride);
    }
    if (status != LF_OK)
        return status;
    bool generic = options && options->generic;
    int isa = lf_isa_of(options);
    if (!generic && n >= KERNEL_FROM && lf_shortcut(job, to, projection, isa))
        return lf_output_run(&job->output, kernel_chunk, job, n, options);
    if (!generic && n >= ARITHMETIC_FROM && by_host(job, projection, isa))
        return lf_output_run(&job->output, arithmetic_chunk, job, n, options);
    return lf_output_run(&job->output, generic_chunk, job, n, options);
}

int lf_apply(int operation, const lf_operand *operands, const lf_result *result, size_t n,
             const lf_projection *projection, const lf_random *random, const lf_options *options)
{
    if (!operands || !result || operation < LF_CONVERT || operation > LF_CLAMP)
        return LF_ERROR_ARGUMENT;
    apply_job job = {.operands = operands};
    const lf_format *formats[3] = {0};
    for (int k = 0; k < lf_arity(operation); k++)
        formats[k] = operands[k].format;
    int status = lf_context_init(&job.context, operation, formats, result->format, projection);
    return status ? status : run(&job, result, n, result->format, projection, random, options);
}

int lf_convert(const lf_format *from, const void *codes, ptrdiff_t stride, const lf_format *to,
               void *out, size_t n, const lf_projection *projection, uint32_t *flags,
               const lf_options *options)
{
    lf_operand operand = {from, codes, stride};
    lf_result result = {to, out, NULL, flags};
    return lf_apply(LF_CONVERT, &operand, &result, n, projection, NULL, options);
}

int lf_quantize(const lf_operand *container, const lf_format *grid, const lf_result *result,
                size_t n, const lf_projection *projection, const lf_random *random,
                const lf_options *options)
{
    if (!container || !result)
        return LF_ERROR_ARGUMENT;
    apply_job job = {.operands = container};
    int status =
        lf_quantize_init(&job.context, container->format, grid, result->format, projection);
    return status ? status : run(&job, result, n, grid, projection, random, options);
}

int lf_to_grid(const lf_format *container, const void *codes, ptrdiff_t stride,
               const lf_format *grid, void *out, size_t n, const lf_projection *projection,
               uint32_t *flags, const lf_options *options)
{
    lf_operand operand = {container, codes, stride};
    lf_result result = {container, out, NULL, flags};
    return lf_quantize(&operand, grid, &result, n, projection, NULL, options);
}

int lf_apply_scalar(int operation, const lf_format *const *formats, const uint64_t *codes,
                    const lf_format *format, const lf_projection *projection, uint64_t random_bits,
                    uint64_t *code, uint32_t *flags)
{
    lf_context context;
    if (!formats || !codes || !code || operation < LF_CONVERT || operation > LF_CLAMP)
        return LF_ERROR_ARGUMENT;
    int status = lf_context_init(&context, operation, formats, format, projection);
    if (status)
        return status;
    const lf_projection *p = &context.target.projection;
    if (p->rounding == LF_STOCHASTIC && random_bits & ~(UINT64_MAX >> (64 - p->random_bits)))
        return LF_ERROR_ARGUMENT;
    const uint64_t *operands[3] = {codes, codes, codes};
    for (int k = 0; k < lf_arity(operation); k++)
        operands[k] = codes + k;
    uint8_t raised;
    if (lf_compute(&context, operands, &random_bits, code, &raised, 1) & LF_TAIL)
        return LF_ERROR_TAIL;
    if (flags)
        *flags = raised;
    return LF_OK;
}

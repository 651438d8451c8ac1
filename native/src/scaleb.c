#include "apply.h"
#include "inputs.h"
#include "operations.h"

/* Exponents beyond this give the same results: biases reach 2^20, exponent fields 2^16. */
#define MAX_SCALE (1 << 22)

typedef struct scaleb_job {
    lf_layout format;
    lf_target target;
    lf_output output;
    lf_input x, n;
} scaleb_job;

/* Rule I-4. */
static lf_coded scaleb(const lf_target *t, lf_value x, int64_t n, uint64_t random)
{
    if (x.kind == LF_NAN)
        return lf_nan_operands(t, &x, 1);
    if (x.kind == LF_FINITE)
        x.exponent += (int32_t)(n < -MAX_SCALE ? -MAX_SCALE : n > MAX_SCALE ? MAX_SCALE : n);
    return lf_project(t, &x, random);
}

static uint32_t scaleb_chunk(const void *argument, size_t begin, size_t end)
{
    const scaleb_job *job = argument;
    uint64_t codes[LF_BLOCK], exponents[LF_BLOCK], random[LF_BLOCK];
    uint8_t flags[LF_BLOCK];
    bool daz = job->target.projection.daz;
    uint32_t raised = 0;
    for (size_t n; begin < end; begin += n) {
        n = end - begin < LF_BLOCK ? end - begin : LF_BLOCK;
        lf_input_load(&job->x, begin, codes, n);
        lf_input_load(&job->n, begin, exponents, n);
        const uint64_t *bits = lf_output_random(&job->output, begin, random, n, &raised);
        for (size_t i = 0; i < n; i++) {
            lf_value x = lf_unpack(&job->format, daz, codes[i]);
            lf_coded r = scaleb(&job->target, x, (int64_t)exponents[i], bits ? bits[i] : 0);
            codes[i] = r.code;
            flags[i] = (uint8_t)r.flags;
            raised |= r.flags;
        }
        lf_output_store(&job->output, begin, codes, flags, n);
    }
    return raised;
}

int lf_scaleb(const lf_operand *x, const int64_t *n, ptrdiff_t n_stride, const lf_result *result,
              size_t count, const lf_projection *projection, const lf_random *random,
              const lf_options *options)
{
    scaleb_job job;
    if (!x || !result || !lf_layout_init(&job.format, x->format))
        return LF_ERROR_ARGUMENT;
    int status = lf_target_init(&job.target, result->format, projection);
    if (status == LF_OK)
        status =
            lf_output_init(&job.output, &job.target, &job.target.format, result, count, random);
    if (status == LF_OK)
        status = lf_options_check(options);
    if (status == LF_OK && count)
        status = lf_input_init(&job.x, x->codes, job.format.storage_bytes, x->stride);
    if (status == LF_OK && count)
        status = lf_input_init(&job.n, n, 8, n_stride);
    if (status != LF_OK || count == 0)
        return status;
    return lf_output_run(&job.output, scaleb_chunk, &job, count, options);
}

#include "apply.h"
#include "operations.h"

typedef struct integers_job {
    lf_target target;
    lf_output output;
    const void *integers;
    int bits;
    bool is_signed;
} integers_job;

static lf_value value_of(uint64_t x, int bits, bool is_signed)
{
    bool negative = is_signed && x >> (bits - 1) & 1;
    if (negative) /* the magnitude of -2^(bits-1) too: subtraction is modulo 2^64 */
        x = ((uint64_t)1 << (bits - 1) << 1) - x;
    return lf_whole(x, negative);
}

static uint32_t integers_chunk(const void *argument, size_t begin, size_t end)
{
    const integers_job *job = argument;
    uint64_t codes[LF_BLOCK], random[LF_BLOCK];
    uint8_t flags[LF_BLOCK];
    uint32_t raised = 0;
    for (size_t n; begin < end; begin += n) {
        n = end - begin < LF_BLOCK ? end - begin : LF_BLOCK;
        lf_load(job->integers, job->bits / 8, 1, begin, codes, n);
        const uint64_t *bits = lf_output_random(&job->output, begin, random, n, &raised);
        for (size_t i = 0; i < n; i++) {
            lf_value x = value_of(codes[i], job->bits, job->is_signed);
            lf_coded r = lf_project(&job->target, &x, bits ? bits[i] : 0);
            if (job->target.projection.quirks & LF_QUIRK_INTEGER_OVERFLOW_INVALID &&
                r.flags & LF_OVERFLOW)
                r.flags ^= LF_OVERFLOW | LF_INVALID;
            codes[i] = r.code;
            flags[i] = (uint8_t)r.flags;
            raised |= r.flags;
        }
        lf_output_store(&job->output, begin, codes, flags, n);
    }
    return raised;
}

int lf_from_integers(const void *integers, int bits, int is_signed, const lf_result *result,
                     size_t n, const lf_projection *projection, const lf_random *random,
                     const lf_options *options)
{
    if (!result || (!integers && n) || (bits != 8 && bits != 16 && bits != 32 && bits != 64))
        return LF_ERROR_ARGUMENT;
    integers_job job = {.integers = integers, .bits = bits, .is_signed = is_signed != 0};
    int status = lf_target_init(&job.target, result->format, projection);
    if (status == LF_OK)
        status = lf_output_init(&job.output, &job.target, &job.target.format, result, n, random);
    if (status == LF_OK)
        status = lf_options_check(options);
    if (status != LF_OK || n == 0)
        return status;
    return lf_output_run(&job.output, integers_chunk, &job, n, options);
}

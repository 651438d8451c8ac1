#include "apply.h"
#include "inputs.h"
#include "operations.h"

typedef struct to_integers_job {
    lf_target target; /* its format is that of the operand: only the projection matters */
    lf_output output;
    lf_input x;
    uint64_t low, high; /* magnitudes of the lowest and the highest integer */
    uint32_t inexact;   /* LF_INEXACT if that is raised */
} to_integers_job;

/* Rule Q-8: the magnitude of the integer for a value without one, which is negative or zero
 * if *sign. */
static uint64_t out_of_range(const to_integers_job *job, const lf_value *x, bool *sign)
{
    bool is_signed = job->low != 0;
    bool nan = x->kind == LF_NAN;
    *sign = x->sign && !nan;
    if (job->target.projection.float_to_int == LF_TO_INT_INDEFINITE)
        *sign = is_signed;
    else if (nan && job->target.projection.float_to_int == LF_TO_INT_NAN_ZERO)
        return 0;
    return *sign ? job->low : job->high;
}

/* Rule I-5: an integer modulo 2^64. */
static lf_coded to_integer(const to_integers_job *job, const lf_value *x, uint64_t random)
{
    uint32_t raised = 0;
    bool sign = x->sign;
    if (x->kind == LF_ZERO || (x->kind == LF_FINITE && x->exponent < 64)) {
        uint64_t whole = lf_nearest_integer(&job->target.projection, x, random, &raised);
        uint32_t flags = raised & (job->inexact | LF_TAIL);
        if (whole <= (sign ? job->low : job->high))
            return (lf_coded){sign ? -whole : whole, flags};
    }
    uint64_t limit = out_of_range(job, x, &sign);
    return (lf_coded){sign ? -limit : limit, LF_INVALID | (raised & LF_TAIL)};
}

static uint32_t to_integers_chunk(const void *argument, size_t begin, size_t end)
{
    const to_integers_job *job = argument;
    uint64_t codes[LF_BLOCK], random[LF_BLOCK];
    uint8_t flags[LF_BLOCK];
    bool daz = job->target.projection.daz;
    uint32_t raised = 0;
    for (size_t n; begin < end; begin += n) {
        n = end - begin < LF_BLOCK ? end - begin : LF_BLOCK;
        lf_input_load(&job->x, begin, codes, n);
        const uint64_t *bits = lf_output_random(&job->output, begin, random, n, &raised);
        for (size_t i = 0; i < n; i++) {
            lf_value x = lf_unpack(&job->target.format, daz, codes[i]);
            lf_coded r = to_integer(job, &x, bits ? bits[i] : 0);
            codes[i] = r.code;
            flags[i] = (uint8_t)r.flags;
            raised |= r.flags;
        }
        lf_output_store(&job->output, begin, codes, flags, n);
    }
    return raised;
}

int lf_to_integers(const lf_operand *x, int bits, int is_signed, int exact, void *result, size_t n,
                   uint8_t *flags_out, uint32_t *flags, const lf_projection *projection,
                   const lf_random *random, const lf_options *options)
{
    if (!x || (bits != 8 && bits != 16 && bits != 32 && bits != 64))
        return LF_ERROR_ARGUMENT;
    uint64_t all = UINT64_MAX >> (64 - bits);
    to_integers_job job = {.low = is_signed ? all / 2 + 1 : 0,
                           .high = is_signed ? all / 2 : all,
                           .inexact = exact ? LF_INEXACT : 0};
    lf_result r = {.codes = result, .flags_out = flags_out, .flags = flags};
    lf_layout integers = {.storage_bytes = bits / 8};
    int status = lf_target_init(&job.target, x->format, projection);
    if (status == LF_OK)
        status = lf_output_init(&job.output, &job.target, &integers, &r, n, random);
    if (status == LF_OK)
        status = lf_options_check(options);
    if (status == LF_OK && n)
        status = lf_input_init(&job.x, x->codes, job.target.format.storage_bytes, x->stride);
    if (status != LF_OK || n == 0)
        return status;
    return lf_output_run(&job.output, to_integers_chunk, &job, n, options);
}

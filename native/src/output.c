#include <string.h>

#include "apply.h"
#include "random.h"
#include "watching.h"

int lf_output_init(lf_output *o, const lf_target *rounding, const lf_layout *format,
                   const lf_result *result, size_t n, const lf_random *random)
{
    bool stochastic = rounding->projection.rounding == LF_STOCHASTIC;
    if ((!result->codes && n) || (stochastic && !lf_random_valid(random)))
        return LF_ERROR_ARGUMENT;
    *o = (lf_output){.rounding = rounding,
                     .result = result,
                     .random = stochastic ? random : NULL,
                     .bytes = format->storage_bytes};
    return LF_OK;
}

int lf_options_check(const lf_options *options)
{
    if (!options)
        return LF_OK;
    if (options->size < sizeof *options || options->isa < LF_ISA_BEST ||
        options->isa > LF_ISA_AVX512)
        return LF_ERROR_ARGUMENT;
    return lf_isa_usable(options->isa) ? LF_OK : LF_ERROR_ISA;
}

const uint64_t *lf_output_random(const lf_output *o, size_t begin, uint64_t *bits, size_t n,
                                 uint32_t *raised)
{
    if (!o->random)
        return NULL;
    int width = o->rounding->projection.random_bits;
    uint64_t all = lf_random_fill(o->random, width, begin, bits, n);
    *raised |= all & ~(UINT64_MAX >> (64 - width)) ? LF_RANGE : 0;
    return bits;
}

void lf_output_store(const lf_output *o, size_t begin, const uint64_t *codes, const uint8_t *flags,
                     size_t n)
{
    lf_store(o->result->codes, o->bytes, begin, codes, n);
    if (o->result->flags_out)
        memcpy(o->result->flags_out + begin, flags, n);
}

int lf_output_run(const lf_output *o, lf_chunk chunk, const void *job, size_t n,
                  const lf_options *options)
{
    return lf_output_finish(o, lf_run_chunks(chunk, job, n, options ? options->threads : 1));
}

int lf_output_finish(const lf_output *o, uint32_t raised)
{
    if (raised & LF_FAILED)
        return LF_ERROR_MEMORY;
    if (raised & LF_HALTED)
        return LF_STOPPED;
    if (raised & LF_RANGE)
        return LF_ERROR_ARGUMENT;
    if (raised & LF_TAIL)
        return LF_ERROR_TAIL;
    if (o->result->flags)
        *o->result->flags |= raised;
    return LF_OK;
}

/* Operations on codes of few bits, tabulated: one load an element, whatever the operation. */
#include "apply.h"

#define MOST_BITS 16 /* 65,536 entries */

static int width_of(const lf_format *f)
{
    return (f->is_signed != 0) + f->exponent_bits + f->mantissa_bits;
}

/* Bits of an index, or 0 where there is no table: results depend on R, or the table has too many
 * entries, or is of a shape that lookup_chunk has no loop for. */
static int index_bits(const lf_context *c, const lf_format *const *formats)
{
    int operands = lf_arity(c->operation), first = width_of(formats[0]);
    int second = operands == 2 ? width_of(formats[1]) : 0;
    if (operands > 2 || (operands == 2 && (first > 8 || second > 8)) || first > MOST_BITS ||
        c->target.format.storage_bytes > 2 || c->target.projection.rounding == LF_STOCHASTIC)
        return 0;
    return first + second;
}

size_t lf_table_entries(int operation, const lf_format *const *formats, const lf_format *format,
                        const lf_projection *projection)
{
    lf_context c;
    if (!formats || operation < LF_CONVERT || operation > LF_CLAMP ||
        lf_context_init(&c, operation, formats, format, projection))
        return 0;
    int bits = index_bits(&c, formats);
    return bits ? (size_t)1 << bits : 0;
}

int lf_table_fill(lf_table *table, int operation, const lf_format *const *formats,
                  const lf_format *format, const lf_projection *projection)
{
    size_t entries = lf_table_entries(operation, formats, format, projection);
    if (!table || table->size < sizeof *table || !table->codes || !table->flags || !entries)
        return LF_ERROR_ARGUMENT;
    lf_context c;
    lf_context_init(&c, operation, formats, format, projection);
    table->raised = 0;
    table->operands = (uint32_t)lf_arity(operation);
    table->result_bytes = (uint32_t)c.target.format.storage_bytes;
    for (uint32_t k = 0; k < table->operands; k++)
        table->bits[k] = (uint32_t)width_of(formats[k]);

    uint64_t operands[2][LF_BLOCK], codes[LF_BLOCK];
    const uint64_t *columns[3] = {operands[0], operands[1], operands[1]};
    for (size_t begin = 0, n; begin < entries; begin += n) {
        n = entries - begin < LF_BLOCK ? entries - begin : LF_BLOCK;
        for (size_t i = 0; i < n; i++) {
            uint64_t index = begin + i;
            for (uint32_t k = table->operands; k-- > 0; index >>= table->bits[k])
                operands[k][i] = index & (((uint64_t)1 << table->bits[k]) - 1);
        }
        table->raised |= lf_compute(&c, columns, NULL, codes, table->flags + begin, n);
        lf_store(table->codes, (int)table->result_bytes, begin, codes, n);
    }
    return LF_OK;
}

/* Codes may begin at any byte. */
typedef uint8_t __attribute__((may_alias)) unaligned8;
typedef uint16_t __attribute__((aligned(1), may_alias)) unaligned16;
typedef uint32_t __attribute__((aligned(1), may_alias)) unaligned32;

typedef struct lookup {
    const lf_table *table;
    const lf_operand *operands;
    const lf_result *result;
} lookup;

/* Puts operand k of a block below what the indices hold. Bits above a format's width are not looked
 * at, as in lf_unpack. */
static void append(const lookup *job, uint32_t k, size_t begin, uint16_t *index, size_t n)
{
    const lf_operand *x = &job->operands[k];
    const uint32_t bits = job->table->bits[k];
    const uint16_t mask = (uint16_t)(((uint32_t)1 << bits) - 1);
    const uint16_t factor = k ? (uint16_t)((uint32_t)1 << bits) : 0; /* a shift in 16-bit lanes */
    ptrdiff_t first = (ptrdiff_t)begin * x->stride;
#define APPEND(source, at)                                                                         \
    for (size_t i = 0; i < n; i++)                                                                 \
    index[i] = (uint16_t)((uint16_t)(index[i] * factor) + ((source)[at] & mask))
    const unaligned8 *bytes = (const unaligned8 *)x->codes + first;
    const unaligned16 *words = (const unaligned16 *)x->codes + first;
    if (x->stride == 1 && bits <= 8)
        APPEND(bytes, i);
    else if (x->stride == 1)
        APPEND(words, i);
    else if (bits <= 8)
        APPEND(bytes, (ptrdiff_t)i * x->stride);
    else
        APPEND(words, (ptrdiff_t)i * x->stride);
#undef APPEND
}

/* A block of results; returns the union of their flags if `flagged`. */
static inline __attribute__((always_inline)) uint32_t look_up(const lf_table *t,
                                                              const uint16_t *index, void *out,
                                                              size_t n, const int bytes,
                                                              const bool flagged)
{
    const unaligned8 *codes8 = t->codes;
    const unaligned16 *codes16 = t->codes;
    const unaligned32 *codes32 = t->codes;
    const uint8_t *flags = t->flags;
    uint32_t all = 0;
#pragma GCC unroll 8
    for (size_t i = 0; i < n; i++) {
        size_t at = index[i];
        if (bytes == 1)
            ((unaligned8 *)out)[i] = codes8[at];
        else if (bytes == 2)
            ((unaligned16 *)out)[i] = codes16[at];
        else
            ((unaligned32 *)out)[i] = codes32[at];
        all |= flagged ? flags[at] : 0;
    }
    return all;
}

static uint32_t look_up_flags(const lf_table *t, const uint16_t *index, uint8_t *out, size_t n)
{
    const uint8_t *flags = t->flags;
    uint32_t all = 0;
#pragma GCC unroll 8
    for (size_t i = 0; i < n; i++) {
        out[i] = flags[index[i]];
        all |= out[i];
    }
    return all;
}

/* Once every flag that the table knows is raised, the union needs no further look. */
static uint32_t lookup_chunk(const void *argument, size_t begin, size_t end)
{
    const lookup *job = argument;
    const lf_table *t = job->table;
    char *out = job->result->codes;
    uint8_t *each = job->result->flags_out;
    uint16_t index[LF_BLOCK] = {0};
    uint32_t all = 0;
    for (size_t n; begin < end; begin += n) {
        n = end - begin < LF_BLOCK ? end - begin : LF_BLOCK;
        for (uint32_t k = 0; k < t->operands; k++) {
            append(job, k, begin, index, n);
            if (job->operands[k].stride == 1) /* three blocks ahead */
                for (size_t at = 0; at < LF_BLOCK; at += 64)
                    __builtin_prefetch((const char *)job->operands[k].codes + begin + 768 + at);
        }
        void *to = out + begin * t->result_bytes;
        bool flagged = job->result->flags && !each && all != t->raised;
        if (each)
            all |= look_up_flags(t, index, each + begin, n);
        if (t->result_bytes == 1)
            all |= flagged ? look_up(t, index, to, n, 1, true) : look_up(t, index, to, n, 1, false);
        else if (t->result_bytes == 2)
            all |= flagged ? look_up(t, index, to, n, 2, true) : look_up(t, index, to, n, 2, false);
        else
            all |= flagged ? look_up(t, index, to, n, 4, true) : look_up(t, index, to, n, 4, false);
    }
    return all;
}

int lf_table_apply(const lf_table *table, const lf_operand *operands, const lf_result *result,
                   size_t n, const lf_options *options)
{
    int status = lf_options_check(options);
    if (!table || table->size < sizeof *table || !table->codes || !table->flags || !operands ||
        !result || (n && !result->codes) || table->operands < 1 || table->operands > 2)
        return LF_ERROR_ARGUMENT;
    for (uint32_t k = 0; k < table->operands; k++)
        if (n && !operands[k].codes)
            return LF_ERROR_ARGUMENT;
    if (status != LF_OK || n == 0)
        return status;
    lookup job = {table, operands, result};
    uint32_t raised = lf_run_chunks(lookup_chunk, &job, n, options ? options->threads : 1);
    if (result->flags)
        *result->flags |= raised;
    return LF_OK;
}

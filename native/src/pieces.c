/* Runs an arithmetic plan, piece by piece: host_arithmetic.h. */
#include <stdbool.h>
#include <string.h>

#include "host_arithmetic.h"

/* Elements of a piece in 32-bit lanes, and twice those in 64-bit ones: operands and results stay in
 * the first cache. A multiple of the chunks of the random bits. */
#define PIECE 512

/* Between buffers, so that they do not begin at equal offsets of pages: a load waits for an earlier
 * store whose address ends in the same 12 bits. */
#define GAP 40

typedef struct buffers {
    uint64_t operands[3][PIECE + GAP], result[PIECE + GAP];
    uint8_t flags[5][PIECE + GAP]; /* of the operands, the operation, the result */
} buffers;

typedef struct piece {
    const lf_arithmetic_plan *plan;
    const void *codes[3];
    const ptrdiff_t *strides; /* 0 or 1 */
    size_t n;
} piece;

/* Operands read as zeros: Q-3. */
static void flush32(uint32_t *x, const lf_stage *s, size_t n)
{
    uint32_t below = (uint32_t)s->zero_below, sign = (uint32_t)s->kept_sign;
    for (size_t i = 0; i < n; i++)
        x[i] = (x[i] & INT32_MAX) < below ? x[i] & sign : x[i];
}

static void flush64(uint64_t *x, const lf_stage *s, size_t n)
{
    uint64_t below = (uint64_t)s->zero_below, sign = s->kept_sign;
    for (size_t i = 0; i < n; i++)
        x[i] = (x[i] & INT64_MAX) < below ? x[i] & sign : x[i];
}

static void repeat(int lanes, void *x, size_t n)
{
    uint32_t *x32 = x;
    uint64_t *x64 = x;
    if (lanes == LF_LANES32)
        for (size_t i = 1; i < n; i++)
            x32[i] = x32[0];
    else
        for (size_t i = 1; i < n; i++)
            x64[i] = x64[0];
}

/* An operand of the piece on the host; flags only if `full`. */
static void decode(const piece *p, int k, bool full, buffers *b)
{
    const lf_stage *s = &p->plan->operands[k];
    size_t n = p->strides[k] ? p->n : 1;
    void *x = b->operands[k];
    if (full)
        s->full(&s->full_plan, p->codes[k], x, b->flags[k], NULL, n, 0);
    else
        s->kernel(&s->plan, p->codes[k], x, NULL, NULL, n, 0);
    if (s->zero_below && p->plan->lanes == LF_LANES32)
        flush32(x, s, n);
    else if (s->zero_below)
        flush64(x, s, n);
    if (n < p->n) {
        repeat(p->plan->lanes, x, p->n);
        if (full && s->flagged)
            memset(b->flags[k], b->flags[k][0], p->n);
    }
}

/* Decodes and computes; returns what the operate kernel does. */
static uint64_t compute(const piece *p, bool full, buffers *b)
{
    const lf_arithmetic_plan *plan = p->plan;
    for (int k = 0; k < plan->arity; k++)
        decode(p, k, full, b);
    lf_operate_kernel kernel = full ? plan->operate_full : plan->operate;
    return kernel(&plan->constants, b->operands[0], b->operands[1], b->operands[2], b->result,
                  b->flags[3], p->n);
}

/* Rounds results of all sorts, with all flags. */
static int round_full(const piece *p, buffers *b, void *out, uint8_t *flags_out, uint32_t *flags,
                      uint64_t first)
{
    const lf_stage *s = &p->plan->result;
    uint8_t *all = b->flags[4];
    int status = s->full(&s->full_plan, b->result, out, all, NULL, p->n, first);
    uint32_t raised = 0;
    for (int k = 0; k < p->plan->arity; k++)
        for (size_t i = 0; p->plan->operands[k].flagged && i < p->n; i++)
            all[i] |= b->flags[k][i];
    for (size_t i = 0; i < p->n; i++) {
        all[i] |= b->flags[3][i];
        raised |= all[i];
    }
    if (flags_out)
        memcpy(flags_out, all, p->n);
    if (flags)
        *flags |= raised;
    return status;
}

/* *unfit: whether the plan's host did not do, and the wider one did. */
static int run_piece(piece p, buffers *b, void *out, uint8_t *flags_out, uint32_t *flags,
                     uint64_t first, bool *unfit)
{
    const lf_arithmetic_plan *plan = p.plan;
    const uint64_t infinity = plan->lanes == LF_LANES32 ? 0x7f800000 : 0x7ff0000000000000;
    bool full = plan->always_full;
    uint64_t largest = compute(&p, full, b);
    if (!full && plan->checked && largest >= infinity && largest != UINT64_MAX) {
        full = true;
        largest = compute(&p, full, b);
    }
    if (largest == UINT64_MAX) {
        *unfit = true;
        p.plan = plan->wider;
        return run_piece(p, b, out, flags_out, flags, first, unfit);
    }
    if (full)
        return round_full(&p, b, out, flags_out, flags, first);
    const lf_stage *s = &plan->result;
    return s->kernel(&s->plan, b->result, out, NULL, flags, p.n, first);
}

/* Asks for the next piece: each piece is short, and the processor sees a new stream in it. */
static void prefetch(const piece *p, const char *out)
{
    for (int k = 0; k < p->plan->arity; k++) {
        size_t size = p->strides[k] ? p->n * (size_t)p->plan->operands[k].bytes : 0;
        for (size_t at = 0; at < size; at += 64)
            __builtin_prefetch((const char *)p->codes[k] + size + at);
    }
    size_t size = p->n * (size_t)p->plan->result.bytes;
    for (size_t at = 0; at < size; at += 64)
        __builtin_prefetch(out + size + at, 1);
}

/* Pieces after one that one_pass, or the plan's host, could not do: what it met seldom comes alone.
 */
#define SKIPPED 8

/* The piece by the kernel of one_pass.h; false where it cannot. */
static bool run_one_pass(const piece *p, buffers *b, void *out, uint32_t *flags)
{
    bool aside = false;
    for (int k = 0; k < p->plan->arity; k++)
        aside = aside || p->codes[k] == out;
    void *results = aside ? (void *)b->result : out;
    if (!p->plan->one_pass(p->plan, p->codes, results, flags, p->n))
        return false;
    if (aside)
        memcpy(out, results, p->n * (size_t)p->plan->result.bytes);
    return true;
}

static bool all_strides(const lf_arithmetic_plan *plan, const ptrdiff_t strides[3])
{
    bool all = true;
    for (int k = 0; k < plan->arity; k++)
        all = all && strides[k];
    return all;
}

int lf_arithmetic_run(const lf_arithmetic_plan *plan, const void *const codes[3],
                      const ptrdiff_t strides[3], void *out, uint8_t *flags_out, uint32_t *flags,
                      size_t n, uint64_t first)
{
    buffers b;
    /* Pieces begin where chunks of the draw do, so that cast kernels take them whole. */
    const size_t most = plan->lanes == LF_LANES32 ? PIECE : PIECE / 2;
    const bool one_pass = plan->one_pass && all_strides(plan, strides);
    int skipped = 0, wide = 0;
    for (size_t done = 0, count; done < n; done += count) {
        size_t room = most - (first + done) % most;
        count = n - done < room ? n - done : room;
        if (one_pass && count > plan->at_once) /* the rest is a piece of its own */
            count -= count % plan->at_once;
        piece p = {.plan = plan, .strides = strides, .n = count};
        for (int k = 0; k < plan->arity; k++) {
            size_t offset = strides[k] ? done * (size_t)plan->operands[k].bytes : 0;
            p.codes[k] = (const char *)codes[k] + offset;
        }
        prefetch(&p, (const char *)out + done * (size_t)plan->result.bytes);
        char *results = (char *)out + done * (size_t)plan->result.bytes;
        if (one_pass && skipped == 0 && count % plan->at_once == 0) {
            if (run_one_pass(&p, &b, results, flags))
                continue;
            skipped = SKIPPED;
        }
        skipped -= skipped > 0;
        if (wide > 0)
            p.plan = plan->wider;
        bool unfit = false;
        int status = run_piece(p, &b, results, flags_out ? flags_out + done : NULL, flags,
                               first + done, &unfit);
        wide = unfit ? SKIPPED : wide - (wide > 0);
        if (status != LF_OK)
            return status;
    }
    return LF_OK;
}

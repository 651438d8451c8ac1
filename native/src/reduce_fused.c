/* Blocks of terms and the running sum, aligned to one exponent. Rules G-10 to G-13. */
#include <stdlib.h>

#include "reduce.h"

enum { ADDENDS, SUBSUMS, LATE };

typedef struct block {
    lf_run *run;
    const lf_node *node;
    lf_term *terms;
    size_t count;
    lf_wide sum, part, third;
} block;

static int64_t greatest(int64_t e, int64_t f)
{
    return e > f ? e : f;
}

/* E of step 2, LF_NO_EXPONENT where all are zeros. */
static int64_t with_minimum(const lf_accumulator *a, int64_t e)
{
    if (e == LF_NO_EXPONENT || a->minimum_exponent == INT32_MIN)
        return e;
    return greatest(e, a->minimum_exponent);
}

/* Step 3 for one addend. */
static void cut(block *b, lf_wide *sum, const lf_value *x, int64_t e, int32_t bits, int alignment)
{
    if (bits == LF_ALL_BITS || e == LF_NO_EXPONENT)
        lf_wide_add_value(sum, x);
    else
        b->run->flags |= lf_wide_add_cut(sum, x, e - bits, &b->node->alignments[alignment]);
}

static void move(block *b, lf_wide *from, lf_wide *to, int64_t e, int32_t bits, int alignment)
{
    int64_t grid = bits == LF_ALL_BITS || e == LF_NO_EXPONENT ? from->lowest : e - bits;
    b->run->flags |= lf_wide_move(from, to, grid, &b->node->alignments[alignment]);
}

/* A group's members are every step-th term from first on, below limit. */
typedef struct group {
    size_t first, limit, step;
    int64_t exponent; /* as an addend of the block (G-11) */
} group;

static size_t group_count(const lf_accumulator *a, size_t count)
{
    if (a->subsums == LF_BY_LANES)
        return count < a->subsum_n ? count : a->subsum_n;
    return a->subsums == LF_BY_CHUNKS ? (count + a->subsum_n - 1) / a->subsum_n : count;
}

/* Group g of the block; without subsums every term is one. */
static group group_at(const block *b, size_t g)
{
    const lf_accumulator *a = b->node->a;
    group r = {g, g + 1, 1, LF_NO_EXPONENT};
    if (a->subsums == LF_BY_LANES)
        r = (group){g, b->count, a->subsum_n, LF_NO_EXPONENT};
    else if (a->subsums == LF_BY_CHUNKS) {
        size_t end = (g + 1) * a->subsum_n;
        r = (group){g * a->subsum_n, end < b->count ? end : b->count, 1, LF_NO_EXPONENT};
    }
    for (size_t i = r.first; i < r.limit; i += r.step) {
        const lf_term *t = &b->terms[i];
        if (t->exponent != LF_NO_EXPONENT)
            r.exponent = greatest(r.exponent, a->subsum_scales ? t->scale_exponent : t->exponent);
    }
    return r;
}

/* The exponents of a group's own terms, which step 3 within it goes by. */
static int64_t own_exponent(const block *b, const group *g)
{
    int64_t e = LF_NO_EXPONENT;
    for (size_t i = g->first; i < g->limit; i += g->step)
        e = greatest(e, b->terms[i].exponent);
    return e;
}

/* The block's terms, cut at exponent e and added into `sum`. */
static void add_terms(block *b, lf_wide *sum, int64_t e)
{
    const lf_accumulator *a = b->node->a;
    size_t groups = group_count(a, b->count);
    for (size_t g = 0; g < groups; g++) {
        if (!a->subsums) {
            cut(b, sum, &b->terms[g].value, e, a->fraction_bits, ADDENDS);
            continue;
        }
        group members = group_at(b, g);
        int64_t own = own_exponent(b, &members);
        lf_wide_clear(&b->part);
        for (size_t i = members.first; i < members.limit; i += members.step)
            cut(b, &b->part, &b->terms[i].value, own, a->subsum_bits, SUBSUMS);
        move(b, &b->part, sum, e, a->fraction_bits, ADDENDS);
    }
}

static int64_t block_exponent(const block *b)
{
    int64_t e = LF_NO_EXPONENT;
    size_t groups = group_count(b->node->a, b->count);
    for (size_t g = 0; g < groups; g++)
        e = greatest(e, group_at(b, g).exponent);
    return e;
}

/* Rule G-12. */
static void late_sum(block *b, const lf_value *s, int64_t s_exponent)
{
    const lf_accumulator *a = b->node->a;
    int64_t e = with_minimum(a, block_exponent(b));
    if (e == LF_NO_EXPONENT) {
        lf_wide_add_value(&b->sum, s);
        return;
    }
    lf_wide_clear(&b->third);
    add_terms(b, &b->third, e);
    bool dropped = s_exponent == LF_NO_EXPONENT ||
                   (a->late_cutoff != LF_ALL_BITS && s_exponent < e - a->late_cutoff);
    int64_t top = dropped ? e : greatest(e, s_exponent);
    move(b, &b->third, &b->sum, top, a->late_sum_bits, LATE);
    if (dropped)
        b->run->flags |= s->kind == LF_FINITE ? LF_INEXACT : 0;
    else
        cut(b, &b->sum, s, top, a->late_start_bits, LATE);
}

typedef struct ranked {
    lf_value value;
    size_t at;
} ranked;

/* Decreasing magnitude; equal ones in order. */
static int by_magnitude(const void *x, const void *y)
{
    const ranked *a = x, *b = y;
    int order = lf_magnitude_order(&b->value, &a->value);
    return order ? order : (a->at > b->at) - (a->at < b->at);
}

/* Rule G-13. A partial sum has 97 bits at most, so its sum with a term is exact but for a jam. */
static lf_value sorted_sum(block *b, const lf_value *s)
{
    const lf_accumulator *a = b->node->a;
    size_t used = b->run->used;
    ranked *all = lf_take(b->run, (b->count + 1) * sizeof *all);
    for (size_t i = 0; i < b->count; i++)
        all[i] = (ranked){b->terms[i].value, i};
    all[b->count] = (ranked){*s, b->count};
    qsort(all, b->count + 1, sizeof *all, by_magnitude);
    lf_value sum = {.kind = LF_ZERO};
    const lf_projection *rounding = &b->node->alignments[ADDENDS];
    for (size_t i = 0; i <= b->count; i++) {
        sum = lf_sum(sum, all[i].value, false);
        if (sum.kind != LF_FINITE)
            continue;
        int drop = 127 - a->fraction_bits;
        lf_u128 whole = sum.significand >> drop, above = sum.significand << (128 - drop);
        whole += lf_rounds_away(rounding, above, whole & 1, sum.sign, 0);
        b->run->flags |= above ? LF_INEXACT : 0;
        sum = lf_with_significand(whole, sum.exponent + drop, sum.sign);
    }
    b->run->used = used;
    return sum;
}

/* The exact, cut sum of a block and the running sum. */
static lf_value block_sum(block *b, const lf_value *s, int32_t lowest)
{
    const lf_accumulator *a = b->node->a;
    if (a->sorted)
        return sorted_sum(b, s);
    int64_t zero = a->zeros_aligned ? (lowest == LF_NO_LOWEST ? 0 : lowest) : LF_NO_EXPONENT;
    int64_t e = s->kind == LF_FINITE ? greatest(s->exponent, lowest) : zero;
    lf_wide_clear(&b->sum);
    if (a->late)
        late_sum(b, s, e);
    else {
        e = with_minimum(a, greatest(e, block_exponent(b)));
        add_terms(b, &b->sum, e);
        cut(b, &b->sum, s, e, a->fraction_bits, ADDENDS);
    }
    return lf_wide_value(&b->sum);
}

static lf_number add_block(block *b, const lf_terms *terms, const lf_number *running)
{
    const lf_node *node = b->node;
    const lf_projection *p = node->a->projection;
    lf_value s = lf_read(running, node->daz);
    lf_specials specials = {0};
    lf_note_special(&specials, &s);
    b->run->flags |= s.kind == LF_NAN && s.signaling ? LF_INVALID : 0;
    b->count = terms->count;
    for (size_t i = 0; i < b->count; i++) { /* a block is short, or its memory large */
        b->terms[i] = lf_term_aligned(b->run, terms, i, p, node->a->zeros_aligned);
        lf_note_special(&specials, &b->terms[i].value);
    }
    lf_value sum;
    if (!lf_special_sum(b->run, &specials, p, &sum))
        sum = block_sum(b, &s, running->lowest);
    if (sum.kind == LF_ZERO)
        sum.sign = false;
    return lf_number_of(node, lf_project_step(b->run, &node->target, &sum));
}

static lf_number add_blocks(block *b, const lf_terms *terms, lf_number s)
{
    size_t length = b->node->a->terms;
    for (size_t at = 0; at < terms->count && !b->run->stopped; at += length) {
        lf_terms part = *terms;
        part.count = terms->count - at < length ? terms->count - at : length;
        if (part.listed)
            part.listed += at;
        else
            part.first += at;
        s = add_block(b, &part, &s);
    }
    return s;
}

size_t lf_fused_bytes(const lf_node *node, size_t count)
{
    size_t length = node->a->terms < count ? node->a->terms : count;
    size_t words = lf_wide_words(node->sums.low, node->sums.high);
    size_t listed = node->a->order == LF_SEQUENTIAL ? 0 : count;
    return length * sizeof(lf_term) + (length + 1) * sizeof(ranked) + 9 * words * sizeof(uint64_t) +
           listed * sizeof(size_t) + 64;
}

lf_number lf_sum_fused(lf_run *run, const lf_node *node, const lf_terms *terms, bool start)
{
    const lf_accumulator *a = node->a;
    size_t used = run->used;
    size_t words = lf_wide_words(node->sums.low, node->sums.high);
    block b = {.run = run, .node = node};
    size_t length = a->terms < terms->count ? a->terms : terms->count;
    b.terms = lf_take(run, length * sizeof *b.terms);
    lf_wide *sums[3] = {&b.sum, &b.part, &b.third};
    for (int i = 0; i < 3; i++)
        lf_wide_init(sums[i], lf_take(run, 3 * words * sizeof(uint64_t)), words, node->sums.low);
    lf_number s = lf_number_of(node, (lf_value){.kind = LF_ZERO});
    if (start && run->has_start)
        s = run->start;
    if (a->order != LF_INTERLEAVED) {
        lf_terms ordered = lf_ordered(run, a, terms);
        s = add_blocks(&b, &ordered, s);
    } else {
        size_t *list = lf_take(run, terms->count * sizeof *list);
        for (size_t lane = 0; lane < a->order_n && lane * a->order_width < terms->count; lane++) {
            lf_terms part = *terms;
            part.count = lf_lane(terms, a->order_n, a->order_width, lane, list);
            part.listed = list;
            s = add_blocks(&b, &part, s);
        }
    }
    run->used = used;
    return s;
}

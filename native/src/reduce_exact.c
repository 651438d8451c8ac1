/* Sums without roundings: exact ones, and two's complement. Rules G-7 to G-9. */
#include "reduce.h"

static lf_wide take_wide(lf_run *run, const lf_node *node)
{
    lf_wide w;
    size_t words = lf_wide_words(node->sums.low, node->sums.high);
    lf_wide_init(&w, lf_take(run, 3 * words * sizeof(uint64_t)), words, node->sums.low);
    return w;
}

lf_number lf_sum_exact(lf_run *run, const lf_node *node, const lf_terms *terms, bool start)
{
    size_t used = run->used;
    const lf_target *t = node->has_format ? &node->target : &run->job->final;
    lf_wide w = take_wide(run, node);
    lf_specials specials = {0};
    lf_value x = {.kind = LF_ZERO};
    if (start && run->has_start)
        x = lf_read(&run->start, node->daz);
    run->flags |= x.kind == LF_NAN && x.signaling ? LF_INVALID : 0;
    bool zeros[2] = {false, false}, numbers = false;
    for (size_t i = 0;; i++) {
        lf_note_special(&specials, &x);
        if (x.kind == LF_ZERO)
            zeros[x.sign] = true;
        numbers |= x.kind == LF_FINITE;
        lf_wide_add_value(&w, &x);
        if (i == terms->count || run->stopped)
            break;
        x = lf_term_value(run, terms, i, node->daz, LF_PRODUCT_EXACT, node->a->projection);
    }
    lf_value sum;
    if (!lf_special_sum(run, &specials, &t->projection, &sum)) {
        sum = lf_wide_value(&w);
        if (sum.kind == LF_ZERO)
            sum.sign =
                numbers || zeros[0] == zeros[1] ? lf_exact_zero_sign(&t->projection) : zeros[1];
    }
    if (node->has_format)
        sum = lf_project_step(run, &node->target, &sum);
    run->used = used;
    return lf_number_of(node, sum);
}

__extension__ typedef __int128 lf_i128;

/* x in units of 2^lsb into a sum of `bits` bits (G-8). */
static int64_t add_units(lf_run *run, const lf_accumulator *a, int64_t sum, const lf_value *x)
{
    if (x->kind != LF_FINITE)
        return sum;
    /* The units are significand * 2^shift, of 128 + shift bits; their low 64 are all that a sum
     * keeps. More than 100 bits are out of every range. */
    int64_t shift = (int64_t)x->exponent - 127 - a->lsb;
    bool huge = shift + 128 > 100;
    uint64_t low = shift >= 64    ? 0
                   : shift >= 0   ? (uint64_t)x->significand << shift
                   : shift > -128 ? (uint64_t)(x->significand >> -shift)
                                  : 0;
    const int64_t half = (int64_t)((uint64_t)1 << (a->bits - 1)); /* may be the lowest int64 */
    lf_i128 top = (lf_i128)(uint64_t)half - 1, bottom = -top - 1;
    lf_i128 total = sum;
    if (!huge) {
        lf_u128 magnitude = shift <= -128 ? 0 : x->significand >> -shift;
        total += x->sign ? -(lf_i128)magnitude : (lf_i128)magnitude;
        if (total >= bottom && total <= top)
            return (int64_t)total;
    }
    run->flags |= LF_OVERFLOW | LF_INEXACT;
    if (a->saturates)
        return (int64_t)((huge ? x->sign : total < 0) ? bottom : top);
    uint64_t wrapped = (uint64_t)sum + (x->sign ? -low : low);
    return (int64_t)(wrapped << (64 - a->bits)) >> (64 - a->bits);
}

lf_number lf_sum_fixed(lf_run *run, const lf_node *node, const lf_terms *terms, bool start)
{
    const lf_accumulator *a = node->a;
    size_t used = run->used;
    lf_terms ordered = lf_ordered(run, a, terms);
    lf_specials specials = {0};
    lf_value x = {.kind = LF_ZERO};
    if (start && run->has_start)
        x = run->start.value;
    run->flags |= x.kind == LF_NAN && x.signaling ? LF_INVALID : 0;
    const lf_projection plain = {.size = sizeof plain};
    uint32_t before = run->flags;
    int64_t sum = 0;
    for (size_t i = 0;; i++) {
        lf_note_special(&specials, &x);
        sum = add_units(run, a, sum, &x);
        if (i == ordered.count || run->stopped)
            break;
        x = lf_term_value(run, &ordered, i, false, LF_PRODUCT_EXACT, &plain);
    }
    run->used = used;
    lf_value special;
    if (lf_special_sum(run, &specials, &plain, &special)) {
        run->flags = before | LF_INVALID;
        return lf_number_of(node, (lf_value){.kind = LF_NAN});
    }
    bool sign = sum < 0;
    lf_value value = lf_whole(sign ? -(uint64_t)sum : (uint64_t)sum, sign);
    if (value.kind == LF_ZERO)
        value.sign = false;
    value.exponent += a->lsb;
    return lf_number_of(node, value);
}

/* Running sums that are rounded at every step. Rules G-2 to G-6. */
#include "reduce.h"

static lf_value finish(lf_run *run, const lf_target *t, lf_coded r)
{
    run->flags |= r.flags;
    return lf_unpack(&t->format, false, r.code);
}

lf_value lf_project_step(lf_run *run, const lf_target *t, const lf_value *x)
{
    uint64_t random = lf_next_random(run, &t->projection);
    if (x->kind == LF_NO_VALUE)
        return finish(run, t, lf_invalid(t));
    if (x->kind == LF_NAN)
        return finish(run, t, lf_nan_operands(t, x, 1));
    return finish(run, t, lf_project(t, x, random));
}

/* x + y, projected; either may be a NaN or LF_NO_VALUE (A-2, A-5, N-2, Q-7). */
static lf_value add(lf_run *run, const lf_node *node, lf_value x, lf_value y)
{
    const lf_target *t = &node->target;
    uint64_t random = lf_next_random(run, &t->projection);
    bool invalid = x.kind == LF_NO_VALUE || y.kind == LF_NO_VALUE;
    if (!invalid)
        return finish(run, t, lf_add(t, x, y, random));
    if (x.kind != LF_NAN && y.kind != LF_NAN)
        return finish(run, t, lf_invalid(t));
    lf_value made = lf_default_nan(&t->projection);
    lf_value both[2] = {x.kind == LF_NO_VALUE ? made : x, y.kind == LF_NO_VALUE ? made : y};
    run->flags |= t->projection.fma_nan_silent ? 0 : LF_INVALID;
    return finish(run, t, lf_nan_operands(t, both, 2));
}

/* A number of the node's format as its operations read it. */
static lf_value again(const lf_node *node, lf_value x)
{
    lf_number n = lf_number_of(node, x);
    return lf_read(&n, node->daz);
}

/* x - y; x may be an exact term. */
static lf_value subtract(lf_run *run, const lf_node *node, lf_value x, lf_value y)
{
    y = again(node, y);
    y.sign ^= y.kind != LF_NAN;
    return add(run, node, x, y);
}

static lf_value add_numbers(lf_run *run, const lf_node *node, lf_value x, lf_value y)
{
    return add(run, node, again(node, x), again(node, y));
}

static lf_value subtract_numbers(lf_run *run, const lf_node *node, lf_value x, lf_value y)
{
    return subtract(run, node, again(node, x), y);
}

/* What is added for a term: the exact product, or the rounded one (G-4). */
static lf_value addend(lf_run *run, const lf_node *node, const lf_terms *terms, size_t i)
{
    const lf_accumulator *a = node->a;
    const lf_projection *p = a->product_projection ? a->product_projection : a->projection;
    lf_value t = lf_term_value(run, terms, i, node->product_daz, a->product, p);
    if (!a->product_format)
        return t;
    lf_number rounded = {lf_project_step(run, &node->product, &t), node->product.format.emin,
                         node->product.format.negative_zero};
    return lf_read(&rounded, node->daz);
}

/* c in the accumulator's format, to nearest even (G-2). */
static lf_value start_of(lf_run *run, const lf_node *node, bool start)
{
    if (!start || !run->has_start)
        return (lf_value){.kind = LF_ZERO};
    lf_target nearest = node->target;
    nearest.projection.rounding = LF_NEAREST_EVEN;
    nearest.projection.exact_tail = 0;
    lf_value c = lf_read(&run->start, node->daz);
    return lf_project_step(run, &nearest, &c);
}

/* Level by level, in place; a last odd one passes up (G-5). */
static lf_value pairwise(lf_run *run, const lf_node *node, const lf_terms *terms, lf_value s)
{
    size_t count = terms->count;
    if (count == 0)
        return s;
    size_t used = run->used;
    lf_value *level = lf_take(run, count * sizeof *level);
    for (size_t i = 0; i < count && !run->stopped; i++)
        level[i] = addend(run, node, terms, i);
    while (count > 1 && !run->stopped) {
        for (size_t i = 0; i < count / 2; i++)
            level[i] = again(node, add(run, node, level[2 * i], level[2 * i + 1]));
        if (count % 2)
            level[count / 2] = level[count - 1];
        count = (count + 1) / 2;
    }
    if (!run->stopped)
        s = add(run, node, level[0], again(node, s));
    run->used = used;
    return s;
}

static lf_value kahan(lf_run *run, const lf_node *node, const lf_terms *terms, lf_value s)
{
    lf_value e = {.kind = LF_ZERO};
    for (size_t i = 0; i < terms->count && !run->stopped; i++) {
        lf_value t = addend(run, node, terms, i);
        lf_value y = subtract(run, node, t, e);
        lf_value z = add_numbers(run, node, s, y);
        lf_value d = subtract_numbers(run, node, z, s);
        e = subtract_numbers(run, node, d, y);
        s = z;
    }
    return s;
}

static bool not_smaller(const lf_node *node, lf_value x, lf_value y)
{
    x = again(node, x);
    y = again(node, y);
    return !lf_any_nan(&x, &y) && lf_magnitude_order(&x, &y) >= 0;
}

static lf_value neumaier(lf_run *run, const lf_node *node, const lf_terms *terms, lf_value s)
{
    lf_value e = {.kind = LF_ZERO};
    for (size_t i = 0; i < terms->count && !run->stopped; i++) {
        lf_value t = addend(run, node, terms, i);
        lf_value y = lf_project_step(run, &node->target, &t);
        lf_value z = add_numbers(run, node, s, y);
        bool first = not_smaller(node, s, y);
        lf_value d = subtract_numbers(run, node, first ? s : y, z);
        lf_value more = add_numbers(run, node, d, first ? y : s);
        e = add_numbers(run, node, e, more);
        s = z;
    }
    return terms->count ? add_numbers(run, node, s, e) : s;
}

lf_number lf_sum_rounded(lf_run *run, const lf_node *node, const lf_terms *terms, bool start)
{
    const lf_accumulator *a = node->a;
    size_t used = run->used;
    lf_value s = start_of(run, node, start);
    lf_terms ordered = lf_ordered(run, a, terms);
    if (a->order == LF_PAIRWISE)
        s = pairwise(run, node, &ordered, s);
    else if (a->compensation == LF_KAHAN)
        s = kahan(run, node, &ordered, s);
    else if (a->compensation == LF_NEUMAIER)
        s = neumaier(run, node, &ordered, s);
    else
        for (size_t i = 0; i < ordered.count && !run->stopped; i++)
            s = add(run, node, addend(run, node, &ordered, i), again(node, s));
    run->used = used;
    return lf_number_of(node, s);
}

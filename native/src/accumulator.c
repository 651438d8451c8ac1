#include "accumulator.h"

#include <string.h>

lf_range lf_format_range(const lf_layout *f)
{
    return (lf_range){(int64_t)f->emin - f->mantissa_bits, f->top_exponent, f->mantissa_bits + 1};
}

lf_range lf_product_range(lf_range x, lf_range y)
{
    return (lf_range){x.low + y.low, x.high + y.high, x.bits + y.bits};
}

static lf_range cover(lf_range x, lf_range y)
{
    return (lf_range){x.low < y.low ? x.low : y.low, x.high > y.high ? x.high : y.high,
                      x.bits > y.bits ? x.bits : y.bits};
}

static bool legal_order(const lf_accumulator *a, bool pairwise)
{
    return a->order <= LF_INTERLEAVED && (a->order != LF_PAIRWISE || pairwise) &&
           (a->order != LF_INTERLEAVED || (a->order_n && a->order_width));
}

static bool deterministic(int rounding)
{
    return rounding < LF_STOCHASTIC;
}

static int init_rounded(lf_node *node, const lf_accumulator *a)
{
    if (!a->format || !node->target.format.zero || !legal_order(a, true) ||
        a->compensation > LF_NEUMAIER || a->product > LF_PRODUCT_POWER_OF_TWO ||
        (a->compensation && a->order == LF_PAIRWISE) ||
        (a->product_format && !a->product_projection))
        return LF_ERROR_ARGUMENT;
    node->product_daz = a->product_projection ? a->product_projection->daz : node->daz;
    if (a->product_format)
        return lf_target_init(&node->product, a->product_format, a->product_projection);
    return LF_OK;
}

static int init_fixed(lf_node *node, const lf_accumulator *a)
{
    bool legal = a->bits >= 2 && a->bits <= 64 && a->lsb >= -(1 << 16) && a->lsb <= 1 << 16 &&
                 legal_order(a, false) && node->sums.low >= a->lsb; /* G-8 */
    return legal ? LF_OK : LF_ERROR_ARGUMENT;
}

static bool legal_bits(int32_t bits)
{
    return bits == LF_ALL_BITS || (bits >= 0 && bits <= 96);
}

static int init_fused(lf_node *node, const lf_accumulator *a)
{
    bool legal = a->format && node->target.format.zero && a->terms && legal_order(a, false) &&
                 legal_bits(a->fraction_bits) && legal_bits(a->subsum_bits) &&
                 legal_bits(a->late_sum_bits) && legal_bits(a->late_start_bits) &&
                 deterministic(a->alignment) && deterministic(a->subsum_alignment) &&
                 deterministic(a->late_alignment) && a->subsums != LF_BY_SPLIT &&
                 a->subsums <= LF_BY_LANES && (!a->subsums || a->subsum_n) &&
                 (!a->sorted || (!a->subsums && !a->late && a->fraction_bits != LF_ALL_BITS));
    if (!legal)
        return LF_ERROR_ARGUMENT;
    const uint8_t roundings[3] = {a->alignment, a->subsum_alignment, a->late_alignment};
    for (int i = 0; i < 3; i++)
        node->alignments[i] =
            (lf_projection){.size = sizeof(lf_projection), .rounding = roundings[i]};
    node->sums = cover(node->sums, lf_format_range(&node->target.format));
    if (a->minimum_exponent != INT32_MIN && a->minimum_exponent + INT64_C(2) > node->sums.high)
        node->sums.high = a->minimum_exponent + INT64_C(2);
    node->sums.high += 2; /* a number that is rounded away to 2^(E + 1), and E itself */
    return LF_OK;
}

static lf_range result_range(const lf_node *node)
{
    if (node->a->kind == LF_GROUPED)
        return result_range(node->outer);
    if (node->a->kind == LF_FIXED_POINT)
        return (lf_range){node->a->lsb, (int64_t)node->a->lsb + node->a->bits, node->a->bits};
    return lf_format_range(&node->target.format);
}

/* Significant bits of a product that are kept (G-1). */
#define TERM_BITS 106

/* The outer sum's terms, and the scales that are still their factors (G-19). */
static int init_scaling(lf_node *node, lf_range *sums, lf_range scales[2])
{
    const lf_accumulator *a = node->a;
    node->scales_sums = true;
    if (a->scaling == LF_SCALED_EXACTLY)
        return LF_OK;
    if (!a->scaling_format || !a->scaling_projection ||
        a->scaling_projection->size < sizeof *a->scaling_projection ||
        !deterministic(a->scaling_projection->rounding))
        return LF_ERROR_ARGUMENT;
    int status = lf_target_init(&node->product, a->scaling_format, a->scaling_projection);
    if (status)
        return status;
    lf_range rounded = lf_format_range(&node->product.format);
    bool sum_first = a->scaling == LF_SUM_FIRST;
    lf_range made = lf_product_range(sum_first ? *sums : scales[1], scales[0]);
    *(sum_first ? sums : &scales[0]) = rounded;
    if (sum_first)
        scales[0] = scales[1];
    scales[1] = (lf_range){0};
    return made.bits <= TERM_BITS ? LF_OK : LF_ERROR_ARGUMENT;
}

static int init_grouped(lf_node **next, lf_node *end, lf_node *node, lf_range term,
                        const lf_range scales[2], lf_range start)
{
    const lf_accumulator *a = node->a;
    const lf_range none = {1, 0, 0};
    if (!a->n || !a->width || a->grouping < LF_BY_CHUNKS || a->grouping > LF_BY_LANES ||
        a->scaling > LF_SUM_FIRST)
        return LF_ERROR_ARGUMENT;
    lf_range inside[2] = {scales[0], scales[1]}, outside[2] = {{0}, {0}};
    bool scaling = a->scaling && scales[0].bits;
    if (scaling) {
        memcpy(outside, inside, sizeof outside);
        memset(inside, 0, sizeof inside);
    }
    int status = lf_node_init(next, end, a->inner, term, inside, none, &node->inner);
    if (status)
        return status;
    const lf_node *inner = node->inner;
    while (inner->a->kind == LF_GROUPED)
        inner = inner->outer;
    if (!inner->has_format && inner->a->kind != LF_FIXED_POINT)
        return LF_ERROR_ARGUMENT;
    lf_range sums = result_range(node->inner);
    sums.high++; /* times one */
    if (scaling)
        status = init_scaling(node, &sums, outside);
    if (status)
        return status;
    status = lf_node_init(next, end, a->outer, sums, outside, start, &node->outer);
    if (status)
        return status;
    node->lowest = node->outer->lowest;
    node->has_format = node->outer->has_format;
    node->target = node->outer->target;
    node->scaled = a->scaling || node->inner->scaled;
    return node->outer->scaled || (a->scaling && node->inner->scaled) ? LF_ERROR_ARGUMENT : LF_OK;
}

int lf_node_init(lf_node **next, lf_node *end, const lf_accumulator *a, lf_range term,
                 const lf_range scales[2], lf_range start, lf_node **made)
{
    if (!a || a->size < sizeof *a || *next == end || a->kind > LF_GROUPED)
        return LF_ERROR_ARGUMENT;
    lf_node *node = *made = (*next)++;
    *node = (lf_node){.a = a, .lowest = LF_NO_LOWEST};
    if (a->kind == LF_GROUPED)
        return init_grouped(next, end, node, term, scales, start);
    term = lf_product_range(term, lf_product_range(scales[0], scales[1]));
    if (term.bits > TERM_BITS)
        return LF_ERROR_ARGUMENT;
    node->sums = start.low > start.high ? term : cover(term, start);
    if (a->kind == LF_FIXED_POINT)
        return init_fixed(node, a);
    if (!a->projection || a->projection->size < sizeof *a->projection)
        return LF_ERROR_ARGUMENT;
    node->daz = a->projection->daz;
    if (a->format) {
        int status = lf_target_init(&node->target, a->format, a->projection);
        if (status)
            return status;
        node->has_format = true;
        node->lowest = node->target.format.emin;
    }
    if (a->kind == LF_ROUNDED)
        return init_rounded(node, a);
    return a->kind == LF_FUSED ? init_fused(node, a) : LF_OK;
}

static size_t least(size_t x, size_t y)
{
    return x < y ? x : y;
}

size_t lf_groups(const lf_accumulator *a, size_t count, size_t *largest)
{
    if (count == 0) {
        *largest = 0;
        return 0;
    }
    if (a->grouping == LF_BY_LANES) {
        size_t runs = (count - 1) / a->width + 1;
        *largest = least(count, ((runs - 1) / a->n + 1) * a->width);
        return least(a->n, runs);
    }
    size_t length = a->grouping == LF_BY_CHUNKS ? a->n : (count - 1) / a->n + 1;
    *largest = least(length, count);
    return (count - 1) / length + 1;
}

/* A list of the terms where they are not taken as they come, or the numbers of a level (G-5). */
static size_t order_bytes(const lf_accumulator *a, size_t count)
{
    return a->order == LF_SEQUENTIAL ? 0
           : a->order == LF_PAIRWISE ? count * sizeof(lf_value)
                                     : count * sizeof(size_t);
}

size_t lf_node_bytes(const lf_node *node, size_t count)
{
    const lf_accumulator *a = node->a;
    size_t words = lf_wide_words(node->sums.low, node->sums.high);
    size_t slack = 256;
    switch (a->kind) {
    case LF_ROUNDED: return slack + order_bytes(a, count);
    case LF_EXACT: return slack + 3 * words * sizeof(uint64_t);
    case LF_FIXED_POINT: return slack + order_bytes(a, count);
    case LF_FUSED: return slack + lf_fused_bytes(node, count);
    default: {
        size_t largest, groups = lf_groups(a, count, &largest);
        size_t inner = lf_node_bytes(node->inner, largest);
        size_t outer = lf_node_bytes(node->outer, groups);
        size_t lists = a->grouping == LF_BY_LANES ? count * sizeof(size_t) : 0;
        size_t numbers = groups * (node->scales_sums ? 3 : 1);
        return slack + numbers * sizeof(lf_number) + lists + (inner > outer ? inner : outer);
    }
    }
}

static bool stochastic(const lf_target *t)
{
    return t->projection.rounding == LF_STOCHASTIC;
}

/* Terms of one lane. */
static size_t lane_size(size_t count, size_t n, size_t width, size_t lane)
{
    size_t whole = count / width, rest = count % width;
    size_t mine = whole / n + (lane < whole % n);
    return mine * width + (whole % n == lane ? rest : 0);
}

static size_t fused_blocks(const lf_accumulator *a, size_t count)
{
    if (a->order != LF_INTERLEAVED)
        return (count + a->terms - 1) / a->terms;
    size_t blocks = 0;
    for (size_t lane = 0; lane < a->order_n && lane * a->order_width < count; lane++) {
        size_t size = lane_size(count, a->order_n, a->order_width, lane);
        blocks += (size + a->terms - 1) / a->terms;
    }
    return blocks;
}

static size_t rounded_draws(const lf_node *node, size_t count)
{
    static const size_t STEPS[] = {[LF_NOT_COMPENSATED] = 1, [LF_KAHAN] = 4, [LF_NEUMAIER] = 5};
    const lf_accumulator *a = node->a;
    size_t draws = a->product_format && stochastic(&node->product) ? count : 0;
    if (!stochastic(&node->target))
        return draws;
    return draws + count * STEPS[a->compensation] + (a->compensation == LF_NEUMAIER && count);
}

size_t lf_node_draws(const lf_node *node, size_t count)
{
    const lf_accumulator *a = node->a;
    switch (a->kind) {
    case LF_ROUNDED: return rounded_draws(node, count);
    case LF_EXACT: return node->has_format && stochastic(&node->target);
    case LF_FIXED_POINT: return 0;
    case LF_FUSED: return stochastic(&node->target) ? fused_blocks(a, count) : 0;
    }
    size_t largest, groups = lf_groups(a, count, &largest), draws = 0;
    if (groups && a->grouping != LF_BY_LANES)
        draws = (groups - 1) * lf_node_draws(node->inner, largest) +
                lf_node_draws(node->inner, count - (groups - 1) * largest);
    for (size_t lane = 0; a->grouping == LF_BY_LANES && lane < groups; lane++)
        draws += lf_node_draws(node->inner, lane_size(count, a->n, a->width, lane));
    return draws + lf_node_draws(node->outer, groups);
}

int lf_node_bits(const lf_node *node)
{
    int bits = 0, more = 0;
    if (node->a->kind == LF_GROUPED) {
        bits = lf_node_bits(node->inner);
        more = lf_node_bits(node->outer);
    } else if (node->a->kind != LF_FIXED_POINT) {
        bits =
            node->has_format && stochastic(&node->target) ? node->target.projection.random_bits : 0;
        more = node->a->kind == LF_ROUNDED && node->a->product_format && stochastic(&node->product)
                   ? node->product.projection.random_bits
                   : 0;
    }
    return bits > more ? bits : more;
}

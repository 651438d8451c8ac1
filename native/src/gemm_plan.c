/* Which accumulators the kernels take, with what constants. Theorems: kernels/gemm_steps.h. */
#include <limits.h>
#include <math.h>

#include "arithmetic.h"
#include "gemm.h"
#include "isa.h"

LF_DEFINE_TABLE_OF(table_of, lf_gemm_table, lf_gemm)

const lf_gemm_table *lf_gemm_table_of(int isa)
{
    return table_of(isa);
}

/* The hosts: precision, exponents of the smallest positive and the greatest number. */
static const lf_gemm_range host_ranges[2] = {{24, -149, 127}, {53, -1074, 1023}};
static const int host_emins[2] = {-126, -1022};

static lf_gemm_range range_of(const lf_layout *f)
{
    lf_value greatest = lf_unpack(f, false, f->max_finite_code);
    return (lf_gemm_range){f->mantissa_bits + 1, f->emin - f->mantissa_bits, greatest.exponent};
}

static bool within(const lf_gemm_range *f, const lf_gemm_range *host)
{
    return f->precision <= host->precision && f->unit >= host->unit && f->top <= host->top;
}

bool lf_gemm_holds(const lf_layout *format, bool wide)
{
    lf_gemm_range f = range_of(format);
    return within(&f, &host_ranges[wide]);
}

/* Projections whose results are numbers of the format, zeros with their sign, canonical NaNs. */
static bool plain_projection(const lf_projection *p)
{
    return p->nan_rule == LF_NAN_CANONICAL && !p->daz && !p->ftz && !p->quirks;
}

static bool plain_format(const lf_layout *f)
{
    return f->is_signed && f->negative_zero && f->subnormals == LF_SUBNORMALS_GRADUAL &&
           f->nan != LF_NAN_NONE && f->mantissa_bits >= 1 && f->normal_count > 0;
}

static double host_number(const lf_layout *f, uint64_t code)
{
    lf_value v = lf_unpack(f, false, code);
    if (v.kind == LF_NAN)
        return NAN;
    double x = v.kind == LF_INFINITE ? INFINITY
               : v.kind == LF_ZERO
                   ? 0
                   : ldexp((double)(uint64_t)(v.significand >> 64), v.exponent - 63);
    return v.sign ? -x : x;
}

/* The numbers of a grid; what overflows become is asked of the one that rounds. */
static bool grid_of(lf_grid *g, const lf_format *format, const lf_projection *p, bool wide)
{
    lf_target t;
    if (lf_target_init(&t, format, p) || !plain_format(&t.format) || !plain_projection(p))
        return false;
    lf_gemm_range f = range_of(&t.format);
    const lf_gemm_range *host = &host_ranges[wide];
    int k = host->precision - f.precision;
    if (k < 0 || !within(&f, host))
        return false;
    *g = (lf_grid){.power = ldexp(1, k),
                   .smallest = ldexp(1, t.format.emin),
                   .largest = host_number(&t.format, t.format.max_finite_code),
                   .scale = f.top + 1 + k > host->top ? ldexp(1, wide ? -512 : -64) : 1,
                   .kept = -((int64_t)1 << k)};
    g->reach = fmin(g->largest, ldexp(1, host->top - k));
    for (int sign = 0; sign < 2; sign++) {
        lf_value big = {.significand = (lf_u128)1 << 127,
                        .exponent = f.top + 3,
                        .kind = LF_FINITE,
                        .sign = sign != 0};
        g->over[sign] = host_number(&t.format, lf_project(&t, &big, 0).code);
        big.kind = LF_INFINITE;
        g->beyond[sign] = host_number(&t.format, lf_project(&t, &big, 0).code);
    }
    return true;
}

static bool same_number(double x, double y)
{
    return x == y || (x != x && y != y);
}

/* Products of the operands. */
static lf_gemm_range product_range(const lf_gemm_range *a, const lf_gemm_range *b)
{
    return (lf_gemm_range){a->precision + b->precision, a->unit + b->unit, a->top + b->top + 1};
}

/* Theorem 2: whether two roundings to nearest even are one. */
static bool innocuous(const lf_gemm_range *product, const lf_gemm_range *sum, int w)
{
    int p = sum->precision, q = product->precision;
    return p + q <= w - 1 && ((q <= p && 2 * p <= w - 1) || sum->top + 1 - sum->unit <= w - 1);
}

static bool directed(int rounding)
{
    return rounding == LF_TOWARD_ZERO || rounding == LF_TOWARD_POSITIVE ||
           rounding == LF_TOWARD_NEGATIVE;
}

/* Whether the host's own addition is the accumulator's: the format is the host's. */
static bool is_host(const lf_layout *f, const lf_grid *g, bool wide)
{
    return f->mantissa_bits + 1 == host_ranges[wide].precision && f->emin == host_emins[wide] &&
           range_of(f).top == host_ranges[wide].top && isinf(g->beyond[0]) &&
           (g->over[0] == g->beyond[0] || g->over[0] == g->largest) && g->power == 1;
}

/* A rounded accumulator of terms in `product`, whose rounding to a format of its own is `q`. */
static bool plan_level(lf_gemm_level *l, const lf_accumulator *acc, const lf_gemm_range *operands,
                       bool wide, bool fused)
{
    const lf_gemm_range *host = &host_ranges[wide];
    const lf_projection *p = acc->projection;
    lf_target t;
    if (acc->kind != LF_ROUNDED || acc->compensation || acc->product || acc->order == LF_PAIRWISE ||
        !grid_of(&l->step.sum, acc->format, p, wide) || lf_target_init(&t, acc->format, p))
        return false;
    lf_gemm_range sum = range_of(&t.format), product = *operands;
    bool stochastic = p->rounding == LF_STOCHASTIC;
    /* Without an instruction for it, and where it is rounded, a product must be a host number. */
    bool exact = within(&product, host);
    if (!fused && !exact)
        return false;
    bool rounded = false;
    if (acc->product_format) {
        lf_target m;
        const lf_projection *q = acc->product_projection;
        if (!grid_of(&l->step.product, acc->product_format, q, wide) ||
            lf_target_init(&m, acc->product_format, q) || q->rounding == LF_STOCHASTIC)
            return false;
        lf_gemm_range to = range_of(&m.format);
        const double *beyond = l->step.product.beyond;
        rounded = !within(&product, &to) || !isinf(beyond[0]) || !isinf(beyond[1]);
        if (rounded && (!exact || q->rounding != p->rounding || to.precision >= host->precision))
            return false;
        if (rounded) {
            product.precision = to.precision < product.precision ? to.precision : product.precision;
            product.unit = to.unit > product.unit ? to.unit : product.unit;
            product.top = to.top < product.top ? to.top : product.top;
        }
        l->product_limit = l->step.product.reach;
    } else {
        l->product_limit = INFINITY;
    }
    /* Where the host's own sum may overflow to an infinity, that must be what an overflow becomes.
     */
    bool reaches = product.top + 1 > host->top || sum.top + 1 > host->top;
    for (int sign = 0; sign < 2 && reaches; sign++) {
        bool finite = p->rounding == LF_TOWARD_ZERO || stochastic ||
                      p->rounding == (sign ? LF_TOWARD_POSITIVE : LF_TOWARD_NEGATIVE);
        if (!finite && !same_number(l->step.sum.over[sign], l->step.sum.beyond[sign]))
            return false;
    }
    int k = host->precision - sum.precision;
    l->direction = stochastic ? LF_TOWARD_ZERO : p->rounding;
    l->product_unit = sum.unit;
    l->limit = l->step.sum.reach;
    l->growth = ldexp(1, stochastic ? 1 - sum.precision : -sum.precision);
    if (rounded && product.unit >= sum.unit) /* rounded products are multiples anyway */
        l->product_unit = INT_MIN;
    if (stochastic) {
        int n = p->random_bits;
        l->plain = LF_STEP_STOCHASTIC;
        l->bounded = l->checked = LF_STEP_STOCHASTIC_CHECKED;
        return !rounded && p->variant == LF_VARIANT_A && !p->exact_tail && n <= 24 &&
               sum.precision + n + 1 <= host->precision && l->step.sum.scale == 1;
    }
    if (!rounded && is_host(&t.format, &l->step.sum, wide) &&
        (p->rounding == LF_NEAREST_EVEN || directed(p->rounding)) &&
        (p->saturation == LF_SATURATION_NONE)) {
        l->plain = l->bounded = l->checked = LF_STEP_HOST;
        return true;
    }
    if (k < 1)
        return false;
    l->bounded = rounded ? LF_STEP_PRODUCT_BOUNDED : LF_STEP_BOUNDED;
    l->checked = rounded ? LF_STEP_PRODUCT_CHECKED : LF_STEP_CHECKED;
    l->plain = l->bounded;
    if (p->rounding == LF_TOWARD_ZERO)
        l->plain = rounded ? LF_STEP_PRODUCT_TRUNCATE : LF_STEP_TRUNCATE;
    if (directed(p->rounding))
        return true;
    /* Sums below the host's smallest normal number are rounded once only where they are exact. */
    if (p->rounding != LF_NEAREST_EVEN || product.unit < host->unit)
        return false;
    bool once = innocuous(&product, &sum, host->precision);
    l->spread = !once;
    if (2 * sum.precision + 2 <= host->precision && (!rounded || l->step.product.power >= 4))
        l->plain = rounded ? LF_STEP_PRODUCT_NEAREST : LF_STEP_NEAREST;
    if (once)
        return true;
    if (l->plain == l->bounded)
        l->plain = LF_STEP_ODD_BOUNDED;
    l->bounded = LF_STEP_ODD_BOUNDED;
    l->checked = LF_STEP_ODD_CHECKED;
    return wide && !rounded && exact && sum.precision + 2 <= host->precision;
}

/* Bits of a number of terms, rounded up. */
static int count_bits(size_t n)
{
    int bits = 0;
    while (n >> bits)
        bits++;
    return bits;
}

/* An exact sum (G-7) in binary64: all terms and c are multiples of one power of two, and all sums
 * are below 2^53 of it. Zeros add up as A-12 wants, except toward negative; infinities and NaNs by
 * themselves. */
static bool plan_exact(lf_gemm *g, const lf_accumulator *acc, const lf_projection *projection)
{
    const lf_matrix *c = &g->reduction->c;
    lf_gemm_range product = product_range(&g->side[0].range, &g->side[1].range), sum = product;
    lf_gemm_level *l = &g->level[0];
    lf_layout start;
    sum.top += count_bits(g->reduction->terms);
    if (c->codes) {
        if (!lf_layout_init(&start, c->format))
            return false;
        lf_gemm_range from = range_of(&start);
        sum.unit = from.unit < sum.unit ? from.unit : sum.unit;
        sum.top = (from.top > sum.top ? from.top : sum.top) + 1;
    }
    *l = (lf_gemm_level){.plain = LF_STEP_HOST, .bounded = LF_STEP_HOST, .checked = LF_STEP_HOST};
    g->levels = 1;
    g->terms = (lf_gemm_terms){.count = g->reduction->terms};
    return g->wide && !acc->format && projection->rounding != LF_TOWARD_NEGATIVE &&
           within(&product, &host_ranges[1]) && sum.top + 1 - sum.unit <= host_ranges[1].precision;
}

/* Bounds of gemm_fused.h. */
static bool plan_fused(lf_gemm_level *l, const lf_gemm *g, const lf_accumulator *acc)
{
    const lf_gemm_range *a = &g->side[0].range, *b = &g->side[1].range;
    const lf_projection *p = acc->projection;
    lf_target t;
    lf_fused *f = &l->fused;
    int bits = acc->fraction_bits;
    if (g->wide || acc->kind != LF_FUSED || acc->alignment != LF_TOWARD_ZERO ||
        acc->zeros_aligned || acc->sorted || acc->subsums || acc->late ||
        acc->order != LF_SEQUENTIAL || bits < 1 || bits > 26 || acc->terms > LF_DEPTH ||
        !grid_of(&f->sum, acc->format, p, false) || lf_target_init(&t, acc->format, p))
        return false;
    lf_gemm_range product = product_range(a, b), sum = range_of(&t.format);
    int half = (int)(acc->terms + 1) / 2;
    *l = (lf_gemm_level){.is_fused = true,
                         .fused = *f,
                         .direction = p->rounding,
                         .smallest = {(float)ldexp(1, a->unit + a->precision - 1),
                                      (float)ldexp(1, b->unit + b->precision - 1)}};
    f->terms = acc->terms;
    f->fraction_bits = bits;
    f->least = ldexp(1, acc->minimum_exponent > -100 ? acc->minimum_exponent : -100);
    f->nearest = p->rounding == LF_NEAREST_EVEN;
    f->exact = sum.precision == 24 && t.format.emin == host_emins[0];
    double bound = (double)acc->terms * ldexp(1, bits + 2) + ldexp(1, bits + 1);
    f->direct = bound < ldexp(1, f->nearest ? 24 : 31);
    f->large = f->nearest ? 1 << 22 : 1 << 29;
    return product.precision <= 24 && product.unit >= -100 && product.top <= 60 &&
           acc->minimum_exponent < 60 &&
           (double)half * ldexp(1, bits + 2) + ldexp(1, bits + 1) < ldexp(1, 31) &&
           (p->rounding == LF_TOWARD_ZERO || (f->nearest && (f->direct || sum.precision <= 13))) &&
           (f->exact || sum.precision <= 22) && !g->reduction->c.codes;
}

static bool plan_levels(lf_gemm *g, const lf_accumulator *acc, bool wide)
{
    lf_gemm_range product = product_range(&g->side[0].range, &g->side[1].range);
    const lf_accumulator *base = acc;
    g->levels = 1;
    g->terms = (lf_gemm_terms){.count = g->reduction->terms};
    if (acc->kind == LF_GROUPED) {
        const lf_accumulator *outer = acc->outer;
        lf_layout inner;
        base = acc->inner;
        g->levels = 2;
        g->terms.grouping = acc->grouping;
        g->terms.n = acc->n;
        g->terms.width = acc->width ? acc->width : 1;
        bool scales = g->reduction->a_scales.codes || g->reduction->b_scales.codes;
        if ((scales && acc->scaling) || (base->kind != LF_ROUNDED && base->kind != LF_FUSED) ||
            outer->kind != LF_ROUNDED || outer->order != LF_SEQUENTIAL ||
            !lf_layout_init(&inner, base->format) || base->projection->rounding == LF_STOCHASTIC ||
            outer->projection->rounding == LF_STOCHASTIC)
            return false;
        lf_gemm_range sums = range_of(&inner);
        if (!plan_level(&g->level[1], outer, &sums, wide, true))
            return false;
    }
    g->terms.order = base->order;
    g->terms.order_n = base->order_n;
    g->terms.order_width = base->order_width ? base->order_width : 1;
    if (base->kind == LF_FUSED) {
        g->depth = LF_DEPTH - LF_DEPTH % (base->terms ? base->terms : 1);
        return base->terms && base->terms <= LF_DEPTH && plan_fused(&g->level[0], g, base);
    }
    return plan_level(&g->level[0], base, &product, wide, g->table->fused != 0);
}

static bool plan_random(lf_gemm *g, const lf_accumulator *acc, const lf_random *random)
{
    if (acc->kind != LF_ROUNDED || acc->projection->rounding != LF_STOCHASTIC)
        return true; /* nothing is drawn */
    /* One draw alone is numbered otherwise (G-17). */
    if (!random || random->kind != LF_RANDOM_PHILOX || g->reduction->terms < 2)
        return false;
    int n = acc->projection->random_bits;
    lf_tile_random *d = &g->draws;
    d->bits = n;
    d->lane = n <= 8 ? 8 : n <= 16 ? 16 : 32;
    lf_layout sum;
    lf_layout_init(&sum, acc->format);
    d->shift = host_ranges[g->wide].precision - (sum.mantissa_bits + 1) - n;
    d->seed = random->seed;
    d->stream = random->stream;
    d->call = random->call;
    d->first = random->first;
    size_t per_block = 128 / (size_t)d->lane;
    d->blocks = g->reduction->terms / per_block + (g->reduction->terms % per_block != 0);
    return true;
}

static bool plan_side(lf_gemm_side *s, const lf_matrix *m, size_t lines, ptrdiff_t line_stride,
                      ptrdiff_t term_stride, bool wide, int isa)
{
    lf_layout f;
    if (!lf_layout_init(&f, m->format))
        return false;
    s->codes = m->codes;
    s->batch_stride = m->batch_stride;
    s->line_stride = line_stride;
    s->term_stride = term_stride;
    s->lines = lines;
    s->range = range_of(&f);
    return within(&s->range, &host_ranges[wide]) &&
           lf_gemm_decoder(&s->codec, m->format, wide, isa);
}

/* Few columns would leave lanes empty: then the rows become columns. */
static bool plan_sides(lf_gemm *g, bool wide, int isa)
{
    const lf_reduction *r = g->reduction;
    const lf_matrix *a = &r->a, *b = &r->b, *c = &r->c;
    bool turned = g->turned = r->columns < (size_t)g->columns && r->columns < r->rows;
    g->result_step[turned] = (ptrdiff_t)r->columns;
    g->result_step[!turned] = 1;
    g->start_step[turned] = c->row_stride;
    g->start_step[!turned] = c->column_stride;
    return plan_side(&g->side[turned], a, r->rows, a->row_stride, a->column_stride, wide, isa) &&
           plan_side(&g->side[!turned], b, r->columns, b->column_stride, b->row_stride, wide, isa);
}

static bool has_daz(const lf_accumulator *acc)
{
    if (acc->kind == LF_GROUPED)
        return has_daz(acc->inner) || has_daz(acc->outer);
    return (acc->projection && acc->projection->daz) ||
           (acc->product_projection && acc->product_projection->daz);
}

static const lf_accumulator *outermost(const lf_accumulator *acc)
{
    return acc->kind == LF_GROUPED ? acc->outer : acc;
}

/* A tile's panels lie in the first cache. */
static size_t depth_of(const lf_gemm *g)
{
    enum { FIRST_CACHE = 48 << 10 };
    size_t bytes = (size_t)((g->rows + g->columns) * g->host_bytes);
    return bytes * LF_DEPTH > FIRST_CACHE ? LF_DEPTH / 2 : LF_DEPTH;
}

bool lf_gemm_plan(lf_gemm *g, const lf_reduction *r, const lf_result *result,
                  const lf_projection *projection, const lf_random *random,
                  const lf_options *options)
{
    const lf_accumulator *acc = r->accumulator;
    int isa = lf_isa_of(options);
    if (result->flags || result->flags_out || r->a_scales.codes || r->b_scales.codes ||
        r->terms == 0 || has_daz(acc) || projection->daz || !plain_projection(projection) ||
        projection->rounding == LF_STOCHASTIC || !lf_isa_usable(isa))
        return false;
    g->reduction = r;
    g->table = lf_gemm_table_of(isa);
    g->codes = result->codes;
    for (int wide = 0; wide < 2; wide++) {
        g->wide = wide;
        g->host_bytes = wide ? 8 : 4;
        g->columns = g->table->columns[wide];
        bool exact = acc->kind == LF_EXACT;
        if (!plan_sides(g, wide, isa) ||
            !(exact ? plan_exact(g, acc, projection) : plan_levels(g, acc, wide)) ||
            !plan_random(g, acc, random) ||
            !lf_gemm_encoder(&g->result, result->format, projection, wide, isa))
            continue;
        g->rows = g->table->rows[g->level[0].is_fused || g->level[0].plain != LF_STEP_HOST];
        if (!g->level[0].is_fused)
            g->depth = depth_of(g);
        g->block_rows = (size_t)(LF_BLOCK_ROWS / g->rows * g->rows);
        if (exact) { /* c is taken as it is */
            g->start_format = r->c.codes ? r->c.format : r->a.format;
            g->start_same = true;
            return lf_gemm_decoder(&g->start, g->start_format, wide, isa);
        }
        const lf_accumulator *last = outermost(acc);
        g->start_format = last->format;
        lf_layout start;
        lf_layout_init(&start, last->format);
        g->start_unit = range_of(&start).unit;
        g->start_projection = *last->projection; /* G-2 */
        g->start_projection.rounding = LF_NEAREST_EVEN;
        g->start_same = r->c.codes && lf_same_format(r->c.format, last->format);
        return lf_gemm_decoder(&g->start, last->format, wide, isa);
    }
    return false;
}

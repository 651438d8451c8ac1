/* Every kernel of sums of products on random accumulators, formats, shapes, strides and scales:
 * rounded ones against sums made of scalar operations, exact and fused ones against the generic
 * path. Arguments: rounds, seed, 1 to plant an error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gemm.h"

static uint64_t state;

static uint64_t draw(void)
{
    state += 0x9E3779B97F4A7C15u;
    uint64_t z = (state ^ state >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static int below(int n)
{
    return (int)(draw() % (uint64_t)n);
}

static lf_format ieee(int e, int m)
{
    return (lf_format){sizeof(lf_format), e, m, (1 << (e - 1)) - 1,    1,     LF_INFINITIES_IEEE,
                       LF_NAN_IEEE,       1, 1, LF_SUBNORMALS_GRADUAL, {0, 0}};
}

static lf_format with_all_ones_nan(int e, int m)
{
    lf_format f = ieee(e, m);
    f.infinities = LF_INFINITIES_NONE;
    f.nan = LF_NAN_ALL_ONES;
    return f;
}

static lf_format fnuz(int e, int m)
{
    lf_format f = ieee(e, m);
    f.infinities = LF_INFINITIES_NONE;
    f.nan = LF_NAN_NEGATIVE_ZERO;
    f.negative_zero = 0;
    f.bias++;
    return f;
}

static lf_format operand_format(void)
{
    switch (below(10)) {
    case 0: return ieee(5, 2);
    case 1: return ieee(4, 3);
    case 2: return ieee(5, 10);
    case 3: return ieee(8, 7);
    case 4: return fnuz(4, 3);
    case 5: return fnuz(5, 2);
    case 6: return ieee(8, 23);
    case 7: return ieee(2 + below(4), 1 + below(3));
    default: return with_all_ones_nan(4, 3);
    }
}

static lf_format sum_format(void)
{
    switch (below(9)) {
    case 0: return ieee(5, 10);
    case 1: return ieee(8, 7);
    case 2: return ieee(6, 9);
    case 3: return ieee(8, 23);
    case 4: return ieee(8, 13);
    case 5: return with_all_ones_nan(4 + below(3), 3 + below(9));
    case 6: return ieee(11, 52);
    default: return ieee(3 + below(6), 2 + below(16));
    }
}

static lf_projection projection(int stochastic)
{
    static const uint8_t common[] = {LF_NEAREST_EVEN, LF_NEAREST_EVEN, LF_TOWARD_ZERO,
                                     LF_TOWARD_POSITIVE, LF_TOWARD_NEGATIVE};
    lf_projection p = {.size = sizeof p, .random_bits = 1};
    p.rounding = common[below(5)];
    if (stochastic) {
        p.rounding = LF_STOCHASTIC;
        p.random_bits = (uint8_t)(1 + below(16));
    }
    if (below(16) == 0 && !stochastic)
        p.rounding = (uint8_t)below(LF_STOCHASTIC);
    if (below(16) == 0)
        p.quirks = (uint8_t)below(LF_QUIRK_POSITIVE_ZERO << 1);
    p.saturation = (uint8_t)(below(3) ? 0 : below(3));
    return p;
}

/* A code of about the middle of the range, or anything. */
static uint64_t random_code(const lf_format *f, int spread, int wild)
{
    int width = f->exponent_bits + f->mantissa_bits + f->is_signed;
    uint64_t x = draw() & (UINT64_MAX >> (64 - width));
    if (wild && below(wild) == 0)
        return x;
    if (below(12) == 0) /* zeros */
        return f->negative_zero && below(2) ? (uint64_t)1 << (width - 1) : 0;
    int64_t field = (1 << (f->exponent_bits - 1)) - spread / 2 + (spread ? below(spread) : 0);
    int64_t top = (1 << f->exponent_bits) - 2;
    field = field < 0 ? 0 : field > top ? top : field;
    uint64_t sign = x >> (width - 1) << (width - 1);
    return (x & (((uint64_t)1 << f->mantissa_bits) - 1)) | (uint64_t)field << f->mantissa_bits |
           sign;
}

static int bytes_of(const lf_format *f)
{
    int width = f->exponent_bits + f->mantissa_bits + f->is_signed;
    return width <= 8 ? 1 : width <= 16 ? 2 : width <= 32 ? 4 : 8;
}

static void put(void *codes, int bytes, size_t i, uint64_t x)
{
    memcpy((char *)codes + i * (size_t)bytes, &x, (size_t)bytes); /* little endian */
}

static uint64_t get(const void *codes, int bytes, size_t i)
{
    uint64_t x = 0;
    memcpy(&x, (const char *)codes + i * (size_t)bytes, (size_t)bytes);
    return x;
}

static uint64_t scalar(int operation, const lf_format *const formats[3], const uint64_t codes[3],
                       const lf_format *to, const lf_projection *p, uint64_t random)
{
    uint64_t code = 0;
    if (lf_apply_scalar(operation, formats, codes, to, p, random, &code, NULL))
        abort();
    return code;
}

/* One step, rounded like the accumulator. */
static uint64_t step(const lf_accumulator *acc, const lf_format *fa, uint64_t a,
                     const lf_format *fb, uint64_t b, uint64_t sum, uint64_t random)
{
    const lf_format *formats[3] = {fa, fb, acc->format};
    uint64_t codes[3] = {a, b, sum};
    if (!acc->product_format)
        return scalar(LF_FMA, formats, codes, acc->format, acc->projection, random);
    uint64_t product =
        scalar(LF_MULTIPLY, formats, codes, acc->product_format, acc->product_projection, 0);
    const lf_format *addends[3] = {acc->product_format, acc->format, NULL};
    uint64_t pair[3] = {product, sum, 0};
    return scalar(LF_ADD, addends, pair, acc->format, acc->projection, random);
}

static uint64_t draw_of(const lf_random *r, const lf_projection *p, uint64_t element, size_t s,
                        size_t terms)
{
    if (p->rounding != LF_STOCHASTIC)
        return 0;
    int n = p->random_bits, lane = n <= 8 ? 8 : n <= 16 ? 16 : 32;
    uint64_t per = 128 / (unsigned)lane, blocks = (terms + per - 1) / per, bits;
    if (terms == 1)
        lf_philox_bits(r->seed, r->stream, r->call, element, n, &bits, 1);
    else
        lf_philox_bits(r->seed, r->stream, r->call, element * blocks * per + s, n, &bits, 1);
    return bits;
}

typedef struct problem {
    lf_reduction r;
    lf_format a, b, c, sum, product, outer, to;
    lf_projection p, q, po, final;
    lf_accumulator acc, inner, second;
    lf_random random;
    void *codes[3];
} problem;

static uint64_t reference(const problem *x, size_t batch, size_t i, size_t j)
{
    const lf_reduction *r = &x->r;
    const lf_accumulator *acc = r->accumulator;
    int grouped = acc->kind == LF_GROUPED;
    const lf_accumulator *base = grouped ? acc->inner : acc, *last = grouped ? acc->outer : acc;
    static const lf_format one_format = {
        sizeof(lf_format),     5,     2, 15, 1, LF_INFINITIES_IEEE, LF_NAN_IEEE, 1, 1,
        LF_SUBNORMALS_GRADUAL, {0, 0}};
    const uint64_t one = 15 << 2;
    uint64_t start = 0;
    if (r->c.codes) {
        const lf_format *from[3] = {r->c.format};
        ptrdiff_t at = (ptrdiff_t)batch * r->c.batch_stride + (ptrdiff_t)i * r->c.row_stride +
                       (ptrdiff_t)j * r->c.column_stride;
        uint64_t code[3] = {get(r->c.codes, bytes_of(r->c.format), (size_t)at)};
        lf_projection near = *last->projection;
        near.rounding = LF_NEAREST_EVEN;
        start = scalar(LF_CONVERT, from, code, last->format, &near, 0);
    }
    lf_gemm_terms terms = {r->terms,         grouped ? acc->grouping : LF_UNGROUPED,
                           acc->n,           acc->width ? acc->width : 1,
                           base->order,      base->order_n,
                           base->order_width};
    uint64_t element = (batch * r->rows + i) * r->columns + j + x->random.first;
    for (size_t g = 0; g < lf_gemm_groups(&terms); g++) {
        uint64_t sum = grouped ? 0 : start;
        size_t n = lf_gemm_group_terms(&terms, g);
        for (size_t s = 0; s < n; s++) {
            size_t k;
            lf_gemm_indices(&terms, g, s, 1, &k);
            ptrdiff_t ia = (ptrdiff_t)batch * r->a.batch_stride + (ptrdiff_t)i * r->a.row_stride +
                           (ptrdiff_t)k * r->a.column_stride;
            ptrdiff_t ib = (ptrdiff_t)batch * r->b.batch_stride + (ptrdiff_t)k * r->b.row_stride +
                           (ptrdiff_t)j * r->b.column_stride;
            uint64_t a = get(r->a.codes, bytes_of(&x->a), (size_t)ia);
            uint64_t b = get(r->b.codes, bytes_of(&x->b), (size_t)ib);
            sum = step(base, &x->a, a, &x->b, b, sum,
                       draw_of(&x->random, base->projection, element, s, r->terms));
        }
        start = grouped ? step(last, base->format, sum, &one_format, one, start, 0) : sum;
    }
    const lf_format *from[3] = {last->format};
    uint64_t code[3] = {start};
    return scalar(LF_CONVERT, from, code, &x->to, &x->final, 0);
}

static void *codes_of(const lf_format *f, size_t n, int spread, int wild)
{
    int bytes = bytes_of(f);
    char *codes = malloc(n * (size_t)bytes + 1);
    for (size_t i = 0; i < n; i++)
        put(codes, bytes, i, random_code(f, spread, wild));
    return codes;
}

static void accumulator(lf_accumulator *acc, lf_format *sum, lf_projection *p, lf_format *product,
                        lf_projection *q, int stochastic, int products)
{
    *sum = sum_format();
    *p = projection(stochastic);
    *acc =
        (lf_accumulator){.size = sizeof *acc, .kind = LF_ROUNDED, .format = sum, .projection = p};
    if (products && below(3) == 0) {
        *product = below(2) ? *sum : ieee(sum->exponent_bits, 1 + below(sum->mantissa_bits));
        *q = projection(0);
        if (below(2))
            q->rounding = p->rounding == LF_STOCHASTIC ? LF_NEAREST_EVEN : p->rounding;
        acc->product_format = product;
        acc->product_projection = q;
    }
}

/* Blocks as matrix units have them, and others. */
static void fused(problem *x)
{
    static const int bits[] = {1, 5, 10, 13, 14, 22, 23, 24, 25, 26},
                     terms[] = {1, 3, 4, 8, 16, 32};
    lf_accumulator *acc = &x->inner;
    if (below(3) == 0)
        x->sum = below(2) ? ieee(8, 23) : ieee(5, 10);
    acc->kind = LF_FUSED;
    acc->product_format = NULL;
    acc->product_projection = NULL;
    acc->order = LF_SEQUENTIAL;
    acc->alignment = LF_TOWARD_ZERO;
    acc->terms = (size_t)terms[below(6)];
    acc->fraction_bits = bits[below(10)];
    acc->minimum_exponent = below(2) ? INT32_MIN : -140 + below(150);
    if (below(4))
        x->p.rounding = x->sum.mantissa_bits > 12 ? LF_TOWARD_ZERO : LF_NEAREST_EVEN;
}

static void make(problem *x)
{
    memset(x, 0, sizeof *x);
    x->a = operand_format();
    x->b = below(2) ? x->a : operand_format();
    int stochastic = below(4) == 0, grouped = !stochastic && below(3) == 0;
    accumulator(&x->inner, &x->sum, &x->p, &x->product, &x->q, stochastic, 1);
    lf_accumulator *acc = &x->inner;
    acc->order = (uint8_t)(below(2) ? LF_SEQUENTIAL : below(2) ? LF_REVERSED : LF_INTERLEAVED);
    acc->order_n = 1 + (size_t)below(4);
    acc->order_width = 1 + (size_t)below(3);
    if (!stochastic && below(4) == 0)
        fused(x);
    if (grouped) {
        lf_format unused;
        lf_projection none;
        accumulator(&x->second, &x->outer, &x->po, &unused, &none, 0, 0);
        x->acc = (lf_accumulator){.size = sizeof x->acc, .kind = LF_GROUPED};
        x->acc.grouping = (uint8_t)(LF_BY_CHUNKS + below(3));
        x->acc.n = 1 + (size_t)below(70);
        x->acc.width = x->acc.grouping == LF_BY_LANES ? 1 + (size_t)below(3) : 1;
        x->acc.inner = &x->inner;
        x->acc.outer = &x->second;
        acc = &x->acc;
    }
    int exact = !stochastic && !grouped && below(5) == 0;
    if (exact)
        *acc = (lf_accumulator){.size = sizeof *acc, .kind = LF_EXACT, .projection = &x->p};
    x->to = below(2) ? sum_format() : grouped ? x->outer : x->sum;
    x->final = projection(0);
    lf_reduction *r = &x->r;
    *r = (lf_reduction){.size = sizeof *r, .accumulator = acc};
    int tall = below(3) == 0;
    r->batch = 1 + (size_t)(below(4) == 0);
    r->rows = (size_t)(below(8) ? 1 + below(tall ? 40 : 10) : 1);
    r->columns = (size_t)(below(8) ? 1 + below(tall ? 10 : 80) : 1);
    r->terms = (size_t)(below(6) ? 1 + below(60) : 1 + below(600));
    int spread = below(3) ? 1 + below(6) : 1 + below(300), wild = below(2) ? 0 : 1 + below(2000);
    size_t na = r->batch * r->rows * r->terms, nb = r->batch * r->columns * r->terms;
    size_t nc = r->batch * r->rows * r->columns;
    x->codes[0] = codes_of(&x->a, na, spread, wild);
    x->codes[1] = codes_of(&x->b, nb, spread, wild);
    r->a = (lf_matrix){&x->a, x->codes[0], (ptrdiff_t)(r->rows * r->terms), (ptrdiff_t)r->terms, 1};
    if (below(2))
        r->a.row_stride = 1, r->a.column_stride = (ptrdiff_t)r->rows;
    r->b = (lf_matrix){&x->b, x->codes[1], (ptrdiff_t)(r->columns * r->terms),
                       (ptrdiff_t)r->columns, 1};
    if (below(2))
        r->b.row_stride = 1, r->b.column_stride = (ptrdiff_t)r->terms;
    if (below(3) == 0) {
        x->c = below(2) ? (grouped ? x->outer : x->sum) : sum_format();
        x->codes[2] = codes_of(&x->c, nc, spread, wild);
        r->c = (lf_matrix){&x->c, x->codes[2], (ptrdiff_t)(r->rows * r->columns),
                           (ptrdiff_t)r->columns, 1};
    }
    x->random = (lf_random){.size = sizeof x->random,
                            .kind = LF_RANDOM_PHILOX,
                            .seed = draw(),
                            .stream = 3,
                            .call = 5,
                            .first = draw() % 1000};
}

static void describe(const problem *x, int isa, const lf_gemm *g)
{
    printf("order %d n %zu w %zu group %d ", x->inner.order, x->inner.order_n, x->inner.order_width,
           x->acc.grouping);
    printf("isa %d a e%dm%d b e%dm%d sum e%dm%d rounding %d sat %d product %d (e%dm%d r%d s%d) to "
           "e%dm%d r%d s%d, %zux%zux%zux%zu c %d wide %d levels %d kinds %d %d turned %d\n",
           isa, x->a.exponent_bits, x->a.mantissa_bits, x->b.exponent_bits, x->b.mantissa_bits,
           x->sum.exponent_bits, x->sum.mantissa_bits, x->p.rounding, x->p.saturation,
           x->inner.product_format != NULL, x->product.exponent_bits, x->product.mantissa_bits,
           x->q.rounding, x->q.saturation, x->to.exponent_bits, x->to.mantissa_bits,
           x->final.rounding, x->final.saturation, x->r.batch, x->r.rows, x->r.columns, x->r.terms,
           x->r.c.codes != NULL, g->wide, g->levels, g->level[0].plain, g->level[0].checked,
           g->turned);
}

/* A table whose tiles count how often they run. */
static const lf_gemm_table *real;
static int lanes; /* the plan's `wide` */
static long met[LF_STEPS];

#define COUNTED(member, kind)                                                                      \
    static void member##_##kind(const lf_step *p, const void *a, const void *b, size_t n,          \
                                void *sums)                                                        \
    {                                                                                              \
        __atomic_fetch_add(&met[kind], 1, __ATOMIC_RELAXED);                                       \
        real->member[lanes][kind](p, a, b, n, sums);                                               \
    }
#define EACH_STEP(X)                                                                               \
    X(LF_STEP_HOST)                                                                                \
    X(LF_STEP_NEAREST)                                                                             \
    X(LF_STEP_TRUNCATE)                                                                            \
    X(LF_STEP_PRODUCT_NEAREST)                                                                     \
    X(LF_STEP_PRODUCT_TRUNCATE)                                                                    \
    X(LF_STEP_BOUNDED)                                                                             \
    X(LF_STEP_PRODUCT_BOUNDED)                                                                     \
    X(LF_STEP_ODD_BOUNDED)                                                                         \
    X(LF_STEP_CHECKED)                                                                             \
    X(LF_STEP_PRODUCT_CHECKED)                                                                     \
    X(LF_STEP_ODD_CHECKED) X(LF_STEP_STOCHASTIC) X(LF_STEP_STOCHASTIC_CHECKED)
#define COUNTED_TILES(kind) COUNTED(tile, kind) COUNTED(few, kind)
EACH_STEP(COUNTED_TILES)

#define USE(kind)                                                                                  \
    counting->tile[lanes][kind] = tile_##kind;                                                     \
    counting->few[lanes][kind] = few_##kind;

static void count_tiles(lf_gemm *g, lf_gemm_table *counting)
{
    real = g->table;
    lanes = g->wide;
    *counting = *real;
    EACH_STEP(USE)
    g->table = counting;
}

static const lf_accumulator *base_of(const problem *x)
{
    const lf_accumulator *acc = x->r.accumulator;
    return acc->kind == LF_GROUPED ? acc->inner : acc;
}

/* What is wanted; returns 0 if the call is refused. */
static int settle(const problem *x, char *want)
{
    const lf_reduction *r = &x->r;
    lf_options options = {sizeof options, LF_ISA_BEST, 1, 1};
    lf_result result = {&x->to, want, NULL, NULL};
    if (base_of(x)->kind != LF_ROUNDED)
        return lf_matmul(r, &result, &x->final, &x->random, &options) == LF_OK;
    for (size_t e = 0; e < r->batch * r->rows * r->columns; e++)
        put(want, bytes_of(&x->to), e,
            reference(x, e / (r->rows * r->columns), e / r->columns % r->rows, e % r->columns));
    return 1;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 500;
    state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    int planted = argc > 3 && atoi(argv[3]);
    int wrong = 0, compared = 0, kinds[LF_GROUPED + 1] = {0};
    lf_gemm_table counting;
    for (int round = 0; round < rounds; round++) {
        problem x;
        make(&x);
        const lf_reduction *r = &x.r;
        size_t n = r->batch * r->rows * r->columns;
        int bytes = bytes_of(&x.to);
        char *want = calloc(n + 1, (size_t)bytes), *got = calloc(n + 1, (size_t)bytes);
        int known = 0;
        for (int isa = LF_ISA_BASELINE; isa <= LF_ISA_AVX512; isa++) {
            lf_options options = {sizeof options, isa, 1, 0};
            lf_result result = {&x.to, got, NULL, NULL};
            lf_gemm *g = calloc(1, sizeof *g);
            if (lf_isa_usable(isa) && lf_gemm_plan(g, r, &result, &x.final, &x.random, &options)) {
                if (!known && !settle(&x, want)) {
                    free(g);
                    break; /* no legal call */
                }
                known = 1;
                if (planted && g->level[0].is_fused)
                    g->level[0].fused.fraction_bits--;
                else if (planted)
                    g->level[0].step.sum.power *= 2;
                count_tiles(g, &counting);
                int status = lf_gemm_run(g, 1 + below(3));
                if (status == LF_GEMM_UNABLE && g->level[0].is_fused) {
                    free(g);
                    continue;
                }
                compared++;
                kinds[x.inner.kind]++;
                if (status || memcmp(want, got, n * (size_t)bytes)) {
                    size_t e = 0;
                    while (e < n && get(want, bytes, e) == get(got, bytes, e))
                        e++;
                    wrong++;
                    if (wrong < 20 && !planted) {
                        printf("round %d: ", round);
                        describe(&x, isa, g);
                        printf("   status %d element %zu: want %llx, got %llx\n", status, e,
                               (unsigned long long)get(want, bytes, e),
                               (unsigned long long)get(got, bytes, e));
                    }
                }
            }
            free(g);
        }
        for (int i = 0; i < 3; i++)
            free(x.codes[i]);
        free(want);
        free(got);
    }
    printf("%d calls compared (%d rounded, %d exact, %d fused), %d differ; tiles run by step:",
           compared, kinds[LF_ROUNDED], kinds[LF_EXACT], kinds[LF_FUSED], wrong);
    for (int i = 0; i < LF_STEPS; i++)
        printf(" %ld", met[i]);
    printf("\n");
    return wrong != 0;
}

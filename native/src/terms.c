/* What all reductions share: terms, their order, and their specials. Rules G-1, G-4, G-5, G-9. */
#include "reduce.h"

lf_value lf_read(const lf_number *x, bool daz)
{
    if (!daz || x->value.kind != LF_FINITE || x->value.exponent >= x->lowest)
        return x->value;
    return (lf_value){.kind = LF_ZERO, .sign = x->value.sign && x->negative_zero};
}

/* A look at the watch costs no more than a term. */
#define STEPS_PER_LOOK 4096

/* The factors of term i as they are read; returns their number. */
static int factors(lf_run *run, const lf_terms *terms, size_t i, bool daz,
                   lf_number out[LF_FACTORS])
{
    if (++run->read % STEPS_PER_LOOK == 0)
        run->stopped = lf_watch_steps(run->job->watch, STEPS_PER_LOOK);
    size_t k = lf_term_index(terms, i);
    if (terms->sums) {
        out[0] = terms->sums[k];
        out[0].value = lf_read(&out[0], daz);
        out[1] = (lf_number){lf_whole(1, false), LF_NO_LOWEST, false};
        for (int f = 0; f < terms->scale_count && f < LF_FACTORS - 2; f++) {
            out[2 + f] = terms->scales[k][f];
            out[2 + f].value = lf_read(&out[2 + f], daz);
        }
        return 2 + terms->scale_count;
    }
    int count = 0;
    const int swap = run->job->r->swapped != 0; /* of factors 0 and 1, and of 2 and 3 */
    for (int at = 0; at < LF_FACTORS; at++) {
        const int f = at ^ swap;
        const lf_factor *x = &run->job->factors[f];
        if (!x->codes || (at >= LF_A_SCALE && terms->unscaled))
            continue;
        uint64_t code;
        lf_load(run->lines[f], x->layout.storage_bytes, x->term_stride, k / x->block, &code, 1);
        out[count++] = (lf_number){lf_unpack(&x->layout, daz, code), x->layout.emin, false};
    }
    return count;
}

int lf_scales_of(const lf_run *run, size_t k, lf_number out[2])
{
    int count = 0;
    const int swap = run->job->r->swapped != 0;
    for (int at = LF_A_SCALE; at < LF_FACTORS; at++) {
        const lf_factor *x = &run->job->factors[at ^ swap];
        if (!x->codes)
            continue;
        uint64_t code;
        lf_load(run->lines[at ^ swap], x->layout.storage_bytes, x->term_stride, k / x->block, &code,
                1);
        out[count++] = (lf_number){lf_unpack(&x->layout, false, code), x->layout.emin,
                                   x->layout.negative_zero};
    }
    return count;
}

static int ctz128(lf_u128 x)
{
    return (uint64_t)x ? __builtin_ctzll((uint64_t)x) : 64 + __builtin_ctzll((uint64_t)(x >> 64));
}

/* The exact product; x may have more than 64 bits, but both together at most 106 (G-1). */
static lf_value multiply(const lf_value *x, const lf_value *y)
{
    bool sign = x->sign != y->sign;
    if (x->kind == LF_FINITE && y->kind == LF_FINITE) {
        int u = ctz128(x->significand), v = ctz128(y->significand);
        lf_u128 p = (x->significand >> u) * (y->significand >> v);
        return lf_with_significand(p, x->exponent + y->exponent - 127 + u + v, sign);
    }
    bool infinite = x->kind == LF_INFINITE || y->kind == LF_INFINITE;
    bool zero = x->kind == LF_ZERO || y->kind == LF_ZERO;
    uint8_t kind = infinite && zero ? LF_NO_VALUE : infinite ? LF_INFINITE : LF_ZERO;
    return (lf_value){.kind = kind, .sign = sign};
}

/* Rule G-4; both operands are finite and not zero. */
static lf_value approximate(const lf_value *x, const lf_value *y, int method)
{
    const uint64_t one = (uint64_t)1 << 63;
    lf_value r = *x;
    r.sign = x->sign != y->sign;
    r.exponent = x->exponent + y->exponent;
    uint64_t b = (uint64_t)(y->significand >> 64);
    if (method == LF_PRODUCT_POWER_OF_TWO) {
        r.exponent += b >> 62 & 1;
        return r;
    }
    /* 2^63 (1 + f + h), of which the carry says that f + h >= 1. */
    lf_u128 sum = (x->significand >> 64) + b - one;
    if (sum >> 64) {
        r.exponent++;
        sum -= one;
    }
    r.significand = sum << 64;
    return r;
}

static lf_value product(const lf_number *x, int count, int method)
{
    const lf_value *a = &x[0].value, *b = &x[1].value;
    lf_value p = method != LF_PRODUCT_EXACT && a->kind == LF_FINITE && b->kind == LF_FINITE
                     ? approximate(a, b, method)
                     : multiply(a, b);
    for (int f = 2; f < count && p.kind != LF_NO_VALUE; f++)
        p = multiply(&p, &x[f].value);
    return p;
}

/* N-2 among the factors; false if none is NaN. */
static bool nan_factor(lf_run *run, const lf_number *x, int count, const lf_projection *p,
                       lf_value *chosen)
{
    bool nan = false;
    for (int f = 0; f < count; f++)
        nan |= x[f].value.kind == LF_NAN;
    if (!nan)
        return false;
    *chosen = x[0].value;
    run->flags |= x[0].value.signaling ? LF_INVALID : 0;
    for (int f = 1; f < count; f++) {
        run->flags |= x[f].value.signaling ? LF_INVALID : 0;
        *chosen = lf_first_nan(p, *chosen, x[f].value);
    }
    chosen->signaling = false;
    return true;
}

lf_value lf_term_value(lf_run *run, const lf_terms *terms, size_t i, bool daz, int method,
                       const lf_projection *nans)
{
    lf_number x[LF_FACTORS];
    int count = factors(run, terms, i, daz, x);
    lf_value chosen;
    return nan_factor(run, x, count, nans, &chosen) ? chosen : product(x, count, method);
}

lf_value lf_product_of(lf_run *run, lf_number *x, int count, const lf_projection *p)
{
    for (int f = 0; f < count; f++)
        x[f].value = lf_read(&x[f], p->daz);
    lf_value chosen;
    return nan_factor(run, x, count, p, &chosen) ? chosen : product(x, count, LF_PRODUCT_EXACT);
}

lf_term lf_term_aligned(lf_run *run, const lf_terms *terms, size_t i, const lf_projection *p,
                        bool zeros_aligned)
{
    lf_number x[LF_FACTORS];
    int count = factors(run, terms, i, p->daz, x);
    lf_term t = {.exponent = 0, .scale_exponent = 0};
    if (!nan_factor(run, x, count, p, &t.value))
        t.value = product(x, count, LF_PRODUCT_EXACT);
    bool zero = false;
    for (int f = 0; f < count; f++) {
        bool none = x[f].value.kind != LF_FINITE;
        int64_t lowest = x[f].lowest == LF_NO_LOWEST ? 0 : x[f].lowest;
        int64_t e = none || x[f].value.exponent < x[f].lowest ? lowest : x[f].value.exponent;
        zero |= none;
        t.exponent += e;
        t.scale_exponent += f >= 2 && !(none && !zeros_aligned) ? e : 0;
    }
    if (zero && !zeros_aligned)
        t.exponent = LF_NO_EXPONENT;
    return t;
}

size_t lf_lane(const lf_terms *terms, size_t n, size_t width, size_t lane, size_t *list)
{
    size_t count = 0;
    for (size_t run = lane; run <= (terms->count - 1) / width; run += n)
        for (size_t i = run * width; i < (run + 1) * width && i < terms->count; i++)
            list[count++] = lf_term_index(terms, i);
    return count;
}

lf_terms lf_ordered(lf_run *run, const lf_accumulator *a, const lf_terms *terms)
{
    lf_terms ordered = *terms;
    if (terms->count == 0 || (a->order != LF_REVERSED && a->order != LF_INTERLEAVED))
        return ordered;
    size_t *list = lf_take(run, terms->count * sizeof *list);
    size_t count = 0;
    if (a->order == LF_REVERSED)
        for (size_t i = terms->count; i > 0; i--)
            list[count++] = lf_term_index(terms, i - 1);
    else
        for (size_t lane = 0; lane < a->order_n && lane * a->order_width < terms->count; lane++)
            count += lf_lane(terms, a->order_n, a->order_width, lane, list + count);
    ordered.listed = list;
    return ordered;
}

void lf_note_special(lf_specials *s, const lf_value *x)
{
    s->nan |= x->kind == LF_NAN;
    s->invalid |= x->kind == LF_NO_VALUE;
    if (x->kind == LF_INFINITE)
        s->infinite[x->sign] = true;
}

bool lf_special_sum(lf_run *run, const lf_specials *s, const lf_projection *p, lf_value *result)
{
    bool invalid = s->invalid || (s->infinite[0] && s->infinite[1]);
    run->flags |= invalid ? LF_INVALID : 0;
    if (invalid || s->nan) {
        *result = lf_default_nan(p);
        return true;
    }
    *result = (lf_value){.kind = LF_INFINITE, .sign = s->infinite[1]};
    return s->infinite[0] || s->infinite[1];
}

#include "elements.h"
#include "operations.h"

/* The sum of two finite nonzero numbers; an exact zero takes zero_sign.
 *
 * Both significands end in zero bits: at least 22 in add and fma (53 bits each, 106 a product's).
 * So the shift that makes room for a carry is exact. Bits are lost to the jam only if the
 * exponents differ by more than 21, and then the result has at least 126 bits above it: the jam
 * only ever stands for a nonzero rest, as lf_value promises. For faa, see sum_of_three. */
static lf_value sum_finite(lf_value x, lf_value y, bool zero_sign)
{
    if (x.exponent < y.exponent || (x.exponent == y.exponent && x.significand < y.significand)) {
        lf_value swap = x;
        x = y;
        y = swap;
    }
    lf_u128 larger = x.significand >> 1;
    lf_u128 smaller = lf_shift_jam(y.significand, (uint32_t)(x.exponent - y.exponent) + 1);
    lf_u128 sum = x.sign == y.sign ? larger + smaller : larger - smaller;
    if (sum == 0)
        return (lf_value){.kind = LF_ZERO, .sign = zero_sign};
    return lf_with_significand(sum, x.exponent + 1, x.sign);
}

static inline lf_value sum_numbers(lf_value x, lf_value y, bool zero_sign)
{
    if (x.kind == LF_ZERO || y.kind == LF_ZERO)
        return x.kind == LF_ZERO ? y : x;
    return sum_finite(x, y, zero_sign);
}

/* The sum of three finite numbers with |x| >= |y| >= |z|, 53 bits each.
 *
 * If the exponents of x and y differ by at most 60, t = x + y is exact in 53 + 60 + 1 bits. In
 * t + z bits are lost only if the exponents differ by more than 74; then z is the smaller one: a t
 * below z <= y is a multiple of y's last place, which is at most 52 places below z's first bit.
 * If they differ by more, |y + z| is below 2^-58 |x|: nothing cancels, and what y + z has already
 * lost, 126 places below its first bit, goes to the same bit as what the sum with x loses. */
static lf_value sum_of_three(const lf_value *x, const lf_value *y, const lf_value *z,
                             bool zero_sign)
{
    if (x->kind == LF_ZERO || y->kind == LF_ZERO || x->exponent - y->exponent <= 60)
        return sum_numbers(sum_numbers(*x, *y, zero_sign), *z, zero_sign);
    return sum_numbers(*x, sum_numbers(*y, *z, zero_sign), zero_sign);
}

/* The projected sum of two values that are not NaN. */
static inline lf_coded project_sum(const lf_target *t, lf_value x, lf_value y, uint64_t random)
{
    bool zero_sign = lf_exact_zero_sign(&t->projection);
    lf_value sum = x;
    if (x.kind == LF_FINITE && y.kind == LF_FINITE)
        sum = sum_finite(x, y, zero_sign);
    else if (x.kind == LF_INFINITE && y.kind == LF_INFINITE && x.sign != y.sign)
        return lf_invalid(t);
    else if (x.kind == LF_ZERO && y.kind == LF_ZERO)
        sum.sign = x.sign == y.sign ? x.sign : zero_sign;
    else if (x.kind == LF_ZERO || y.kind == LF_INFINITE)
        sum = y;
    return lf_project(t, &sum, random);
}

/* The product of two values that are not NaN; zero times infinity is a NaN. */
static inline lf_value product(const lf_value *x, const lf_value *y)
{
    bool sign = x->sign != y->sign;
    if (x->kind == LF_FINITE && y->kind == LF_FINITE) {
        lf_u128 p = (x->significand >> 64) * (y->significand >> 64);
        return lf_with_significand(p, x->exponent + y->exponent + 1, sign);
    }
    bool infinite = x->kind == LF_INFINITE || y->kind == LF_INFINITE;
    bool zero = x->kind == LF_ZERO || y->kind == LF_ZERO;
    uint8_t kind = infinite && zero ? LF_NAN : infinite ? LF_INFINITE : LF_ZERO;
    return (lf_value){.kind = kind, .sign = sign};
}

static lf_coded convert(const lf_target *t, lf_value x, uint64_t random)
{
    return x.kind == LF_NAN ? lf_nan_operands(t, &x, 1) : lf_project(t, &x, random);
}

static lf_coded add(const lf_target *t, lf_value x, lf_value y, bool negate, uint64_t random)
{
    if (lf_any_nan(&x, &y))
        return lf_nan_operands(t, (lf_value[]){x, y}, 2);
    y.sign ^= negate;
    return project_sum(t, x, y, random);
}

lf_coded lf_add(const lf_target *t, lf_value x, lf_value y, uint64_t random)
{
    return add(t, x, y, false, random);
}

lf_value lf_sum(lf_value x, lf_value y, bool zero_sign)
{
    return sum_numbers(x, y, zero_sign);
}

static lf_coded multiply(const lf_target *t, lf_value x, lf_value y, uint64_t random)
{
    if (lf_any_nan(&x, &y))
        return lf_nan_operands(t, (lf_value[]){x, y}, 2);
    lf_value p = product(&x, &y);
    return p.kind == LF_NAN ? lf_invalid(t) : lf_project(t, &p, random);
}

static lf_coded fma_(const lf_target *t, lf_value x, lf_value y, lf_value z, uint64_t random)
{
    if (lf_any_nan(&x, &y))
        return lf_nan_operands(t, (lf_value[]){x, y, z}, 3);
    lf_value p = product(&x, &y);
    if (p.kind == LF_NAN) {
        if (z.kind != LF_NAN)
            return lf_invalid(t);
        lf_value made = lf_default_nan(&t->projection);
        lf_coded r = lf_nan_operands(t, (lf_value[]){made, z}, 2);
        r.flags |= t->projection.fma_nan_silent ? 0 : LF_INVALID;
        return r;
    }
    if (z.kind == LF_NAN)
        return lf_nan_operands(t, &z, 1);
    return project_sum(t, p, z, random);
}

static void sort_descending(const lf_value **x, const lf_value **y)
{
    if (lf_magnitude_order(*x, *y) < 0) {
        const lf_value *swap = *x;
        *x = *y;
        *y = swap;
    }
}

/* Rule A-12. */
lf_coded lf_faa(const lf_target *t, lf_value x, lf_value y, lf_value z, uint64_t random)
{
    if (lf_any_nan(&x, &y) || z.kind == LF_NAN)
        return lf_nan_operands(t, (lf_value[]){x, y, z}, 3);
    const lf_value *a = &x, *b = &y, *c = &z;
    sort_descending(&a, &b);
    sort_descending(&b, &c);
    sort_descending(&a, &b);
    bool zero_sign = lf_exact_zero_sign(&t->projection);
    lf_value sum = *a;
    if (a->kind == LF_INFINITE) {
        if ((b->kind == LF_INFINITE && b->sign != a->sign) ||
            (c->kind == LF_INFINITE && c->sign != a->sign))
            return lf_invalid(t);
    } else if (a->kind == LF_ZERO) {
        sum.sign = a->sign == b->sign && a->sign == c->sign ? a->sign : zero_sign;
    } else {
        sum = sum_of_three(a, b, c, zero_sign);
        sum.sign = sum.kind == LF_ZERO ? zero_sign : sum.sign;
    }
    return lf_project(t, &sum, random);
}

/* Rounded to the grid, then exactly back: only the first step raises flags. */
static inline lf_coded quantize(const lf_context *c, lf_value x, uint64_t random)
{
    lf_coded on_grid = convert(&c->grid, x, random);
    lf_value y = lf_unpack(&c->grid.format, false, on_grid.code);
    return (lf_coded){convert(&c->target, y, 0).code, on_grid.flags};
}

DEFINE_NUMBERS(convert_all, 1, SHORT(0), convert(t, VALUE(0), DRAWN))
DEFINE_NUMBERS(add_all, 2, lf_short_sum(SHORT(0), SHORT(1)),
               add(t, VALUE(0), VALUE(1), false, DRAWN))
DEFINE_NUMBERS(subtract_all, 2, lf_short_sum(SHORT(0), lf_short_negated(SHORT(1))),
               add(t, VALUE(0), VALUE(1), true, DRAWN))
DEFINE_NUMBERS(multiply_all, 2, lf_short_product(SHORT(0), SHORT(1)),
               multiply(t, VALUE(0), VALUE(1), DRAWN))
DEFINE_NUMBERS(fma_all, 3, lf_short_fused(SHORT(0), SHORT(1), SHORT(2)),
               fma_(t, VALUE(0), VALUE(1), VALUE(2), DRAWN))

uint32_t lf_compute(const lf_context *context, const uint64_t *const operands[3],
                    const uint64_t *random, uint64_t *codes, uint8_t *flags, size_t n)
{
    const lf_target *t = &context->target;
    bool daz = (context->operation == LF_QUANTIZE ? &context->grid : t)->projection.daz;
    uint32_t all = 0;
    switch (context->operation) {
    case LF_CONVERT: all = convert_all(context, operands, random, codes, flags, n); break;
    case LF_ADD: all = add_all(context, operands, random, codes, flags, n); break;
    case LF_SUBTRACT: all = subtract_all(context, operands, random, codes, flags, n); break;
    case LF_MULTIPLY: all = multiply_all(context, operands, random, codes, flags, n); break;
    case LF_FMA: all = fma_all(context, operands, random, codes, flags, n); break;
    case LF_QUANTIZE: FOR_ELEMENTS(quantize(context, VALUE(0), DRAWN)) break;
    default:
        if (context->operation <= LF_FAA)
            return lf_compute_algebraic(context, operands, random, codes, flags, n);
        return lf_compute_others(context, operands, random, codes, flags, n);
    }
    return all;
}

#include "arithmetic.h"

/* Which of two operands a propagating policy hands on, quieted. */
static lf_value first_nan(const lf_projection *p, lf_value x, lf_value y)
{
    bool second = p->nan_rule == LF_NAN_SIGNALING_FIRST && y.kind == LF_NAN && y.signaling &&
                  !(x.kind == LF_NAN && x.signaling);
    lf_value chosen = second || x.kind != LF_NAN ? y : x;
    chosen.signaling = false;
    return chosen;
}

/* The result of an operation with a NaN among its operands (N-2). */
static lf_coded nan_operands(const lf_target *t, const lf_value *values, int count)
{
    uint32_t raised = values[0].signaling ? LF_INVALID : 0;
    lf_value chosen = values[0];
    for (int i = 1; i < count; i++) {
        raised |= values[i].signaling ? LF_INVALID : 0;
        chosen = first_nan(&t->projection, chosen, values[i]);
    }
    lf_coded r = lf_nan_result(t, &chosen);
    r.flags |= raised;
    return r;
}

/* Rule A-6. */
static lf_coded invalid(const lf_target *t)
{
    lf_value nan = lf_default_nan(&t->projection);
    return (lf_coded){lf_nan_result(t, &nan).code, LF_INVALID};
}

static lf_value with_significand(lf_u128 significand, int32_t exponent, bool sign)
{
    int shift = lf_clz128(significand);
    return (lf_value){.significand = significand << shift,
                      .exponent = exponent - shift,
                      .kind = LF_FINITE,
                      .sign = sign};
}

/* The sum of two finite nonzero numbers; an exact zero takes zero_sign.
 *
 * Both significands end in at least 22 zero bits (53 bits each, 106 a product's), so the shift
 * that makes room for a carry is exact. Bits are lost to the jam only if the exponents differ by
 * more than 21, and then the result has at least 126 bits above it: the jam only ever stands for
 * a nonzero rest, as lf_value promises. */
static lf_value sum_finite(lf_value x, lf_value y, bool zero_sign)
{
    if (x.exponent < y.exponent || (x.exponent == y.exponent && x.significand < y.significand)) {
        lf_value swap = x;
        x = y;
        y = swap;
    }
    lf_u128 larger = x.significand >> 1;
    lf_u128 smaller = lf_shift_jam(y.significand >> 1, (uint32_t)(x.exponent - y.exponent));
    lf_u128 sum = x.sign == y.sign ? larger + smaller : larger - smaller;
    if (sum == 0)
        return (lf_value){.kind = LF_ZERO, .sign = zero_sign};
    return with_significand(sum, x.exponent + 1, x.sign);
}

/* The projected sum of two values that are not NaN. */
static inline lf_coded project_sum(const lf_target *t, lf_value x, lf_value y, uint64_t random)
{
    bool zero_sign = t->projection.rounding == LF_TOWARD_NEGATIVE;
    lf_value sum = x;
    if (x.kind == LF_FINITE && y.kind == LF_FINITE)
        sum = sum_finite(x, y, zero_sign);
    else if (x.kind == LF_INFINITE && y.kind == LF_INFINITE && x.sign != y.sign)
        return invalid(t);
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
        return with_significand(p, x->exponent + y->exponent + 1, sign);
    }
    bool infinite = x->kind == LF_INFINITE || y->kind == LF_INFINITE;
    bool zero = x->kind == LF_ZERO || y->kind == LF_ZERO;
    uint8_t kind = infinite && zero ? LF_NAN : infinite ? LF_INFINITE : LF_ZERO;
    return (lf_value){.kind = kind, .sign = sign};
}

static inline lf_coded convert(const lf_target *t, lf_value x, uint64_t random)
{
    return x.kind == LF_NAN ? nan_operands(t, &x, 1) : lf_project(t, &x, random);
}

static inline lf_coded add(const lf_target *t, lf_value x, lf_value y, bool negate, uint64_t random)
{
    if (x.kind == LF_NAN || y.kind == LF_NAN)
        return nan_operands(t, (lf_value[]){x, y}, 2);
    y.sign ^= negate;
    return project_sum(t, x, y, random);
}

static inline lf_coded multiply(const lf_target *t, lf_value x, lf_value y, uint64_t random)
{
    if (x.kind == LF_NAN || y.kind == LF_NAN)
        return nan_operands(t, (lf_value[]){x, y}, 2);
    lf_value p = product(&x, &y);
    return p.kind == LF_NAN ? invalid(t) : lf_project(t, &p, random);
}

static inline lf_coded fma_(const lf_target *t, lf_value x, lf_value y, lf_value z, uint64_t random)
{
    if (x.kind == LF_NAN || y.kind == LF_NAN)
        return nan_operands(t, (lf_value[]){x, y, z}, 3);
    lf_value p = product(&x, &y);
    if (p.kind == LF_NAN) {
        if (z.kind != LF_NAN)
            return invalid(t);
        lf_value made = lf_default_nan(&t->projection);
        lf_coded r = nan_operands(t, (lf_value[]){made, z}, 2);
        r.flags |= t->projection.fma_nan_silent ? 0 : LF_INVALID;
        return r;
    }
    if (z.kind == LF_NAN)
        return nan_operands(t, &z, 1);
    return project_sum(t, p, z, random);
}

/* Rounded to the grid, then exactly back: only the first step raises flags. */
static inline lf_coded quantize(const lf_context *c, lf_value x, uint64_t random)
{
    lf_coded on_grid = convert(&c->grid, x, random);
    lf_value y = lf_unpack(&c->grid.format, false, on_grid.code);
    return (lf_coded){convert(&c->target, y, 0).code, on_grid.flags};
}

int lf_arity(int operation)
{
    return operation == LF_FMA ? 3 : operation == LF_CONVERT || operation == LF_QUANTIZE ? 1 : 2;
}

int lf_target_init(lf_target *t, const lf_format *format, const lf_projection *p)
{
    if (!p || p->size < sizeof *p || p->rounding > LF_STOCHASTIC || p->variant > LF_VARIANT_C ||
        p->saturation > LF_SATURATION_PROPAGATE || p->nan_rule > LF_NAN_SIGNALING_FIRST ||
        !lf_layout_init(&t->format, format))
        return LF_ERROR_ARGUMENT;
    t->projection = *p;
    t->projection.default_nan_sign = p->default_nan_sign != 0;
    if (p->rounding != LF_STOCHASTIC)
        t->projection.exact_tail = 0;
    else if (p->random_bits < 1 || p->random_bits > 64 || (p->exact_tail && p->random_bits != 64))
        return LF_ERROR_ARGUMENT;
    return LF_OK;
}

int lf_context_init(lf_context *c, int operation, const lf_format *const *formats,
                    const lf_format *format, const lf_projection *projection)
{
    if (operation < 0 || operation >= LF_OPERATIONS)
        return LF_ERROR_ARGUMENT;
    c->operation = operation;
    for (int i = 0; i < lf_arity(operation); i++)
        if (!lf_layout_init(&c->operands[i], formats[i]))
            return LF_ERROR_ARGUMENT;
    return lf_target_init(&c->target, format, projection);
}

int lf_quantize_init(lf_context *c, const lf_format *container, const lf_format *grid,
                     const lf_format *format, const lf_projection *projection)
{
    int status = lf_target_init(&c->grid, grid, projection);
    if (status)
        return status;
    lf_projection back = {.size = sizeof back,
                          .nan_rule = projection->nan_rule,
                          .default_nan_sign = projection->default_nan_sign};
    return lf_context_init(c, LF_QUANTIZE, &container, format, &back);
}

/* Runs `expression` over the elements; a, b and c are its operands' values and r its R. */
#define FOR_ELEMENTS(expression)                                                                   \
    for (size_t i = 0; i < n; i++) {                                                               \
        uint64_t r = random ? random[i] : 0;                                                       \
        lf_coded result = expression;                                                              \
        codes[i] = result.code;                                                                    \
        flags[i] = (uint8_t)result.flags;                                                          \
        all |= result.flags;                                                                       \
    }
#define VALUE(k) lf_unpack(&context->operands[k], daz, operands[k][i])

uint32_t lf_compute(const lf_context *context, const uint64_t *const operands[3],
                    const uint64_t *random, uint64_t *codes, uint8_t *flags, size_t n)
{
    const lf_target *t = &context->target;
    bool daz = (context->operation == LF_QUANTIZE ? &context->grid : t)->projection.daz;
    uint32_t all = 0;
    switch (context->operation) {
    case LF_CONVERT: FOR_ELEMENTS(convert(t, VALUE(0), r)) break;
    case LF_ADD: FOR_ELEMENTS(add(t, VALUE(0), VALUE(1), false, r)) break;
    case LF_SUBTRACT: FOR_ELEMENTS(add(t, VALUE(0), VALUE(1), true, r)) break;
    case LF_MULTIPLY: FOR_ELEMENTS(multiply(t, VALUE(0), VALUE(1), r)) break;
    case LF_FMA: FOR_ELEMENTS(fma_(t, VALUE(0), VALUE(1), VALUE(2), r)) break;
    case LF_QUANTIZE: FOR_ELEMENTS(quantize(context, VALUE(0), r)) break;
    }
    return all;
}

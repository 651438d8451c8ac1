#include "arithmetic.h"

int lf_arity(int operation)
{
    switch (operation) {
    case LF_CONVERT:
    case LF_RECIPROCAL:
    case LF_SQRT:
    case LF_RSQRT:
    case LF_ROUND_TO_INTEGRAL:
    case LF_ROUND_TO_INTEGRAL_EXACT:
    case LF_LOGB:
    case LF_NEGATE:
    case LF_ABS:
    case LF_NEXTUP:
    case LF_NEXTDOWN:
    case LF_QUANTIZE: return 1;
    case LF_FMA:
    case LF_FAA:
    case LF_CLAMP: return 3;
    default: return 2;
    }
}

int lf_target_init(lf_target *t, const lf_format *format, const lf_projection *p)
{
    if (!p || p->size < sizeof *p || p->rounding > LF_STOCHASTIC || p->variant > LF_VARIANT_C ||
        p->saturation > LF_SATURATION_PROPAGATE || p->nan_rule > LF_NAN_SIGNALING_FIRST ||
        p->float_to_int > LF_TO_INT_NAN_ZERO || !lf_layout_init(&t->format, format))
        return LF_ERROR_ARGUMENT;
    t->projection = *p;
    t->projection.default_nan_sign = p->default_nan_sign != 0;
    if (p->rounding != LF_STOCHASTIC)
        t->projection.exact_tail = 0;
    else if (p->random_bits < 1 || p->random_bits > 64 || (p->exact_tail && p->random_bits != 64))
        return LF_ERROR_ARGUMENT;
    return LF_OK;
}

bool lf_same_format(const lf_format *f, const lf_format *g)
{
    return f->exponent_bits == g->exponent_bits && f->mantissa_bits == g->mantissa_bits &&
           f->bias == g->bias && !f->is_signed == !g->is_signed && f->infinities == g->infinities &&
           f->nan == g->nan && !f->negative_zero == !g->negative_zero && !f->zero == !g->zero &&
           f->subnormals == g->subnormals;
}

static bool is_neighbour(int operation)
{
    return operation == LF_NEXTUP || operation == LF_NEXTDOWN || operation == LF_NEXTAFTER;
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
    int status = lf_target_init(&c->target, format, projection);
    if (status != LF_OK)
        return status;
    c->same_format = lf_same_format(formats[0], format);
    if (!is_neighbour(operation))
        return LF_OK;
    if (c->target.projection.rounding == LF_STOCHASTIC) /* neighbours are exact */
        c->target.projection.rounding = LF_NEAREST_EVEN;
    return c->same_format ? LF_OK : LF_ERROR_ARGUMENT;
}

int lf_quantize_init(lf_context *c, const lf_format *container, const lf_format *grid,
                     const lf_format *format, const lf_projection *projection)
{
    int status = lf_target_init(&c->grid, grid, projection);
    if (status)
        return status;
    lf_projection back = {.size = sizeof back,
                          .nan_rule = projection->nan_rule,
                          .default_nan_sign = projection->default_nan_sign,
                          .quirks = projection->quirks & LF_QUIRK_NAN_ONES};
    return lf_context_init(c, LF_QUANTIZE, &container, format, &back);
}

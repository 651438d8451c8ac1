/* Classes that choose the result first, and those that need a product: the operand that is left is
 * computed with the library's own operations. lowfloat/vectors/result_classes.py. */
#ifndef LF_CASE_RESULTS_H
#define LF_CASE_RESULTS_H

#include "case_hard.h"

/* Codes of one operand or result, as lf_apply wants them. */
typedef struct codes {
    const lf_case_port *port;
    uint64_t memory[LF_CASE_PIECE];
} codes;

LF_INLINE void as_codes(const lf_case_port *f, const uint64_t *x, codes *y, size_t n)
{
    y->port = f;
    narrow(f->bytes, x, y->memory, n);
}

LF_INLINE void widen(const codes *x, uint64_t *y, size_t n)
{
    const lf_unaligned8 *x8 = (const lf_unaligned8 *)x->memory;
    const lf_unaligned16 *x16 = (const lf_unaligned16 *)x->memory;
    const lf_unaligned32 *x32 = (const lf_unaligned32 *)x->memory;
    for (size_t i = 0; x->port->bytes == 1 && i < n; i++)
        y[i] = x8[i];
    for (size_t i = 0; x->port->bytes == 2 && i < n; i++)
        y[i] = x16[i];
    for (size_t i = 0; x->port->bytes == 4 && i < n; i++)
        y[i] = x32[i];
    for (size_t i = 0; x->port->bytes == 8 && i < n; i++)
        y[i] = x->memory[i];
}

/* The result in the format `to`; `out` is none of the operands, unless it has their format. */
static int apply(int operation, const codes *x, const codes *y, const codes *z,
                 const lf_case_port *to, codes *out, size_t n, const lf_projection *projection)
{
    lf_operand operands[3] = {{x->port->format, x->memory, 1}};
    if (y)
        operands[1] = (lf_operand){y->port->format, y->memory, 1};
    if (z)
        operands[2] = (lf_operand){z->port->format, z->memory, 1};
    out->port = to;
    lf_result result = {.format = to->format, .codes = out->memory};
    return lf_apply(operation, operands, &result, n, projection, NULL, NULL);
}

/* A number near an exponent. */
LF_INLINE uint64_t drawn(const lf_case_port *f, uint64_t word, int64_t exponent)
{
    return pack(f, word >> 63, exponent, fraction_of(f, word));
}

/* An exponent for the first factor that leaves the second one a normal number; every fourth first
 * factor may be subnormal. */
LF_INLINE int64_t share(const lf_case_port *a, const lf_case_port *b, int64_t total, uint64_t word)
{
    int64_t deep = (word >> 21 & 3) == 0 ? a->mantissa_bits : 0;
    int64_t low = max_of(a->emin - deep, total - b->emax), high = min_of(a->emax, total - b->emin);
    return between(spread(word, 1), low, high);
}

/* -- solvers: operands from the codes of a target --------------------------------------------- */

/* The code at the port `wanted`: of the operation on the target and the code at the port `known`,
 * or on these in the other order. */
static int solve_for(const lf_case_unit *u, lf_case_piece *p, const uint64_t *target, int wanted,
                     int known, int operation, int reversed)
{
    codes x, y, z;
    as_codes(&u->target, target, &x, p->n);
    as_codes(&u->port[known], p->out[known], &y, p->n);
    int status = apply(operation, reversed ? &y : &x, reversed ? &x : &y, NULL, &u->port[wanted],
                       &z, p->n, u->nearest);
    widen(&z, p->out[wanted], p->n);
    return status;
}

static int solve_sum(const lf_case_unit *u, lf_case_piece *p, const uint64_t *target)
{
    const lf_case_port a = u->port[0], t = u->target;
    FOR_CASES
    {
        int64_t apart = below(spread(WORD(0), 6), (uint64_t)(a.precision + 4)) - 3;
        OUT(0) = drawn(&a, WORD(0), exponent_of(&t, target[i]) - apart);
    }
    return solve_for(u, p, target, 1, 0, LF_SUBTRACT, u->operation == LF_SUBTRACT);
}

static int solve_product(const lf_case_unit *u, lf_case_piece *p, const uint64_t *target)
{
    const lf_case_port a = u->port[0], b = u->port[1], t = u->target;
    FOR_CASES
    {
        int64_t one = share(&a, &b, exponent_of(&t, target[i]), WORD(0));
        OUT(0) = drawn(&a, WORD(0), one);
    }
    return solve_for(u, p, target, 1, 0, LF_DIVIDE, 0);
}

static int solve_quotient(const lf_case_unit *u, lf_case_piece *p, const uint64_t *target)
{
    const lf_case_port a = u->port[0], b = u->port[1], t = u->target;
    FOR_CASES
    {
        int64_t total = -exponent_of(&t, target[i]);
        int64_t low = max_of(b.emin, total + a.emin), high = min_of(b.emax, total + a.emax);
        OUT(1) = drawn(&b, WORD(1), between(spread(WORD(1), 1), low, high));
    }
    return solve_for(u, p, target, 0, 1, LF_MULTIPLY, 0);
}

static int solve_fma(const lf_case_unit *u, lf_case_piece *p, const uint64_t *target)
{
    const lf_case_port a = u->port[0], b = u->port[1], c = u->port[2], t = u->target;
    codes x, y, z, left;
    FOR_CASES
    {
        uint64_t window = (uint64_t)(2 * c.precision + 4);
        int64_t apart = below(spread(WORD(2), 6), window) - c.precision;
        int64_t total = exponent_of(&t, target[i]) - apart;
        OUT(0) = drawn(&a, WORD(0), share(&a, &b, total, WORD(0)));
        OUT(1) = drawn(&b, WORD(1), total - exponent_of(&a, OUT(0)));
    }
    /* -a, whose zero has a sign where the format has both. */
    const int both = !a.format->zero || a.format->negative_zero;
    uint64_t minus[LF_CASE_PIECE];
    FOR_CASES minus[i] = OUT(0) ^ (both || OUT(0) & a.magnitude_mask ? a.sign_mask : 0);
    as_codes(&u->port[0], minus, &x, p->n);
    as_codes(&u->port[1], p->out[1], &y, p->n);
    as_codes(&u->target, target, &z, p->n);
    int status = apply(LF_FMA, &x, &y, &z, &u->port[2], &left, p->n, u->nearest);
    widen(&left, p->out[2], p->n);
    return status;
}

/* Roots, reciprocals and conversions: the inverse function of the target. */
static int solve_inverse(const lf_case_unit *u, lf_case_piece *p, const uint64_t *target)
{
    codes x, y;
    const lf_case_port *to = &u->port[0];
    int status;
    as_codes(&u->target, target, &x, p->n);
    if (u->operation == LF_SQRT)
        status = apply(LF_MULTIPLY, &x, &x, NULL, to, &y, p->n, u->nearest);
    else if (u->operation == LF_CONVERT)
        status = apply(LF_CONVERT, &x, NULL, NULL, to, &y, p->n, u->nearest);
    else
        status = apply(LF_RECIPROCAL, &x, NULL, NULL, to, &y, p->n, u->nearest);
    if (u->operation == LF_RSQRT && status == LF_OK)
        status = apply(LF_MULTIPLY, &y, &y, NULL, to, &y, p->n, u->nearest);
    widen(&y, p->out[0], p->n);
    return status;
}

/* Operands for results near the codes `magnitude` plus `extra` / 2^extra_bits places. */
static int reach(const lf_case_unit *u, lf_case_piece *p, const int64_t *sign,
                 const int64_t *magnitude, const int64_t *extra)
{
    const lf_case_port t = u->target;
    const int64_t shift = u->extra_bits;
    uint64_t target[LF_CASE_PIECE];
    FOR_CASES
    {
        uint64_t code = (uint64_t)max_of(magnitude[i], 0) << shift | (uint64_t)extra[i];
        target[i] = with_sign(&t, (uint64_t)sign[i], least_of(code, t.max_finite));
    }
    switch (u->operation) {
    case LF_ADD:
    case LF_SUBTRACT: return solve_sum(u, p, target);
    case LF_MULTIPLY: return solve_product(u, p, target);
    case LF_DIVIDE: return solve_quotient(u, p, target);
    case LF_FMA: return solve_fma(u, p, target);
    default: return solve_inverse(u, p, target);
    }
}

/* -- targets ---------------------------------------------------------------------------------- */

#define LAST_WORD p->words[u->words - 1][i]
#define TARGETS int64_t magnitude[LF_CASE_PIECE], extra[LF_CASE_PIECE]

LF_INLINE int64_t random_magnitude(const lf_case_port *r, uint64_t word)
{
    return (int64_t)up_to(spread(word, 8), r->max_finite);
}

LF_INLINE int64_t rounding_bits(int64_t bits, int64_t guard, int64_t sticky, uint64_t word)
{
    if (bits < 2)
        return 0;
    int64_t tail = 1 + below(spread(word, 9), mask_of(bits - 1));
    return guard << (bits - 1) | (sticky ? tail : 0);
}

static int b2(const lf_case_unit *u, lf_case_piece *p)
{
    TARGETS;
    const int64_t mask = (int64_t)u->result.magnitude_mask;
    FOR_CASES
    {
        magnitude[i] = (u->boundaries[DIGIT(1)] ^ (int64_t)bit((uint64_t)DIGIT(2))) & mask;
        extra[i] = 0;
    }
    return reach(u, p, p->digits[0], magnitude, extra);
}

static int b3(const lf_case_unit *u, lf_case_piece *p)
{
    TARGETS;
    FOR_CASES
    {
        magnitude[i] = (random_magnitude(&u->result, LAST_WORD) & ~(int64_t)1) | DIGIT(1);
        extra[i] = rounding_bits(u->extra_bits, DIGIT(2), DIGIT(3), LAST_WORD);
    }
    return reach(u, p, p->digits[0], magnitude, extra);
}

static int b4(const lf_case_unit *u, lf_case_piece *p)
{
    TARGETS;
    const int64_t most = (int64_t)u->result.max_finite, room = INT64_MAX - most;
    const int64_t binade = (int64_t)1 << u->result.mantissa_bits;
    FOR_CASES
    {
        int64_t step = DIGIT(1), beyond = step < 7 ? step - 3 : (step - 10) * binade;
        magnitude[i] = most + min_of(beyond, room);
        extra[i] = rounding_bits(u->extra_bits, DIGIT(2), DIGIT(3), LAST_WORD);
    }
    return reach(u, p, p->digits[0], magnitude, extra);
}

static int b5(const lf_case_unit *u, lf_case_piece *p)
{
    TARGETS;
    const int64_t least = (int64_t)u->result.min_positive;
    const int64_t normal = (int64_t)u->result.min_normal;
    const int64_t binade = (int64_t)1 << u->result.mantissa_bits;
    FOR_CASES
    {
        int64_t step = DIGIT(1);
        magnitude[i] = step < 7    ? least + step - 3
                       : step < 14 ? normal + step - 10
                                   : normal + (step - 14) * binade;
        extra[i] = rounding_bits(u->extra_bits, DIGIT(2), DIGIT(3), LAST_WORD);
    }
    return reach(u, p, p->digits[0], magnitude, extra);
}

static int b6(const lf_case_unit *u, lf_case_piece *p)
{
    TARGETS;
    const int64_t bits = max_of(u->extra_bits, 1), half = (int64_t)1 << (bits - 1);
    const int64_t mask = u->extra_bits ? 2 * half - 1 : 0;
    FOR_CASES
    {
        int64_t drawn_tail = 1 + below(spread(LAST_WORD, 9), (uint64_t)half);
        int64_t tail = drawn_tail >> min_of(DIGIT(2), bits - 1), part = DIGIT(1);
        magnitude[i] = 0;
        extra[i] = (part == 0 ? tail : part == 1 ? half : half + tail) & mask;
    }
    return reach(u, p, p->digits[0], magnitude, extra);
}

static int b7(const lf_case_unit *u, lf_case_piece *p)
{
    TARGETS;
    const uint64_t some = all_if(u->extra_bits > 0);
    FOR_CASES
    {
        magnitude[i] = (random_magnitude(&u->result, LAST_WORD) & ~(int64_t)1) | DIGIT(1);
        extra[i] = (int64_t)(bit((uint64_t)DIGIT(2)) & some);
    }
    return reach(u, p, p->digits[0], magnitude, extra);
}

static int b8(const lf_case_unit *u, lf_case_piece *p)
{
    TARGETS;
    const int64_t top = (int64_t)1 << u->extra_bits;
    FOR_CASES
    {
        int64_t tail = DIGIT(2);
        magnitude[i] = (random_magnitude(&u->result, LAST_WORD) & ~(int64_t)1) | DIGIT(1);
        extra[i] = (tail < 4 ? tail : top - 8 + tail) & (top - 1);
    }
    return reach(u, p, p->digits[0], magnitude, extra);
}

static int carry_out(const lf_case_unit *u, lf_case_piece *p)
{
    TARGETS;
    const int64_t all = (int64_t)1 << u->extra_bits, half = all >> 1;
    FOR_CASES
    {
        int64_t tail = DIGIT(2);
        magnitude[i] = random_magnitude(&u->result, LAST_WORD) | (int64_t)mask_of(DIGIT(1));
        extra[i] = (tail == 0 ? half : tail == 1 ? half + 1 : all - 1) & (all - 1);
    }
    return reach(u, p, p->digits[0], magnitude, extra);
}

/* -- an addend that cancels a product --------------------------------------------------------- */

LF_INLINE int product_cancelled(const lf_case_unit *u, lf_case_piece *p, const int lowest)
{
    const lf_case_port a = u->port[0], b = u->port[1], c = u->port[2];
    codes x, y;
    FOR_CASES
    {
        int64_t total = lowest ? c.emin + DIGIT(2) - 2 : exponents(&c, spread(WORD(2), 1), 2);
        factors(&a, &b, p, i, total, 0);
    }
    as_codes(&u->port[0], p->out[0], &x, p->n);
    as_codes(&u->port[1], p->out[1], &y, p->n);
    codes z;
    int status = apply(LF_MULTIPLY, &x, &y, NULL, &u->port[2], &z, p->n, u->toward_zero);
    widen(&z, p->out[2], p->n);
    FOR_CASES
    {
        uint64_t product = OUT(2) ^ c.sign_mask;
        uint64_t low = mask_of(min_of(DIGIT(0), c.width - 1));
        uint64_t magnitude = product & c.magnitude_mask;
        uint64_t changed = (magnitude & ~low) | (WORD(2) & low);
        magnitude = least_of(DIGIT(1) ? changed : magnitude ^ low, c.max_finite);
        OUT(2) = with_sign(&c, product >> (c.width - 1), magnitude);
    }
    return status;
}

static int b16(const lf_case_unit *u, lf_case_piece *p)
{
    return product_cancelled(u, p, 0);
}

static int b17(const lf_case_unit *u, lf_case_piece *p)
{
    return product_cancelled(u, p, 1);
}

#endif

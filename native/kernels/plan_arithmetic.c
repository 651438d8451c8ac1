/* Chooses the host and the kernels of an operation, and runs them.
 *
 * Notation: H bits of the host, 2^low its smallest number; p_x, emin_x, 2^lattice_x the precision,
 * the lowest exponent and the smallest positive number of format x; m any number that rounding to r
 * looks at: of at most p_r + 1 bits, and a multiple of 2^z, z = emin_r - M_r - 2
 * (host_arithmetic.h). v is the exact result, f(v) the host's, so that f is monotone, and f(m) = m:
 * for v > m, f(v) >= m, and all that is needed is f(v) != m.
 *
 * Sums. TwoSum makes f(v) odd where it is not v. With p_r + 2 <= H and z >= low every m is an even
 * host number. Where sums may be rounded to nearest even (no flags, p_x, p_y <= p_r, lattice_x,
 * lattice_y >= lattice_r) 2 p_r + 2 <= H is enough: see nearest_sum.
 *
 * Products. p_x + p_y <= H bits are exact if lattice_x + lattice_y >= low. Otherwise those of at
 * least 2^q, q = emin_r - M_r - 1, are, if q - (p_x + p_y - 1) >= low; and one of less has its
 * significand at (2^p_x - 1) (2^p_y - 1), below 2^(p_x + p_y) - 2^p_x, or has p_x + p_y - 1 bits
 * and is exact down to 2^(q - 1): f(v) < 2^q, whatever lies between. (The bound of tininess is not
 * below 2^q.)
 *
 * Quotients v = x / y. As integers, v - m = (x - m y) / y with m < 2^(p_r + 1), so for v != m the
 * distance is 1 / y > 2^-p_y at least: half a step of the host, 2^(p_r - H) for m >= 2^p_r, is not
 * more if p_r + p_y <= H. Where x has the smaller step the distance is v / x > 2^-p_x v: enough if
 * p_x <= H. Where the host is subnormal its half step is 2^(low - 1), and the distance from a
 * multiple of 2^z more than 2^(z - max(p_x, p_y) - 1).
 *
 * Roots. |sqrt(x) - m| = |x - m^2| / (sqrt(x) + m) > 2^-(p_r + 2) for integers m < 2^(p_r + 1), if
 * x is an integer too, as it is with p_x <= 2 p_r + 1 bits; half a step is 2^(p_r - H). So 2 p_r +
 * 2 <= H, or p_x + 1 <= H for longer x, is enough.
 *
 * Fused. A product that is exact, and a sum as above.
 *
 * Overflows. The host's infinity stands for an exact result of at least t = 2^(bias + 1), which is
 * the number m next to r's largest where r reaches the host's highest binade. The arguments above
 * do not mind that m is no host number: products have at most H bits, and a quotient of less than t
 * does not round to t. Sums that were rounded to odd may; see overflow_sure. Full kernels keep what
 * overflows apart from infinities, and round it as t itself.
 *
 * binary32 and binary64 themselves, to nearest even without flags: f(v) is the result.
 */
#include "host_arithmetic.h"

#include <string.h>

#include "host.h"
#include "isa.h"

LF_DEFINE_TABLE_OF(operators_of, lf_operate_table, lf_operators)
LF_DEFINE_TABLE_OF(one_passes_of, lf_one_pass_table, lf_one_passes)

static const lf_format binary32 = {
    sizeof binary32,       8,     23, 127, 1, LF_INFINITIES_IEEE, LF_NAN_IEEE, 1, 1,
    LF_SUBNORMALS_GRADUAL, {0, 0}};
static const lf_format binary64 = {
    sizeof binary64,       11,    52, 1023, 1, LF_INFINITIES_IEEE, LF_NAN_IEEE, 1, 1,
    LF_SUBNORMALS_GRADUAL, {0, 0}};

static int operator_of(int operation)
{
    switch (operation) {
    case LF_ADD: return LF_HOST_ADD;
    case LF_SUBTRACT: return LF_HOST_SUBTRACT;
    case LF_MULTIPLY: return LF_HOST_MULTIPLY;
    case LF_DIVIDE: return LF_HOST_DIVIDE;
    case LF_SQRT: return LF_HOST_SQRT;
    case LF_FMA: return LF_HOST_FMA;
    default: return LF_OPERATORS;
    }
}

static int precision(const lf_layout *f)
{
    return f->mantissa_bits + 1;
}

/* The exponent of the lattice's lowest step. */
static int lattice(const lf_layout *f)
{
    return f->emin - f->mantissa_bits;
}

static int greater(int a, int b)
{
    return a > b ? a : b;
}

/* What the comment at the top needs of one host; x, y, z of the operands, r of the result. */
typedef struct bounds {
    int bits, low;              /* H, low */
    int random;                 /* N of a stochastic rounding, else 0 */
    const lf_layout *x, *y, *r; /* y is x where there is one operand */
} bounds;

/* Rounded to odd: N + 2 bits below the last place, so that P-6 sees floor(nu 2^N), the next bit and
 * whether there is more. */
static bool odd_holds(const bounds *b)
{
    return precision(b->r) + b->random + 2 <= b->bits && lattice(b->r) - 2 >= b->low;
}

static bool product_exact(const bounds *b)
{
    return precision(b->x) + precision(b->y) <= b->bits && lattice(b->x) + lattice(b->y) >= b->low;
}

static bool product_holds(const bounds *b)
{
    int bits = precision(b->x) + precision(b->y);
    if (product_exact(b))
        return odd_holds(b);
    return bits <= b->bits && odd_holds(b) && !b->random &&
           lattice(b->r) - 1 - (bits - 1) >= b->low;
}

static bool quotient_holds(const bounds *b)
{
    int longer = greater(precision(b->x), precision(b->y));
    return odd_holds(b) && !b->random && precision(b->r) + precision(b->y) <= b->bits &&
           longer <= b->bits && lattice(b->r) - 2 - longer - 1 >= b->low;
}

static bool root_holds(const bounds *b)
{
    int needed = greater(2 * precision(b->r) + 2, precision(b->x) + 1);
    return odd_holds(b) && !b->random && needed <= b->bits;
}

/* Whether f may round sums to nearest even before r does [Figueroa 1995 for one format].
 *
 * Let |x| >= |y| and v = x + y be inexact in the host, 2^e <= |v| < 2^(e + 1). Then y has bits
 * below 2^(e - H + 1), so |y| < 2^(e - H + p_r) <= 2^(e - p_r - 2), and x, within that of v, is a
 * multiple of 2^(e - p_r + 1), as it cannot be below 2^e. A midpoint m is an odd multiple of 2^(e -
 * p_r), so that |v - m| >= 2^(e - p_r) - |y| > 2^(e - H) >= |v - f(v)|, and f(v) != m. Near the
 * bottom all numbers are multiples of r's smallest, and v is exact. */
static bool nearest_sum(const bounds *b)
{
    int p = precision(b->r);
    return 2 * p + 2 <= b->bits && precision(b->x) <= p && precision(b->y) <= p &&
           lattice(b->x) >= lattice(b->r) && lattice(b->y) >= lattice(b->r);
}

/* Whether no exact result of less than t = 2^(bias + 1) overflows the host: those that do are
 * above t - 2^(bias - H).
 *
 * Sums of r's precision or less: as in nearest_sum with e = bias; x, a host number, is not t, so
 * that t - x >= 2^(e - p_r + 1), and t - v >= 2^(e - p_r) > 2^(e - H).
 *
 * Fused, of a product P < 2^bias (host_holds): z >= 2^bias is a multiple of 2^(bias + 1 - p_z), as
 * is d = t - z. If P < d is so near, it is above d / 2 >= 2^(bias - p_z), and a multiple of
 * 2^(bias - p_z - (p_x + p_y - 1)), like d: t - v = d - P is not less than that, and not less than
 * 2^(bias + 1 - H) if p_x + p_y + p_z <= H. (Signs as they may be: other sums do not grow.) */
static bool overflow_sure(int op, const bounds *b, const lf_layout *z)
{
    switch (op) {
    case LF_HOST_ADD:
    case LF_HOST_SUBTRACT: return nearest_sum(b);
    case LF_HOST_FMA: return precision(b->x) + precision(b->y) + precision(z) <= b->bits;
    default: return true;
    }
}

/* Operands to the host, exactly. A `flush` format is a gradual one whose subnormals are zeros. */
static bool plan_operand(lf_stage *s, const lf_format *format, const lf_layout *f, bool daz,
                         const host *h, const lf_format *to, int isa)
{
    lf_format gradual = *format;
    lf_projection exact = {.size = sizeof exact};
    bool flush = f->subnormals == LF_SUBNORMALS_FLUSH;
    if (flush)
        gradual.subnormals = LF_SUBNORMALS_GRADUAL;
    s->bytes = f->storage_bytes;
    /* Only NaNs of IEEE 754 signal. */
    int signals = f->nan == LF_NAN_IEEE;
    bool planned =
        lf_plan_cast(&s->plan, &gradual, to, &exact, NULL, 0, 0, 0, isa, &s->kernel) &&
        lf_plan_cast(&s->full_plan, &gradual, to, &exact, NULL, signals, signals, 0, isa, &s->full);
    if (!planned)
        return false;
    if ((flush || daz) && f->subnormals != LF_SUBNORMALS_NORMAL) {
        s->zero_below = magnitude_of((int64_t)f->min_normal_code, f, h);
        s->kept_sign = f->negative_zero ? (uint64_t)1 << (h->bits - 1) : 0;
    }
    lf_cast_kernel raw = lf_raw_decoder(&s->plan, &gradual, h->lanes, isa, s->kernel);
    s->raw = raw != s->kernel;
    s->kernel = raw;
    raw = lf_raw_decoder(&s->full_plan, &gradual, h->lanes, isa, s->full);
    s->flagged = signals && raw == s->full;
    s->full = raw;
    return true;
}

/* What t = 2^(bias + 1) becomes, where the host's largest number need not overflow. (Negative
 * results of unsigned formats do not depend on their size: P-12.) */
static void plan_overflow(lf_cast_plan *p, const lf_target *target, const host *h)
{
    const lf_layout *f = &target->format;
    lf_value t = {.kind = LF_FINITE, .significand = (lf_u128)1 << 127, .exponent = h->bias + 1};
    uint64_t minus = p->over ^ p->over_flip;
    uint8_t minus_flags = p->over_flags ^ p->over_flags_flip;
    if (f->top_exponent <= h->bias)
        return;
    lf_coded over = lf_project(target, &t, 0);
    p->over = over.code;
    p->over_flags = over.flags;
    if (f->is_signed) {
        t.sign = true;
        over = lf_project(target, &t, 0);
        minus = over.code;
        minus_flags = over.flags;
    }
    p->over_flip = p->over ^ minus;
    p->over_flags_flip = p->over_flags ^ minus_flags;
}

static bool plan_result(lf_stage *s, const lf_format *from, const lf_format *format,
                        const lf_target *target, const lf_projection *q, const lf_random *random,
                        int want_flags, int want_flags_out, int isa, const host *h)
{
    lf_projection rounding = *q;
    rounding.daz = 0; /* of operands */
    s->bytes = target->format.storage_bytes;
    bool planned =
        lf_plan_cast(&s->plan, from, format, &rounding, random, want_flags, want_flags_out, 0, isa,
                     &s->kernel) &&
        lf_plan_cast(&s->full_plan, from, format, &rounding, random, 1, 1, 0, isa, &s->full);
    s->full_plan.infinite_at++;
    plan_overflow(&s->full_plan, target, h);
    return planned && !s->plan.widen;
}

/* Whether f(v) may stand for v, and the constants of fma. */
static bool host_holds(lf_arithmetic_plan *p, int op, const bounds *b, const lf_context *c,
                       const host *h)
{
    int x_top = c->operands[0].top_exponent, y_top = c->operands[1].top_exponent;
    switch (op) {
    case LF_HOST_ADD:
    case LF_HOST_SUBTRACT: return odd_holds(b);
    case LF_HOST_MULTIPLY: return product_holds(b);
    case LF_HOST_DIVIDE: return quotient_holds(b);
    case LF_HOST_SQRT: return root_holds(b);
    }
    /* Products from the host's smallest normal number up to half its range are exact too. */
    if (!product_exact(b) || x_top + y_top > h->bias) {
        p->constants.least = (uint64_t)1 << h->fraction;
        p->constants.span = (uint64_t)(2 * h->bias - 2) << h->fraction;
    }
    return odd_holds(b) && precision(b->x) + precision(b->y) <= b->bits;
}

/* binary32 and binary64 within themselves. Only NaNs are not what they should be. */
static int copy_kernel(const lf_cast_plan *p, const void *in, void *out, uint8_t *flags_out,
                       uint32_t *flags, size_t n, uint64_t first)
{
    (void)flags_out, (void)flags, (void)first;
    memcpy(out, in, n * (size_t)p->code_shift);
    return LF_OK;
}

static int copy_numbers32(const lf_cast_plan *p, const void *in, void *out, uint8_t *flags_out,
                          uint32_t *flags, size_t n, uint64_t first)
{
    const uint32_t *x = in;
    uint32_t nan = (uint32_t)p->nan;
    (void)flags_out, (void)flags, (void)first;
    for (size_t i = 0; i < n; i++) {
        uint32_t y = (x[i] & INT32_MAX) > 0x7f800000 ? nan : x[i];
        memcpy((char *)out + i * sizeof y, &y, sizeof y);
    }
    return LF_OK;
}

static int copy_numbers64(const lf_cast_plan *p, const void *in, void *out, uint8_t *flags_out,
                          uint32_t *flags, size_t n, uint64_t first)
{
    const uint64_t *x = in;
    uint64_t nan = p->nan;
    (void)flags_out, (void)flags, (void)first;
    for (size_t i = 0; i < n; i++) {
        uint64_t y = (x[i] & INT64_MAX) > 0x7ff0000000000000 ? nan : x[i];
        memcpy((char *)out + i * sizeof y, &y, sizeof y);
    }
    return LF_OK;
}

/* The host's own format, under what the host does anyway: one rounding, by the host. */
static bool plan_own(lf_arithmetic_plan *p, const lf_context *c, const lf_format *const *formats,
                     const lf_format *format, const lf_projection *q, int op, int isa,
                     const host *h)
{
    bool own = is_host(format, h) && op != LF_HOST_FMA;
    for (int k = 0; k < p->arity; k++)
        own = own && is_host(formats[k], h);
    if (!own || q->rounding != LF_NEAREST_EVEN || q->saturation != LF_SATURATION_NONE || q->daz ||
        q->ftz || q->quirks || q->nan_rule != LF_NAN_CANONICAL)
        return false;
    int bytes = h->bits / 8;
    for (int k = 0; k < p->arity; k++)
        p->operands[k] =
            (lf_stage){.kernel = copy_kernel, .bytes = bytes, .plan.code_shift = bytes};
    lf_value nan = lf_default_nan(&c->target.projection);
    p->result = (lf_stage){.kernel = h->lanes == LF_LANES32 ? copy_numbers32 : copy_numbers64,
                           .bytes = bytes,
                           .plan.nan = lf_nan_result(&c->target, &nan).code};
    p->operate = operators_of(isa)->kernel[h->lanes][op][LF_CARE_NEAREST];
    return true;
}

/* The processor's own narrowing, and bfloat16's carry into the exponent, overflow to infinity under
 * every saturation: without one they serve, otherwise the kinds that end at the plan's cap. */
static int one_pass_kind(const lf_format *f, bool saturates)
{
    if (saturates)
        return f->mantissa_bits <= 7 ? LF_SHORTER_CODES : LF_LONGER_CODES;
    if (f->exponent_bits == 5 && f->bias == 15 && f->mantissa_bits <= 10)
        return f->mantissa_bits == 10 ? LF_WHOLE_BINARY16 : LF_SHORTER_BINARY16;
    if (f->exponent_bits == 8 && f->bias == 127 && f->mantissa_bits == 7)
        return LF_WHOLE_BFLOAT16;
    return f->mantissa_bits <= 7 ? LF_SHORTER_CODES : LF_LONGER_CODES;
}

/* The kernel of one_pass.h, where all formats are one, IEEE-style, and no operand is read as zero.
 */
static void plan_one_pass(lf_arithmetic_plan *p, const lf_format *const *formats,
                          const lf_format *format, const lf_projection *q, int op, const bounds *b,
                          int isa)
{
    bool saturates = q->saturation != LF_SATURATION_NONE;
    int level = p->result.plan.level;
    bool fits = p->lanes == LF_LANES32 && b->r->storage_bytes == 2 &&
                (level == LF_NEAREST || level == LF_NEAREST_UNION) &&
                (op > LF_HOST_SUBTRACT || nearest_sum(b));
    for (int k = 0; k < p->arity; k++)
        fits = fits && lf_same_format(formats[k], format) && p->operands[k].raw &&
               !p->operands[k].zero_below;
    if (!fits)
        return;
    p->loses = op == LF_HOST_DIVIDE     ? lattice(b->x) - b->y->top_exponent < b->low
               : op == LF_HOST_MULTIPLY ? !product_exact(b)
                                        : p->constants.span != UINT64_MAX;
    int kind = one_pass_kind(format, saturates);
    p->one_pass = one_passes_of(isa)->kernel[kind][op][level == LF_NEAREST_UNION];
    p->at_once = one_passes_of(isa)->at_once;
}

static bool plan_host(lf_arithmetic_plan *p, const lf_context *c, const lf_format *const *formats,
                      const lf_format *format, const lf_projection *q, const lf_random *random,
                      int want_flags, int want_flags_out, int isa, int lanes)
{
    const host *h = &hosts[lanes];
    const lf_format *host_format = lanes == LF_LANES32 ? &binary32 : &binary64;
    const lf_layout *f = &c->target.format;
    int op = operator_of(c->operation);
    bounds b = {.bits = h->fraction + 1,
                .low = 1 - h->bias - h->fraction,
                .random = q->rounding == LF_STOCHASTIC ? q->random_bits : 0,
                .x = &c->operands[0],
                .y = &c->operands[lf_arity(c->operation) > 1],
                .r = f};
    *p = (lf_arithmetic_plan){
        .arity = lf_arity(c->operation), .lanes = lanes, .constants.span = UINT64_MAX};
    if (!want_flags && !want_flags_out && plan_own(p, c, formats, format, q, op, isa, h))
        return true;
    /* What overflows the host overflows the result's format too, but for over_unfit. */
    if (f->top_exponent > h->bias + 1 || !host_holds(p, op, &b, c, h))
        return false;
    for (int k = 0; k < p->arity; k++)
        if (!plan_operand(&p->operands[k], formats[k], &c->operands[k], q->daz, h, host_format,
                          isa))
            return false;
    if (!plan_result(&p->result, host_format, format, &c->target, q, random, want_flags,
                     want_flags_out, isa, h))
        return false;
    int level = p->result.plan.level;
    bool simple = level == LF_NEAREST, sum = op <= LF_HOST_SUBTRACT;
    int care = simple && (!sum || nearest_sum(&b)) ? LF_CARE_NEAREST : LF_CARE_ODD;
    p->always_full = level == LF_FULL;
    p->checked = level == LF_UNION || level == LF_NEAREST_UNION;
    p->constants.flip = q->rounding == LF_TOWARD_NEGATIVE ? (uint64_t)1 << (h->bits - 1) : 0;
    p->constants.over_unfit = f->top_exponent > h->bias && (p->checked || p->always_full) &&
                              !overflow_sure(op, &b, &c->operands[2]);
    p->constants.fma_nan_silent = q->fma_nan_silent;
    p->operate = operators_of(isa)->kernel[lanes][op][care];
    p->operate_full = operators_of(isa)->kernel[lanes][op][LF_CARE_FULL];
    plan_one_pass(p, formats, format, q, op, &b, isa);
    return true;
}

/* Whether no result can be out of the host's range. */
static bool fits_all(const lf_arithmetic_plan *p)
{
    return p->constants.span == UINT64_MAX && !p->constants.over_unfit;
}

int lf_plan_arithmetic(lf_arithmetic_plan plans[2], int operation, const lf_format *const *formats,
                       const lf_format *format, const lf_projection *projection,
                       const lf_random *random, int want_flags, int want_flags_out, int isa)
{
    lf_context c;
    if (isa == LF_ISA_BEST)
        isa = lf_isa_best();
    if (operator_of(operation) == LF_OPERATORS || !lf_isa_usable(isa) ||
        lf_context_init(&c, operation, formats, format, projection))
        return 0;
    int host = 0;
    while (!plan_host(&plans[0], &c, formats, format, projection, random, want_flags,
                      want_flags_out, isa, host))
        if (++host > LF_LANES64)
            return 0;
    if (fits_all(&plans[0]))
        return 1;
    if (host == LF_LANES64 ||
        !plan_host(&plans[1], &c, formats, format, projection, random, want_flags, want_flags_out,
                   isa, LF_LANES64) ||
        !fits_all(&plans[1]))
        return 0;
    plans[0].wider = &plans[1];
    return 1;
}

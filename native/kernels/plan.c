/* Chooses the kernel of a cast and computes its constants.
 *
 * Results that are not a rounded code - of NaNs, infinities, zeros, overflows, negative numbers
 * in unsigned formats - are whatever the generic path says of one representative. */
#include "isa.h"
#include "plan_lattice.h"

LF_DEFINE_TABLE_OF(encoders_of, lf_encode_table, lf_encoders)
LF_DEFINE_TABLE_OF(decoders_of, lf_decode_table, lf_decoders)
LF_DEFINE_TABLE_OF(limits_of, lf_limit_table, lf_limits)

int lf_limit(int which, int isa, const void *in, void *out, size_t n)
{
    if (which < 0 || which >= LF_LIMITS)
        return LF_ERROR_ARGUMENT;
    if (!lf_isa_usable(isa))
        return LF_ERROR_ISA;
    limits_of(isa)->loop[which](in, out, n);
    return LF_OK;
}

static int width_of(const lf_format *f)
{
    return (f->is_signed != 0) + f->exponent_bits + f->mantissa_bits;
}

/* Representatives whose results a plan keeps: one per sign but for NaN. */
enum { PLUS, MINUS, NAN_ = 6 };
enum { OVER = 0, INFINITE = 2, ZERO = 4, REPRESENTATIVES = 7 };

typedef struct results {
    uint64_t code[REPRESENTATIVES];
    uint8_t flags[REPRESENTATIVES];
} results;

/* The largest finite code, which overflows if any does; infinity; zero; the canonical NaN. With
 * the largest R, rounding goes away from zero if it ever does. */
static results representatives(const lf_context *c, const lf_layout *from)
{
    uint64_t minus = from->sign_mask;
    uint64_t infinity = from->infinity_code == LF_NO_CODE ? 0 : from->infinity_code;
    uint64_t codes[REPRESENTATIVES] = {
        from->max_finite_code, from->max_finite_code | minus, infinity, infinity | minus, 0, minus,
        from->nan_code};
    const lf_target *rounding = c->operation == LF_QUANTIZE ? &c->grid : &c->target;
    uint64_t random[REPRESENTATIVES];
    const uint64_t *const operands[3] = {codes, codes, codes};
    bool stochastic = rounding->projection.rounding == LF_STOCHASTIC;
    int bits = stochastic ? rounding->projection.random_bits : 1;
    results r;
    if (from->nan_code == LF_NO_CODE)
        codes[NAN_] = 0;
    for (int i = 0; i < REPRESENTATIVES; i++)
        random[i] = UINT64_MAX >> (64 - bits);
    lf_compute(c, operands, stochastic ? random : NULL, r.code, r.flags, REPRESENTATIVES);
    return r;
}

static void plan_random(lf_cast_plan *p, const lf_projection *q, const lf_random *random)
{
    int bits = q->random_bits;
    p->random_bits = (uint8_t)bits;
    p->random_lane = bits <= 8 ? 8 : bits <= 16 ? 16 : bits <= 32 ? 32 : 64;
    p->random_kind = (uint8_t)random->kind;
    p->random_first = random->first;
    p->seed = random->seed;
    p->call = random->call;
    p->stream = random->stream;
    p->given = random->given;
    p->given_stride = random->given_stride;
}

/* Everything between a host and a target, in the result's own codes. */
static void plan_encode(lf_cast_plan *p, const lf_layout *f, const lf_projection *q, const host *h,
                        const results *r, int width, bool quantize)
{
    int64_t low = low_field(f, h);
    p->low_field = low;
    p->drop_base = low + h->fraction - f->mantissa_bits;
    p->lattice_add = f->subnormals == LF_SUBNORMALS_NORMAL ? 0 : (uint64_t)1 << h->fraction;
    plan_threshold(p, f, q);
    if (h->lanes == LF_LANES32) {
        p->threshold >>= 32, p->threshold_flip >>= 32;
    }
    p->max_code = (int64_t)f->max_finite_code;
    p->sign_min = !f->negative_zero;
    p->sign_mask = quantize ? (uint64_t)f->is_signed << (h->bits - 1) : f->sign_mask;
    p->sign_shift = quantize ? 0 : h->bits - width;
    p->over_flags = r->flags[OVER + PLUS];
    p->over_flags_flip = r->flags[OVER + PLUS] ^ r->flags[OVER + MINUS];
    p->zero = r->code[ZERO + PLUS];
    p->zero_flip = r->code[ZERO + PLUS] ^ r->code[ZERO + MINUS];
    p->zero_flags = r->flags[ZERO + PLUS];
    p->zero_flags_flip = r->flags[ZERO + PLUS] ^ r->flags[ZERO + MINUS];
    p->infinite_flags_flip = r->flags[INFINITE + PLUS] ^ r->flags[INFINITE + MINUS];
    p->zero_below = q->daz ? (int64_t)1 << h->fraction : 0;
    p->flush = f->zero && (q->ftz || f->subnormals == LF_SUBNORMALS_FLUSH);
    p->negative_min = f->is_signed ? (int64_t)(UINT64_MAX >> 1 >> (64 - h->bits)) : f->zero;
    p->infinite_at = h->infinity;
    p->common = f->is_signed && f->zero && f->negative_zero && !q->daz && !p->flush &&
                f->subnormals == LF_SUBNORMALS_GRADUAL;
    plan_low(p, f, q, h);
}

/* Signed, with everything of IEEE 754: raw decoders are for these. */
static bool is_ieee(const lf_format *f)
{
    return f->is_signed && f->nan == LF_NAN_IEEE && f->negative_zero && f->zero &&
           f->subnormals == LF_SUBNORMALS_GRADUAL;
}

/* The constants of lf_widen_raw. Where format and host have their subnormals in common, a is b. */
static void plan_raw(lf_cast_plan *p, const lf_layout *f, const host *h)
{
    int width = __builtin_popcountll(f->magnitude_mask);
    p->raw_shift = h->bits - 1 - width - p->code_shift;
    p->raw_max = (int64_t)(f->max_finite_code << p->code_shift) + (int64_t)p->code_base;
    p->special_add = (uint64_t)h->infinity - (f->infinity_code << p->code_shift) - p->code_base;
    p->raw_add = p->low_codes ? p->low_add : 0;
    p->raw_subtract = p->low_codes ? p->low_subtract : 0;
}

/* Codes to a host. */
static bool plan_decode(lf_cast_plan *p, const lf_layout *f, const host *h)
{
    const uint64_t never = h->lanes == LF_LANES32 ? INT32_MAX : INT64_MAX;
    if (f->subnormals == LF_SUBNORMALS_FLUSH || !plan_widen(p, f, h))
        return false;
    p->max_code = (int64_t)f->max_finite_code;
    p->magnitude_mask = f->magnitude_mask;
    p->sign_min = !f->negative_zero;
    p->sign_mask = f->is_signed ? (uint64_t)1 << (h->bits - 1) : 0;
    p->nan_mask = f->magnitude_mask;
    p->quiet_bits = f->nan_code;
    switch (f->nan) {
    case LF_NAN_NONE: p->nan_least = never; break;
    case LF_NAN_IEEE:
        p->nan_least = f->infinity_code + 1;
        plan_raw(p, f, h);
        p->quiet_bits = (uint64_t)1 << (f->mantissa_bits - 1);
        break;
    case LF_NAN_NEGATIVE_ZERO: /* the flip makes it the largest key */
        p->nan_mask = p->nan_least = f->magnitude_mask | f->sign_mask;
        p->nan_flip = f->magnitude_mask;
        break;
    default: p->nan_least = f->magnitude_mask;
    }
    return true;
}

static void plan_common(lf_cast_plan *p, const results *r)
{
    p->over = r->code[OVER + PLUS];
    p->over_flip = r->code[OVER + PLUS] ^ r->code[OVER + MINUS];
    p->infinite = r->code[INFINITE + PLUS];
    p->infinite_flip = r->code[INFINITE + PLUS] ^ r->code[INFINITE + MINUS];
    p->infinite_flags = r->flags[INFINITE + PLUS];
    p->nan = r->code[NAN_];
    p->nan_flags = r->flags[NAN_];
}

/* Whether lf_nearest_chunk holds: its powers are finite host numbers. */
static bool plan_nearest(lf_cast_plan *p, const lf_layout *f, const host *h)
{
    int64_t low = low_field(f, h), top = p->cap >> h->fraction;
    p->code_shift = h->fraction - f->mantissa_bits;
    p->low_bits = low << h->fraction;
    p->step_add = (uint64_t)p->code_shift << h->fraction;
    p->max_number = magnitude_of((int64_t)f->max_finite_code, f, h);
    p->over_from = p->max_number + ((int64_t)1 << (p->code_shift - 1)) + !(f->max_finite_code & 1);
    int64_t finite = (h->infinity >> h->fraction) - 1;
    return f->mantissa_bits >= 1 && p->code_shift >= 1 &&
           (top > low ? top : low) + p->code_shift <= finite;
}

/* The level that the cast needs, and what plain and union kernels do with overflows. */
static int plan_level(lf_cast_plan *p, const lf_layout *f, const lf_projection *q, const host *h,
                      const results *r, bool quantize)
{
    int64_t max = (int64_t)f->max_finite_code;
    bool reach = low_field(f, h) <= h->infinity >> h->fraction && f->top_exponent <= h->bias + 1;
    /* Where all numbers are subnormal, one that overflows may be tiny by its rounding. */
    bool tiny_overflow = p->want_flags && f->normal_count == 0;
    if (p->want_flags_out || (p->want_flags && p->over_flags_flip) || !f->is_signed || q->daz ||
        q->ftz || !reach || tiny_overflow || f->subnormals != LF_SUBNORMALS_GRADUAL)
        return LF_FULL;
    bool directed = q->rounding == LF_TOWARD_POSITIVE || q->rounding == LF_TOWARD_NEGATIVE;
    bool same = p->over == p->infinite && p->over_flip == p->infinite_flip;
    int level = p->want_flags || directed || !same ? LF_UNION : LF_PLAIN;
    if (quantize) {
        p->cap = magnitude_of(max + 1, f, h);
    } else {
        int64_t plus = (r->code[OVER + PLUS] & f->magnitude_mask) == (uint64_t)max ? max : max + 1;
        int64_t minus =
            (r->code[OVER + MINUS] & f->magnitude_mask) == (uint64_t)max ? max : max + 1;
        p->over_code = (uint64_t)plus;
        p->over_code_flip = (uint64_t)(plus ^ minus);
        p->cap = magnitude_of(level == LF_PLAIN ? plus : max + 1, f, h);
    }
    if (p->cap > h->infinity) /* only where no finite number overflows */
        p->cap = h->infinity;
    if (q->rounding != LF_NEAREST_EVEN || !plan_nearest(p, f, h))
        return level;
    if (level == LF_UNION && !quantize)
        p->cap = magnitude_of((int64_t)p->over_code, f, h);
    return level == LF_PLAIN ? LF_NEAREST : LF_NEAREST_UNION;
}

/* binary16 and bfloat16, with infinity where the host has it; otherwise LF_CODES16. */
static int half_kind(const lf_cast_plan *p, const lf_format *f, uint64_t infinity)
{
    bool ieee = is_ieee(f) && p->infinite == infinity;
    if (ieee && f->exponent_bits == 5 && f->mantissa_bits == 10 && f->bias == 15)
        return LF_BINARY16;
    if (ieee && f->exponent_bits == 8 && f->mantissa_bits == 7 && f->bias == 127)
        return LF_BFLOAT16;
    return LF_CODES16;
}

static lf_cast_kernel encoder(lf_cast_plan *p, const lf_context *c, const lf_format *from,
                              const lf_format *to, const lf_projection *q, const lf_random *random,
                              bool quantize, const lf_encode_table *encoders)
{
    const lf_layout *f = quantize ? &c->grid.format : &c->target.format;
    bool stochastic = q->rounding == LF_STOCHASTIC;
    const host *h = &hosts[is_host(from, &hosts[LF_LANES32]) ? LF_LANES32 : LF_LANES64];
    if (!is_host(from, h) || width_of(to) > 32 || q->exact_tail)
        return NULL;
    if (h->lanes == LF_LANES32 && !quantize && !lanes_hold(f, q, h)) {
        h = &hosts[LF_LANES64];
        p->widen = 1;
    }
    if (!lanes_hold(f, q, h))
        return NULL;
    results r = representatives(c, &c->operands[0]);
    plan_common(p, &r);
    plan_encode(p, f, q, h, &r, width_of(to), quantize);
    if (p->widen && q->daz)
        p->zero_below = (int64_t)(h->bias - 126) << h->fraction;
    if (quantize && !plan_widen(p, f, h))
        return NULL;
    if (stochastic)
        plan_random(p, q, random);
    int level = plan_level(p, f, q, h, &r, quantize);
    p->level = (uint8_t)level;
    int target = quantize                ? LF_QUANTIZED
                 : f->storage_bytes == 1 ? LF_CODES8
                 : f->storage_bytes == 2 ? LF_CODES16
                                         : LF_CODES32;
    if (target == LF_CODES16 && h->lanes == LF_LANES32 && p->over == p->infinite &&
        q->rounding == LF_NEAREST_EVEN && level != LF_FULL)
        target = half_kind(p, to, f->infinity_code);
    if (!encoders->kernel[h->lanes][target][0][LF_NEAREST])
        target = LF_CODES16; /* binary16 without F16C */
    if (target > LF_QUANTIZED) {
        level = level == LF_PLAIN || level == LF_NEAREST ? LF_NEAREST : LF_NEAREST_UNION;
        p->level = (uint8_t)level;
    }
    return encoders->kernel[h->lanes][target][stochastic][level];
}

static lf_cast_kernel decoder(lf_cast_plan *p, const lf_context *c, const lf_format *from,
                              const lf_format *to, const lf_projection *q,
                              const lf_decode_table *decoders)
{
    const lf_layout *f = &c->operands[0];
    const host *h = &hosts[is_host(to, &hosts[LF_LANES32]) ? LF_LANES32 : LF_LANES64];
    /* Exact, so that neither the rounding nor R matters, if given bits need no check. */
    if (!is_host(to, h) || width_of(from) > (h->lanes == LF_LANES64 ? 32 : 16) || q->daz ||
        q->ftz || q->rounding == LF_STOCHASTIC || !plan_decode(p, f, h))
        return NULL;
    results r = representatives(c, f);
    plan_common(p, &r);
    p->sign_shift = h->bits - width_of(from);
    bool clamps = p->infinite_flags != 0 && f->infinity_code != LF_NO_CODE;
    int level = p->want_flags_out || (p->want_flags && clamps) ? LF_FULL
                : p->want_flags && f->nan == LF_NAN_IEEE       ? LF_UNION
                                                               : LF_PLAIN;
    p->level = (uint8_t)level;
    int kind = f->storage_bytes / 2; /* LF_CODES8 to LF_CODES32 */
    if (kind == LF_CODES16 && h->lanes == LF_LANES32 && level != LF_FULL)
        kind = half_kind(p, from, (uint64_t)h->infinity);
    if (!decoders->kernel[kind][h->lanes][level])
        kind = LF_CODES16; /* without F16C */
    return decoders->kernel[kind][h->lanes][level];
}

lf_cast_kernel lf_raw_decoder(const lf_cast_plan *plan, const lf_format *from, int lanes, int isa,
                              lf_cast_kernel chosen)
{
    /* Doubling what the host has for infinity would leave the magnitudes. */
    if (!lf_isa_usable(isa) || !is_ieee(from) || (plan->raw_add && !plan->special_add))
        return chosen;
    for (int kind = 0; kind < LF_TARGETS; kind++) {
        const lf_cast_kernel *levels = decoders_of(isa)->kernel[kind][lanes];
        if (levels[LF_RAW] && (levels[LF_PLAIN] == chosen || levels[LF_FULL] == chosen))
            return levels[LF_RAW];
    }
    return chosen;
}

int lf_plan_cast(lf_cast_plan *plan, const lf_format *from, const lf_format *to,
                 const lf_projection *projection, const lf_random *random, int want_flags,
                 int want_flags_out, int quantize, int isa, lf_cast_kernel *kernel)
{
    lf_context c;
    /* NaNs that carry signs and payloads, and quirks, take the generic path. */
    if (!lf_isa_usable(isa) || projection->nan_rule != LF_NAN_CANONICAL || projection->quirks)
        return 0;
    if (quantize ? lf_quantize_init(&c, from, to, from, projection)
                 : lf_context_init(&c, LF_CONVERT, &from, to, projection))
        return 0;
    *plan = (lf_cast_plan){.want_flags = want_flags != 0, .want_flags_out = want_flags_out != 0};
    *kernel = encoder(plan, &c, from, to, projection, random, quantize, encoders_of(isa));
    if (!*kernel && !quantize)
        *kernel = decoder(plan, &c, from, to, projection, decoders_of(isa));
    return *kernel != NULL;
}

/* Arrays and single results of elementary functions (E-1). */
#include "elementary.h"

#include <math.h>
#include <string.h>

#include "apply.h"
#include "fpenv.h"
#include "inputs.h"

/* Beside flags, LF_TAIL, LF_RANGE and LF_FAILED in what a chunk returns. */
#define LF_UNSETTLED 0x400

/* What a zero or an infinity gives. The last three: the pole -infinity, pi/2 with the operand's
 * sign, and the formula's own answer. */
enum special {
    NAN_RESULT,
    SAME,
    ZERO,
    MINUS_ZERO,
    HALF,
    ONE,
    MINUS_ONE,
    SIGN,
    HALF_SIGN,
    INFINITE,
    POLE,
    HALF_PI,
    FORMULA
};

typedef struct row {
    lf_formula *formula;
    uint8_t at_minus_infinity, at_infinity, at_zero;
    /* Operands outside low .. high are invalid; at the ends the formula answers. */
    double low, high;
} row;

#define ANYWHERE -INFINITY, INFINITY

static const row ROWS[] = {
    [LF_EXP] = {lf_exp, ZERO, INFINITE, ONE, ANYWHERE},
    [LF_EXP2] = {lf_exp2, ZERO, INFINITE, ONE, ANYWHERE},
    [LF_EXP10] = {lf_exp10, ZERO, INFINITE, ONE, ANYWHERE},
    [LF_EXPM1] = {lf_expm1, MINUS_ONE, INFINITE, SAME, ANYWHERE},
    [LF_LOG] = {lf_log, NAN_RESULT, INFINITE, POLE, 0, INFINITY},
    [LF_LOG2] = {lf_log2, NAN_RESULT, INFINITE, POLE, 0, INFINITY},
    [LF_LOG10] = {lf_log10, NAN_RESULT, INFINITE, POLE, 0, INFINITY},
    [LF_LOG1P] = {lf_log1p, NAN_RESULT, INFINITE, SAME, -1, INFINITY},
    [LF_SIN] = {lf_sin, NAN_RESULT, NAN_RESULT, SAME, ANYWHERE},
    [LF_COS] = {lf_cos, NAN_RESULT, NAN_RESULT, ONE, ANYWHERE},
    [LF_TAN] = {lf_tan, NAN_RESULT, NAN_RESULT, SAME, ANYWHERE},
    [LF_ASIN] = {lf_asin, NAN_RESULT, NAN_RESULT, SAME, -1, 1},
    [LF_ACOS] = {lf_acos, NAN_RESULT, NAN_RESULT, FORMULA, -1, 1},
    [LF_ATAN] = {lf_atan, HALF_PI, HALF_PI, SAME, ANYWHERE},
    [LF_SINPI] = {lf_sinpi, NAN_RESULT, NAN_RESULT, SAME, ANYWHERE},
    [LF_COSPI] = {lf_cospi, NAN_RESULT, NAN_RESULT, ONE, ANYWHERE},
    [LF_TANPI] = {lf_tanpi, NAN_RESULT, NAN_RESULT, SAME, ANYWHERE},
    [LF_ASINPI] = {lf_asinpi, NAN_RESULT, NAN_RESULT, SAME, -1, 1},
    [LF_ACOSPI] = {lf_acospi, NAN_RESULT, NAN_RESULT, HALF, -1, 1},
    [LF_ATANPI] = {lf_atanpi, HALF_SIGN, HALF_SIGN, SAME, ANYWHERE},
    [LF_SINH] = {lf_sinh, SAME, SAME, SAME, ANYWHERE},
    [LF_COSH] = {lf_cosh, INFINITE, INFINITE, ONE, ANYWHERE},
    [LF_TANH] = {lf_tanh, SIGN, SIGN, SAME, ANYWHERE},
    [LF_ASINH] = {lf_asinh, SAME, SAME, SAME, ANYWHERE},
    [LF_ACOSH] = {lf_acosh, NAN_RESULT, INFINITE, NAN_RESULT, 1, INFINITY},
    [LF_ATANH] = {lf_atanh, NAN_RESULT, NAN_RESULT, SAME, -1, 1},
    [LF_CBRT] = {lf_cbrt, SAME, SAME, SAME, ANYWHERE},
    [LF_ERF] = {lf_erf, SIGN, SIGN, SAME, ANYWHERE},
    [LF_SIGMOID] = {lf_sigmoid, ZERO, ONE, HALF, ANYWHERE},
    [LF_SOFTPLUS] = {lf_softplus, ZERO, INFINITE, FORMULA, ANYWHERE},
    [LF_GELU] = {lf_gelu, MINUS_ZERO, INFINITE, SAME, ANYWHERE},
    [LF_SILU] = {lf_silu, MINUS_ZERO, INFINITE, SAME, ANYWHERE},
};

static lf_enclosure special_result(int which, const row *f, const lf_value *x)
{
    double sign = x->sign ? -1 : 1;
    switch (which) {
    case NAN_RESULT: return lf_outside();
    case SAME: return lf_exactly(sign * (x->kind == LF_ZERO ? 0 : INFINITY), 0);
    case ZERO: return lf_exactly(0, 0);
    case MINUS_ZERO: return lf_exactly(-0.0, 0);
    case HALF: return lf_exactly(0.5, 0);
    case ONE: return lf_exactly(1, 0);
    case MINUS_ONE: return lf_exactly(-1, 0);
    case SIGN: return lf_exactly(sign, 0);
    case HALF_SIGN: return lf_exactly(sign / 2, 0);
    case INFINITE: return lf_exactly(INFINITY, 0);
    case POLE: return lf_pole_of(true);
    case HALF_PI: return lf_near(sign * 0x1.921fb54442d18p+0, 0);
    default: return f->formula(0, 0);
    }
}

static lf_enclosure unary(const row *f, const lf_value *x)
{
    if (x->kind == LF_INFINITE)
        return special_result(x->sign ? f->at_minus_infinity : f->at_infinity, f, x);
    if (x->kind == LF_ZERO)
        return special_result(f->at_zero, f, x);
    lf_clamped c = lf_clamp_operand(x);
    if (c.x < f->low || c.x > f->high)
        return lf_outside();
    return f->formula(c.x, c.beyond);
}

/* 1 for y = 0 and for x = 1, even beside a quiet NaN (E-9). */
static bool power_is_one(const lf_value *x)
{
    bool signaling = x[0].signaling || x[1].signaling;
    bool one = x[0].kind == LF_FINITE && !x[0].sign && x[0].exponent == 0 &&
               x[0].significand == (lf_u128)1 << 127;
    return !signaling && (one || x[1].kind == LF_ZERO);
}

static lf_enclosure enclose(int function, const lf_value *x)
{
    switch (function) {
    case LF_ATAN2: return lf_atan2(&x[0], &x[1], false);
    case LF_ATAN2PI: return lf_atan2(&x[0], &x[1], true);
    case LF_POW: return power_is_one(x) ? lf_exactly(1, 0) : lf_pow(&x[0], &x[1]);
    default: return unary(&ROWS[function], x);
    }
}

/* Everything that decides one element of a call. */
typedef struct elementary {
    int function;
    int arity;
    lf_layout operands[2];
    lf_target target;
    lf_target floor; /* the same format, toward zero */
} elementary;

static lf_coded exactly(const elementary *c, const lf_enclosure *e, uint64_t random)
{
    lf_value value = lf_from_double(e->estimate, e->scale);
    value.sign = e->sign;
    return lf_project(&c->target, &value, random);
}

/* Whether all that is within the error of the estimate lies strictly between two neighbours among
 * the normal numbers and ties of the format: the bits from the tie's up are the same at both ends,
 * and none below them are missing. Then every rounding but a stochastic one treats it alike. */
static inline bool between_breakpoints(const lf_target *t, const lf_value *estimate)
{
    uint64_t significand = (uint64_t)(estimate->significand >> 64);
    uint64_t error = (significand >> LF_ERROR_BITS) + 1;
    int tie = 62 - t->format.mantissa_bits;
    return tie > 0 && estimate->exponent > t->format.emin &&
           t->projection.rounding != LF_STOCHASTIC &&
           (significand - error) >> tie == (significand + error) >> tie;
}

/* Between two ends that round alike all numbers do, flags too: code, tininess and overflow are
 * monotonic in the magnitude. Exactness is not, so no number of the format may lie between the
 * ends, which round toward zero alike. Then the result is inexact, as the ends are. */
static bool settle(const elementary *c, const lf_enclosure *e, uint64_t random, lf_coded *out)
{
    const lf_target *t = &c->target;
    if (t->projection.exact_tail)
        return false;
    if (e->estimate != 0) {
        lf_value estimate = lf_from_double(e->estimate, e->scale);
        if (between_breakpoints(t, &estimate)) {
            estimate.significand |= 1;
            estimate.sign = e->sign;
            *out = lf_project(t, &estimate, random);
            return true;
        }
    }
    lf_value low, high;
    lf_ends(e, &low, &high);
    lf_coded other = lf_project(t, &high, random);
    *out = lf_project(t, &low, random);
    return out->code == other.code && out->flags == other.flags &&
           lf_project(&c->floor, &low, 0).code == lf_project(&c->floor, &high, 0).code;
}

/* One element; false where it is not decided. */
static bool element(const elementary *c, const uint64_t *codes, uint64_t random, lf_coded *out)
{
    lf_value x[2];
    bool nan = false;
    for (int k = 0; k < c->arity; k++) {
        x[k] = lf_unpack(&c->operands[k], c->target.projection.daz, codes[k]);
        nan |= x[k].kind == LF_NAN;
    }
    if (nan && !(c->function == LF_POW && power_is_one(x))) {
        *out = lf_nan_operands(&c->target, x, c->arity);
        return true;
    }
    lf_enclosure e = enclose(c->function, x);
    if (e.known == LF_BETWEEN)
        return settle(c, &e, random, out);
    if (e.known == LF_EXACTLY)
        *out = exactly(c, &e, random);
    else if (e.known == LF_AT_POLE)
        *out = lf_pole(&c->target, e.sign);
    else if (e.known == LF_OUTSIDE)
        *out = lf_invalid(&c->target);
    return e.known != LF_UNKNOWN;
}

static int initialise(elementary *c, int function, const lf_format *const *formats,
                      const lf_format *format, const lf_projection *projection)
{
    if (function < LF_EXP || function > LF_POW)
        return LF_ERROR_ARGUMENT;
    *c = (elementary){.function = function, .arity = function >= LF_ATAN2 ? 2 : 1};
    for (int k = 0; k < c->arity; k++)
        if (!lf_layout_init(&c->operands[k], formats[k]))
            return LF_ERROR_ARGUMENT;
    lf_projection toward_zero = {.size = sizeof toward_zero, .rounding = LF_TOWARD_ZERO};
    int status = lf_target_init(&c->floor, format, &toward_zero);
    return status ? status : lf_target_init(&c->target, format, projection);
}

typedef struct elementary_job {
    elementary context;
    lf_output output;
    lf_input inputs[2];
    uint8_t *undecided;
} elementary_job;

/* Elements that are not decided keep what `out` held, an operand's code perhaps. */
static uint32_t chunk(const void *argument, size_t begin, size_t end)
{
    const elementary_job *job = argument;
    const elementary *c = &job->context;
    uint64_t blocks[2][LF_BLOCK], random[LF_BLOCK], results[LF_BLOCK];
    uint8_t flags[LF_BLOCK];
    uint32_t raised = 0, control = lf_fpenv_enter();

    for (size_t n; begin < end; begin += n) {
        n = end - begin < LF_BLOCK ? end - begin : LF_BLOCK;
        for (int k = 0; k < c->arity; k++)
            lf_input_load(&job->inputs[k], begin, blocks[k], n);
        const uint64_t *bits = lf_output_random(&job->output, begin, random, n, &raised);
        lf_load(job->output.result->codes, job->output.bytes, 1, begin, results, n);
        for (size_t i = 0; i < n; i++) {
            uint64_t codes[2] = {blocks[0][i], c->arity > 1 ? blocks[1][i] : 0};
            lf_coded result = {0};
            bool decided = element(c, codes, bits ? bits[i] : 0, &result);
            job->undecided[begin + i] = !decided;
            flags[i] = decided ? (uint8_t)result.flags : 0;
            results[i] = decided ? result.code : results[i];
            raised |= decided ? result.flags : LF_UNSETTLED;
        }
        lf_output_store(&job->output, begin, results, flags, n);
    }
    lf_fpenv_leave(control);
    return raised;
}

int lf_elementary(int function, const lf_operand *operands, const lf_result *result, size_t n,
                  const lf_projection *projection, const lf_random *random, uint8_t *undecided,
                  const lf_options *options)
{
    if (!operands || !result || (!undecided && n) || function < LF_EXP || function > LF_POW)
        return LF_ERROR_ARGUMENT;
    elementary_job job = {.undecided = undecided};
    const lf_format *formats[2] = {operands[0].format,
                                   function >= LF_ATAN2 ? operands[1].format : NULL};
    int status = initialise(&job.context, function, formats, result->format, projection);
    if (status == LF_OK)
        status = lf_options_check(options);
    const lf_target *target = &job.context.target;
    uint32_t raised = 0;
    lf_result collected = *result;
    collected.flags = &raised;
    if (status == LF_OK)
        status = lf_output_init(&job.output, target, &target->format, &collected, n, random);
    for (int k = 0; status == LF_OK && n && k < job.context.arity; k++)
        status = lf_input_init(&job.inputs[k], operands[k].codes,
                               job.context.operands[k].storage_bytes, operands[k].stride);
    if (status != LF_OK || n == 0)
        return status;
    status = lf_output_run(&job.output, chunk, &job, n, options);
    if (status == LF_OK && result->flags)
        *result->flags |= raised & ~(uint32_t)LF_UNSETTLED;
    return status == LF_OK && raised & LF_UNSETTLED ? LF_UNDECIDED : status;
}

int lf_elementary_scalar(int function, const lf_format *const *formats, const uint64_t *codes,
                         const lf_format *format, const lf_projection *projection,
                         uint64_t random_bits, uint64_t *code, uint32_t *flags)
{
    elementary c;
    if (!formats || !codes || !code)
        return LF_ERROR_ARGUMENT;
    int status = initialise(&c, function, formats, format, projection);
    if (status)
        return status;
    const lf_projection *p = &c.target.projection;
    if (p->rounding == LF_STOCHASTIC && random_bits & ~(UINT64_MAX >> (64 - p->random_bits)))
        return LF_ERROR_ARGUMENT;
    lf_coded result;
    uint32_t control = lf_fpenv_enter();
    bool decided = element(&c, codes, random_bits, &result);
    lf_fpenv_leave(control);
    if (!decided)
        return LF_UNDECIDED;
    if (result.flags & LF_TAIL)
        return LF_ERROR_TAIL;
    *code = result.code;
    if (flags)
        *flags = result.flags;
    return LF_OK;
}

uint64_t lf_elementary_word(uint64_t function, const lf_format *first, const lf_format *second,
                            const lf_format *format, const lf_projection *projection, uint64_t x,
                            uint64_t y, uint64_t random_bits)
{
    const lf_format *formats[2] = {first, second};
    uint64_t codes[2] = {x, y}, code = 0;
    uint32_t flags = 0;
    int status = lf_elementary_scalar((int)function, formats, codes, format, projection,
                                      random_bits, &code, &flags);
    if (status == LF_OK && code >> 32)
        status = LF_UNDECIDED;
    return code | (uint64_t)flags << 32 | (uint64_t)status << 40;
}

int lf_test_enclosure(int function, const double *operands, double *low, double *high)
{
    static const lf_format BINARY64 = {.size = sizeof BINARY64,
                                       .exponent_bits = 11,
                                       .mantissa_bits = 52,
                                       .bias = 1023,
                                       .is_signed = 1,
                                       .infinities = LF_INFINITIES_IEEE,
                                       .nan = LF_NAN_IEEE,
                                       .negative_zero = 1,
                                       .zero = 1};
    lf_projection down = {.size = sizeof down, .rounding = LF_TOWARD_ZERO};
    lf_target target;
    lf_value x[2];
    if (function < LF_EXP || function > LF_POW || lf_target_init(&target, &BINARY64, &down))
        return LF_ERROR_ARGUMENT;
    for (int k = 0; k < (function >= LF_ATAN2 ? 2 : 1); k++) {
        uint64_t bits;
        memcpy(&bits, &operands[k], sizeof bits);
        x[k] = lf_unpack(&target.format, false, bits);
    }
    uint32_t control = lf_fpenv_enter();
    lf_enclosure e = enclose(function, x);
    lf_fpenv_leave(control);
    lf_value low_end = lf_from_double(e.estimate, e.scale), high_end;
    low_end.sign = e.sign;
    high_end = low_end;
    if (e.known == LF_BETWEEN)
        lf_ends(&e, &low_end, &high_end);
    uint64_t ends[2] = {lf_project(&target, &low_end, 0).code,
                        lf_project(&target, &high_end, 0).code};
    memcpy(low, &ends[0], sizeof *low);
    memcpy(high, &ends[1], sizeof *high);
    return e.known;
}

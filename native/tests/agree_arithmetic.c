/* Arithmetic kernels and tables against the generic path: random formats, projections, sizes,
 * alignments and repeated operands, with guards around the output. Built with sanitizers in the
 * slow suite; arguments: rounds, seed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"

#define MOST 2600
#define GUARD 64

static const int OPERATIONS[] = {LF_ADD, LF_SUBTRACT, LF_MULTIPLY, LF_DIVIDE, LF_SQRT, LF_FMA};

typedef struct call {
    int operation, operands, want, in_place;
    lf_format formats[3], format;
    lf_projection projection;
    lf_random random;
    size_t n, offset;
    uint8_t codes[3][8 + 2 * MOST];
    ptrdiff_t strides[3];
} call;

typedef struct answer {
    uint8_t codes[GUARD + 2 * MOST + GUARD];
    uint8_t flags[GUARD + MOST + GUARD];
    uint32_t all;
    int status;
} answer;

static int width_of(const lf_format *f)
{
    return (f->is_signed != 0) + f->exponent_bits + f->mantissa_bits;
}

/* A bfloat16-like format now and then: random ones seldom fill the host's range. */
static lf_format any_format(void)
{
    lf_format f = random_format();
    if (below(4) == 0)
        f = (lf_format){.size = sizeof f,
                        .exponent_bits = 8,
                        .mantissa_bits = 1 + below(7),
                        .bias = 127 - below(2),
                        .is_signed = 1,
                        .infinities = LF_INFINITIES_IEEE,
                        .nan = LF_NAN_IEEE,
                        .negative_zero = 1,
                        .zero = 1};
    return f;
}

/* IEEE-style, of 9 to 16 bits: those that one_pass.h knows, and the like. */
static lf_format common_format(void)
{
    static const int EXPONENTS[] = {2, 3, 4, 5, 5, 5, 6, 7, 8, 8};
    lf_format f = {.size = sizeof f, .is_signed = 1, .infinities = LF_INFINITIES_IEEE};
    f.nan = LF_NAN_IEEE, f.negative_zero = 1, f.zero = 1;
    f.exponent_bits = EXPONENTS[below(10)];
    int least = 8 - f.exponent_bits > 1 ? 8 - f.exponent_bits : 1;
    f.mantissa_bits = least + below(16 - f.exponent_bits - least);
    if (below(4) == 0) /* binary16, bfloat16 */
        f.mantissa_bits = f.exponent_bits > 5 ? 15 - f.exponent_bits : 10;
    f.bias = (1 << (f.exponent_bits - 1)) - 1 + (below(4) == 0 ? below(3) - 1 : 0);
    return f;
}

/* Most codes are numbers, as one_pass.h wants them. */
static void common_call(call *c)
{
    c->format = common_format();
    c->projection = (lf_projection){.size = sizeof c->projection, .random_bits = 1};
    c->projection.tininess_before = (uint8_t)below(2);
    uint16_t infinity = (uint16_t)(((1 << c->format.exponent_bits) - 1) << c->format.mantissa_bits);
    int specials = below(4) == 0, fields = below(3), sign = below(3) == 0;
    size_t alone = below(3) == 0 ? draw() % (c->n + 1) : c->n + 1; /* the only one that is not 1 */
    for (int k = 0; k < c->operands; k++) {
        c->formats[k] = c->format;
        c->strides[k] = below(16) != 0;
        for (size_t i = 0; i < c->n + 1; i++) {
            uint16_t code = (uint16_t)(draw() & ((1u << width_of(&c->format)) - 1));
            if (fields == 0) /* near one */
                code = (uint16_t)((code & ~infinity) | (infinity / 2 & infinity));
            if (fields == 1 && below(8)) /* small, or not large */
                code &= (uint16_t)~(infinity & ~(infinity >> 1));
            if (sign && c->operation == LF_SQRT)
                code &= infinity | (infinity - 1);
            int special = (code & infinity) == infinity;
            if (special && (!specials || below(20)))
                code ^= (uint16_t)(1 << c->format.mantissa_bits);
            if (alone <= c->n && i != alone)
                code = (uint16_t)(c->format.bias << c->format.mantissa_bits);
            memcpy(c->codes[k] + c->offset + 2 * i, &code, sizeof code);
        }
    }
}

static void random_call(call *c)
{
    *c = (call){.operation = OPERATIONS[below(6)], .want = below(3), .in_place = below(4) == 0};
    c->operands = c->operation == LF_SQRT ? 1 : c->operation == LF_FMA ? 3 : 2;
    c->format = any_format();
    int one_format = below(3) != 0;
    c->projection = random_projection();
    c->random = (lf_random){
        .size = sizeof c->random, .kind = LF_RANDOM_PHILOX, .seed = draw(), .first = draw() % 999};
    c->n = (size_t)below(below(3) ? 400 : MOST), c->offset = (size_t)below(4);
    if (below(3) == 0) {
        common_call(c);
        c->in_place = c->in_place && c->strides[0];
        return;
    }
    for (int k = 0; k < c->operands; k++) {
        c->formats[k] = one_format ? c->format : any_format();
        c->strides[k] = below(8) != 0;
        uint64_t mask = ((uint64_t)1 << width_of(&c->formats[k])) - 1;
        int bytes = width_of(&c->formats[k]) <= 8 ? 1 : 2;
        for (size_t i = 0; i < c->n + 1; i++) {
            uint64_t code = draw() & mask;
            if (below(3)) /* exponents near each other */
                code =
                    (code & (mask ^ mask >> 3)) | (mask >> 2 & ~(mask >> 4)) | (code & mask >> 4);
            memcpy(c->codes[k] + c->offset + i * (size_t)bytes, &code, (size_t)bytes);
        }
    }
    if (one_format == 0 || c->strides[0] == 0)
        c->in_place = 0;
}

/* isa -1: a table, if there is one; 0: the generic path. */
static int run(const call *c, answer *a, int isa)
{
    lf_options options = {sizeof options, isa > 0 ? isa : LF_ISA_BASELINE, 1, isa == 0};
    lf_operand operands[3];
    const lf_format *formats[3];
    memset(a, 0xA5, sizeof *a);
    a->all = 0;
    uint8_t *out = a->codes + GUARD + c->offset;
    for (int k = 0; k < c->operands; k++) {
        formats[k] = &c->formats[k];
        operands[k] = (lf_operand){formats[k], c->codes[k] + c->offset, c->strides[k]};
    }
    if (c->in_place) {
        memcpy(out, operands[0].codes, c->n * (width_of(formats[0]) <= 8 ? 1 : 2));
        operands[0].codes = out;
    }
    lf_result result = {&c->format, out, c->want > 1 ? a->flags + GUARD : NULL,
                        c->want ? &a->all : NULL};
    if (isa >= 0) {
        a->status =
            lf_apply(c->operation, operands, &result, c->n, &c->projection, &c->random, &options);
        return 1;
    }
    size_t entries = lf_table_entries(c->operation, formats, &c->format, &c->projection);
    if (entries == 0)
        return 0;
    lf_table t = {.size = sizeof t, .codes = malloc(2 * entries), .flags = malloc(entries)};
    lf_table_fill(&t, c->operation, formats, &c->format, &c->projection);
    a->status = lf_table_apply(&t, operands, &result, c->n, &options);
    free(t.codes);
    free(t.flags);
    return 1;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 2000;
    state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    static call c;
    static answer want, got;
    int wrong = 0, compared = 0, failed = 0;
    for (int i = 0; i < rounds; i++) {
        random_call(&c);
        run(&c, &want, 0);
        failed += want.status != LF_OK;
        for (int isa = below(8) ? 1 : -1; isa <= LF_ISA_AVX512; isa++) {
            if (isa == 0 || (isa > 0 && !lf_isa_usable(isa)) || !run(&c, &got, isa))
                continue;
            compared++;
            if (memcmp(&want, &got, sizeof want) == 0)
                continue;
            wrong++;
            const lf_format *f = &c.format;
            printf(
                "isa %d, operation %d: e%dm%db%d inf %d nan %d sub %d signed %d, rounding %d sat "
                "%d, n %zu\n",
                isa, c.operation, f->exponent_bits, f->mantissa_bits, f->bias, f->infinities,
                f->nan, f->subnormals, f->is_signed, c.projection.rounding, c.projection.saturation,
                c.n);
        }
    }
    printf("%d calls compared, %d differ; %d failed\n", compared, wrong, failed);
    return wrong != 0 || failed != 0;
}

/* Every kernel against the generic path on random formats, projections, sizes and alignments, with
 * guards around the output; elementary functions of arrays against single ones. Built with
 * sanitizers in the slow suite; arguments: rounds, seed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"

#define MOST 700
#define GUARD 64

static const lf_format binary32 = {
    sizeof binary32,       8,     23, 127, 1, LF_INFINITIES_IEEE, LF_NAN_IEEE, 1, 1,
    LF_SUBNORMALS_GRADUAL, {0, 0}};

/* Numbers around the format's range, and everything else now and then. */
static uint32_t random_float(const lf_format *f)
{
    uint32_t x = (uint32_t)draw();
    if (below(8)) {
        int field = 127 - f->bias - f->mantissa_bits - 2 +
                    below((1 << f->exponent_bits) + f->mantissa_bits + 4);
        field = field < 0 ? 0 : field > 255 ? 255 : field;
        x = (x & 0x807fffffu) | (uint32_t)field << 23;
    }
    if (below(4) == 0) /* ties and exact numbers */
        x &= ~0u << (22 - f->mantissa_bits);
    return x;
}

typedef struct answer {
    uint8_t codes[GUARD + 4 * MOST + GUARD];
    uint8_t flags[GUARD + MOST + GUARD];
    uint32_t all;
    int status;
} answer;

static void run(answer *a, const lf_format *f, const lf_projection *p, const lf_random *r,
                const uint8_t *input, size_t n, size_t offset, int quantize, int want, int isa)
{
    lf_options options = {sizeof options, isa ? isa : LF_ISA_BASELINE, 1, isa == 0};
    lf_operand operand = {&binary32, input, 1};
    memset(a, 0xA5, sizeof *a);
    a->all = 0;
    uint8_t *codes = a->codes + GUARD + offset;
    lf_result result = {quantize ? &binary32 : f, codes, want > 1 ? a->flags + GUARD : NULL,
                        want ? &a->all : NULL};
    if (quantize) { /* in place */
        memcpy(codes, input, 4 * n);
        operand.codes = codes;
        a->status = lf_quantize(&operand, f, &result, n, p, r, &options);
    } else {
        a->status = lf_apply(LF_CONVERT, &operand, &result, n, p, r, &options);
    }
}

static uint64_t code_at(const void *codes, const lf_format *f, int i)
{
    int width = f->exponent_bits + f->mantissa_bits + f->is_signed;
    return width > 8 ? ((const uint16_t *)codes)[i] : ((const uint8_t *)codes)[i];
}

/* An elementary function of random codes, some of them far from everyday numbers: the array call
 * against single results. Returns how many differ. */
static int function_differs(void)
{
    static const int FAR[] = {0, 0, 0, 0, 1000, -1000, 1000000, -1000000};
    enum { COUNT = 300 };
    uint16_t codes[3][COUNT];
    uint8_t flags[COUNT], undecided[COUNT];
    lf_format f[3];
    for (int k = 0; k < 3; k++) {
        f[k] = random_format();
        f[k].bias += FAR[below(8)];
        for (int i = 0; i < COUNT; i++)
            codes[k][i] = (uint16_t)draw();
    }
    lf_projection p = random_projection();
    p.random_bits = p.rounding == LF_STOCHASTIC ? 16 : 1;
    uint64_t r = draw() & 0xFFFF;
    lf_random random = {.size = sizeof random, .kind = LF_RANDOM_GIVEN, .given = &r};
    lf_operand x[2] = {{&f[0], codes[0], 1}, {&f[1], codes[1], 1}};
    lf_result result = {&f[2], codes[2], flags, NULL};
    const lf_format *formats[2] = {&f[0], &f[1]};
    int function = below(LF_POW + 1);
    int status = lf_elementary(function, x, &result, COUNT, &p, &random, undecided, NULL);
    int differ = status != LF_OK && status != LF_UNDECIDED;
    for (int i = 0; i < COUNT; i++) {
        uint64_t given[2] = {code_at(codes[0], &f[0], i), code_at(codes[1], &f[1], i)}, code = 0;
        uint32_t raised = 0;
        int one = lf_elementary_scalar(function, formats, given, &f[2], &p, r, &code, &raised);
        if (one == LF_UNDECIDED)
            differ += !undecided[i];
        else
            differ +=
                one || undecided[i] || code != code_at(codes[2], &f[2], i) || raised != flags[i];
    }
    return differ;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 2000;
    state = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
    static uint8_t input[8 + 4 * MOST];
    static answer want, got;
    int wrong = 0, compared = 0;
    for (int i = 0; i < rounds; i++) {
        lf_format f = random_format();
        lf_projection p = random_projection();
        lf_random r = {.size = sizeof r, .kind = LF_RANDOM_PHILOX, .seed = draw(), .call = 3};
        r.first = draw() % 1000;
        size_t n = (size_t)below(below(3) ? MOST : 20), offset = (size_t)below(4);
        int quantize = below(3) == 0, flags = below(3);
        uint8_t *x = input + below(8);
        for (size_t k = 0; k < n; k++) {
            uint32_t bits = random_float(&f);
            memcpy(x + 4 * k, &bits, 4);
        }
        run(&want, &f, &p, &r, x, n, offset, quantize, flags, 0);
        for (int isa = LF_ISA_BASELINE; isa <= LF_ISA_AVX512; isa++) {
            if (!lf_isa_usable(isa))
                continue;
            run(&got, &f, &p, &r, x, n, offset, quantize, flags, isa);
            compared++;
            if (memcmp(&want, &got, sizeof want) == 0)
                continue;
            wrong++;
            printf("isa %d: e%dm%db%d inf %d nan %d sub %d signed %d, rounding %d sat %d, n %zu\n",
                   isa, f.exponent_bits, f.mantissa_bits, f.bias, f.infinities, f.nan, f.subnormals,
                   f.is_signed, p.rounding, p.saturation, n);
        }
    }
    for (int i = 0; i < rounds / 10; i++) {
        compared++;
        wrong += function_differs();
    }
    printf("%d calls compared, %d differ\n", compared, wrong);
    return wrong != 0;
}

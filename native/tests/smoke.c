/* Known results through the public header alone; prints each failure and counts it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lowfloat.h"

static const lf_format float32 = {.size = sizeof(lf_format),
                                  .exponent_bits = 8,
                                  .mantissa_bits = 23,
                                  .bias = 127,
                                  .is_signed = 1,
                                  .infinities = LF_INFINITIES_IEEE,
                                  .nan = LF_NAN_IEEE,
                                  .negative_zero = 1,
                                  .zero = 1};
static const lf_format float16 = {.size = sizeof(lf_format),
                                  .exponent_bits = 5,
                                  .mantissa_bits = 10,
                                  .bias = 15,
                                  .is_signed = 1,
                                  .infinities = LF_INFINITIES_IEEE,
                                  .nan = LF_NAN_IEEE,
                                  .negative_zero = 1,
                                  .zero = 1};
static const lf_format e4m3fn = {.size = sizeof(lf_format),
                                 .exponent_bits = 4,
                                 .mantissa_bits = 3,
                                 .bias = 7,
                                 .is_signed = 1,
                                 .nan = LF_NAN_ALL_ONES,
                                 .negative_zero = 1,
                                 .zero = 1};
static const lf_format e8m0fnu = {.size = sizeof(lf_format),
                                  .exponent_bits = 8,
                                  .bias = 127,
                                  .nan = LF_NAN_TOP,
                                  .subnormals = LF_SUBNORMALS_NORMAL};

static int expect(const char *what, uint64_t got, uint64_t want)
{
    if (got == want)
        return 0;
    printf("%s: 0x%" PRIx64 ", not 0x%" PRIx64 "\n", what, got, want);
    return 1;
}

typedef struct scalar_case {
    const char *what;
    int operation;
    const lf_format *from, *to;
    uint64_t codes[3];
    int rounding;
    uint64_t code;
    uint32_t flags;
} scalar_case;

static const scalar_case SCALARS[] = {
    {"0.3 to e4m3fn", LF_CONVERT, &float32, &e4m3fn, {0x3E99999A}, 0, 0x2A, LF_INEXACT},
    {"448 to e4m3fn", LF_CONVERT, &float32, &e4m3fn, {0x43E00000}, 0, 0x7E, 0},
    {"-1000 to e4m3fn",
     LF_CONVERT,
     &float32,
     &e4m3fn,
     {0xC47A0000},
     0,
     0xFF,
     LF_OVERFLOW | LF_INEXACT},
    {"2^-10 to e4m3fn",
     LF_CONVERT,
     &float32,
     &e4m3fn,
     {0x3A800000},
     0,
     0,
     LF_UNDERFLOW | LF_INEXACT},
    {"2^-10 to e4m3fn, up",
     LF_CONVERT,
     &float32,
     &e4m3fn,
     {0x3A800000},
     LF_TOWARD_POSITIVE,
     1,
     LF_UNDERFLOW | LF_INEXACT},
    {"signaling NaN to float16",
     LF_CONVERT,
     &float32,
     &float16,
     {0x7F800001},
     0,
     0x7E00,
     LF_INVALID},
    {"infinity to float16", LF_CONVERT, &float32, &float16, {0xFF800000}, 0, 0xFC00, 0},
    {"3 to e8m0fnu", LF_CONVERT, &float32, &e8m0fnu, {0x40400000}, 0, 0x81, LF_INEXACT},
    {"0 to e8m0fnu", LF_CONVERT, &float32, &e8m0fnu, {0}, 0, 0xFF, LF_INVALID},
    {"0.1 + 0.2", LF_ADD, &float32, &float32, {0x3DCCCCCD, 0x3E4CCCCD}, 0, 0x3E99999A, LF_INEXACT},
    {"1 - 1, down",
     LF_SUBTRACT,
     &float32,
     &float32,
     {0x3F800000, 0x3F800000},
     LF_TOWARD_NEGATIVE,
     0x80000000,
     0},
    {"infinity - infinity",
     LF_SUBTRACT,
     &float32,
     &float32,
     {0x7F800000, 0x7F800000},
     0,
     0x7FC00000,
     LF_INVALID},
    {"65504 * 2",
     LF_MULTIPLY,
     &float16,
     &float16,
     {0x7BFF, 0x4000},
     0,
     0x7C00,
     LF_OVERFLOW | LF_INEXACT},
    {"65504 * 2, odd",
     LF_MULTIPLY,
     &float16,
     &float16,
     {0x7BFF, 0x4000},
     LF_TO_ODD,
     0x7BFF,
     LF_OVERFLOW | LF_INEXACT},
    /* (1 + 2^-10)^2 - (1 + 2^-9) = 2^-20: lost if the product is rounded */
    {"fused", LF_FMA, &float16, &float16, {0x3C01, 0x3C01, 0xBC02}, 0, 0x0010, 0},
    {"1 / 3", LF_DIVIDE, &float32, &float32, {0x3F800000, 0x40400000}, 0, 0x3EAAAAAB, LF_INEXACT},
    {"1 / 0", LF_RECIPROCAL, &float16, &float16, {0x8000}, 0, 0xFC00, LF_DIVIDE_BY_ZERO},
    {"sqrt 2", LF_SQRT, &float32, &float32, {0x40000000}, 0, 0x3FB504F3, LF_INEXACT},
    {"hypot(3, 4)", LF_HYPOT, &float16, &float16, {0x4200, 0x4400}, 0, 0x4500, 0},
    {"5 rem 3", LF_REMAINDER, &float16, &float16, {0x4500, 0x4200}, 0, 0xBC00, 0},
    {"2.5 to integral", LF_ROUND_TO_INTEGRAL, &float16, &float16, {0x4100}, 0, 0x4000, 0},
    {"next above 0", LF_NEXTUP, &float16, &float16, {0}, 0, 1, 0},
    {"clamp", LF_CLAMP, &float16, &float16, {0x4500, 0x3C00, 0x4200}, 0, 0x4200, 0},
};

static int scalars(void)
{
    int failures = 0;
    for (size_t i = 0; i < sizeof SCALARS / sizeof *SCALARS; i++) {
        const scalar_case *s = &SCALARS[i];
        const lf_format *formats[3] = {s->from, s->from, s->from};
        lf_projection p = {.size = sizeof p, .rounding = (uint8_t)s->rounding};
        uint64_t code = 0;
        uint32_t flags = 0;
        int status = lf_apply_scalar(s->operation, formats, s->codes, s->to, &p, 0, &code, &flags);
        failures += expect(s->what, (uint64_t)status, LF_OK);
        failures += expect(s->what, code, s->code);
        failures += expect(s->what, flags, s->flags);
    }
    return failures;
}

/* Many elements in place on two threads: x + 1 in float16 for every x. */
static int arrays(void)
{
    enum { N = 1 << 18 };
    static uint16_t x[N];
    static const uint16_t one = 0x3C00;
    for (size_t i = 0; i < N; i++)
        x[i] = (uint16_t)i;
    uint32_t flags = 0;
    lf_operand operands[2] = {{&float16, x, 1}, {&float16, &one, 0}};
    lf_result result = {.format = &float16, .codes = x, .flags = &flags};
    lf_projection p = {.size = sizeof p};
    lf_options options = {.size = sizeof options, .threads = 2};
    int status = lf_apply(LF_ADD, operands, &result, N, &p, NULL, &options);
    int failures = expect("array status", (uint64_t)status, LF_OK);
    failures += expect("array flags", flags, LF_INEXACT | LF_INVALID);
    for (size_t i = 0; i < N; i++) {
        const lf_format *formats[2] = {&float16, &float16};
        uint64_t codes[2] = {i & 0xFFFF, one}, code;
        lf_apply_scalar(LF_ADD, formats, codes, &float16, &p, 0, &code, NULL);
        failures += x[i] != code;
    }
    return failures;
}

static int integers_and_grids(void)
{
    static const int8_t integers[3] = {-128, 0, 17};
    uint8_t codes[3];
    uint32_t values[2] = {0x3E99999A, 0xC47A0000}, back[2]; /* 0.3, -1000 */
    lf_projection p = {.size = sizeof p, .saturation = LF_SATURATION_FINITE};
    lf_result result = {.format = &e4m3fn, .codes = codes};
    int failures = expect(
        "integers", (uint64_t)lf_from_integers(integers, 8, 1, &result, 3, &p, NULL, NULL), 0);
    failures += expect("-128", codes[0], 0xF0) + expect("0", codes[1], 0);
    failures += expect("17", codes[2], 0x58);

    lf_operand container = {&float32, values, 1};
    lf_result rounded = {.format = &float32, .codes = back};
    failures += expect("quantize",
                       (uint64_t)lf_quantize(&container, &e4m3fn, &rounded, 2, &p, NULL, NULL), 0);
    failures += expect("0.3 on the grid", back[0], 0x3EA00000);
    failures += expect("-1000 on the grid", back[1], 0xC3E00000);
    return failures;
}

static int comparisons(void)
{
    static const uint16_t x[2] = {0x3C00, 0x7E00}; /* 1, NaN */
    static const uint16_t zero = 0;
    uint8_t truths[2], each[2], classes[2];
    int16_t integers[2];
    uint16_t scaled[2];
    uint32_t flags = 0;
    lf_operand operands[2] = {{&float16, x, 1}, {&float16, &zero, 0}};
    lf_projection p = {.size = sizeof p, .float_to_int = LF_TO_INT_INDEFINITE};
    int failures = expect(
        "compare", (uint64_t)lf_compare(LF_GREATER, 1, operands, truths, 2, each, &flags, &p, NULL),
        LF_OK);
    failures += expect("1 > 0", truths[0], 1) + expect("NaN > 0", truths[1], 0);
    failures += expect("signaling", flags, LF_INVALID) + expect("each", each[1], LF_INVALID);
    lf_classify(operands, classes, 2, NULL);
    failures += expect("class", classes[0], LF_CLASS_POSITIVE_NORMAL);
    lf_to_integers(operands, 16, 1, 1, integers, 2, NULL, NULL, &p, NULL, NULL);
    failures += expect("to 1", (uint64_t)integers[0], 1);
    failures += expect("to indefinite", (uint16_t)integers[1], 0x8000);
    lf_result result = {.format = &float16, .codes = scaled};
    int64_t n = -3;
    lf_scaleb(operands, &n, 0, &result, 2, &p, NULL, NULL);
    return failures + expect("2^-3", scaled[0], 0x3000);
}

static int random_bits(void)
{
    uint64_t words[4];
    lf_philox_bits(0, 0, 0, 0, 32, words, 4);
    int failures = expect("philox", words[0], 0x6627E8D5) + expect("philox", words[3], 0x9B00DBD8);
    uint64_t state = lf_lfsr_bits(16, 0xB400, LF_LFSR_GALOIS, 1, LF_BITS_MSB, 0xACE1, 16, words, 1);
    return failures + expect("lfsr", state, 0xE270) + expect("lfsr", words[0], 0xE270);
}

static int functions(void)
{
    static const uint16_t x[3] = {0x3C00, 0x0000, 0xC000}; /* 1, 0, -2 */
    uint16_t result[3];
    uint8_t each[3], undecided[3];
    lf_operand operand = {&float16, x, 1};
    lf_result to = {&float16, result, each, NULL};
    lf_projection p = {.size = sizeof p};
    int failures = expect(
        "log", (uint64_t)lf_elementary(LF_LOG, &operand, &to, 3, &p, NULL, undecided, NULL), LF_OK);
    failures += expect("log 1", result[0], 0) + expect("log 0", result[1], 0xFC00);
    failures += expect("log 0 flags", each[1], LF_DIVIDE_BY_ZERO);
    failures += expect("log -2", result[2], 0x7E00) + expect("log -2 flags", each[2], LF_INVALID);
    uint64_t word = lf_elementary_word(LF_EXP, &float16, &float16, &float16, &p, 0x3C00, 0, 0);
    return failures + expect("e, inexact", word, (uint64_t)LF_INEXACT << 32 | 0x4170);
}

static int tables_and_prepared(void)
{
    static const lf_format e4m3fn = {
        sizeof e4m3fn,         4,     3, 7, 1, LF_INFINITIES_NONE, LF_NAN_ALL_ONES, 1, 1,
        LF_SUBNORMALS_GRADUAL, {0, 0}};
    static const lf_format *const formats[2] = {&e4m3fn, &e4m3fn};
    static uint8_t codes[1 << 16], flags[1 << 16];
    const uint8_t x[2] = {0x38, 0x7E}, y = 0x40; /* 1, 448; 2 */
    uint8_t result[2];
    uint32_t raised = 0;
    lf_projection p = {.size = sizeof p};
    lf_table table = {.size = sizeof table, .codes = codes, .flags = flags};
    int failures =
        expect("fill", (uint64_t)lf_table_fill(&table, LF_MULTIPLY, formats, &e4m3fn, &p), LF_OK);
    lf_operand operands[2] = {{&e4m3fn, x, 1}, {&e4m3fn, &y, 0}};
    lf_result to = {&e4m3fn, result, NULL, &raised};
    lf_table_apply(&table, operands, &to, 2, NULL);
    failures += expect("1 * 2", result[0], 0x40) + expect("448 * 2", result[1], 0x7F);
    failures += expect("overflow", raised, LF_OVERFLOW | LF_INEXACT);

    lf_prepared *prepared = malloc(lf_prepared_size());
    lf_prepare(prepared, LF_DIVIDE, formats, &e4m3fn, &p);
    failures += expect("1 / 2", lf_prepared_apply(prepared, 0x38, 0x40, 0, 0, &raised), 0x30);
    failures += expect("exact", raised, 0);
    lf_prepare_question(prepared, LF_LESS, 0, formats, &p);
    failures += expect("1 < 2", lf_prepared_apply(prepared, 0x38, 0x40, 0, 0, &raised), 1);
    free(prepared);
    return failures;
}

int main(void)
{
    int failures = expect("version", lf_abi_version(), LF_ABI_VERSION);
    failures += scalars() + arrays() + integers_and_grids() + comparisons() + functions() +
                random_bits() + tables_and_prepared();
    printf("%d failures\n", failures);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

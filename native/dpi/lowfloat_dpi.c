#include "lowfloat_dpi.h"

#include "chunks.h"
#include "lowfloat.h"

static lf_random given(const uint64_t *bits)
{
    return (lf_random){.size = sizeof(lf_random), .kind = LF_RANDOM_GIVEN, .given = bits};
}

int lf_dpi_apply(int operation, const uint32_t *x, const uint32_t *y, const uint32_t *z,
                 const uint32_t *x_format, const uint32_t *y_format, const uint32_t *z_format,
                 const uint32_t *format, const uint32_t *projection, const uint32_t *random_bits,
                 uint32_t *code)
{
    lf_format operands[3] = {unpack_format(x_format), unpack_format(y_format),
                             unpack_format(z_format)};
    const lf_format *formats[3] = {&operands[0], &operands[1], &operands[2]};
    uint64_t codes[3] = {unpack(x), unpack(y), unpack(z)}, result = 0;
    lf_format to = unpack_format(format);
    lf_projection rule = unpack_projection(projection);
    uint32_t flags = 0;

    int status = lf_apply_scalar(operation, formats, codes, &to, &rule, unpack(random_bits),
                                 &result, &flags);
    pack(result, code);
    return outcome(status, flags);
}

int lf_dpi_elementary(int function, const uint32_t *x, const uint32_t *y, const uint32_t *x_format,
                      const uint32_t *y_format, const uint32_t *format, const uint32_t *projection,
                      const uint32_t *random_bits, uint32_t *code)
{
    lf_format operands[2] = {unpack_format(x_format), unpack_format(y_format)};
    const lf_format *formats[2] = {&operands[0], &operands[1]};
    uint64_t codes[2] = {unpack(x), unpack(y)}, result = 0;
    lf_format to = unpack_format(format);
    lf_projection rule = unpack_projection(projection);
    uint32_t flags = 0;

    int status = lf_elementary_scalar(function, formats, codes, &to, &rule, unpack(random_bits),
                                      &result, &flags);
    pack(result, code);
    return outcome(status, flags);
}

int lf_dpi_compare(int relation, int signaling, const uint32_t *x, const uint32_t *y,
                   const uint32_t *x_format, const uint32_t *y_format, const uint32_t *projection,
                   uint32_t *code)
{
    lf_format a = unpack_format(x_format), b = unpack_format(y_format);
    lf_cell u = put(unpack(x), storage_of(&a)), v = put(unpack(y), storage_of(&b));
    lf_operand operands[2] = {{&a, &u, 1}, {&b, &v, 1}};
    lf_projection rule = unpack_projection(projection);
    uint8_t holds = 0;
    uint32_t flags = 0;

    int status = lf_compare(relation, signaling, operands, &holds, 1, NULL, &flags, &rule, NULL);
    pack(holds, code);
    return outcome(status, flags);
}

int lf_dpi_total_order(const uint32_t *x, const uint32_t *y, const uint32_t *x_format,
                       const uint32_t *y_format, uint32_t *code)
{
    lf_format a = unpack_format(x_format), b = unpack_format(y_format);
    lf_cell u = put(unpack(x), storage_of(&a)), v = put(unpack(y), storage_of(&b));
    lf_operand operands[2] = {{&a, &u, 1}, {&b, &v, 1}};
    uint8_t holds = 0;

    int status = lf_total_order(operands, &holds, 1, NULL);
    pack(holds, code);
    return outcome(status, 0);
}

int lf_dpi_classify(const uint32_t *x, const uint32_t *x_format, uint32_t *code)
{
    lf_format a = unpack_format(x_format);
    lf_cell u = put(unpack(x), storage_of(&a));
    lf_operand operand = {&a, &u, 1};
    uint8_t class = 0;

    int status = lf_classify(&operand, &class, 1, NULL);
    pack(class, code);
    return outcome(status, 0);
}

int lf_dpi_to_integer(const uint32_t *x, const uint32_t *x_format, int bits, int is_signed,
                      int exact, const uint32_t *projection, const uint32_t *random_bits,
                      uint32_t *integer)
{
    lf_format a = unpack_format(x_format);
    lf_cell u = put(unpack(x), storage_of(&a)), result = {.u64 = 0};
    lf_operand operand = {&a, &u, 1};
    lf_projection rule = unpack_projection(projection);
    uint64_t r = unpack(random_bits);
    lf_random random = given(&r);
    uint32_t flags = 0;

    int status = lf_to_integers(&operand, bits, is_signed, exact, &result, 1, NULL, &flags, &rule,
                                rule.rounding == LF_STOCHASTIC ? &random : NULL, NULL);
    uint64_t value = 0;
    if (status == LF_OK) {
        value = get(&result, bits);
        if (is_signed && bits < 64 && value >> (bits - 1))
            value |= ~(uint64_t)0 << bits;
    }
    pack(value, integer);
    return outcome(status, flags);
}

int lf_dpi_from_integer(const uint32_t *integer, int is_signed, const uint32_t *format,
                        const uint32_t *projection, const uint32_t *random_bits, uint32_t *code)
{
    lf_format to = unpack_format(format);
    lf_cell cell = {.u64 = 0};
    lf_projection rule = unpack_projection(projection);
    uint64_t value = unpack(integer), r = unpack(random_bits);
    lf_random random = given(&r);
    uint32_t flags = 0;
    lf_result result = {&to, &cell, NULL, &flags};

    int status = lf_from_integers(&value, 64, is_signed, &result, 1, &rule,
                                  rule.rounding == LF_STOCHASTIC ? &random : NULL, NULL);
    pack(get(&cell, storage_of(&to)), code);
    return outcome(status, flags);
}

int lf_dpi_scaleb(const uint32_t *x, const uint32_t *n, const uint32_t *x_format,
                  const uint32_t *format, const uint32_t *projection, const uint32_t *random_bits,
                  uint32_t *code)
{
    lf_format a = unpack_format(x_format), to = unpack_format(format);
    lf_cell u = put(unpack(x), storage_of(&a)), cell = {.u64 = 0};
    lf_operand operand = {&a, &u, 1};
    lf_projection rule = unpack_projection(projection);
    int64_t exponent = (int64_t)unpack(n);
    uint64_t r = unpack(random_bits);
    lf_random random = given(&r);
    uint32_t flags = 0;
    lf_result result = {&to, &cell, NULL, &flags};

    int status = lf_scaleb(&operand, &exponent, 1, &result, 1, &rule,
                           rule.rounding == LF_STOCHASTIC ? &random : NULL, NULL);
    pack(get(&cell, storage_of(&to)), code);
    return outcome(status, flags);
}

int lf_dpi_philox_bits(const uint32_t *seed, int stream, int call, const uint32_t *element,
                       int bits, uint32_t *random_bits)
{
    uint64_t r = 0;
    if (bits >= 1 && bits <= 64)
        lf_philox_bits(unpack(seed), (uint32_t)stream, (uint32_t)call, unpack(element), bits, &r,
                       1);
    pack(r, random_bits);
    return outcome(bits >= 1 && bits <= 64 ? LF_OK : LF_ERROR_ARGUMENT, 0);
}

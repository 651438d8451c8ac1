/* The same product in C. `make c` runs it. */
#include <stdio.h>

#include "lowfloat.h"

int main(void)
{
    const lf_format e4m3fn = {
        .size = sizeof e4m3fn,
        .exponent_bits = 4,
        .mantissa_bits = 3,
        .bias = 7,
        .is_signed = 1,
        .nan = LF_NAN_ALL_ONES,
        .negative_zero = 1,
        .zero = 1,
    };
    const lf_projection nearest = {.size = sizeof nearest};
    const lf_format *formats[] = {&e4m3fn, &e4m3fn};
    const uint64_t codes[] = {0x2A, 0x2A};
    uint64_t product;
    uint32_t flags = 0;

    int status = lf_apply_scalar(LF_MULTIPLY, formats, codes, &e4m3fn, &nearest, 0, &product, &flags);
    if (status != LF_OK)
        return status;
    printf("2a x 2a = %02x, flags %02x\n", (unsigned)product, (unsigned)flags);
    return 0;
}

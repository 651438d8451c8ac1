/* The least that a cast must do: load, change the width, store. */
#include "kernels.h"

static void narrow32to8(const void *in, void *out, size_t n)
{
    const uint32_t *restrict x = in;
    uint8_t *restrict y = out;
    for (size_t i = 0; i < n; i++)
        y[i] = (uint8_t)x[i];
}

static void narrow32to16(const void *in, void *out, size_t n)
{
    const uint32_t *restrict x = in;
    uint16_t *restrict y = out;
    for (size_t i = 0; i < n; i++)
        y[i] = (uint16_t)x[i];
}

static void widen8to32(const void *in, void *out, size_t n)
{
    const uint8_t *restrict x = in;
    uint32_t *restrict y = out;
    for (size_t i = 0; i < n; i++)
        y[i] = x[i];
}

const lf_limit_table LF_JOIN(lf_limits_, LF_ISA_NAME) = {
    .loop = {[LF_LIMIT_NARROW32TO8] = narrow32to8,
             [LF_LIMIT_NARROW32TO16] = narrow32to16,
             [LF_LIMIT_WIDEN8TO32] = widen8to32},
};

/* What DPI-C passes - packed bit vectors, as chunks of 32 bits - and what the library takes. */
#ifndef LOWFLOAT_CHUNKS_H
#define LOWFLOAT_CHUNKS_H

#include <stdint.h>

#include "lowfloat.h"

static inline uint64_t unpack(const uint32_t *chunks)
{
    return chunks[0] | (uint64_t)chunks[1] << 32;
}

static inline void pack(uint64_t value, uint32_t *chunks)
{
    chunks[0] = (uint32_t)value;
    chunks[1] = (uint32_t)(value >> 32);
}

static inline uint8_t byte(const uint32_t *chunks, int index)
{
    return (uint8_t)(chunks[index / 4] >> (8 * (index % 4)));
}

static inline lf_format unpack_format(const uint32_t *c)
{
    return (lf_format){
        .size = sizeof(lf_format),
        .exponent_bits = byte(c, 0),
        .mantissa_bits = byte(c, 1),
        .is_signed = byte(c, 2),
        .infinities = byte(c, 3),
        .nan = byte(c, 4),
        .negative_zero = byte(c, 5),
        .zero = byte(c, 6),
        .subnormals = byte(c, 7),
        .bias = (int32_t)c[2],
    };
}

static inline lf_projection unpack_projection(const uint32_t *c)
{
    return (lf_projection){
        .size = sizeof(lf_projection),
        .rounding = byte(c, 0),
        .variant = byte(c, 1),
        .random_bits = byte(c, 2),
        .exact_tail = byte(c, 3),
        .saturation = byte(c, 4),
        .tininess_before = byte(c, 5),
        .nan_rule = byte(c, 6),
        .default_nan_sign = byte(c, 7),
        .daz = byte(c, 8),
        .ftz = byte(c, 9),
        .saturation_hides_overflow = byte(c, 10),
        .infinityless_max = byte(c, 11),
        .fma_nan_silent = byte(c, 12),
        .float_to_int = byte(c, 13),
        .quirks = byte(c, 14),
    };
}

/* Arrays of one element hold a code in the smallest integer of at least its width. */
typedef union lf_cell {
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
} lf_cell;

static inline int storage_bits(int bits)
{
    return bits <= 8 ? 8 : bits <= 16 ? 16 : bits <= 32 ? 32 : 64;
}

static inline int storage_of(const lf_format *f)
{
    return storage_bits((f->is_signed != 0) + f->exponent_bits + f->mantissa_bits);
}

static inline lf_cell put(uint64_t value, int bits)
{
    lf_cell cell = {.u64 = 0};
    switch (bits) {
    case 8: cell.u8 = (uint8_t)value; break;
    case 16: cell.u16 = (uint16_t)value; break;
    case 32: cell.u32 = (uint32_t)value; break;
    default: cell.u64 = value;
    }
    return cell;
}

static inline uint64_t get(const lf_cell *cell, int bits)
{
    switch (bits) {
    case 8: return cell->u8;
    case 16: return cell->u16;
    case 32: return cell->u32;
    default: return cell->u64;
    }
}

/* What every function returns. */
static inline int outcome(int status, uint32_t flags)
{
    return status == LF_OK ? (int)flags : -status;
}

#endif

#include "random.h"

static void philox_round(uint32_t c[4], uint32_t k0, uint32_t k1)
{
    uint64_t p0 = (uint64_t)0xD2511F53 * c[0];
    uint64_t p1 = (uint64_t)0xCD9E8D57 * c[2];
    c[0] = (uint32_t)(p1 >> 32) ^ c[1] ^ k0;
    c[2] = (uint32_t)(p0 >> 32) ^ c[3] ^ k1;
    c[1] = (uint32_t)p1;
    c[3] = (uint32_t)p0;
}

/* One block of 128 bits, low half first. */
static void philox_block(uint64_t seed, uint32_t stream, uint32_t call, uint64_t block,
                         uint64_t out[2])
{
    uint32_t c[4] = {(uint32_t)block, (uint32_t)(block >> 32), call, stream};
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int i = 0; i < 10; i++) {
        philox_round(c, k0, k1);
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
    out[0] = c[0] | (uint64_t)c[1] << 32;
    out[1] = c[2] | (uint64_t)c[3] << 32;
}

void lf_philox_bits(uint64_t seed, uint32_t stream, uint32_t call, uint64_t first, int bits,
                    uint64_t *out, size_t n)
{
    int width = bits <= 8 ? 8 : bits <= 16 ? 16 : bits <= 32 ? 32 : 64;
    unsigned lanes = 128 / (unsigned)width;
    uint64_t mask = UINT64_MAX >> (64 - width);
    uint64_t block = first / lanes;
    unsigned lane = (unsigned)(first % lanes);
    for (size_t i = 0; i < n; block++, lane = 0) {
        uint64_t words[2];
        philox_block(seed, stream, call, block, words);
        for (; lane < lanes && i < n; lane++, i++) {
            unsigned at = lane * (unsigned)width;
            out[i] = (words[at / 64] >> (at % 64) & mask) >> (width - bits);
        }
    }
}

static uint64_t lfsr_shift(uint64_t state, int width, uint64_t taps, int form)
{
    if (form == LF_LFSR_GALOIS)
        return state >> 1 ^ (state & 1 ? taps : 0);
    return state >> 1 | (uint64_t)__builtin_parityll(state & taps) << (width - 1);
}

static uint64_t reversed(uint64_t x, int bits)
{
    uint64_t y = 0;
    for (int i = 0; i < bits; i++)
        y |= (x >> i & 1) << (bits - 1 - i);
    return y;
}

uint64_t lf_lfsr_bits(int width, uint64_t taps, int form, uint32_t shifts, int bit_order,
                      uint64_t state, int bits, uint64_t *out, size_t n)
{
    uint64_t mask = UINT64_MAX >> (64 - bits);
    for (size_t i = 0; i < n; i++) {
        for (uint32_t s = 0; s < shifts; s++)
            state = lfsr_shift(state, width, taps, form);
        if (bit_order == LF_BITS_MSB)
            out[i] = state >> (width - bits);
        else
            out[i] = bit_order == LF_BITS_LSB ? state & mask : reversed(state, bits);
    }
    return state;
}

int lf_random_valid(const lf_random *r)
{
    return r && r->size >= sizeof *r &&
           (r->kind == LF_RANDOM_PHILOX || (r->kind == LF_RANDOM_GIVEN && r->given));
}

uint64_t lf_random_fill(const lf_random *r, int bits, size_t begin, uint64_t *out, size_t n)
{
    if (r->kind == LF_RANDOM_PHILOX) {
        lf_philox_bits(r->seed, r->stream, r->call, r->first + begin, bits, out, n);
        return 0;
    }
    uint64_t all = 0;
    for (size_t i = 0; i < n; i++)
        all |= out[i] = r->given[(ptrdiff_t)(begin + i) * r->given_stride];
    return all;
}

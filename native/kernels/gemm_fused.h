/* Fused blocks (G-10): aligned to the greatest exponent, cut toward zero, summed as integers. For
 * 32-bit lanes, after gemm_steps.h.
 *
 * Products are exact in binary32, and no exponent lies below 2^-100 or the plan refuses. With P =
 * 2^E, terms times 2^F / P are below 2^(F + 2), and cutting them is a conversion to integers. Even
 * and odd terms have sums of their own, each below 2^31 by the plan: S = S0 + S1 = 2 H + low.
 *
 * Toward zero the host's conversion of S to binary32 is the result, where S fits 31 bits; otherwise
 * H with `low` or-ed into its last bit is H + low / 2 rounded to odd, of 30 bits or more, and cut
 * as S itself would be. To nearest even the conversion is exact where S has 24 bits; otherwise H
 * has 23 or more, and H / 2^8 rounded to odd has 15 to 23, which decide 13 bits or fewer. */
#include <stdint.h>

/* S0 + S1 in units of 2^(E - F), to binary32. */
LF_INLINE lf_vector32 lf_fused_sum(const lf_fused *f, lf_vector_words32 s0, lf_vector_words32 s1)
{
    lf_vector_words32 sum = (lf_vector_words32)((lf_unsigned32)s0 + (lf_unsigned32)s1);
    lf_vector32 small = __builtin_convertvector(sum, lf_vector32);
    if (f->direct)
        return small;
    lf_vector_words32 half = (s0 >> 1) + (s1 >> 1) + (s0 & s1 & 1), low = (s0 ^ s1) & 1;
    lf_vector_words32 sign = half >> 31;
    lf_vector_words32 big = (lf_vector_words32)((half ^ sign) >= f->large);
    if (!lf_any32(big))
        return small;
    lf_vector32 large;
    if (f->nearest) {
        lf_vector_words32 rest = (half & 255) | low;
        large = __builtin_convertvector((half >> 8) | ((lf_vector_words32)(rest != 0) & 1),
                                        lf_vector32);
        large *= 512.0f;
    } else {
        large = __builtin_convertvector(half | low, lf_vector32) * 2.0f;
    }
    return lf_choose32(big, large, small);
}

/* Numbers to integers, toward zero under every control word. */
LF_INLINE lf_vector_words32 lf_cut_to_integers(lf_vector32 x)
{
#if defined(__AVX512F__)
    return (lf_vector_words32)_mm512_cvttps_epi32((__m512)x);
#elif defined(__AVX2__)
    return (lf_vector_words32)_mm256_cvttps_epi32((__m256)x);
#else
    return __builtin_convertvector(x, lf_vector_words32);
#endif
}

/* max(|x|, y) for y >= 0. */
LF_INLINE lf_vector32 lf_greater_magnitude(lf_vector32 x, lf_vector32 y)
{
#if defined(__AVX512F__)
    return (lf_vector32)_mm512_range_ps((__m512)x, (__m512)y, 11);
#else
    return lf_greater32(lf_magnitude32(x), y);
#endif
}

/* The power of two of c; of a subnormal number that of the smallest normal one, of 0 none. */
LF_INLINE lf_vector32 lf_power_of_start(const lf_fused *f, lf_vector32 c)
{
    const lf_vector32 least = (lf_vector32){0} + (float)f->least;
    lf_vector32 power = (lf_vector32)((lf_vector_words32)c & 0x7f800000);
    if (f->sum.smallest > f->least) {
        power = lf_greater32(power, (lf_vector32){0} + (float)f->sum.smallest);
        power = (lf_vector32)((lf_vector_words32)power & (lf_vector_words32)(c != 0));
    }
    return lf_greater32(power, least);
}

#if defined(__AVX512F__)
enum { LF_FUSED_ROWS = 4 };
#else
enum { LF_FUSED_ROWS = 2 };
#endif

enum { LF_FUSED_COLUMNS = 2 * LF_VECTOR_BYTES / 4, LF_FUSED_VECTOR = LF_VECTOR_BYTES / 4 };

/* One block of n terms for `rows` rows, a constant; returns the greatest magnitude of all sums.
 * None rounds to an overflow that does not lie beyond the grid's reach before. `a` and `b` are
 * those of the first term; `height` is that of the panel. */
LF_INLINE lf_vector32 lf_fused_block(const lf_fused *f, const float *a, const float *ap,
                                     const float *b, const float *bp, size_t n, size_t height,
                                     float *sums, const int rows, lf_vector32 greatest)
{
    lf_vector32 c[4][2], power[4][2];
    lf_vector_words32 total[4][2][2];
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int j = 0; j < 2; j++) {
            c[i][j] =
                *(const lf_vector_loaded32 *)(sums + i * LF_FUSED_COLUMNS + j * LF_FUSED_VECTOR);
            power[i][j] = lf_power_of_start(f, c[i][j]);
        }
    for (size_t s = 0; s < n; s++) {
        lf_vector32 b0 = *(const lf_vector_loaded32 *)(bp + s * LF_FUSED_COLUMNS);
        lf_vector32 b1 = *(const lf_vector_loaded32 *)(bp + s * LF_FUSED_COLUMNS + LF_FUSED_VECTOR);
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++) {
            lf_vector32 factor = lf_repeat32(ap + s * height + (size_t)i);
            power[i][0] = lf_greater32(factor * b0, power[i][0]);
            power[i][1] = lf_greater32(factor * b1, power[i][1]);
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int j = 0; j < 2; j++) {
            /* From here on 2^F / 2^E. */
            power[i][j] = (lf_vector32)(((uint32_t)(254 + f->fraction_bits) << 23) -
                                        (lf_unsigned32)power[i][j]);
            total[i][j][0] = lf_cut_to_integers(c[i][j] * power[i][j]);
            total[i][j][1] = (lf_vector_words32){0};
        }
#define ADD_TERM(s, half)                                                                          \
    do {                                                                                           \
        const float *column = b + (s) * LF_FUSED_COLUMNS;                                          \
        lf_vector32 b0 = *(const lf_vector_loaded32 *)column;                                      \
        lf_vector32 b1 = *(const lf_vector_loaded32 *)(column + LF_FUSED_VECTOR);                  \
        _Pragma("GCC unroll 4") for (int i = 0; i < rows; i++)                                     \
        {                                                                                          \
            lf_vector32 factor = lf_repeat32(a + (s) * height + (size_t)i);                        \
            total[i][0][half] += lf_cut_to_integers(factor * b0 * power[i][0]);                    \
            total[i][1][half] += lf_cut_to_integers(factor * b1 * power[i][1]);                    \
        }                                                                                          \
    } while (0)
    for (size_t s = 0; s + 1 < n; s += 2) {
        ADD_TERM(s, 0);
        ADD_TERM(s + 1, 1);
    }
    if (n % 2)
        ADD_TERM(n - 1, 0);
#undef ADD_TERM
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int j = 0; j < 2; j++) {
            lf_vector32 unit = (lf_vector32)((254 << 23) - (lf_vector_words32)power[i][j]);
            lf_vector32 x = lf_fused_sum(f, total[i][j][0], total[i][j][1]) * unit;
            greatest = lf_greater_magnitude(x, greatest);
            if (!f->exact)
                x = lf_bounded32(&f->sum, x);
            *(lf_vector_loaded32 *)(sums + i * LF_FUSED_COLUMNS + j * LF_FUSED_VECTOR) = x;
        }
    return greatest;
}

static int lf_fused_tile32(const lf_fused *f, const float *a, const float *a_powers, const float *b,
                           const float *b_powers, size_t steps, size_t rows, float *sums)
{
    lf_vector32 greatest = {0};
    for (size_t s = 0; s < steps; s += f->terms) {
        size_t n = steps - s < f->terms ? steps - s : f->terms, i = 0;
        const float *column = b + s * LF_FUSED_COLUMNS, *powers = b_powers + s * LF_FUSED_COLUMNS;
        for (; LF_FUSED_ROWS == 4 && i + 4 <= rows; i += 4)
            greatest = lf_fused_block(f, a + s * rows + i, a_powers + s * rows + i, column, powers,
                                      n, rows, sums + i * LF_FUSED_COLUMNS, 4, greatest);
        for (; i < rows; i += 2)
            greatest = lf_fused_block(f, a + s * rows + i, a_powers + s * rows + i, column, powers,
                                      n, rows, sums + i * LF_FUSED_COLUMNS, 2, greatest);
    }
    return lf_any32((lf_vector_words32)(greatest > (float)f->sum.reach));
}

static void lf_powers32(const float *numbers, size_t n, float smallest, float *powers)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &numbers[i], sizeof bits);
        bits &= 0x7f800000;
        float power;
        memcpy(&power, &bits, sizeof power);
        power = power > smallest ? power : smallest;
        powers[i] = numbers[i] != 0 ? power : 0;
    }
}

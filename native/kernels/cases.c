/* The kernels that draw cases of test vectors: random words, and a function for each class. */
/* Classes look up many codes; the generic tuning of GCC does so one by one. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__AVX512F__)
#    pragma GCC target("tune=sapphirerapids")
#endif

#include "case_conversions.h"
#include "case_results.h"
#include "case_turns.h"
#include "philox_rounds.h"

/* Words 4 call .. 4 call + 3: two of Philox4x32-10 with the counter (case, call, stream), rules R-2
 * and R-3, 64 bits at a time, and two that are made from those. */
static void words(uint64_t seed, uint32_t call, uint64_t first, uint64_t step, int count,
                  uint64_t (*out)[LF_CASE_PIECE], size_t n)
{
    lf_words order;
    for (int k = 0; k < LF_BLOCKS; k++)
        order[k] = (uint64_t)k;
    const lf_words zero = {0};
    lf_philox_keys keys;
    philox_keys(&keys, seed);
    for (size_t i = 0; i < n; i += 2 * LF_BLOCKS) {
        lf_words c[2][4];
        for (int s = 0; s < 2; s++) {
            size_t at = i + (size_t)s * LF_BLOCKS;
            lf_words number = order + (first + at / LF_CASE_RUN * step + at % LF_CASE_RUN);
            c[s][0] = number;
            c[s][1] = number >> 32;
            c[s][2] = zero + call;
            c[s][3] = zero + LF_CASE_STREAM;
        }
        philox_rounds(c, 2, &keys);
        for (int s = 0; s < 2; s++) {
            lf_words low = (c[s][0] & LF_WORD) | c[s][1] << 32;
            lf_words high = (c[s][2] & LF_WORD) | c[s][3] << 32;
            memcpy(out[0] + i + (size_t)s * LF_BLOCKS, &low, sizeof low);
            memcpy(out[1] + i + (size_t)s * LF_BLOCKS, &high, sizeof high);
        }
    }
    for (int w = 2; w < count; w++)
        for (size_t i = 0; i < n; i++)
            out[w][i] =
                spread(out[0][i] ^ (out[1][i] << 32 | out[1][i] >> 32), LF_CASE_THIRD + w - 2);
}

const lf_case_table LF_JOIN(lf_cases_, LF_ISA_NAME) = {
    .classes = {[LF_CASES_RANDOM] = random_codes,
                [LF_CASES_WEIGHTED] = weighted,
                [LF_CASES_TESTFLOAT1] = testfloat1,
                [LF_CASES_TESTFLOAT2] = testfloat2,
                [LF_CASES_B1] = specials,
                [LF_CASES_NAN] = nans,
                [LF_CASES_ZERO_SIGN] = zero_signs,
                [LF_CASES_B9] = significands,
                [LF_CASES_BOOTH] = booth,
                [LF_CASES_B10] = b10,
                [LF_CASES_B11] = b11,
                [LF_CASES_B12] = b12,
                [LF_CASES_B13] = b13,
                [LF_CASES_B14] = b14,
                [LF_CASES_B15] = b15,
                [LF_CASES_B16] = b16,
                [LF_CASES_B17] = b17,
                [LF_CASES_B18] = b18,
                [LF_CASES_B19] = b19,
                [LF_CASES_SRT] = srt,
                [LF_CASES_B20] = b20,
                [LF_CASES_B21] = b21,
                [LF_CASES_B22] = b22,
                [LF_CASES_B23] = b23,
                [LF_CASES_B24] = b24,
                [LF_CASES_B25] = specials,
                [LF_CASES_B26] = b26,
                [LF_CASES_B27] = nans,
                [LF_CASES_B28] = b28,
                [LF_CASES_B29] = b29,
                [LF_CASES_NEAR_TIE] = near_tie,
                [LF_CASES_B2] = b2,
                [LF_CASES_B3] = b3,
                [LF_CASES_B4] = b4,
                [LF_CASES_B5] = b5,
                [LF_CASES_B6] = b6,
                [LF_CASES_B7] = b7,
                [LF_CASES_B8] = b8,
                [LF_CASES_CARRY_OUT] = carry_out},
    .random_bits = random_bits,
    .digits = digits,
    .scatter = scatter,
    .words = words,
};

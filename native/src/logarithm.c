/* Logarithms of binary32 numbers as integers, their sums, and codebooks. */
#include "logarithm.h"

#include <string.h>

#include "apply.h"
#include "format.h"
#include "fpenv.h"
#include "isa.h"
#include "kernels.h"

/* Made with 200 bits of precision; logarithm.h says what they are. */
const double lf_log_reciprocal[16] = {
    0x1.f07c20p-1, 0x1.d41d42p-1, 0x1.bacf92p-1, 0x1.a41a42p-1, 0x1.8f9c18p-1, 0x1.7d05f4p-1,
    0x1.6c16c2p-1, 0x1.5c9882p-1, 0x1.4e5e0ap-1, 0x1.414142p-1, 0x1.3521d0p-1, 0x1.29e412p-1,
    0x1.1f7048p-1, 0x1.15b1e6p-1, 0x1.0c9714p-1, 0x1.041042p-1,
};
const int64_t lf_log_table[16] = {
    51182885315820678,  149053161121811217,  241483249169765196,  329046333901648076,
    412229457102756691, 491449808548339335,  567067971589813377,  639397465983154163,
    708712232453750666, 775253578136435170,  839235120923791697,  900846469224814464,
    960256795910176071, 1017618149402865523, 1073067184561696557, 1126726943780506490,
};
const double lf_log_polynomial[11] = {
    0x1.71547652b82fep+60, -0x1.71547652b82fep+59, 0x1.ec709dc3a03fdp+58, -0x1.71547652b82fep+58,
    0x1.2776c50ef9bfep+58, -0x1.ec709dc3a03fdp+57, 0x1.a61762a7aded9p+57, -0x1.71547652b82fep+57,
    0x1.484b13d7c02a9p+57, -0x1.2776c50ef9bfep+57, 0x1.0c9a84994022dp+57,
};
/* log2(1 + r) / r by a polynomial of degree 7: within 2^-54.9 / |r| for |r| < 0.0304. */
const double lf_log_quick[8] = {
    0x1.71547652b82fap+0, -0x1.71547652b82f7p-1, 0x1.ec709dc42b925p-2, -0x1.7154765335949p-2,
    0x1.2776b98ee8e30p-2, -0x1.ec7089102c7d6p-3, 0x1.a6b2e2b1b0856p-3, -0x1.71e06a3f9cac5p-3,
};
const double lf_log_quick_table[16] = {
    0x1.6bad2043a8791p-5, 0x1.08c587b8a8459p-3, 0x1.acf5de2afc49ap-3, 0x1.2440796db68c3p-2,
    0x1.6e22207523f6dp-2, 0x1.b47ebfcfdd47ap-2, 0x1.f7a85434872d2p-2, 0x1.1bf31371c6bf0p-1,
    0x1.3abb40a7ec27fp-1, 0x1.584820b2f5874p-1, 0x1.74b1fcac363a3p-1, 0x1.900e62e869eafp-1,
    0x1.aa708efbac2fbp-1, 0x1.c3e9ca1704bdfp-1, 0x1.dc899d687db5ep-1, 0x1.f45e05f15cc17p-1,
};

/* 2^127 y with 1 <= y < 2 is squared at each step: the integer part of the square, 1 or 2, is the
 * next bit of the logarithm. Every squaring doubles the relative error and drops at most 2^-126 of
 * y, so that after 41 steps y is off by less than 2^-84; the logs of the 2^23 significands stay
 * farther than that from a boundary (tests compare them all with MPFR). */
int64_t lf_log2_exact(uint32_t significand)
{
    if (significand == 0)
        return 0;
    uint64_t high = (uint64_t)1 << 63 | (uint64_t)significand << 40, low = 0;
    int64_t log = 0;
    for (int step = 0; step < 41; step++) {
        lf_u128 cross = (lf_u128)high * low;
        lf_u128 square = (lf_u128)high * high;
        square += cross >> 63; /* twice the cross product; low * low is below the last bit */
        int carry = (int)(square >> 127);
        square <<= !carry;
        high = (uint64_t)(square >> 64);
        low = (uint64_t)square;
        log = 2 * log + carry;
    }
    return (log + 1) >> 1;
}

int64_t lf_log2_significand(uint32_t significand)
{
    union {
        uint32_t bits;
        float number;
    } m = {0x3f800000u | significand};
    int sixteenth = (int)(significand >> 19);
    double r = (double)m.number * lf_log_reciprocal[sixteenth] - 1.0;
    double p = lf_log_polynomial[10];
    for (int k = 9; k >= 0; k--)
        p = p * r + lf_log_polynomial[k];
    int64_t log = lf_log_table[sixteenth] + (int64_t)(p * r);
    int64_t half = (int64_t)1 << (LF_LOG_FRACTION - 1);
    int64_t with_doubt = log + half + LF_LOG_DOUBT;
    if ((with_doubt & ((1 << LF_LOG_FRACTION) - 1)) <= 2 * LF_LOG_DOUBT)
        return lf_log2_exact(significand);
    return with_doubt >> LF_LOG_FRACTION;
}

int64_t lf_log2_fixed(uint32_t magnitude)
{
    if (magnitude == 0 || magnitude >= 0x7f800000u)
        return INT64_MIN;
    int exponent = (int)(magnitude >> 23) - 127;
    uint32_t significand = magnitude & 0x7fffff;
    if (exponent == -127) {
        int shift = __builtin_clz(magnitude) - 8;
        exponent = -126 - shift;
        significand = magnitude << shift & 0x7fffff;
    }
    return ((int64_t)exponent << 40) + lf_log2_exact(significand);
}

LF_DEFINE_TABLE_OF(table_of, lf_logarithm_table, lf_logarithms)

typedef struct sums_job {
    const lf_logarithm_table *table;
    const uint32_t *x;
    lf_log_statistics *out;
} sums_job;

/* Integer sums: threads may add theirs in any order. */
static uint32_t sums_chunk(const void *argument, size_t begin, size_t end)
{
    const sums_job *job = argument;
    lf_log_statistics *out = job->out;
    lf_log_sums sums;
    uint32_t control = lf_fpenv_enter();
    job->table->sums(job->x + begin, end - begin, &sums);
    lf_fpenv_leave(control);
    __atomic_fetch_add(&out->count, sums.count, __ATOMIC_RELAXED);
    __atomic_fetch_add(&out->sum_exponents, sums.exponents, __ATOMIC_RELAXED);
    __atomic_fetch_add(&out->sum_high, sums.fractions_high, __ATOMIC_RELAXED);
    __atomic_fetch_add(&out->sum_low, sums.fractions_low, __ATOMIC_RELAXED);
    uint32_t seen = __atomic_load_n(&out->max_magnitude, __ATOMIC_RELAXED);
    while (seen < sums.max_magnitude &&
           !__atomic_compare_exchange_n(&out->max_magnitude, &seen, sums.max_magnitude, 1,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return 0;
}

int lf_log2_statistics(const void *x, size_t n, lf_log_statistics *out, const lf_options *options)
{
    if ((!x && n) || !out || out->size < sizeof *out)
        return LF_ERROR_ARGUMENT;
    int status = lf_options_check(options);
    if (status)
        return status;
    *out = (lf_log_statistics){.size = sizeof *out};
    sums_job job = {table_of(lf_isa_of(options)), x, out};
    lf_run_chunks(sums_chunk, &job, n, options ? options->threads : 1);
    return LF_OK;
}

typedef struct search_job {
    const lf_logarithm_table *table;
    lf_search search;
    const uint32_t *x;
    char *out;
    int values;
} search_job;

static uint32_t search_chunk(const void *argument, size_t begin, size_t end)
{
    const search_job *job = argument;
    lf_search_kernel kernel = job->values ? job->table->to_values : job->table->to_codes;
    kernel(&job->search, job->x + begin, job->out + begin * (job->values ? 4 : 1), end - begin);
    return 0;
}

static uint32_t reversed(uint32_t x, int bits)
{
    uint32_t y = 0;
    for (int i = 0; i < bits; i++)
        y |= (x >> i & 1) << (bits - 1 - i);
    return y;
}

/* Level k of a balanced search tree over 127 sorted thresholds; see lf_search for its order. */
static void arrange(lf_search *search, const lf_codebook *book, int values)
{
    for (int k = 0; k < 7; k++)
        for (uint32_t i = 0; i < 1u << k; i++)
            search->level[k][reversed(i, k)] = book->thresholds[((2 * i + 1) << (6 - k)) - 1];
    for (uint32_t i = 0; i < 128; i++)
        search->results[reversed(i, 7)] = values ? book->results[i] : i;
    search->infinity = book->infinity;
    search->infinity_sign = book->infinity_sign;
    search->nan = book->nan;
    search->sign = book->sign;
    search->zero_sign = book->zero_sign;
}

int lf_codebook_search(const void *x, size_t n, const lf_codebook *book, int bytes, void *out,
                       const lf_options *options)
{
    if ((n && (!x || !out)) || !book || book->size < sizeof *book || (bytes != 1 && bytes != 4) ||
        book->sign == 0 || (book->zero_sign != 0 && book->zero_sign != book->sign))
        return LF_ERROR_ARGUMENT;
    int status = lf_options_check(options);
    if (status)
        return status;
    search_job job = {
        .table = table_of(lf_isa_of(options)), .x = x, .out = out, .values = bytes == 4};
    arrange(&job.search, book, job.values);
    lf_run_chunks(search_chunk, &job, n, options ? options->threads : 1);
    return LF_OK;
}

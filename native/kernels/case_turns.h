/* The turns of classes: digits of their grids, and where their runs stand in a column. */
#ifndef LF_CASE_TURNS_H
#define LF_CASE_TURNS_H

#include "case_patterns.h"

/* The cases of a run side by side. */
typedef int64_t lf_run __attribute__((vector_size(8 * LF_CASE_RUN)));

/* The digits of a number in the mixed radix of a turn. */
LF_INLINE void digits_of(const lf_case_turn *turn, uint64_t number, int64_t *digits, int apart)
{
    for (int k = turn->digits - 1; k >= 0; k--) {
        uint64_t radix = (uint64_t)turn->radices[k];
        digits[k * apart] = (int64_t)(number % radix);
        number /= radix;
    }
}

/* An odometer that goes on by the same number for all cases of a run. */
LF_INLINE void count(const lf_case_turn *turn, uint64_t first, uint64_t apart, size_t runs,
                     lf_case_piece *p, const int digits)
{
    int64_t start[LF_CASE_DIGITS][LF_CASE_RUN], by[LF_CASE_DIGITS];
    lf_run now[LF_CASE_DIGITS];
    for (int i = 0; i < LF_CASE_RUN; i++)
        digits_of(turn, first + (uint64_t)i, &start[0][i], LF_CASE_RUN);
    memcpy(now, start, (size_t)digits * sizeof *now);
    digits_of(turn, apart, by, 1);
    for (size_t run = 0; run < runs; run++) {
        lf_run carry = {0}; /* -1 is one */
#pragma GCC unroll 5
        for (int k = digits - 1; k >= 0; k--) {
            memcpy(&p->digits[k][LF_CASE_RUN * run], &now[k], sizeof now[k]);
            lf_run sum = now[k] + by[k] - carry;
            carry = sum >= turn->radices[k];
            now[k] = sum - (carry & turn->radices[k]);
        }
    }
}

/* The digits of cases first .. first + 7, and of the runs that lie `apart` from one another. */
static void digits(const lf_case_turn *turn, uint64_t first, uint64_t apart, size_t runs,
                   lf_case_piece *p)
{
    int64_t largest = 1;
    for (int k = 0; k < turn->digits; k++)
        largest = turn->radices[k] > largest ? turn->radices[k] : largest;
    if (largest == 1) {
        memset(p->digits, 0, (size_t)turn->digits * sizeof p->digits[0]);
        return;
    }
    switch (turn->digits) {
    case 1: count(turn, first, apart, runs, p, 1); break;
    case 2: count(turn, first, apart, runs, p, 2); break;
    case 3: count(turn, first, apart, runs, p, 3); break;
    case 4: count(turn, first, apart, runs, p, 4); break;
    default: count(turn, first, apart, runs, p, 5);
    }
}

LF_INLINE void scatter_runs(const char *codes, size_t runs, size_t step, char *out,
                            const size_t run)
{
    for (; runs--; codes += run, out += step)
        memcpy(out, codes, run);
}

/* Puts runs into a column, `apart` codes from one another. */
static void scatter(const uint64_t *x, size_t runs, size_t apart, int bytes, char *out)
{
    uint64_t narrowed[LF_CASE_PIECE];
    const char *codes = (const char *)narrowed;
    narrow(bytes, x, narrowed, runs * LF_CASE_RUN);
    switch (bytes) {
    case 1: scatter_runs(codes, runs, apart, out, LF_CASE_RUN); break;
    case 2: scatter_runs(codes, runs, apart * 2, out, LF_CASE_RUN * 2); break;
    case 4: scatter_runs(codes, runs, apart * 4, out, LF_CASE_RUN * 4); break;
    default: scatter_runs(codes, runs, apart * 8, out, LF_CASE_RUN * 8);
    }
}

#endif

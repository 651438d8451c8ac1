/* Drawn cases of test vectors: the classes of lowfloat/vectors that have a form in C. Internal:
 * declared to cffi, not installed. Golden are the functions of the same names in Python, which say
 * what each class is for; these give the same codes. */
#ifndef LF_CASES_H
#define LF_CASES_H

#include "lowfloat.h"

enum { LF_CASE_PORTS = 3, LF_CASE_WORDS = 4, LF_CASE_DIGITS = 5, LF_CASE_RUN = 8 };

typedef struct lf_code_list {
    const uint64_t *codes;
    uint64_t count;
} lf_code_list;

/* Ranges low .. low + span; those that are chosen by weight stand there that often. */
typedef struct lf_range_list {
    const uint64_t *low, *span;
    uint64_t count;
} lf_range_list;

/* A format, or an integer (of which width and lists alone are read), at a port of a unit. */
typedef struct lf_case_port {
    const lf_format *format;
    int32_t bytes; /* of a code */
    int32_t is_integer;
    int64_t width, mantissa_bits, precision, bias, emin, emax;
    int64_t lowest, highest; /* exponent fields of normal numbers */
    int64_t shortest;        /* bits that the significand of any number lacks: 1 for e0mY */
    uint64_t least;          /* the least magnitude that is not zero, if there are steps */
    uint64_t sign_mask;      /* 0 of unsigned formats */
    uint64_t magnitude_mask, max_finite, min_normal, min_positive,
        zero;          /* zero: or the least number */
    uint64_t infinity; /* of formats with NaNs as IEEE's */
    int32_t has_payloads;
    lf_code_list sums, significands, booth, fields, shapes, directed[2];
    lf_range_list specials, weighted;
} lf_case_port;

typedef struct lf_case_unit {
    int32_t operation; /* enum lf_operation */
    int32_t ports, words, random_width;
    lf_case_port port[LF_CASE_PORTS];
    lf_case_port result, target;
    int64_t extra_bits; /* of the target below the result's last place */
    const int64_t *boundaries;
    const lf_projection *nearest, *toward_zero; /* both clamp */
    lf_code_list limits, quarters; /* around the ends of the integers, and around small numbers */
    uint64_t turns[2]; /* of TestFloat's levels: three bits a turn, of the directed operands */
} lf_case_unit;

enum lf_case_class {
    LF_CASES_RANDOM,
    LF_CASES_WEIGHTED,
    LF_CASES_TESTFLOAT1,
    LF_CASES_TESTFLOAT2,
    LF_CASES_B1,
    LF_CASES_NAN,
    LF_CASES_ZERO_SIGN,
    LF_CASES_B9,
    LF_CASES_BOOTH,
    LF_CASES_B10,
    LF_CASES_B11,
    LF_CASES_B12,
    LF_CASES_B13,
    LF_CASES_B14,
    LF_CASES_B15,
    LF_CASES_B16,
    LF_CASES_B17,
    LF_CASES_B18,
    LF_CASES_B19,
    LF_CASES_SRT,
    LF_CASES_B20,
    LF_CASES_B21,
    LF_CASES_B22,
    LF_CASES_B23,
    LF_CASES_B24,
    LF_CASES_B25,
    LF_CASES_B26,
    LF_CASES_B27,
    LF_CASES_B28,
    LF_CASES_B29,
    LF_CASES_NEAR_TIE,
    LF_CASES_B2,
    LF_CASES_B3,
    LF_CASES_B4,
    LF_CASES_B5,
    LF_CASES_B6,
    LF_CASES_B7,
    LF_CASES_B8,
    LF_CASES_CARRY_OUT,
    LF_CASE_CLASSES
};

/* One turn: every n-th run of eight cases, n being the number of turns, is of its class. */
typedef struct lf_case_turn {
    int32_t kind;  /* enum lf_case_class, or -1: left out */
    int32_t place; /* among the turns of its class */
    int32_t places;
    int32_t digits;
    int64_t radices[LF_CASE_DIGITS]; /* the last one runs fastest */
} lf_case_turn;

/* The inputs of runs first .. first + runs - 1: one array for each port and, with a random_width,
 * one for the random bits, of `bytes` bytes a code. Turns that are left out are not written.
 * Returns an lf_status. */
int lf_draw_cases(const lf_case_unit *unit, const lf_case_turn *turns, int turn_count,
                  uint64_t seed, uint64_t first, size_t runs, void *const *out, const int *bytes,
                  const lf_options *options);

/* Random words of n cases: those of `first` and the seven after it, those `apart` further, ...;
 * word w of the i-th one is out[w * n + i]. */
int lf_draw_words(uint64_t seed, uint64_t first, uint64_t apart, int words, uint64_t *out, size_t n,
                  const lf_options *options);

#endif

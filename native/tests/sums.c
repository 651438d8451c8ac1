/* The generic path of lf_matmul on random trees of accumulators, legal and not: a call is refused,
 * or writes its results and nothing else, the same on any number of threads. Built with sanitizers
 * in the slow suite; arguments: rounds, seed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"

#define NODES 8
#define GUARD 64
#define MOST 300 /* elements of a matrix */

typedef struct tree {
    lf_accumulator nodes[NODES];
    lf_format formats[2 * NODES];
    lf_projection projections[2 * NODES];
    int used;
} tree;

static int32_t some_bits(void)
{
    return below(4) ? below(below(2) ? 30 : 97) : LF_ALL_BITS;
}

/* One in `rare` fields is a random byte. */
static uint8_t kind(int n, int rare)
{
    return (uint8_t)(below(rare) ? below(n) : below(256));
}

static const lf_accumulator *grow(tree *t, int depth, int rare)
{
    if (t->used == NODES)
        return NULL;
    int at = t->used++;
    lf_accumulator *a = &t->nodes[at];
    for (int i = 2 * at; i < 2 * at + 2; i++) {
        t->formats[i] = random_format();
        t->projections[i] = random_projection();
    }
    *a = (lf_accumulator){.size = sizeof *a,
                          .kind = kind(depth ? 5 : 4, rare),
                          .order = kind(4, rare),
                          .compensation = below(3) ? 0 : kind(3, rare),
                          .product = kind(3, rare),
                          .order_n = (size_t)below(5),
                          .order_width = (size_t)below(4),
                          .format = below(8) ? &t->formats[2 * at] : NULL,
                          .projection = below(rare) ? &t->projections[2 * at] : NULL,
                          .product_format = below(2) ? &t->formats[2 * at + 1] : NULL,
                          .product_projection = below(rare) ? &t->projections[2 * at + 1] : NULL,
                          .bits = 2 + below(64),
                          .lsb = -below(100) - 20,
                          .saturates = (uint8_t)below(2),
                          .alignment = kind(8, rare),
                          .zeros_aligned = (uint8_t)below(2),
                          .sorted = below(4) == 0,
                          .fraction_bits = some_bits(),
                          .minimum_exponent = below(2) ? INT32_MIN : below(2000) - 1000,
                          .terms = (size_t)below(9),
                          .subsums = below(2) ? 0 : kind(4, rare),
                          .subsum_alignment = kind(8, rare),
                          .subsum_scales = (uint8_t)below(2),
                          .late = below(3) == 0,
                          .late_alignment = kind(8, rare),
                          .grouping = (uint8_t)(1 + below(3)),
                          .subsum_n = (size_t)below(6),
                          .subsum_bits = some_bits(),
                          .late_sum_bits = below(97),
                          .late_start_bits = below(97),
                          .late_cutoff = below(2) ? LF_ALL_BITS : 1 + below(40),
                          .n = (size_t)below(7),
                          .width = (size_t)(1 + below(3))};
    if (a->kind == LF_GROUPED) {
        a->scaling = below(2) ? 0 : kind(4, rare);
        a->scaling_format = below(rare) ? &t->formats[2 * at] : NULL;
        a->scaling_projection = below(rare) ? &t->projections[2 * at] : NULL;
        a->inner = grow(t, depth - 1, rare);
        a->outer = grow(t, depth - 1, rare);
    }
    return a;
}

/* Exactly as many codes as the matrix has, so that a read past them is seen. */
static void *codes(const lf_format *f, size_t count)
{
    int width = f->is_signed + f->exponent_bits + f->mantissa_bits;
    size_t bytes = count * (width > 8 ? 2 : 1);
    uint8_t *made = malloc(bytes + 1);
    for (size_t i = 0; i < count; i++) {
        uint16_t code = (uint16_t)(draw() & ((1u << width) - 1));
        if (width > 8)
            memcpy(made + 2 * i, &code, 2);
        else
            made[i] = (uint8_t)code;
    }
    return made;
}

static int one_round(int rare)
{
    tree t = {.used = 0};
    lf_format f[5];
    for (int i = 0; i < 5; i++)
        f[i] = random_format();
    lf_reduction r = {.size = sizeof r, .accumulator = grow(&t, 2, rare)};
    r.batch = (size_t)(1 + below(2));
    r.rows = (size_t)(1 + below(3));
    r.columns = (size_t)(1 + below(3));
    r.terms = (size_t)below(25);
    r.swapped = (uint8_t)below(2);
    ptrdiff_t m = (ptrdiff_t)r.rows, k = (ptrdiff_t)r.terms, n = (ptrdiff_t)r.columns;
    size_t blocks = (r.terms + 3) / 4;
    r.a = (lf_matrix){&f[0], codes(&f[0], r.batch * r.rows * r.terms), m * k, k, 1};
    r.b = (lf_matrix){&f[1], codes(&f[1], r.batch * r.terms * r.columns), k * n, n, 1};
    if (below(2))
        r.c = (lf_matrix){&f[2], codes(&f[2], r.batch * r.rows * r.columns), m * n, n, 1};
    if (below(3) == 0) {
        r.a_block = 4;
        r.a_scales = (lf_matrix){&f[3], codes(&f[3], r.rows * blocks), 0, (ptrdiff_t)blocks, 1};
    }
    if (below(3) == 0) {
        r.b_block = 4;
        r.b_scales = (lf_matrix){&f[3], codes(&f[3], blocks * r.columns), 0, n, 1};
    }
    lf_projection p = random_projection();
    lf_random random = {.size = sizeof random, .kind = LF_RANDOM_PHILOX, .seed = 7, .first = 3};
    size_t count = r.batch * r.rows * r.columns;
    uint8_t out[2][2 * MOST + 2 * GUARD], flags[2][MOST + 2 * GUARD];
    uint32_t all[2] = {0, 0};
    int status[2], wrong = 0;
    int width = f[4].is_signed + f[4].exponent_bits + f[4].mantissa_bits;
    size_t bytes = count * (width > 8 ? 2 : 1);
    for (int i = 0; i < 2; i++) {
        memset(out[i], 0xA5, sizeof out[i]);
        memset(flags[i], 0xA5, sizeof flags[i]);
        lf_result result = {&f[4], out[i] + GUARD, flags[i] + GUARD, &all[i]};
        lf_options options = {sizeof options, LF_ISA_BEST, i ? 3 : 1, 1};
        status[i] = lf_matmul(&r, &result, &p, &random, &options);
        for (size_t g = 0; g < GUARD; g++)
            wrong |= out[i][g] != 0xA5 || out[i][GUARD + bytes + g] != 0xA5 ||
                     flags[i][g] != 0xA5 || flags[i][GUARD + count + g] != 0xA5;
    }
    wrong |= status[0] != status[1] || all[0] != all[1] || memcmp(out[0], out[1], sizeof *out) ||
             memcmp(flags[0], flags[1], sizeof *flags);
    free((void *)r.a.codes);
    free((void *)r.b.codes);
    free((void *)r.c.codes);
    free((void *)r.a_scales.codes);
    free((void *)r.b_scales.codes);
    if (wrong)
        return -1;
    return status[0] == LF_OK;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 2000;
    state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    int done = 0, differ = 0;
    for (int i = 0; i < rounds; i++) {
        int answer = one_round(below(2) ? 1000 : 20);
        done += answer == 1;
        differ += answer == -1;
    }
    printf("%d rounds, %d summed, the others refused, %d differ\n", rounds, done, differ);
    return differ != 0 || done < rounds / 10;
}

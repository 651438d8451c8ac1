/* Drawn cases of test vectors: turns, digits and words; the classes are in kernels/case_*.h. */
#include <stdlib.h>
#include <string.h>

#include "../kernels/cases.h"
#include "apply.h"
#include "isa.h"

LF_DEFINE_TABLE_OF(table_of, lf_case_table, lf_cases)

/* A number in the mixed radix of a turn. */
typedef struct odometer {
    const lf_case_turn *turn;
    int64_t digits[LF_CASE_DIGITS];
} odometer;

static odometer odometer_at(const lf_case_turn *turn, uint64_t index)
{
    odometer o = {.turn = turn};
    for (int k = turn->digits - 1; k >= 0; k--) {
        uint64_t radix = (uint64_t)turn->radices[k];
        o.digits[k] = (int64_t)(index % radix);
        index /= radix;
    }
    return o;
}

static void step(odometer *o)
{
    for (int k = o->turn->digits - 1; k >= 0; k--) {
        if (++o->digits[k] < o->turn->radices[k])
            return;
        o->digits[k] = 0;
    }
}

static void add(odometer *o, const odometer *by)
{
    int64_t carry = 0;
    for (int k = o->turn->digits - 1; k >= 0; k--) {
        int64_t sum = o->digits[k] + by->digits[k] + carry;
        carry = sum >= o->turn->radices[k];
        o->digits[k] = carry ? sum - o->turn->radices[k] : sum;
    }
}

/* The digits of `runs` runs of a turn, from round `round` on. */
static void fill_digits(const lf_case_turn *turn, uint64_t round, size_t runs, lf_case_piece *piece)
{
    const uint64_t apart = (uint64_t)turn->places * LF_CASE_RUN;
    int64_t largest = 1;
    for (int k = 0; k < turn->digits; k++)
        largest = turn->radices[k] > largest ? turn->radices[k] : largest;
    if (largest == 1) {
        memset(piece->digits, 0, (size_t)turn->digits * sizeof piece->digits[0]);
        return;
    }
    const odometer by = odometer_at(turn, apart);
    odometer next = odometer_at(turn, round * apart + (uint64_t)turn->place * LF_CASE_RUN);
    for (size_t run = 0; run < runs; run++, add(&next, &by)) {
        odometer o = next;
        for (size_t i = LF_CASE_RUN * run; i < LF_CASE_RUN * (run + 1); i++, step(&o))
            for (int k = 0; k < turn->digits; k++)
                piece->digits[k][i] = o.digits[k];
    }
}

/* Puts the runs of a piece into a column, `apart` cases from one another. */
static void scatter(const uint64_t *codes, size_t runs, size_t apart, int bytes, char *out)
{
    for (size_t run = 0; run < runs; run++, out += apart * (size_t)bytes) {
        const uint64_t *x = codes + LF_CASE_RUN * run;
        switch (bytes) {
        case 1:
            for (int i = 0; i < LF_CASE_RUN; i++)
                ((uint8_t *)out)[i] = (uint8_t)x[i];
            break;
        case 2:
            for (int i = 0; i < LF_CASE_RUN; i++)
                ((uint16_t *)out)[i] = (uint16_t)x[i];
            break;
        case 4:
            for (int i = 0; i < LF_CASE_RUN; i++)
                ((uint32_t *)out)[i] = (uint32_t)x[i];
            break;
        default: memcpy(out, x, LF_CASE_RUN * sizeof *x);
        }
    }
}

static int is_legal(const lf_case_unit *u, const lf_case_turn *turns, int count)
{
    if (!u || !turns || count < 1 || u->ports < 1 || u->ports > LF_CASE_PORTS || u->words < 2 ||
        u->words > LF_CASE_WORDS || u->random_width < 0 || u->random_width > 64 ||
        u->ports + (u->random_width > 0) > u->words)
        return 0;
    for (int t = 0; t < count; t++) {
        if (turns[t].kind >= LF_CASE_CLASSES || turns[t].digits < 0 ||
            turns[t].digits > LF_CASE_DIGITS || turns[t].places < 1)
            return 0;
        for (int k = 0; k < turns[t].digits; k++)
            if (turns[t].radices[k] < 1)
                return 0;
    }
    return 1;
}

typedef struct job {
    const lf_case_table *table;
    const lf_case_unit *unit;
    const lf_case_turn *turn;
    uint64_t seed, turns;
} job;

/* Runs `run`, `run` + turns, ... */
static int draw_piece(const job *j, uint64_t run, size_t runs, lf_case_piece *piece)
{
    piece->n = runs * LF_CASE_RUN;
    for (int w = 0; w < j->unit->words; w += 2)
        j->table->words(j->seed, (uint32_t)w / 2, run * LF_CASE_RUN, j->turns * LF_CASE_RUN,
                        piece->words[w], piece->words[w + 1], piece->n);
    fill_digits(j->turn, run / j->turns, runs, piece);
    int status = j->table->classes[j->turn->kind](j->unit, piece);
    if (status == LF_OK && j->unit->random_width)
        j->table->random_bits(j->unit, piece);
    return status;
}

int lf_draw_cases(const lf_case_unit *u, const lf_case_turn *turns, int turn_count, uint64_t seed,
                  uint64_t first, size_t runs, void *const *out, const int *bytes,
                  const lf_options *options)
{
    if (!is_legal(u, turns, turn_count) || (runs && (!out || !bytes)))
        return LF_ERROR_ARGUMENT;
    const lf_case_table *table = table_of(lf_isa_of(options));
    const uint64_t count = (uint64_t)turn_count;
    const int columns = u->ports + (u->random_width > 0);
    lf_case_piece *piece = malloc(sizeof *piece);
    int status = piece ? LF_OK : LF_ERROR_MEMORY;
    for (uint64_t t = 0; status == LF_OK && t < count; t++) {
        const lf_case_turn *turn = &turns[t];
        /* The turn's first run that is asked for. */
        uint64_t run = first + (t + count - first % count) % count;
        if (turn->kind < 0 || run >= first + runs)
            continue;
        size_t left = (size_t)((first + runs - run + count - 1) / count), most, now;
        /* Pieces of one size. */
        size_t pieces = (left * LF_CASE_RUN + LF_CASE_PIECE - 1) / LF_CASE_PIECE;
        most = (left + pieces - 1) / pieces;
        for (; status == LF_OK && left; left -= now, run += count * now) {
            now = left < most ? left : most;
            status = draw_piece(&(job){table, u, turn, seed, count}, run, now, piece);
            for (int k = 0; k < columns; k++)
                scatter(k < u->ports ? piece->out[k] : piece->random, now,
                        (size_t)(count * LF_CASE_RUN), bytes[k],
                        (char *)out[k] + (run - first) * LF_CASE_RUN * (size_t)bytes[k]);
        }
    }
    free(piece);
    return status;
}

int lf_draw_words(uint64_t seed, uint64_t first, int words, uint64_t *out, size_t n,
                  const lf_options *options)
{
    if (words < 1 || (n && !out))
        return LF_ERROR_ARGUMENT;
    const lf_case_table *table = table_of(lf_isa_of(options));
    uint64_t even[LF_CASE_PIECE], odd[LF_CASE_PIECE];
    for (size_t begin = 0, m; begin < n; begin += m) {
        m = n - begin < LF_CASE_PIECE ? n - begin : LF_CASE_PIECE;
        size_t whole = (m + LF_CASE_RUN - 1) / LF_CASE_RUN * LF_CASE_RUN;
        for (int w = 0; w < words; w += 2) {
            table->words(seed, (uint32_t)w / 2, first + begin, LF_CASE_RUN, even, odd, whole);
            memcpy(out + (size_t)w * n + begin, even, m * sizeof *even);
            if (w + 1 < words)
                memcpy(out + (size_t)(w + 1) * n + begin, odd, m * sizeof *odd);
        }
    }
    return LF_OK;
}

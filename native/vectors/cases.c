/* Drawn cases of test vectors: turns, digits and words; the classes are in kernels/case_*.h. */
#include <stdlib.h>
#include <string.h>

#include "../kernels/cases.h"
#include "apply.h"
#include "isa.h"

LF_DEFINE_TABLE_OF(table_of, lf_case_table, lf_cases)

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
    j->table->words(j->seed, 0, run * LF_CASE_RUN, j->turns * LF_CASE_RUN, j->unit->words,
                    piece->words, piece->n);
    const uint64_t apart = (uint64_t)j->turn->places * LF_CASE_RUN;
    j->table->digits(j->turn, run / j->turns * apart + (uint64_t)j->turn->place * LF_CASE_RUN,
                     apart, runs, piece);
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
                table->scatter(k < u->ports ? piece->out[k] : piece->random, now,
                               (size_t)(count * LF_CASE_RUN), bytes[k],
                               (char *)out[k] + (run - first) * LF_CASE_RUN * (size_t)bytes[k]);
        }
    }
    free(piece);
    return status;
}

int lf_draw_words(uint64_t seed, uint64_t first, uint64_t apart, int words, uint64_t *out, size_t n,
                  const lf_options *options)
{
    if (words < 1 || (n && !out))
        return LF_ERROR_ARGUMENT;
    const lf_case_table *table = table_of(lf_isa_of(options));
    uint64_t made[LF_CASE_WORDS][LF_CASE_PIECE];
    for (size_t begin = 0, m; begin < n; begin += m) {
        m = n - begin < LF_CASE_PIECE ? n - begin : LF_CASE_PIECE;
        size_t whole = (m + LF_CASE_RUN - 1) / LF_CASE_RUN * LF_CASE_RUN;
        uint64_t start = first + begin / LF_CASE_RUN * apart;
        for (int w = 0, now; w < words; w += now) {
            now = words - w < LF_CASE_WORDS ? words - w : LF_CASE_WORDS;
            table->words(seed, (uint32_t)w / LF_CASE_WORDS, start, apart, now, made, whole);
            for (int k = 0; k < now; k++)
                memcpy(out + (size_t)(w + k) * n + begin, made[k], m * sizeof **made);
        }
    }
    return LF_OK;
}

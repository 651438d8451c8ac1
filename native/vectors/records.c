/* Records of test vectors: which kernel writes them, and what no kernel does. */
#include <string.h>

#include "../kernels/records.h"
#include "apply.h"
#include "isa.h"

LF_DEFINE_TABLE_OF(table_of, lf_record_table, lf_records)

static int digits_of(const lf_column *c)
{
    return (c->width + 3) / 4;
}

static uint64_t code_at(const lf_column *c, size_t i)
{
    uint64_t code;
    lf_load(c->codes, c->bytes, 1, i, &code, 1);
    return code;
}

/* LF_OK if every column has codes of a legal size, and lies within a record of `places` places. */
static int check(const lf_column *columns, int count, size_t places, int digits, size_t n,
                 const lf_options *options)
{
    if (n && (!columns || count < 1))
        return LF_ERROR_ARGUMENT;
    for (int i = 0; i < count; i++) {
        const lf_column *c = &columns[i];
        int wide = c->bytes == 1 || c->bytes == 2 || c->bytes == 4 || c->bytes == 8;
        if ((n && !c->codes) || !wide || c->width < 1 || c->width > 8 * c->bytes || c->place < 0 ||
            (size_t)c->place + (size_t)(digits ? digits_of(c) : c->width) > places)
            return LF_ERROR_ARGUMENT;
    }
    return lf_options_check(options);
}

/* Gives every column a place in the words, by its digits; none if they do not fit. */
static void plan_words(lf_text_plan *p)
{
    int word = 0, used = 0;
    p->blocks = (int)((p->size + 15) / 16);
    p->words = 0;
    if (p->blocks > LF_RECORD_BLOCKS)
        return;
    for (int i = 0; i < p->count; i++) {
        int bytes = (digits_of(&p->columns[i]) + 1) / 2;
        if (used + bytes > 8) {
            word++;
            used = 0;
        }
        if (word == LF_RECORD_WORDS)
            return;
        p->at[i] = (lf_gathered){word, 8 * used};
        used += bytes;
    }
    p->words = word + 1;
}

static void plan_characters(lf_text_plan *p)
{
    memset(p->from, 0, sizeof p->from);
    memset(p->keep, 0, sizeof p->keep);
    memset(p->fixed, 0, sizeof p->fixed);
    memcpy(p->fixed, p->record, p->size);
    for (int i = 0; i < p->count; i++) {
        const lf_column *c = &p->columns[i];
        int digits = digits_of(c), word = p->at[i].word;
        for (int d = 0; d < digits; d++) {
            int nibble = digits - 1 - d, at = c->place + d;
            int byte = p->at[i].shift / 8 + nibble / 2;
            p->from[word][at / 16][at % 16] = (uint8_t)(2 * byte + !(nibble & 1));
            p->keep[word][at / 16][at % 16] = 255;
            p->fixed[at / 16][at % 16] = 0;
        }
    }
}

/* The plain path: one digit at a time. */
static void write_plainly(const lf_text_plan *p, size_t begin, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++, out += p->size) {
        memcpy(out, p->record, p->size);
        for (int k = 0; k < p->count; k++) {
            const lf_column *c = &p->columns[k];
            uint64_t code = code_at(c, begin + i);
            for (int d = digits_of(c) - 1; d >= 0; d--, code >>= 4)
                out[c->place + d] = (uint8_t)"0123456789ABCDEF"[code & 15];
        }
    }
}

int lf_write_text(const lf_column *columns, int count, const uint8_t *record, size_t size,
                  uint8_t *out, size_t n, const lf_options *options)
{
    int status = check(columns, count, size, 1, n, options);
    if (status || n == 0)
        return status;
    if (!record || !out)
        return LF_ERROR_ARGUMENT;
    const lf_record_table *table = table_of(lf_isa_of(options));
    lf_text_plan p = {.columns = columns, .record = record, .size = size, .count = count};
    if (table->has_text && !(options && options->generic) && count <= LF_RECORD_MOST)
        plan_words(&p);
    if (p.words)
        plan_characters(&p);
    /* The last records of a piece may need room that only the piece after it gives. */
    uint8_t last[LF_RECORD_BLOCKS * 16];
    for (size_t begin = 0, m; begin < n; begin += m) {
        m = n - begin < LF_RECORD_PIECE ? n - begin : LF_RECORD_PIECE;
        if (!p.words) {
            write_plainly(&p, begin, out + begin * size, m);
            continue;
        }
        size_t sure = m;
        while (sure && (n - begin - sure) * size < 16 * (size_t)p.blocks - size)
            sure--;
        table->text(&p, begin, out + begin * size, sure);
        for (size_t i = begin + sure; i < begin + m; i++) {
            table->text(&p, i, last, 1);
            memcpy(out + i * size, last, size);
        }
    }
    return LF_OK;
}

/* Records of more than sixteen bytes. */
static void pack_plainly(const lf_column *columns, int count, size_t size, size_t begin,
                         uint8_t *out, size_t n)
{
    memset(out, 0, n * size);
    for (size_t i = 0; i < n; i++, out += size)
        for (int k = 0; k < count; k++) {
            const lf_column *c = &columns[k];
            lf_u128 code = (lf_u128)code_at(c, begin + i) << c->place % 8;
            for (size_t at = (size_t)c->place / 8; code; at++, code >>= 8)
                out[size - 1 - at] |= (uint8_t)code;
        }
}

int lf_write_packed(const lf_column *columns, int count, size_t size, uint8_t *out, size_t n,
                    const lf_options *options)
{
    int status = check(columns, count, 8 * size, 0, n, options);
    if (status || n == 0)
        return status;
    if (!out)
        return LF_ERROR_ARGUMENT;
    const lf_record_table *table = table_of(lf_isa_of(options));
    int plain = size > 16 || (options && options->generic);
    uint8_t last[16];
    for (size_t begin = 0, m; begin < n; begin += m) {
        m = n - begin < LF_RECORD_PIECE ? n - begin : LF_RECORD_PIECE;
        if (plain) {
            pack_plainly(columns, count, size, begin, out + begin * size, m);
            continue;
        }
        size_t sure = m;
        while (sure && (n - begin - sure) * size < 8 - (size < 8 ? size : 8))
            sure--;
        table->packed(columns, count, size, begin, out + begin * size, sure);
        for (size_t i = begin + sure; i < begin + m; i++) {
            table->packed(columns, count, size, i, last, 1);
            memcpy(out + i * size, last, size);
        }
    }
    return LF_OK;
}

int lf_count_codes(uint64_t start, int shift, int width, int bytes, void *out, size_t n)
{
    int wide = bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    if (!wide || width < 1 || width > 8 * bytes || shift < 0 || shift > 63 || (n && !out))
        return LF_ERROR_ARGUMENT;
    const uint64_t mask = ~(uint64_t)0 >> (64 - width);
    uint64_t codes[LF_BLOCK];
    for (size_t begin = 0, m; begin < n; begin += m) {
        m = n - begin < LF_BLOCK ? n - begin : LF_BLOCK;
        for (size_t i = 0; i < m; i++)
            codes[i] = (start + begin + i) >> shift & mask;
        lf_store(out, bytes, begin, codes, m);
    }
    return LF_OK;
}

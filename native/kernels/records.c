/* Records of test vectors, a piece at a time: codes are gathered into words, and a word's digits
 * are found and put in their places by byte shuffles (Mula, "SIMD-ized hexadecimal conversion"). */
#include "records.h"

#include <string.h>

#include "lanes.h"

/* words[i] |= code << shift. */
static void gather(const lf_column *c, size_t begin, int shift, uint64_t *restrict words, size_t n)
{
    const lf_unaligned8 *x8 = (const lf_unaligned8 *)c->codes + begin;
    const lf_unaligned16 *x16 = (const lf_unaligned16 *)c->codes + begin;
    const lf_unaligned32 *x32 = (const lf_unaligned32 *)c->codes + begin;
    const lf_unaligned64 *x64 = (const lf_unaligned64 *)c->codes + begin;
    if (c->bytes == 1)
        for (size_t i = 0; i < n; i++)
            words[i] |= (uint64_t)x8[i] << shift;
    else if (c->bytes == 2)
        for (size_t i = 0; i < n; i++)
            words[i] |= (uint64_t)x16[i] << shift;
    else if (c->bytes == 4)
        for (size_t i = 0; i < n; i++)
            words[i] |= (uint64_t)x32[i] << shift;
    else
        for (size_t i = 0; i < n; i++)
            words[i] |= x64[i] << shift;
}

/* The same for the bits that a shift to the left loses: words[i] |= code >> shift. */
static void gather_high(const lf_column *c, size_t begin, int shift, uint64_t *restrict words,
                        size_t n)
{
    uint64_t codes[LF_RECORD_PIECE] = {0};
    gather(c, begin, 0, codes, n);
    for (size_t i = 0; i < n; i++)
        words[i] |= codes[i] >> shift;
}

#if defined(__SSSE3__) || defined(__aarch64__)

typedef uint8_t bytes16 __attribute__((vector_size(16)));

LF_INLINE bytes16 load(const uint8_t *x)
{
    bytes16 y;
    memcpy(&y, x, sizeof y);
    return y;
}

/* The sixteen digits of a word, of the lowest byte first. */
LF_INLINE bytes16 digits_of(uint64_t word)
{
    const bytes16 alphabet = {'0', '1', '2', '3', '4', '5', '6', '7',
                              '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'};
    const bytes16 both = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
    typedef uint64_t words2 __attribute__((vector_size(16)));
    const uint64_t nibbles = 0x0f0f0f0f0f0f0f0f;
    bytes16 low = (bytes16)(words2){word & nibbles, 0};
    bytes16 high = (bytes16)(words2){word >> 4 & nibbles, 0};
    return __builtin_shuffle(alphabet, __builtin_shuffle(high, low, both));
}

LF_INLINE void write_words(const lf_text_plan *p, uint64_t (*words)[LF_RECORD_PIECE], uint8_t *out,
                           size_t n, const int count, const int blocks)
{
    bytes16 from[LF_RECORD_WORDS][LF_RECORD_BLOCKS], keep[LF_RECORD_WORDS][LF_RECORD_BLOCKS];
    bytes16 fixed[LF_RECORD_BLOCKS];
    for (int b = 0; b < blocks; b++) {
        fixed[b] = load(p->fixed[b]);
        for (int w = 0; w < count; w++) {
            from[w][b] = load(p->from[w][b]);
            keep[w][b] = load(p->keep[w][b]);
        }
    }
    for (size_t i = 0; i < n; i++, out += p->size) {
        bytes16 digits[LF_RECORD_WORDS];
        for (int w = 0; w < count; w++)
            digits[w] = digits_of(words[w][i]);
        for (int b = 0; b < blocks; b++) {
            bytes16 block = fixed[b];
            for (int w = 0; w < count; w++)
                block |= __builtin_shuffle(digits[w], from[w][b]) & keep[w][b];
            memcpy(out + 16 * b, &block, sizeof block);
        }
    }
}

static void text(const lf_text_plan *p, size_t begin, uint8_t *out, size_t n)
{
    uint64_t words[LF_RECORD_WORDS][LF_RECORD_PIECE];
    memset(words, 0, (size_t)p->words * sizeof words[0]);
    for (int c = 0; c < p->count; c++)
        gather(&p->columns[c], begin, p->at[c].shift, words[p->at[c].word], n);
    if (p->words == 1 && p->blocks == 1)
        write_words(p, words, out, n, 1, 1);
    else if (p->words == 1 && p->blocks == 2)
        write_words(p, words, out, n, 1, 2);
    else if (p->words == 2 && p->blocks == 2)
        write_words(p, words, out, n, 2, 2);
    else
        write_words(p, words, out, n, p->words, p->blocks);
}

enum { HAS_TEXT = 1 };

#else

static void text(const lf_text_plan *p, size_t begin, uint8_t *out, size_t n)
{
    (void)p, (void)begin, (void)out, (void)n;
}

enum { HAS_TEXT = 0 };

#endif

LF_INLINE void store_reversed(uint8_t *out, uint64_t word)
{
    word = __builtin_bswap64(word);
    memcpy(out, &word, sizeof word);
}

/* Up to sixteen bytes: a low and a high word. The high one is stored first, and what it has too
 * much is overwritten. */
static void packed(const lf_column *columns, int count, size_t size, size_t begin, uint8_t *out,
                   size_t n)
{
    uint64_t low[LF_RECORD_PIECE] = {0}, high[LF_RECORD_PIECE] = {0};
    for (int c = 0; c < count; c++) {
        int place = columns[c].place;
        if (place >= 64)
            gather(&columns[c], begin, place - 64, high, n);
        else
            gather(&columns[c], begin, place, low, n);
        if (place < 64 && place + columns[c].width > 64)
            gather_high(&columns[c], begin, 64 - place, high, n);
    }
    const int spare = 8 * (int)(size <= 8 ? 8 - size : 16 - size);
    if (size <= 8)
        for (size_t i = 0; i < n; i++, out += size)
            store_reversed(out, low[i] << spare);
    else
        for (size_t i = 0; i < n; i++, out += size) {
            store_reversed(out, high[i] << spare);
            store_reversed(out + size - 8, low[i]);
        }
}

const lf_record_table LF_JOIN(lf_records_, LF_ISA_NAME) = {text, packed, HAS_TEXT};

/* Operands and results: codes in memory, host numbers in panels. */
#include <math.h>
#include <string.h>

#include "arithmetic.h"
#include "gemm.h"

static const lf_format hosts[2] = {
    {sizeof(lf_format),
     8,
     23,
     127,
     1,
     LF_INFINITIES_IEEE,
     LF_NAN_IEEE,
     1,
     1,
     LF_SUBNORMALS_GRADUAL,
     {0, 0}},
    {sizeof(lf_format),
     11,
     52,
     1023,
     1,
     LF_INFINITIES_IEEE,
     LF_NAN_IEEE,
     1,
     1,
     LF_SUBNORMALS_GRADUAL,
     {0, 0}},
};
static const lf_projection exact = {.size = sizeof exact};

static bool codec(lf_gemm_codec *c, const lf_format *format, bool wide, int isa)
{
    lf_layout layout;
    if (!lf_layout_init(&layout, format))
        return false;
    c->format = format;
    c->host = &hosts[wide];
    c->bytes = layout.storage_bytes;
    c->host_bytes = wide ? 8 : 4;
    c->same = lf_same_format(format, c->host);
    c->isa = isa;
    c->tabled = false;
    c->kernel = NULL;
    c->widen = NULL;
    return true;
}

bool lf_gemm_decoder(lf_gemm_codec *c, const lf_format *format, bool wide, int isa)
{
    lf_layout layout;
    if (!codec(c, format, wide, isa))
        return false;
    c->projection = exact;
    if (c->same)
        return true;
    lf_layout_init(&layout, format);
    if (wide && lf_gemm_holds(&layout, false)) { /* by way of binary32 */
        c->host = &hosts[0];
        c->widen = lf_gemm_table_of(isa)->widen;
    }
    if (!lf_plan_cast(&c->plan, format, c->host, &exact, NULL, 0, 0, 0, isa, &c->kernel))
        c->kernel = NULL;
    if (!c->kernel && c->bytes == 1) {
        uint8_t codes[256];
        unsigned all = (unsigned)(layout.magnitude_mask | layout.sign_mask);
        for (unsigned i = 0; i < 256; i++)
            codes[i] = (uint8_t)(i & all);
        if (!lf_gemm_decode(c, codes, &c->table, 256))
            return false;
        c->tabled = true;
    }
    return true;
}

bool lf_gemm_encoder(lf_gemm_codec *c, const lf_format *format, const lf_projection *projection,
                     bool wide, int isa)
{
    if (!codec(c, format, wide, isa))
        return false;
    c->projection = *projection;
    c->same =
        c->same && projection->saturation == LF_SATURATION_NONE && !projection->default_nan_sign;
    if (!lf_plan_cast(&c->plan, c->host, format, projection, NULL, 0, 0, 0, isa, &c->kernel))
        c->kernel = NULL;
    return true;
}

/* Kernels need the neutral control word of lf_fpenv_enter. */
static bool cast(const lf_gemm_codec *c, const lf_format *from, const lf_format *to, const void *in,
                 void *out, size_t n)
{
    if (!c->kernel) {
        lf_options options = {.size = sizeof options, .isa = c->isa, .threads = 1};
        return lf_convert(from, in, 1, to, out, n, &c->projection, NULL, &options) == LF_OK;
    }
    return c->kernel(&c->plan, in, out, NULL, NULL, n, 0) == LF_OK;
}

bool lf_gemm_decode(const lf_gemm_codec *c, const void *codes, void *numbers, size_t n)
{
    const uint8_t *octets = codes;
    if (c->same) {
        memcpy(numbers, codes, n * (size_t)c->host_bytes);
        return true;
    }
    if (c->tabled) {
        for (size_t i = 0; i < n && c->host_bytes == 4; i++)
            ((float *)numbers)[i] = c->table.narrow[octets[i]];
        for (size_t i = 0; i < n && c->host_bytes == 8; i++)
            ((double *)numbers)[i] = c->table.wide[octets[i]];
        return true;
    }
    if (!c->widen)
        return cast(c, c->format, c->host, codes, numbers, n);
    enum { ROOM = 1024 };
    float narrow[ROOM];
    for (size_t i = 0, count; i < n; i += count) {
        count = n - i < ROOM ? n - i : ROOM;
        if (!cast(c, c->format, c->host, octets + i * (size_t)c->bytes, narrow, count))
            return false;
        c->widen(narrow, count, (double *)numbers + i);
    }
    return true;
}

bool lf_gemm_encode(const lf_gemm_codec *c, const void *numbers, void *codes, size_t n)
{
    if (c->same && c->host_bytes == 4) { /* but NaNs, which become canonical */
        const float *x = numbers;
        float *out = codes;
        for (size_t i = 0; i < n; i++)
            out[i] = x[i] == x[i] ? x[i] : NAN;
        return true;
    }
    if (c->same) {
        const double *x = numbers;
        double *out = codes;
        for (size_t i = 0; i < n; i++)
            out[i] = x[i] == x[i] ? x[i] : (double)NAN;
        return true;
    }
    return cast(c, c->host, c->format, numbers, codes, n);
}

typedef uint8_t octets __attribute__((vector_size(16)));

/* The bytes of 16 lines, side by side: in[i] has 16 of line i, out[s] will have byte s of each. */
static void transpose(const octets in[16], octets out[16])
{
    const octets low = {0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23};
    const octets high = low + 8;
    octets even[16];
    for (int i = 0; i < 16; i++)
        out[i] = in[i];
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 8; i++) {
            even[2 * i] = __builtin_shuffle(out[i], out[i + 8], low);
            even[2 * i + 1] = __builtin_shuffle(out[i], out[i + 8], high);
        }
        for (int i = 0; i < 16; i++)
            out[i] = even[i];
    }
}

/* Where to find codes: of line i, or of line 0 where there is none, and of each term. */
typedef struct source {
    const char *codes;
    ptrdiff_t line_stride, term_stride; /* in bytes */
    const size_t *index;
    size_t lines;
} source;

static const char *code_of(const source *f, size_t term, size_t line)
{
    return f->codes + (ptrdiff_t)f->index[term] * f->term_stride +
           (line < f->lines ? (ptrdiff_t)line * f->line_stride : 0);
}

/* Codes of 8 bits whose terms follow one another, 16 terms at a time; returns how many. More than
 * 16 lines are a multiple of it; where there are fewer, what is stored beyond them is overwritten
 * by the next terms, or lies beyond the last: `out` has room. */
static size_t collect_transposed(const source *f, size_t n, size_t width, char *out)
{
    size_t done = 0;
    for (; done + 16 <= n; done += 16)
        for (size_t first = 0; first < width; first += 16) {
            octets lines[16], terms[16];
            for (size_t i = 0; i < 16; i++)
                memcpy(&lines[i], code_of(f, done, first + i), sizeof lines[i]);
            transpose(lines, terms);
            for (size_t s = 0; s < 16; s++)
                memcpy(out + (done + s) * width + first, &terms[s], sizeof terms[s]);
        }
    return done;
}

#define COLLECT(name, type)                                                                        \
    static void name(const source *f, size_t first, size_t n, size_t width, char *out)             \
    {                                                                                              \
        for (size_t i = 0; i < width; i++) {                                                       \
            const char *line = code_of(f, 0, i) - (ptrdiff_t)f->index[0] * f->term_stride;         \
            for (size_t s = first; s < n; s++)                                                     \
                memcpy(out + (s * width + i) * sizeof(type),                                       \
                       line + (ptrdiff_t)f->index[s] * f->term_stride, sizeof(type));              \
        }                                                                                          \
    }
COLLECT(collect1, uint8_t)
COLLECT(collect2, uint16_t)
COLLECT(collect4, uint32_t)
COLLECT(collect8, uint64_t)

static bool consecutive(const size_t *index, size_t n)
{
    size_t off = 0;
    for (size_t s = 0; s < n; s++)
        off |= index[s] - index[0] - s;
    return !off;
}

/* out[s * width + i] = the code of term s of line i. */
static void collect(const source *f, size_t n, size_t width, size_t bytes, char *out)
{
    size_t done = 0;
    if (f->line_stride == (ptrdiff_t)bytes && f->lines == width) {
        for (size_t s = 0; s < n; s++)
            memcpy(out + s * width * bytes, code_of(f, s, 0), width * bytes);
        return;
    }
    switch (bytes) {
    case 1:
        if (f->term_stride == 1 && consecutive(f->index, n))
            done = collect_transposed(f, n, width, out);
        collect1(f, done, n, width, out);
        break;
    case 2: collect2(f, 0, n, width, out); break;
    case 4: collect4(f, 0, n, width, out); break;
    default: collect8(f, 0, n, width, out);
    }
}

/* Codes are put in order before they are decoded: they are shorter than numbers, and a kernel works
 * on whole chunks. */
bool lf_gemm_pack(const lf_gemm_codec *c, const char *codes, ptrdiff_t line_stride,
                  ptrdiff_t term_stride, const size_t *index, size_t n, size_t lines, size_t width,
                  void *packed)
{
    enum { ROOM = 8192, SLACK = 16 };
    size_t host = (size_t)c->host_bytes, bytes = (size_t)c->bytes;
    source from = {codes, line_stride * (ptrdiff_t)bytes, term_stride * (ptrdiff_t)bytes, index,
                   lines};
    char taken[ROOM + SLACK];
    for (size_t s = 0, count; s < n; s += count, from.index = index + s) {
        count = ROOM / (width * bytes);
        count = n - s < count ? n - s : count;
        collect(&from, count, width, bytes, taken);
        if (!lf_gemm_decode(c, taken, (char *)packed + s * width * host, count * width))
            return false;
    }
    return true;
}

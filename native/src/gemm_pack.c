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
    return true;
}

bool lf_gemm_decoder(lf_gemm_codec *c, const lf_format *format, bool wide, int isa)
{
    if (!codec(c, format, wide, isa))
        return false;
    c->projection = exact;
    if (c->same)
        return true;
    if (c->bytes == 1) {
        uint8_t codes[256];
        lf_layout layout;
        lf_layout_init(&layout, format);
        unsigned all = (unsigned)(layout.magnitude_mask | layout.sign_mask);
        for (unsigned i = 0; i < 256; i++)
            codes[i] = (uint8_t)(i & all);
        if (!lf_gemm_decode(c, codes, &c->table, 256))
            return false;
        c->tabled = true;
    }
    if (!lf_plan_cast(&c->plan, format, c->host, &exact, NULL, 0, 0, 0, isa, &c->kernel))
        c->kernel = NULL;
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
        lf_options options = {sizeof options, c->isa, 1, 0};
        return lf_convert(from, in, 1, to, out, n, &c->projection, NULL, &options) == LF_OK;
    }
    return c->kernel(&c->plan, in, out, NULL, NULL, n, 0) == LF_OK;
}

bool lf_gemm_decode(const lf_gemm_codec *c, const void *codes, void *numbers, size_t n)
{
    if (c->same) {
        memcpy(numbers, codes, n * (size_t)c->host_bytes);
        return true;
    }
    return cast(c, c->format, c->host, codes, numbers, n);
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

/* 8-bit codes, by the table. */
#define PACK_TABLED(name, type, member)                                                            \
    static void name(const lf_gemm_codec *c, const uint8_t *codes, ptrdiff_t line_stride,          \
                     ptrdiff_t term_stride, const size_t *index, size_t n, size_t lines,           \
                     size_t width, type *packed)                                                   \
    {                                                                                              \
        for (size_t s = 0; s < n; s++, packed += width) {                                          \
            const uint8_t *line = codes + (ptrdiff_t)index[s] * term_stride;                       \
            if (line_stride == 1)                                                                  \
                for (size_t i = 0; i < lines; i++)                                                 \
                    packed[i] = c->table.member[line[i]];                                          \
            else                                                                                   \
                for (size_t i = 0; i < lines; i++, line += line_stride)                            \
                    packed[i] = c->table.member[*line];                                            \
            for (size_t i = lines; i < width; i++)                                                 \
                packed[i] = 0;                                                                     \
        }                                                                                          \
    }
PACK_TABLED(pack_narrow, float, narrow)
PACK_TABLED(pack_wide, double, wide)

static bool consecutive(const size_t *index, size_t n)
{
    size_t off = 0;
    for (size_t s = 0; s < n; s++)
        off |= index[s] - index[0] - s;
    return n && !off;
}

/* The codes of terms `stride` apart, side by side. */
static void gather(const char *codes, size_t bytes, ptrdiff_t stride, const size_t *index, size_t n,
                   char *out)
{
    stride *= (ptrdiff_t)bytes;
    switch (bytes) {
    case 1:
        for (size_t s = 0; s < n; s++)
            out[s] = codes[(ptrdiff_t)index[s] * stride];
        break;
    case 2:
        for (size_t s = 0; s < n; s++)
            memcpy(out + 2 * s, codes + (ptrdiff_t)index[s] * stride, 2);
        break;
    case 4:
        for (size_t s = 0; s < n; s++)
            memcpy(out + 4 * s, codes + (ptrdiff_t)index[s] * stride, 4);
        break;
    default:
        for (size_t s = 0; s < n; s++)
            memcpy(out + 8 * s, codes + (ptrdiff_t)index[s] * stride, 8);
    }
}

/* Host numbers `width` apart. */
static void scatter(const void *numbers, size_t bytes, size_t n, size_t width, void *out)
{
    if (bytes == 4)
        for (size_t s = 0; s < n; s++)
            ((float *)out)[s * width] = ((const float *)numbers)[s];
    else
        for (size_t s = 0; s < n; s++)
            ((double *)out)[s * width] = ((const double *)numbers)[s];
}

/* The codes of a term lie side by side. Many terms are decoded at once, since a kernel works on
 * whole chunks. */
static bool pack_columns(const lf_gemm_codec *c, const char *codes, ptrdiff_t term_stride,
                         const size_t *index, size_t n, size_t lines, size_t width, char *packed)
{
    enum { ROOM = 512 };
    size_t host = (size_t)c->host_bytes, bytes = (size_t)c->bytes;
    uint64_t taken[ROOM], numbers[ROOM];
    for (size_t s = 0, count; s < n; s += count, packed += count * width * host) {
        count = n - s < ROOM / lines ? n - s : ROOM / lines;
        for (size_t t = 0; t < count; t++)
            memcpy((char *)taken + t * lines * bytes,
                   codes + (ptrdiff_t)index[s + t] * term_stride * (ptrdiff_t)bytes, lines * bytes);
        bool full = lines == width;
        if (!lf_gemm_decode(c, taken, full ? (void *)packed : numbers, count * lines))
            return false;
        for (size_t t = 0; t < count && !full; t++) {
            char *to = packed + t * width * host;
            memcpy(to, (char *)numbers + t * lines * host, lines * host);
            memset(to + lines * host, 0, (width - lines) * host);
        }
    }
    return true;
}

/* 8-bit codes by the table where it is the faster: for binary64, or where codes lie apart. Others:
 * whole lines of columns where they lie side by side, otherwise one line of terms after another. */
bool lf_gemm_pack(const lf_gemm_codec *c, const char *codes, ptrdiff_t line_stride,
                  ptrdiff_t term_stride, const size_t *index, size_t n, size_t lines, size_t width,
                  void *packed)
{
    size_t host = (size_t)c->host_bytes, bytes = (size_t)c->bytes;
    bool run = term_stride == 1 && consecutive(index, n);
    bool side_by_side = run || (line_stride == 1 && lines > 1);
    if (c->tabled && (host == 8 || !c->kernel || !side_by_side)) {
        const uint8_t *octets = (const uint8_t *)codes;
        if (host == 4)
            pack_narrow(c, octets, line_stride, term_stride, index, n, lines, width, packed);
        else
            pack_wide(c, octets, line_stride, term_stride, index, n, lines, width, packed);
        return true;
    }
    if (line_stride == 1 && lines > 1)
        return pack_columns(c, codes, term_stride, index, n, lines, width, packed);
    uint64_t taken[LF_DEPTH], numbers[LF_DEPTH];
    if (lines < width)
        memset(packed, 0, n * width * host);
    for (size_t i = 0; i < lines; i++) {
        const char *line = codes + (ptrdiff_t)i * line_stride * (ptrdiff_t)bytes;
        const void *codes_of_line = taken;
        if (run)
            codes_of_line = line + index[0] * bytes;
        else
            gather(line, bytes, term_stride, index, n, (char *)taken);
        if (!lf_gemm_decode(c, codes_of_line, numbers, n))
            return false;
        scatter(numbers, host, n, width, (char *)packed + i * host);
    }
    return true;
}

#include <stdbool.h>
#include <stddef.h>

#include "chunks.h"
#include "lowfloat.h"
#include "lowfloat_dpi.h"

enum { CODES_CHUNKS = LF_DPI_CODES_BITS / 32, LIST_BYTES = LF_DPI_CODES_BITS };

/* Codes of a row in elements of their storage. Of w bits there are at most 4096 / w, each in one
 * byte up to w = 8 and in less than w bytes beyond: LIST_BYTES are enough. */
typedef union code_list {
    uint8_t u8[LIST_BYTES];
    uint16_t u16[LIST_BYTES / 2];
    uint32_t u32[LIST_BYTES / 4];
    uint64_t u64[LIST_BYTES / 8];
} code_list;

/* `bits` from bit `at` on; 1 <= bits <= 64, and the end lies within the vector. */
static uint64_t field(const uint32_t *chunks, size_t at, int bits)
{
    size_t chunk = at / 32;
    int have = 32 - (int)(at % 32);
    uint64_t value = chunks[chunk] >> (at % 32);
    for (; have < bits; have += 32)
        value |= (uint64_t)chunks[++chunk] << have;
    return bits == 64 ? value : value & ((UINT64_C(1) << bits) - 1);
}

static int width_of(const lf_format *f)
{
    return (f->is_signed != 0) + f->exponent_bits + f->mantissa_bits;
}

static bool fill(code_list *list, const uint32_t *chunks, const lf_format *f, int terms)
{
    int width = width_of(f), storage = storage_bits(width);
    if (width < 1 || width > 64 || terms > LF_DPI_CODES_BITS / width)
        return false;
    for (int k = 0; k < terms; k++) {
        uint64_t code = field(chunks, (size_t)k * (size_t)width, width);
        switch (storage) {
        case 8: list->u8[k] = (uint8_t)code; break;
        case 16: list->u16[k] = (uint16_t)code; break;
        case 32: list->u32[k] = (uint32_t)code; break;
        default: list->u64[k] = code;
        }
    }
    return true;
}

/* What the pointers of an lf_accumulator point to. */
typedef struct step {
    lf_accumulator record;
    lf_format format, product_format;
    lf_projection projection, product_projection;
} step;

static bool is_none(const uint32_t *format)
{
    return !(format[0] | format[1] | format[2]);
}

/* The chunks lie in the order of step_t, its last field first. */
static bool init_step(step *steps, int number, const uint32_t *c)
{
    step *s = &steps[number];
    *s = (step){
        .format = unpack_format(c),
        .projection = unpack_projection(c + 3),
        .product_format = unpack_format(c + 7),
        .product_projection = unpack_projection(c + 10),
    };
    const uint32_t *n = c + 14;
    s->record = (lf_accumulator){
        .size = sizeof(lf_accumulator),
        .kind = (uint8_t)n[0],
        .order = (uint8_t)n[1],
        .compensation = (uint8_t)n[2],
        .product = (uint8_t)n[3],
        .order_n = n[4],
        .order_width = n[5],
        .bits = (int32_t)n[6],
        .lsb = (int32_t)n[7],
        .saturates = (uint8_t)n[8],
        .alignment = (uint8_t)n[9],
        .zeros_aligned = (uint8_t)n[10],
        .sorted = (uint8_t)n[11],
        .fraction_bits = (int32_t)n[12],
        .minimum_exponent = (int32_t)n[13],
        .terms = n[14],
        .subsums = (uint8_t)n[15],
        .subsum_alignment = (uint8_t)n[16],
        .subsum_scales = (uint8_t)n[17],
        .late = (uint8_t)n[18],
        .late_alignment = (uint8_t)n[19],
        .grouping = (uint8_t)n[20],
        .subsum_n = n[21],
        .subsum_bits = (int32_t)n[22],
        .late_sum_bits = (int32_t)n[23],
        .late_start_bits = (int32_t)n[24],
        .late_cutoff = (int32_t)n[25],
        .n = n[26],
        .width = n[27],
        .scaling = (uint8_t)n[30],
        .projection = &s->projection,
        .product_format = is_none(c + 7) ? NULL : &s->product_format,
        .product_projection = &s->product_projection,
    };
    const lf_format *format = is_none(c) ? NULL : &s->format;
    if (s->record.kind != LF_GROUPED) {
        s->record.format = format;
        return true;
    }
    s->record.scaling_format = format;
    s->record.scaling_projection = &s->projection;
    uint32_t inner = n[28], outer = n[29], own = (uint32_t)number;
    if (inner <= own || outer <= own || inner >= LF_DPI_STEPS || outer >= LF_DPI_STEPS)
        return false;
    s->record.inner = &steps[inner].record;
    s->record.outer = &steps[outer].record;
    return true;
}

static bool init_steps(step *steps, const uint32_t *chunks)
{
    for (int i = 0; i < LF_DPI_STEPS; i++)
        if (!init_step(steps, i, chunks + (ptrdiff_t)i * LF_DPI_STEP_CHUNKS))
            return false;
    return true;
}

/* R of every stochastic rounding. */
static bool fill_random(uint64_t *bits, size_t draws, int width, const uint32_t *chunks)
{
    if (draws && (width < 1 || width > 64 || draws > (size_t)(LF_DPI_CODES_BITS / width)))
        return false;
    for (size_t s = 0; s < draws; s++)
        bits[s] = field(chunks, s * (size_t)width, width);
    return true;
}

/* Whether no block of scales ends within a group whose sum they multiply (rule G-19); of groups
 * other than chunks, and of groups within groups, only one scale for all terms is taken. */
static bool groups_share_scales(const lf_accumulator *a, int block, int terms)
{
    const lf_accumulator *scaled = a;
    while (scaled->kind == LF_GROUPED && !scaled->scaling)
        scaled = scaled->inner;
    if (scaled->kind != LF_GROUPED || block >= terms)
        return true;
    return scaled == a && a->grouping == LF_BY_CHUNKS && a->n && (size_t)block % a->n == 0;
}

/* The scales of an operand, `block` terms sharing one; a format of zeros is none. */
static bool scales_of(lf_matrix *scales, size_t *shared, lf_format *format, code_list *list,
                      const uint32_t *codes, const uint32_t *packed_format, int block, int terms,
                      const lf_accumulator *accumulator)
{
    if (is_none(packed_format))
        return true;
    *format = unpack_format(packed_format);
    if (block < 1 || !groups_share_scales(accumulator, block, terms) ||
        !fill(list, codes, format, terms / block + (terms % block != 0)))
        return false;
    scales->format = format;
    scales->codes = list;
    *shared = (size_t)block;
    return true;
}

int lf_dpi_dot(int terms, const uint32_t *a, const uint32_t *b, const uint32_t *c,
               const uint32_t *a_scales, const uint32_t *b_scales, int a_block, int b_block,
               const uint32_t *a_format, const uint32_t *b_format, const uint32_t *c_format,
               const uint32_t *a_scale_format, const uint32_t *b_scale_format,
               const uint32_t *accumulator, const uint32_t *format, const uint32_t *projection,
               int random_width, const uint32_t *random_bits, uint32_t *code)
{
    lf_format x = unpack_format(a_format), y = unpack_format(b_format), z = unpack_format(c_format);
    lf_format to = unpack_format(format), left_scale, right_scale;
    lf_projection rule = unpack_projection(projection);
    code_list left, right, left_scales, right_scales;
    step steps[LF_DPI_STEPS];
    uint64_t bits[LF_DPI_CODES_BITS];
    size_t draws = 0;
    uint32_t flags = 0;
    pack(0, code);
    if (terms < 1 || !fill(&left, a, &x, terms) || !fill(&right, b, &y, terms) ||
        !init_steps(steps, accumulator))
        return outcome(LF_ERROR_ARGUMENT, 0);

    lf_cell start = put(unpack(c), storage_of(&z)), sum = {.u64 = 0};
    lf_reduction reduction = {
        .size = sizeof reduction,
        .accumulator = &steps[0].record,
        .batch = 1,
        .rows = 1,
        .columns = 1,
        .terms = (size_t)terms,
        .a = {&x, &left, 0, 0, 1},
        .b = {&y, &right, 0, 1, 0},
        .c = {&z, &start, 0, 0, 0},
        .a_scales = {NULL, NULL, 0, 0, 1},
        .b_scales = {NULL, NULL, 0, 1, 0},
        .a_block = 1,
        .b_block = 1,
    };
    const lf_accumulator *own = &steps[0].record;
    if (!scales_of(&reduction.a_scales, &reduction.a_block, &left_scale, &left_scales, a_scales,
                   a_scale_format, a_block, terms, own) ||
        !scales_of(&reduction.b_scales, &reduction.b_block, &right_scale, &right_scales, b_scales,
                   b_scale_format, b_block, terms, own))
        return outcome(LF_ERROR_ARGUMENT, 0);
    int status = lf_matmul_draws(&reduction, &to, &rule, &draws);
    if (status == LF_OK && !fill_random(bits, draws, random_width, random_bits))
        status = LF_ERROR_ARGUMENT;
    if (status != LF_OK)
        return outcome(status, 0);
    lf_random random = {
        .size = sizeof random, .kind = LF_RANDOM_GIVEN, .given = bits, .given_stride = 1};
    lf_result result = {&to, &sum, NULL, &flags};
    status = lf_matmul(&reduction, &result, &rule, draws ? &random : NULL, NULL);
    pack(get(&sum, storage_of(&to)), code);
    return outcome(status, flags);
}

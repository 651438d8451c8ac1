/* lowfloat as DPI-C imports, for SystemVerilog simulators; lowfloat_pkg.sv wraps them.
 *
 * A packed bit vector is an array of 32-bit chunks, the least significant first, as svBitVecVal of
 * svdpi.h, which is not needed here. Codes, integers and random bits are bit [63:0]; a format is
 * bit [95:0] and a projection bit [127:0], their fields in bytes from bit 0 on:
 *
 *   format      exponent_bits mantissa_bits is_signed infinities nan negative_zero zero subnormals,
 *               then bias in 32 bits
 *   projection  rounding variant random_bits exact_tail saturation tininess_before nan_rule
 *               default_nan_sign daz ftz saturation_hides_overflow infinityless_max fma_nan_silent
 *               float_to_int quirks, then a byte of zeros
 *
 * Values are those of lowfloat.h. A function returns the flags, or the negative of an lf_status.
 * There is no state: any number of threads may call.
 */
#ifndef LOWFLOAT_DPI_H
#define LOWFLOAT_DPI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#    pragma GCC visibility push(default)
#endif

/* An operation of enum lf_operation; operands it does not have are not looked at. */
int lf_dpi_apply(int operation, const uint32_t *x, const uint32_t *y, const uint32_t *z,
                 const uint32_t *x_format, const uint32_t *y_format, const uint32_t *z_format,
                 const uint32_t *format, const uint32_t *projection, const uint32_t *random_bits,
                 uint32_t *code);

/* A function of enum lf_function; y is not looked at for functions of one operand. A result that C
 * does not decide is the negative of LF_UNDECIDED: rare for results of up to 32 bits. */
int lf_dpi_elementary(int function, const uint32_t *x, const uint32_t *y, const uint32_t *x_format,
                      const uint32_t *y_format, const uint32_t *format, const uint32_t *projection,
                      const uint32_t *random_bits, uint32_t *code);

/* A relation of enum lf_relation; code is 1 if it holds. */
int lf_dpi_compare(int relation, int signaling, const uint32_t *x, const uint32_t *y,
                   const uint32_t *x_format, const uint32_t *y_format, const uint32_t *projection,
                   uint32_t *code);

int lf_dpi_total_order(const uint32_t *x, const uint32_t *y, const uint32_t *x_format,
                       const uint32_t *y_format, uint32_t *code);

/* code is of enum lf_class. */
int lf_dpi_classify(const uint32_t *x, const uint32_t *x_format, uint32_t *code);

/* An integer of 8, 16, 32 or 64 bits, sign-extended to 64. */
int lf_dpi_to_integer(const uint32_t *x, const uint32_t *x_format, int bits, int is_signed,
                      int exact, const uint32_t *projection, const uint32_t *random_bits,
                      uint32_t *integer);

/* The number nearest to an integer of 64 bits. */
int lf_dpi_from_integer(const uint32_t *integer, int is_signed, const uint32_t *format,
                        const uint32_t *projection, const uint32_t *random_bits, uint32_t *code);

int lf_dpi_scaleb(const uint32_t *x, const uint32_t *n, const uint32_t *x_format,
                  const uint32_t *format, const uint32_t *projection, const uint32_t *random_bits,
                  uint32_t *code);

enum {
    LF_DPI_CODES_BITS = 4096, /* of a vector of codes, and of one of random bits */
    LF_DPI_STEPS = 8,         /* of an accumulator */
    LF_DPI_STEP_CHUNKS = 45
};

/* c + a[0] b[0] + ... + a[terms - 1] b[terms - 1] in an accumulator (rules G-1 to G-19). Code k of
 * a vector is at bit k w, w being its format's width; R of stochastic rounding s (rule G-17) at bit
 * s random_width. Vectors are bit [4095:0].
 *
 * Scale k / a_block goes with a[k], and so for b; a scale format of zeros means none. Where scales
 * multiply sums (rule G-19), blocks are whole chunks of the accumulator, or all terms.
 *
 * An accumulator is LF_DPI_STEPS steps, number 0 in the lowest bits, which names the steps that
 * are its inner and outer by their numbers, and so on. A step is the fields of lf_accumulator in
 * the order of step_t in lowfloat_pkg.sv, the last one in the lowest bits; a format of zeros is
 * none. The format and the projection of a grouped one are those of its scaling. */
int lf_dpi_dot(int terms, const uint32_t *a, const uint32_t *b, const uint32_t *c,
               const uint32_t *a_scales, const uint32_t *b_scales, int a_block, int b_block,
               const uint32_t *a_format, const uint32_t *b_format, const uint32_t *c_format,
               const uint32_t *a_scale_format, const uint32_t *b_scale_format,
               const uint32_t *accumulator, const uint32_t *format, const uint32_t *projection,
               int random_width, const uint32_t *random_bits, uint32_t *code);

/* R of one element (rule R-3). */
int lf_dpi_philox_bits(const uint32_t *seed, int stream, int call, const uint32_t *element,
                       int bits, uint32_t *random_bits);

#ifdef __GNUC__
#    pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif

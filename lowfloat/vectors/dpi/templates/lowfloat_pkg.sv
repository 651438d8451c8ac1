// lowfloat @{version} for SystemVerilog: bit-exact floating point in any format of up to 64 bits.
//
//     import lowfloat_pkg::*;
//     outcome_t product = multiply(8'h2A, 8'h2A, float8_e4m3fn);   // product.code, product.flags
//
// Functions have the names that they have in Python. Each returns a code, or a truth, a class or an
// integer, and five flags. A code is in the low bits of 64, the bits above it are zero. A function
// keeps no state and its results depend on its arguments alone.
//
// The defaults round to nearest even under policy `ieee`. Others are fields of a projection:
//
//     projection_t rule = riscv;
//     rule.rounding = toward_zero;
//     rule.saturation = saturation_finite;
//     outcome = add(a, b, float16, rule);
//
// `result_format`, `y_format` and `z_format` are those of `format` where they are `same`.
//
// Sums of products take vectors of codes as they lie at a port, and an accumulator, which decides
// their bits; `lowfloat dpi --accumulator NAME=TEXT` writes more of them below:
//
//     total = dot(a_port, b_port, c, 4, float8_e4m3fn, float32, rounded(float32));
//
// Rules in comments (A-4) are those of lowfloat's semantics.md.
package lowfloat_pkg;

    typedef bit [63:0] code_t;

    typedef struct packed {
        bit invalid;
        bit divide_by_zero;
        bit overflow;
        bit underflow;
        bit inexact;
    } flags_t;

    typedef struct packed {
        flags_t flags;
        code_t code;
    } outcome_t;

    // A format (rule D-1): what decides the value of a code. The words of its fields are
    //   infinities   0 none, 1 ieee, 2 top
    //   nan          0 none, 1 ieee, 2 all_ones, 3 negative_zero, 4 top
    //   subnormals   0 gradual, 1 flush, 2 normal
    typedef struct packed {
        bit signed [31:0] bias;
        bit [7:0] subnormals;
        bit [7:0] zero;
        bit [7:0] negative_zero;
        bit [7:0] nan;
        bit [7:0] infinities;
        bit [7:0] is_signed;
        bit [7:0] mantissa_bits;
        bit [7:0] exponent_bits;
    } format_t;

    localparam format_t same = '0;

@{formats}

    typedef enum bit [7:0] {
@{roundings},
        stochastic  // with random_bits bits, in variant A, B or C
    } rounding_t;

    typedef enum bit [7:0] {
        saturation_none,
        saturation_finite,
        saturation_propagate
    } saturation_t;

    typedef enum bit [7:0] {
        variant_a,
        variant_b,
        variant_c
    } variant_t;

    // What few designs do (rules Q-1, Q-9 to Q-13).
    typedef struct packed {
        bit [1:0] reserved;
        bit positive_zero;  // an exact zero sum is +0 under every rounding
        bit silent_flush;  // a flushed result raises no flag
        bit integer_overflow_invalid;
        bit quiet_nan_invalid;
        bit nan_ones;  // the fraction of a NaN that operations make
        bit underflow_at_zero;  // underflow for nothing else
    } quirks_t;

    // Rounding, saturation and policy (rules P-5 to P-9, Q-1 to Q-13).
    typedef struct packed {
        bit [7:0] reserved;
        quirks_t quirks;
        bit [7:0] float_to_int;  // 0 limits, 1 indefinite, 2 limits with zero for NaN
        bit [7:0] fma_nan_silent;  // fma(0, infinity, quiet NaN) is not invalid
        bit [7:0] infinityless_max;  // an overflow without infinity is the largest number, not NaN
        bit [7:0] saturation_hides_overflow;
        bit [7:0] ftz;  // tiny results become zeros
        bit [7:0] daz;  // subnormal operands are read as zeros
        bit [7:0] default_nan_sign;
        bit [7:0] nan_rule;  // 0 canonical, 1 the first NaN, 2 the first signaling one
        bit [7:0] tininess_before;
        saturation_t saturation;
        bit [7:0] exact_tail;
        bit [7:0] random_bits;
        variant_t variant;
        rounding_t rounding;
    } projection_t;

@{policies}

    // Everything that decides the bits of a sum of products (rules G-1 to G-19): lf_accumulator of
    // lowfloat.h, whose enumerations say what its numbers mean. Formats that are `same` are none;
    // inner and outer are the numbers of other steps. The format and the projection of a grouped one
    // are those of its scaling.
    typedef struct packed {
@{step_numbers}
        projection_t product_projection;
        format_t product_format;
        projection_t projection;
        format_t format;
    } step_t;

    typedef step_t [@{steps}-1:0] accumulator_t;

    // Codes side by side, the first one in the lowest bits, each as wide as its format.
    typedef bit [@{codes_bits}-1:0] codes_t;

@{accumulators}
    // A running sum in a format, rounded at every step to nearest even or as given.
    function automatic accumulator_t rounded(format_t format, projection_t projection = ieee);
        step_t first = '0;
        first.format = format;
        first.projection = projection;
        first.product_projection.daz = projection.daz;
        return accumulator_t'(first);
    endfunction

    // The C functions behind this package; a negative result is an error.
    import "DPI-C" function int lf_dpi_apply(
        input int operation, input bit [63:0] x, input bit [63:0] y, input bit [63:0] z,
        input bit [95:0] x_format, input bit [95:0] y_format, input bit [95:0] z_format,
        input bit [95:0] format, input bit [127:0] projection, input bit [63:0] random_bits,
        output bit [63:0] code);
    import "DPI-C" function int lf_dpi_elementary(
        input int number, input bit [63:0] x, input bit [63:0] y, input bit [95:0] x_format,
        input bit [95:0] y_format, input bit [95:0] format, input bit [127:0] projection,
        input bit [63:0] random_bits, output bit [63:0] code);
    import "DPI-C" function int lf_dpi_compare(
        input int relation, input int signaling, input bit [63:0] x, input bit [63:0] y,
        input bit [95:0] x_format, input bit [95:0] y_format, input bit [127:0] projection,
        output bit [63:0] code);
    import "DPI-C" function int lf_dpi_total_order(
        input bit [63:0] x, input bit [63:0] y, input bit [95:0] x_format,
        input bit [95:0] y_format, output bit [63:0] code);
    import "DPI-C" function int lf_dpi_classify(
        input bit [63:0] x, input bit [95:0] x_format, output bit [63:0] code);
    import "DPI-C" function int lf_dpi_to_integer(
        input bit [63:0] x, input bit [95:0] x_format, input int bits, input int is_signed,
        input int exact, input bit [127:0] projection, input bit [63:0] random_bits,
        output bit [63:0] number);
    import "DPI-C" function int lf_dpi_from_integer(
        input bit [63:0] number, input int is_signed, input bit [95:0] format,
        input bit [127:0] projection, input bit [63:0] random_bits, output bit [63:0] code);
    import "DPI-C" function int lf_dpi_scaleb(
        input bit [63:0] x, input bit [63:0] n, input bit [95:0] x_format, input bit [95:0] format,
        input bit [127:0] projection, input bit [63:0] random_bits, output bit [63:0] code);
    import "DPI-C" function int lf_dpi_dot(
        input int terms, input bit [@{codes_bits}-1:0] a, input bit [@{codes_bits}-1:0] b,
        input bit [63:0] c, input bit [@{codes_bits}-1:0] a_scales,
        input bit [@{codes_bits}-1:0] b_scales, input int a_block, input int b_block,
        input bit [95:0] a_format, input bit [95:0] b_format, input bit [95:0] c_format,
        input bit [95:0] a_scale_format, input bit [95:0] b_scale_format, input bit [@{accumulator_bits}-1:0] accumulator,
        input bit [95:0] format, input bit [127:0] projection, input int random_width,
        input bit [@{codes_bits}-1:0] random_bits, output bit [63:0] code);
    import "DPI-C" function int lf_dpi_philox_bits(
        input bit [63:0] seed, input int stream, input int call, input bit [63:0] element,
        input int bits, output bit [63:0] random_bits);

    function automatic format_t either(format_t given, format_t otherwise);
        either = given == same ? otherwise : given;
    endfunction

    function automatic outcome_t outcome(int status, code_t code);
        case (status)
            -1: $fatal(1, "lowfloat: stochastic rounding met a tail longer than 64 bits (P-6)");
            -4: $fatal(1, "lowfloat: an argument is out of range");
            -5: $fatal(1, "lowfloat: this result of an elementary function needs the golden model");
            default: if (status < 0) $fatal(1, "lowfloat: error %0d", status);
        endcase
        outcome.flags = flags_t'(status[4:0]);
        outcome.code = code;
    endfunction

    // x in another format, rounded once.
    function automatic outcome_t cast(
            code_t x, format_t format, format_t result_format, projection_t projection = ieee,
            code_t random_bits = 0);
        code_t code;
        int status = lf_dpi_apply(@{convert}, x, 0, 0, format, format, format,
                                  either(result_format, format), projection, random_bits, code);
        return outcome(status, code);
    endfunction

    // A 64-bit integer as a number, rounded once; is_signed: two's complement.
    function automatic outcome_t from_integer(
            bit [63:0] number, bit is_signed, format_t format, projection_t projection = ieee,
            code_t random_bits = 0);
        code_t code;
        int status = lf_dpi_from_integer(number, int'(is_signed), format, projection, random_bits,
                                         code);
        return outcome(status, code);
    endfunction

    // x as an integer of 8, 16, 32 or 64 bits, sign-extended (rule I-5); exact: others raise inexact.
    function automatic outcome_t to_integer(
            code_t x, format_t format, int bits, bit is_signed = 1, bit exact = 0,
            projection_t projection = ieee, code_t random_bits = 0);
        code_t code;
        int status = lf_dpi_to_integer(x, format, bits, int'(is_signed), int'(exact), projection,
                                       random_bits, code);
        return outcome(status, code);
    endfunction

    // x 2^n, rounded once (rule I-4).
    function automatic outcome_t scaleb(
            code_t x, longint n, format_t format, projection_t projection = ieee,
            format_t result_format = same, code_t random_bits = 0);
        code_t code;
        int status = lf_dpi_scaleb(x, n, format, either(result_format, format), projection,
                                   random_bits, code);
        return outcome(status, code);
    endfunction

    // c + a[0] b[0] + ... + a[terms-1] b[terms-1], summed in an accumulator, which starts at c, and
    // projected (rules G-1 to G-19). Code k of a and b is at bit k w, w being its format's width.
    // Stochastic rounding number s has the random bits from s random_width on. Where a_scale_format
    // is given, a[k] is multiplied by scale number k / a_block of a_scales, and so for b.
    function automatic outcome_t dot(
            codes_t a, codes_t b, code_t c, int terms, format_t format, format_t result_format,
            accumulator_t accumulator = exact, projection_t projection = ieee,
            format_t b_format = same, format_t c_format = same, codes_t random_bits = 0,
            int random_width = 64, codes_t a_scales = 0, format_t a_scale_format = same,
            int a_block = 1, codes_t b_scales = 0, format_t b_scale_format = same, int b_block = 1);
        code_t code;
        int status = lf_dpi_dot(terms, a, b, c, a_scales, b_scales, a_block, b_block, format,
                                either(b_format, format), either(c_format, result_format),
                                a_scale_format, b_scale_format, accumulator, result_format,
                                projection, random_width, random_bits, code);
        return outcome(status, code);
    endfunction

    // c + x[0] + ... + x[terms-1], as dot.
    function automatic outcome_t sum(
            codes_t x, code_t c, int terms, format_t format, format_t result_format,
            accumulator_t accumulator = exact, projection_t projection = ieee,
            format_t c_format = same, codes_t random_bits = 0, int random_width = 64);
        localparam format_t ONE = @{one};
        return dot(x, ~codes_t'(0), c, terms, format, result_format, accumulator, projection, ONE,
                   c_format, random_bits, random_width);
    endfunction

    // The random bits of one element, bits of them (rule R-3), as lf.Philox draws them.
    function automatic code_t philox_bits(
            bit [63:0] seed, int bits, bit [63:0] element, int call = 0, int stream = 0);
        code_t code;
        int status = lf_dpi_philox_bits(seed, stream, call, element, bits, code);
        outcome_t drawn = outcome(status, code);
        return drawn.code;
    endfunction

@{operations}
@{comparisons}
    // Whether x is at or below y in the total order (rule K-2).
    function automatic outcome_t total_order(
            code_t x, code_t y, format_t format, format_t y_format = same);
        code_t code;
        int status = lf_dpi_total_order(x, y, format, either(y_format, format), code);
        return outcome(status, code);
    endfunction

    // The class of x (rule K-3): 0 signaling NaN, 1 quiet NaN, 2 -infinity, 3 negative normal,
    // 4 negative subnormal, 5 -0, 6 +0, 7 positive subnormal, 8 positive normal, 9 +infinity.
    function automatic outcome_t classify(code_t x, format_t format);
        code_t code;
        int status = lf_dpi_classify(x, format, code);
        return outcome(status, code);
    endfunction

@{predicates}    // x has a minus sign, a NaN's included where it has one (rule K-3).
    function automatic outcome_t is_sign_minus(code_t x, format_t format);
        outcome_t found = classify(x, format);
        bit negative = found.code >= 2 && found.code <= 5;
        if (found.code < 2 && (format.nan == 1 || format.nan == 2))
            negative = x[6'(format.exponent_bits + format.mantissa_bits)];
        return outcome(0, code_t'(negative));
    endfunction
endpackage

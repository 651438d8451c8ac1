// a * b + c, rounded once. Parameters and ports as in fp_round.v.
module fp_mac #(
    parameter EXP = 4,
    parameter MAN = 3,
    parameter BIAS = (1 << (EXP - 1)) - 1,
    parameter IEEE = 0,
    parameter SATURATE = 0,
    parameter TININESS_BEFORE = 0
) (
    input [2:0] rm,
    input [EXP+MAN:0] a,
    input [EXP+MAN:0] b,
    input [EXP+MAN:0] c,
    output reg [EXP+MAN:0] z,
    output reg [4:0] flags
);
    localparam WIDTH = 2 * MAN + 2;
    localparam [EXP+MAN-1:0] ONES = {(EXP + MAN) {1'b1}};
    localparam [EXP+MAN:0] NAN = IEEE != 0 ? {2'b01, {EXP{1'b1}}} << (MAN - 1) : {1'b0, ONES};

    wire a_sign, a_zero, a_infinite, a_nan, a_signaling;
    wire b_sign, b_zero, b_infinite, b_nan, b_signaling;
    wire c_sign, c_zero, c_infinite, c_nan, c_signaling;
    wire signed [EXP+6:0] a_exponent, b_exponent, c_exponent;
    wire [MAN:0] a_significand, b_significand, c_significand;
    fp_unpack #(.EXP(EXP), .MAN(MAN), .BIAS(BIAS), .IEEE(IEEE)) unpack_a (
        .code(a), .sign(a_sign), .exponent(a_exponent), .significand(a_significand),
        .is_zero(a_zero), .is_infinite(a_infinite), .is_nan(a_nan), .is_signaling(a_signaling));
    fp_unpack #(.EXP(EXP), .MAN(MAN), .BIAS(BIAS), .IEEE(IEEE)) unpack_b (
        .code(b), .sign(b_sign), .exponent(b_exponent), .significand(b_significand),
        .is_zero(b_zero), .is_infinite(b_infinite), .is_nan(b_nan), .is_signaling(b_signaling));
    fp_unpack #(.EXP(EXP), .MAN(MAN), .BIAS(BIAS), .IEEE(IEEE)) unpack_c (
        .code(c), .sign(c_sign), .exponent(c_exponent), .significand(c_significand),
        .is_zero(c_zero), .is_infinite(c_infinite), .is_nan(c_nan), .is_signaling(c_signaling));

    // The product of normalised significands has at most one leading zero.
    wire [WIDTH-1:0] raw = a_significand * b_significand;
    wire [WIDTH-1:0] product = raw[WIDTH-1] ? raw : raw << 1;
    wire signed [EXP+6:0] product_exponent = a_exponent + b_exponent + raw[WIDTH-1];
    wire product_sign = a_sign ^ b_sign;

    wire sign, sticky, zero;
    wire signed [EXP+6:0] exponent;
    wire [2*WIDTH+3:0] significand;
    fp_sum #(.EXP(EXP), .WIDTH(WIDTH)) sum (
        .x_sign(product_sign), .x_exponent(product_exponent), .x_significand(product),
        .y_sign(c_sign), .y_exponent(c_exponent),
        .y_significand({c_significand, {(MAN + 1) {1'b0}}}),
        .sign(sign), .exponent(exponent), .significand(significand), .sticky(sticky),
        .is_zero(zero));

    wire zero_sign = product_sign == c_sign ? c_sign : rm == 3'd2;
    wire [EXP+MAN:0] rounded;
    wire [4:0] raised;
    fp_round #(.EXP(EXP), .MAN(MAN), .BIAS(BIAS), .IEEE(IEEE), .SATURATE(SATURATE),
               .TININESS_BEFORE(TININESS_BEFORE), .WIDTH(2 * WIDTH + 4)) round (
        .rm(rm), .sign(zero ? zero_sign : sign), .exponent(exponent),
        .significand(significand), .sticky(sticky), .code(rounded), .flags(raised));

    wire product_infinite = a_infinite || b_infinite;
    wire bad_product = (a_zero && b_infinite) || (a_infinite && b_zero);
    wire any_nan = a_nan || b_nan || c_nan;
    // Zero times infinity is invalid beside a quiet NaN too (IEEE 754 leaves the choice).
    wire invalid = (bad_product && !a_nan && !b_nan)
        || (!any_nan && product_infinite && c_infinite && product_sign != c_sign);
    always @* begin
        z = rounded;
        flags = raised;
        if (any_nan || invalid) begin
            z = NAN;
            flags = {a_signaling || b_signaling || c_signaling || invalid, 4'b0};
        end else if (product_infinite || c_infinite) begin
            z = {product_infinite ? product_sign : c_sign, ONES << MAN};
            flags = 5'b0;
        end
    end
endmodule

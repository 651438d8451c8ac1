// x * y, rounded once. Parameters and ports as in fp_round.v.
module fp_mul #(
    parameter EXP = 4,
    parameter MAN = 3,
    parameter BIAS = (1 << (EXP - 1)) - 1,
    parameter IEEE = 0,
    parameter SATURATE = 0,
    parameter TININESS_BEFORE = 0
) (
    input [2:0] rm,
    input [EXP+MAN:0] x,
    input [EXP+MAN:0] y,
    output reg [EXP+MAN:0] z,
    output reg [4:0] flags
);
    localparam [EXP+MAN-1:0] ONES = {(EXP + MAN) {1'b1}};
    localparam [EXP+MAN:0] NAN = IEEE != 0 ? {2'b01, {EXP{1'b1}}} << (MAN - 1) : {1'b0, ONES};

    wire x_sign, x_zero, x_infinite, x_nan, x_signaling;
    wire y_sign, y_zero, y_infinite, y_nan, y_signaling;
    wire signed [EXP+6:0] x_exponent, y_exponent;
    wire [MAN:0] x_significand, y_significand;
    fp_unpack #(.EXP(EXP), .MAN(MAN), .BIAS(BIAS), .IEEE(IEEE)) unpack_x (
        .code(x), .sign(x_sign), .exponent(x_exponent), .significand(x_significand),
        .is_zero(x_zero), .is_infinite(x_infinite), .is_nan(x_nan), .is_signaling(x_signaling));
    fp_unpack #(.EXP(EXP), .MAN(MAN), .BIAS(BIAS), .IEEE(IEEE)) unpack_y (
        .code(y), .sign(y_sign), .exponent(y_exponent), .significand(y_significand),
        .is_zero(y_zero), .is_infinite(y_infinite), .is_nan(y_nan), .is_signaling(y_signaling));

    // Two integer bits and 2 MAN fraction bits.
    wire [2*MAN+1:0] product = x_significand * y_significand;
    wire signed [EXP+6:0] exponent = x_exponent + y_exponent + 1;
    wire sign = x_sign ^ y_sign;

    wire [EXP+MAN:0] rounded;
    wire [4:0] raised;
    fp_round #(.EXP(EXP), .MAN(MAN), .BIAS(BIAS), .IEEE(IEEE), .SATURATE(SATURATE),
               .TININESS_BEFORE(TININESS_BEFORE), .WIDTH(2 * MAN + 3)) round (
        .rm(rm), .sign(sign), .exponent(exponent), .significand({product, 1'b0}),
        .sticky(1'b0), .code(rounded), .flags(raised));

    wire invalid = (x_zero && y_infinite) || (x_infinite && y_zero);
    always @* begin
        z = rounded;
        flags = raised;
        if (x_nan || y_nan || invalid) begin
            z = NAN;
            flags = {x_signaling || y_signaling || (invalid && !x_nan && !y_nan), 4'b0};
        end else if (x_infinite || y_infinite) begin
            z = {sign, ONES << MAN};
            flags = 5'b0;
        end
    end
endmodule

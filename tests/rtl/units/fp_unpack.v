// A code as sign, exponent and normalised significand.
//
// A nonzero number is (-1)^sign * significand * 2^(exponent - MAN): the top bit of the
// significand is set, and the exponent of a subnormal number goes below 1 - BIAS.
// IEEE = 1: infinities and NaNs as in IEEE 754. IEEE = 0: one NaN, all ones; no infinity.
module fp_unpack #(
    parameter EXP = 4,
    parameter MAN = 3,
    parameter BIAS = (1 << (EXP - 1)) - 1,
    parameter IEEE = 0
) (
    input [EXP+MAN:0] code,
    output sign,
    output reg signed [EXP+6:0] exponent,
    output reg [MAN:0] significand,
    output is_zero,
    output is_infinite,
    output is_nan,
    output is_signaling
);
    wire [EXP-1:0] field = code[EXP+MAN-1:MAN];
    wire [MAN-1:0] fraction = code[MAN-1:0];
    wire top = &field;

    assign sign = code[EXP+MAN];
    assign is_zero = code[EXP+MAN-1:0] == 0;
    assign is_infinite = IEEE != 0 && top && fraction == 0;
    assign is_nan = top && (IEEE != 0 ? fraction != 0 : &fraction);
    assign is_signaling = IEEE != 0 && is_nan && !fraction[MAN-1];

    integer i;
    always @* begin
        exponent = field - BIAS;
        significand = {1'b1, fraction};
        if (field == 0) begin
            exponent = 1 - BIAS;
            significand = {1'b0, fraction};
            for (i = 0; i < MAN; i = i + 1)
                if (!significand[MAN]) begin
                    significand = significand << 1;
                    exponent = exponent - 1;
                end
        end
    end
endmodule

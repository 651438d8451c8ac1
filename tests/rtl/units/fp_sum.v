// The sum of two terms, to as many bits as rounding to MAN + 1 of them needs.
//
// A term is (-1)^sign * significand * 2^(exponent - (WIDTH - 1)) with the top bit of its
// significand set, or zero. So is the sum, with one integer bit more, 2 WIDTH + 4 bits in all,
// and a sticky bit below; its exponent is that of its top bit.
//
// The smaller term loses bits only where it lies more than WIDTH + 3 places below the larger
// one. Then the sum has at most one leading zero more than its larger term, and the lost bits lie
// below WIDTH exact ones and two more.
module fp_sum #(
    parameter EXP = 4,
    parameter WIDTH = 4
) (
    input x_sign,
    input y_sign,
    input signed [EXP+6:0] x_exponent,
    input signed [EXP+6:0] y_exponent,
    input [WIDTH-1:0] x_significand,
    input [WIDTH-1:0] y_significand,
    output sign,
    output signed [EXP+6:0] exponent,
    output [2*WIDTH+3:0] significand,
    output sticky,
    output is_zero
);
    wire x_zero = x_significand == 0;
    wire y_zero = y_significand == 0;
    wire swap = x_zero || (!y_zero && (y_exponent > x_exponent
        || (y_exponent == x_exponent && y_significand > x_significand)));

    wire signed [EXP+6:0] major_exponent = swap ? y_exponent : x_exponent;
    wire signed [EXP+6:0] minor_exponent = swap ? x_exponent : y_exponent;
    wire [WIDTH-1:0] major = swap ? y_significand : x_significand;
    wire [WIDTH-1:0] minor = swap ? x_significand : y_significand;
    wire signed [EXP+6:0] distance = minor == 0 ? 0 : major_exponent - minor_exponent;

    integer i;
    reg [2*WIDTH+2:0] aligned;
    reg lost;
    always @* begin
        aligned = {minor, {(WIDTH + 3) {1'b0}}};
        lost = 1'b0;
        for (i = 0; i < 2 * WIDTH + 3; i = i + 1)
            if (i < distance) begin
                lost = lost | aligned[0];
                aligned = aligned >> 1;
            end
    end

    // Bits lost from a subtrahend make it larger than what is left: one less, and sticky.
    wire [2*WIDTH+2:0] wide = {major, {(WIDTH + 3) {1'b0}}};
    assign significand = x_sign == y_sign ? wide + aligned : wide - aligned - lost;
    assign sticky = lost;
    assign exponent = major_exponent + 1;
    assign sign = swap ? y_sign : x_sign;
    assign is_zero = significand == 0 && !sticky;
endmodule

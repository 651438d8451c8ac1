// (-1)^sign * significand * 2^(exponent - (WIDTH - 1)), plus a sticky bit below, as a code.
//
// WIDTH is at least MAN + 3. A zero significand without sticky is a zero of that sign.
// rm is RISC-V's: 0 nearest even, 1 toward zero, 2 down, 3 up, 4 nearest away.
// flags are invalid, divide by zero, overflow, underflow, inexact; bit 0 is inexact.
module fp_round #(
    parameter EXP = 4,
    parameter MAN = 3,
    parameter BIAS = (1 << (EXP - 1)) - 1,
    parameter IEEE = 0,
    parameter SATURATE = 0,         // 1: an overflow is the largest finite number
    parameter TININESS_BEFORE = 0,
    parameter WIDTH = 8
) (
    input [2:0] rm,
    input sign,
    input signed [EXP+6:0] exponent,
    input [WIDTH-1:0] significand,
    input sticky,
    output reg [EXP+MAN:0] code,
    output [4:0] flags
);
    localparam REST = WIDTH - MAN - 1;  // bits below the last place
    localparam [EXP+MAN-1:0] ONES = {(EXP + MAN) {1'b1}};
    localparam [EXP+MAN-1:0] TOP = IEEE != 0 ? ONES << MAN : ONES;  // infinity, or NaN

    // Whether a magnitude is rounded away from zero.
    function away(input [2:0] mode, input negative, input last, input guard, input rest);
        case (mode)
            3'd0: away = guard && (rest || last);
            3'd1: away = 1'b0;
            3'd2: away = negative && (guard || rest);
            3'd3: away = !negative && (guard || rest);
            default: away = guard;
        endcase
    endfunction

    // Leading zeros away.
    integer i;
    reg [WIDTH-1:0] normal;
    reg signed [EXP+6:0] e;
    always @* begin
        normal = significand;
        e = exponent;
        for (i = 0; i < WIDTH; i = i + 1)
            if (!normal[WIDTH-1]) begin
                normal = normal << 1;
                e = e - 1;
            end
    end

    // A subnormal number moves right to the fixed exponent 1 - BIAS.
    wire signed [EXP+6:0] below = 1 - BIAS - e;
    wire subnormal = below > 0;
    reg [WIDTH-1:0] shifted;
    reg lost;
    always @* begin
        shifted = normal;
        lost = sticky;
        for (i = 0; i < WIDTH + 1; i = i + 1)
            if (i < below) begin
                lost = lost | shifted[0];
                shifted = shifted >> 1;
            end
    end

    wire [MAN:0] kept = shifted[WIDTH-1:REST];
    wire guard = shifted[REST-1];
    wire rest = |shifted[REST-2:0] || lost;
    wire up = away(rm, sign, kept[0], guard, rest);
    // Two bits more than the field has: the exponent may lie beyond it, and rounding may carry.
    wire signed [EXP+6:0] field = subnormal ? 0 : e + BIAS;
    wire [EXP+MAN+7:0] magnitude = {1'b0, field, kept[MAN-1:0]} + up;

    wire zero = significand == 0 && !sticky;
    wire overflow = !zero && magnitude >= TOP;
    wire inexact = guard || rest || overflow;

    // Tiny after rounding: not even rounded without a lower bound does it reach 2^(1 - BIAS).
    wire carries = &normal[WIDTH-1:REST]
        && away(rm, sign, 1'b1, normal[REST-1], |normal[REST-2:0] || sticky);
    wire tiny = subnormal && (TININESS_BEFORE != 0 || !(below == 1 && carries));

    wire stays = SATURATE != 0 || rm == 3'd1 || (rm == 3'd2 && !sign) || (rm == 3'd3 && sign);
    always @* begin
        code = {sign, magnitude[EXP+MAN-1:0]};
        if (zero) code = {sign, {(EXP + MAN) {1'b0}}};
        else if (overflow) code = {sign, stays ? TOP - 1'b1 : TOP};
    end
    assign flags = zero ? 5'b0 : {2'b00, overflow, tiny && inexact && !overflow, inexact};
endmodule

// Four products and a running sum, aligned to the greatest exponent, cut and added at once.
//
// Factors have EXP and MAN bits, c and z SEXP and SMAN bits with IEEE 754's infinities and NaNs. Of
// every addend FRACTION bits below the greatest exponent are kept; the exponent of a product is the
// sum of its factors', not normalised. The sum is rounded once, to nearest even.
module fp_dot #(
    parameter EXP = 4,
    parameter MAN = 3,
    parameter IEEE = 0,  // of the factors: 1 infinities and NaNs as in IEEE 754, 0 one NaN, all ones
    parameter SEXP = 5,
    parameter SMAN = 10,
    parameter FRACTION = 14  // at least SMAN and 2 MAN
) (
    input [4*(EXP+MAN+1)-1:0] a,
    input [4*(EXP+MAN+1)-1:0] b,
    input [SEXP+SMAN:0] c,
    output reg [SEXP+SMAN:0] z,
    output reg [4:0] flags
);
    localparam CODE = EXP + MAN + 1;
    localparam BIAS = (1 << (EXP - 1)) - 1;
    localparam SBIAS = (1 << (SEXP - 1)) - 1;
    localparam WIDE = FRACTION + 6;  // five addends below 4, and a sign
    localparam [SEXP+SMAN-1:0] ONES = {(SEXP + SMAN) {1'b1}};
    localparam [SEXP+SMAN:0] NAN = {2'b01, {SEXP{1'b1}}, {(SMAN - 1) {1'b0}}};
    localparam signed [SEXP+6:0] LOWEST = {1'b1, {(SEXP + 6) {1'b0}}};

    // Addends 0 to 3 are products, 4 is c: sign, exponent, significand with FRACTION bits.
    reg [4:0] sign, zero, infinite, nan;
    reg signed [SEXP+6:0] exponent[0:4];
    reg [FRACTION+1:0] significand[0:4];
    reg signaling, invalid;

    function is_nan(input [CODE-1:0] x);
        is_nan = &x[CODE-2:MAN] && (IEEE != 0 ? x[MAN-1:0] != 0 : &x[MAN-1:0]);
    endfunction
    function is_signaling(input [CODE-1:0] x);
        is_signaling = IEEE != 0 && is_nan(x) && !x[MAN-1];
    endfunction
    function is_infinite(input [CODE-1:0] x);
        is_infinite = IEEE != 0 && &x[CODE-2:MAN] && x[MAN-1:0] == 0;
    endfunction
    function [MAN:0] fraction(input [CODE-1:0] x);
        fraction = {|x[CODE-2:MAN], x[MAN-1:0]};
    endfunction
    function signed [SEXP+6:0] power(input [CODE-1:0] x);
        power = $signed({7'b0, x[CODE-2:MAN]}) + (x[CODE-2:MAN] == 0) - BIAS;
    endfunction

    integer k;
    reg [CODE-1:0] x, y;
    reg [2*MAN+1:0] product;
    reg signed [SEXP+6:0] greatest, distance;
    reg [FRACTION+1:0] kept;
    reg signed [WIDE:0] total;
    reg lost;
    always @* begin
        signaling = 1'b0;
        invalid = 1'b0;
        for (k = 0; k < 4; k = k + 1) begin
            x = a[k*CODE+:CODE];
            y = b[k*CODE+:CODE];
            sign[k] = x[CODE-1] ^ y[CODE-1];
            product = fraction(x) * fraction(y);
            zero[k] = product == 0;
            infinite[k] = is_infinite(x) || is_infinite(y);
            nan[k] = is_nan(x) || is_nan(y);
            signaling = signaling || is_signaling(x) || is_signaling(y);
            invalid = invalid || (infinite[k] && !nan[k] && (x[CODE-2:0] == 0 || y[CODE-2:0] == 0));
            exponent[k] = power(x) + power(y);
            significand[k] = {product, {(FRACTION - 2 * MAN) {1'b0}}};
        end
        sign[4] = c[SEXP+SMAN];
        zero[4] = c[SEXP+SMAN-1:0] == 0;
        infinite[4] = c[SEXP+SMAN-1:0] == ONES << SMAN;
        nan[4] = &c[SEXP+SMAN-1:SMAN] && c[SMAN-1:0] != 0;
        signaling = signaling || (nan[4] && !c[SMAN-1]);
        exponent[4] = $signed({7'b0, c[SEXP+SMAN-1:SMAN]}) + (c[SEXP+SMAN-1:SMAN] == 0) - SBIAS;
        significand[4] = {1'b0, |c[SEXP+SMAN-1:SMAN], c[SMAN-1:0], {(FRACTION - SMAN) {1'b0}}};

        greatest = LOWEST;
        for (k = 0; k < 5; k = k + 1)
            if (!zero[k] && exponent[k] > greatest) greatest = exponent[k];
        lost = 1'b0;
        total = 0;
        for (k = 0; k < 5; k = k + 1) begin
            distance = greatest - exponent[k];
            kept = zero[k] ? 0 : significand[k] >> distance;
            lost = lost || (!zero[k] && kept << distance != significand[k])
                || (!zero[k] && distance > FRACTION + 1);
            total = sign[k] ? total - $signed({1'b0, kept}) : total + $signed({1'b0, kept});
        end
    end

    wire negative = total < 0;
    wire [WIDE:0] magnitude = negative ? -total : total;
    wire [SEXP+SMAN:0] rounded;
    wire [4:0] raised;
    wire signed [SEXP+6:0] top = greatest - FRACTION + WIDE;
    fp_round #(.EXP(SEXP), .MAN(SMAN), .IEEE(1), .WIDTH(WIDE + 1)) round (
        .rm(3'd0), .sign(negative), .exponent(top), .significand(magnitude), .sticky(1'b0),
        .code(rounded), .flags(raised));

    wire [4:0] infinities = infinite & ~nan;
    wire opposite = |(infinities & sign) && |(infinities & ~sign);
    always @* begin
        z = rounded;
        flags = raised | {4'b0, lost};
        if (|nan || invalid || opposite) begin
            z = NAN;
            flags = {signaling || invalid || opposite, 4'b0};
        end else if (|infinities) begin
            z = {|(infinities & sign), ONES << SMAN};
            flags = 5'b0;
        end
    end
endmodule

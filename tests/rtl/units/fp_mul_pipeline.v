// fp_mul with STAGES registers behind it: a result comes STAGES clock edges after its operands.
module fp_mul_pipeline #(
    parameter EXP = 4,
    parameter MAN = 3,
    parameter IEEE = 0,
    parameter STAGES = 3
) (
    input clk,
    input rst_n,
    input [EXP+MAN:0] x,
    input [EXP+MAN:0] y,
    output [EXP+MAN:0] z,
    output [4:0] flags
);
    wire [EXP+MAN+5:0] result;
    fp_mul #(.EXP(EXP), .MAN(MAN), .IEEE(IEEE)) mul (
        .rm(3'd0), .x(x), .y(y), .z(result[EXP+MAN+5:5]), .flags(result[4:0]));

    reg [EXP+MAN+5:0] stage[0:STAGES-1];
    integer i;
    always @(posedge clk)
        if (!rst_n) for (i = 0; i < STAGES; i = i + 1) stage[i] <= 0;
        else begin
            stage[0] <= result;
            for (i = 1; i < STAGES; i = i + 1) stage[i] <= stage[i-1];
        end
    assign {z, flags} = stage[STAGES-1];
endmodule

// fp_mul between valid/ready interfaces, with one register: it holds a result until it is taken.
module fp_mul_stream #(
    parameter EXP = 4,
    parameter MAN = 3,
    parameter IEEE = 0
) (
    input clk,
    input rst,
    input in_valid,
    output in_ready,
    input [EXP+MAN:0] x,
    input [EXP+MAN:0] y,
    output reg out_valid,
    input out_ready,
    output [EXP+MAN:0] z,
    output [4:0] flags
);
    wire [EXP+MAN+5:0] result;
    fp_mul #(.EXP(EXP), .MAN(MAN), .IEEE(IEEE)) mul (
        .rm(3'd0), .x(x), .y(y), .z(result[EXP+MAN+5:5]), .flags(result[4:0]));

    reg [EXP+MAN+5:0] held;
    assign in_ready = !out_valid || out_ready;
    assign {z, flags} = held;
    always @(posedge clk)
        if (rst) out_valid <= 1'b0;
        else if (in_ready) begin
            out_valid <= in_valid;
            held <= result;
        end
endmodule

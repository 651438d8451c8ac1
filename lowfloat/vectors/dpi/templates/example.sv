// Results of lowfloat in a SystemVerilog simulator. `make` runs it.
module example;
    import lowfloat_pkg::*;

    initial begin
        outcome_t product, total;
        projection_t rule;

        product = multiply(8'h2A, 8'h2A, float8_e4m3fn);
        $display("2a x 2a = %h, flags %b", product.code[7:0], product.flags);

        // Another rounding, saturation and result format.
        rule = riscv;
        rule.rounding = toward_zero;
        rule.saturation = saturation_finite;
        total = add(8'h7E, 8'h7E, float8_e4m3fn, rule);
        $display("7e + 7e = %h, flags %b", total.code[7:0], total.flags);
        total = add(8'h7E, 8'h7E, float8_e4m3fn, .result_format(float16));
        $display("7e + 7e = %h in float16, flags %b", total.code[15:0], total.flags);
        $finish;
    end
endmodule

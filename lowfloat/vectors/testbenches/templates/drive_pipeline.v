    localparam LATENCY = @{latency};  // clock edges from operands to result
    // Inputs change after the falling edge; outputs are read before the rising edge.
    reg clk, reset;
    task edges;
        begin
            #1 clk = 1'b1;
            #5 clk = 1'b0;
        end
    endtask

    integer cycle;
    initial begin
        start;
        clk = 1'b0;
        reset = @{reset_active};
        repeat (4) begin
            #4;
            edges;
        end
        reset = !reset;
        for (cycle = 0; cycle < COUNT + LATENCY; cycle = cycle + 1) begin
            if (issued < COUNT) issue;
            #4;
            if (cycle >= LATENCY) answer;
            edges;
        end
        finish;
    end

    localparam STALL = @{stall};  // percent of the cycles in which either side waits
    localparam PATIENCE = 10000;  // cycles without a result
    // Inputs change after the falling edge; outputs are read before the rising edge.
    reg clk, reset, in_valid, out_ready, taken;
    wire in_ready, out_valid;
    integer seed, silent;
    task edges;
        begin
            #1 clk = 1'b1;
            #5 clk = 1'b0;
        end
    endtask

    initial begin
        start;
        clk = 1'b0;
        in_valid = 1'b0;
        out_ready = 1'b0;
        reset = @{reset_active};
        repeat (4) begin
            #4;
            edges;
        end
        reset = !reset;
        seed = 1;
        silent = 0;
        // A few cycles past the last answer, in which no other may come.
        while (answered < COUNT || silent < 64) begin
            // An offered case stays until it is taken.
            if (!in_valid && issued < COUNT && {$random(seed)} % 100 >= STALL) begin
                issue;
                in_valid = 1'b1;
            end
            out_ready = {$random(seed)} % 100 >= STALL;
            #4;
            if (^{in_ready, out_valid} === 1'bx) stop_with("X or Z on a handshake output");
            silent = silent + 1;
            if (out_valid && out_ready) begin
                answer;
                silent = 0;
            end
            if (silent == PATIENCE) stop_with("no result in 10000 cycles");
            taken = in_valid && in_ready;
            edges;
            if (taken) in_valid = 1'b0;
        end
        finish;
    end

// @{title}
// Written by lowfloat @{version}. `make` runs it; it ends with a line that begins with PASS or FAIL.
`timescale 1ns / 1ps

module tb;
    localparam COUNT = @{count};  // cases
    localparam SHOWN = @{shown};  // mismatches that are printed, the rest is counted
    localparam DEPTH = 1024;  // most cases in flight
    localparam COMPARE_FLAGS = @{compare_flags};
    localparam ANY_NAN = @{any_nan};  // 1: any NaN will do where one is expected

    // The unit's inputs and outputs.
@{declarations}
    wire [@{result_width}-1:0] result;
    wire [4:0] flags;  // invalid, divide by zero, overflow, underflow, inexact
    @{module}@{parameters} unit (
@{connections}
    );

    // The case at the inputs: its operands, and what is expected of them.
    reg [@{result_width}-1:0] expected;
    reg [4:0] expected_flags;
@{fetch}

    // Cases in flight, the oldest first.
    reg [@{case_width}-1:0] flight[0:DEPTH-1];
    integer issued, answered, wrong, results;

    task start;
        begin
            issued = 0;
            answered = 0;
            wrong = 0;
            results = $fopen("results.tv", "w");
            open_cases;
        end
    endtask

    // The next case to the inputs.
    task issue;
        begin
            if (issued - answered == DEPTH) stop_with("too many cases in flight");
            fetch;
            flight[issued % DEPTH] = {@{operands}, expected, expected_flags};
            issued = issued + 1;
        end
    endtask

    function is_nan(input [@{result_width}-1:0] code);
        is_nan = (code & @{nan_mask}) >= @{nan_low} && (code & @{nan_mask}) <= @{nan_high};
    endfunction

    // Compares the outputs with what the oldest case in flight expects.
@{flight_declarations}
    reg [@{result_width}-1:0] want;
    reg [4:0] want_flags, got_flags;
    reg unknown, agrees;
    task answer;
        begin
            if (answered == issued) stop_with("a result that no case asked for");
            {@{flown}, want, want_flags} = flight[answered % DEPTH];
            got_flags = COMPARE_FLAGS ? flags : want_flags;
            unknown = ^{result, got_flags} === 1'bx;
            agrees = result === want || (ANY_NAN && is_nan(want) && is_nan(result) === 1'b1);
            $fdisplay(results, "@{case_format} %h %h", @{flown}, result, got_flags);
            if (!agrees || got_flags !== want_flags) begin
                wrong = wrong + 1;
                if (wrong <= SHOWN) begin
                    $write("case %0d: @{case_format} => %h %h expected: %h %h", answered + 1,
                           @{flown}, result, got_flags, want, want_flags);
                    if (unknown) $write(" (X or Z in the outputs)");
                    $write("\n");
                end
            end
            answered = answered + 1;
        end
    endtask

    task stop_with(input [80*8-1:0] reason);
        begin
            $display("FAIL after %0d of %0d cases: %0s", answered, COUNT, reason);
            $finish;
            #1;  // $finish ends the simulation no sooner than here
        end
    endtask

    task finish;
        begin
            $fclose(results);
            if (wrong > SHOWN) $display("and %0d more", wrong - SHOWN);
            if (wrong == 0) $display("PASS: %0d cases of @{description}", answered);
            else $display("FAIL: %0d of %0d cases of @{description}", wrong, answered);
            $finish;
        end
    endtask

@{drive}
endmodule

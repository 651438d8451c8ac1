    import lowfloat_pkg::*;
    localparam projection_t RULE = @{projection};
@{formats}
    outcome_t right;

    task open_cases;
    endtask
@{draw}
    task fetch;
        begin
            @{draws}
            right = @{call};
            expected = right.code[@{result_width}-1:0];
            expected_flags = right.flags;
        end
    endtask

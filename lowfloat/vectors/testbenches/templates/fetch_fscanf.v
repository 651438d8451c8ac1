    integer cases, fields;
@{read_declarations}
    reg [@{result_width}-1:0] read_expected;
    reg [4:0] read_flags;
    task open_cases;
        begin
            cases = $fopen("vectors.tv", "r");
            if (cases == 0) stop_with("vectors.tv cannot be opened");
        end
    endtask
    task fetch;
        begin
            fields = $fscanf(cases, "@{case_format} %h %h", @{read}, read_expected, read_flags);
            if (fields != @{fields}) stop_with("vectors.tv ends early, or has a malformed line");
            // What $fscanf changes wakes nothing in Verilator; an assignment does.
            {@{operands}, expected, expected_flags} = {@{read}, read_expected, read_flags};
        end
    endtask

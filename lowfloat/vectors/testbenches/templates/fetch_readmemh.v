    reg [@{word_width}-1:0] cases[0:COUNT-1];
    reg [@{word_width}-1:0] word;
    task open_cases;
        begin
            cases[COUNT-1] = {@{word_width}{1'b1}};  // no case has these bits above its flags
            $readmemh("vectors.mem", cases);
            word = cases[COUNT-1];
            if (word[7:5] !== 3'b000) stop_with("vectors.mem is missing, or ends early");
        end
    endtask
    // Fields of a word are whole hexadecimal digits; the part-selects drop the padding.
    task fetch;
        begin
            word = cases[issued];
            if (word[7:5] !== 3'b000) stop_with("vectors.mem has a malformed word");
@{unpack}
        end
    endtask

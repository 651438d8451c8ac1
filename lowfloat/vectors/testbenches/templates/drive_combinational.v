    initial begin
        start;
        while (issued < COUNT) begin
            issue;
            #1;
            answer;
        end
        finish;
    end

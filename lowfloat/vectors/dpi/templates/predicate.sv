    // @{formula} (rule @{rule}).
    function automatic outcome_t @{name}(code_t x, format_t format);
        code_t classes = @{classes};  // one bit per class
        outcome_t found = classify(x, format);
        return outcome(0, classes >> found.code & 1);
    endfunction


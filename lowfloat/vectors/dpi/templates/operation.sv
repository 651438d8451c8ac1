    // @{formula} (rule @{rule}).
    function automatic outcome_t @{name}(
            @{arguments}, format_t format, projection_t projection = ieee,
            @{formats}code_t random_bits = 0);
        code_t code;
        int status = @{import}(@{number}, @{operands}, @{operand_formats},
            @{result_format}, projection, random_bits, code);
        return outcome(status, code);
    endfunction


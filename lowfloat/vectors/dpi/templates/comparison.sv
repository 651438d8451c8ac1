    // @{formula} (rule @{rule}).
    function automatic outcome_t @{name}(
            code_t x, code_t y, format_t format, projection_t projection = ieee,
            format_t y_format = same);
        code_t code;
        int status = lf_dpi_compare(@{number}, @{signaling}, x, y, format,
                                    either(y_format, format), projection, code);
        return outcome(status, code);
    endfunction


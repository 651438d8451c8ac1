    // A code for an operand: an exponent and a fraction that are uniform, or of the kinds that units
    // get wrong. Case and operand decide it, so a case is the same in every run.
    localparam SEED = @{seed};
    function automatic code_t draw(format_t format, int operand);
        code_t r = philox_bits(SEED, 64, 64'(issued), 0, operand);
        code_t one = 1, ones_exponent = (one << format.exponent_bits) - 1;
        code_t ones_fraction = (one << format.mantissa_bits) - 1;
        code_t exponent = r >> 8 & ones_exponent, fraction = r >> 24 & ones_fraction, places;
        places = r[13:8] % (64'(format.mantissa_bits) + 1);
        case (r[2:0])
            0: exponent = 64'(r[9:8]);  // subnormal, or nearly
            1: exponent = ones_exponent - 64'(r[9:8]);  // not finite, or nearly
            2, 3: exponent = (64'(format.bias) + 64'(r[11:8]) - 8) & ones_exponent;  // near 1
            default: ;
        endcase
        case (r[6:3])
            0: fraction = 0;
            1: fraction = ones_fraction;
            2: fraction = one << places & ones_fraction;  // a single one
            3: fraction = ~(one << places) & ones_fraction;  // a single zero
            4: fraction = (one << places) - 1 & ones_fraction;  // ones on the right
            5: fraction = ones_fraction << places & ones_fraction;  // ones on the left
            default: ;
        endcase
        draw = (exponent << format.mantissa_bits) + fraction;
        if (format.is_signed != 0 && r[7])
            draw = draw + (one << (format.exponent_bits + format.mantissa_bits));
    endfunction

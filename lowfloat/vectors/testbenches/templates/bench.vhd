-- @{title}
-- Written by lowfloat @{version}. `make` runs it; it ends with a line that begins with PASS or FAIL.
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;
use ieee.math_real.all;
use std.textio.all;

entity tb is
end entity;

architecture bench of tb is
    constant cases : natural := @{count};
    constant shown : natural := @{shown};  -- mismatches that are printed, the rest is counted
    constant depth : natural := 1024;  -- most cases in flight
    constant compare_flags : boolean := @{compare_flags};
    constant any_nan : boolean := @{any_nan};  -- true: any NaN will do where one is expected

    subtype result_t is std_logic_vector(@{result_top} downto 0);
    subtype flags_t is std_logic_vector(4 downto 0);  -- invalid, divide by zero, overflow, underflow, inexact
    type case_t is record
@{record}
        result : result_t;
        flags : flags_t;
    end record;
    type cases_t is array (0 to depth - 1) of case_t;

@{signals}
    signal result : result_t;
    signal flags : flags_t;
@{timing_signals}
begin
@{packing}
    unit : entity work.@{module}
@{generics}
        port map (
@{connections}
        );

    main : process
        file vectors : text open read_mode is "vectors.tv";
        file results : text open write_mode is "results.tv";
        variable flight : cases_t;  -- cases in flight, the oldest first
        variable issued, answered, wrong : natural := 0;
@{timing_variables}

        procedure print(message : string) is
            variable l : line;
        begin
            write(l, message);
            writeline(output, l);
        end procedure;

        procedure stop_with(reason : string) is
        begin
            print("FAIL after " & to_string(answered) & " of " & to_string(cases) & " cases: " & reason);
            std.env.stop(1);
            wait;
        end procedure;

        -- The next case to the inputs.
        procedure issue is
            variable l : line;
            variable c : case_t;
            variable good : boolean;

            procedure field(value : out std_logic_vector) is
            begin
                if good then
                    hread(l, value, good);
                end if;
            end procedure;
        begin
            if issued - answered = depth then
                stop_with("too many cases in flight");
            end if;
            good := not endfile(vectors);
            if good then
                readline(vectors, l);
            end if;
@{reads}
            field(c.result);
            field(c.flags);
            if not good then
                stop_with("vectors.tv ends early, or has a malformed line, after line " & to_string(issued));
            end if;
            flight(issued mod depth) := c;
            issued := issued + 1;
@{drives}
        end procedure;

        function is_nan(code : result_t) return boolean is
            constant magnitude : result_t := code and @{nan_mask};
        begin
            return not is_x(code) and magnitude >= @{nan_low} and magnitude <= @{nan_high};
        end function;

        function operands(c : case_t) return string is
        begin
            return @{operand_text};
        end function;

        -- Compares the outputs with what the oldest case in flight expects.
        procedure answer is
            variable l : line;
            variable c : case_t;
            variable got_flags : flags_t;
        begin
            if answered = issued then
                stop_with("a result that no case asked for");
            end if;
            c := flight(answered mod depth);
            got_flags := flags when compare_flags else c.flags;
            write(l, operands(c) & " " & to_hstring(result) & " " & to_hstring(got_flags));
            writeline(results, l);
            answered := answered + 1;
            if not (result = c.result or (any_nan and is_nan(c.result) and is_nan(result)))
                or got_flags /= c.flags
            then
                wrong := wrong + 1;
                if wrong <= shown then
                    write(l, "case " & to_string(answered) & ": " & operands(c) & " => " & to_hstring(result)
                        & " " & to_hstring(got_flags) & " expected: " & to_hstring(c.result) & " "
                        & to_hstring(c.flags));
                    if is_x(result) or is_x(got_flags) then
                        write(l, string'(" (X or Z in the outputs)"));
                    end if;
                    writeline(output, l);
                end if;
            end if;
        end procedure;

        procedure finish is
        begin
            file_close(results);
            if wrong > shown then
                print("and " & to_string(wrong - shown) & " more");
            end if;
            if wrong = 0 then
                print("PASS: " & to_string(answered) & " cases of @{description}");
                std.env.stop(0);
            else
                print("FAIL: " & to_string(wrong) & " of " & to_string(answered) & " cases of @{description}");
                std.env.stop(1);
            end if;
            wait;
        end procedure;
@{timing_procedures}
    begin
@{drive}
    end process;
end architecture;

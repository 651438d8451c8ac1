-- Four e4m3fn products and a float16 sum, aligned to the greatest exponent, cut to `fraction` bits
-- below it, added at once, and rounded once to nearest even.
-- flags: invalid, divide by zero, overflow, underflow, inexact. No sum underflows: products and c are
-- multiples of the least float16.
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity fp_dot is
    generic (fraction : positive := 14);
    port (
        a, b : in std_logic_vector(31 downto 0);  -- term 0 in the lowest bits
        c : in std_logic_vector(15 downto 0);
        z : out std_logic_vector(15 downto 0);
        flags : out std_logic_vector(4 downto 0)
    );
end entity;

architecture rtl of fp_dot is
    constant wide : positive := fraction + 7;
    type addend_t is record
        sign, zero : boolean;
        exponent : integer;
        significand : unsigned(fraction + 1 downto 0);  -- fraction bits below the point
    end record;
    type addends_t is array (0 to 4) of addend_t;

    function is_nan(x : std_logic_vector(7 downto 0)) return boolean is
    begin
        return x(6 downto 0) = "1111111";
    end function;

    function power(field : std_logic_vector; bias : natural) return integer is
        constant number : natural := to_integer(unsigned(field));
    begin
        if number = 0 then
            return 1 - bias;
        end if;
        return number - bias;
    end function;

    function product(x, y : std_logic_vector(7 downto 0)) return addend_t is
        variable p : addend_t;
        variable bits : unsigned(7 downto 0);
    begin
        bits := unsigned(std_logic_vector'((or x(6 downto 3)) & x(2 downto 0)))
            * unsigned(std_logic_vector'((or y(6 downto 3)) & y(2 downto 0)));
        p.sign := x(7) /= y(7);
        p.zero := bits = 0;
        p.exponent := power(x(6 downto 3), 7) + power(y(6 downto 3), 7);
        p.significand := shift_left(resize(bits, fraction + 2), fraction - 6);
        return p;
    end function;

    function start(x : std_logic_vector(15 downto 0)) return addend_t is
        variable p : addend_t;
        constant bits : std_logic_vector(10 downto 0) := (or x(14 downto 10)) & x(9 downto 0);
    begin
        p.sign := x(15) = '1';
        p.zero := unsigned(bits) = 0;
        p.exponent := power(x(14 downto 10), 15);
        p.significand := shift_left(resize(unsigned(bits), fraction + 2), fraction - 10);
        return p;
    end function;
begin
    process (all)
        variable addends : addends_t;
        variable greatest, distance, exponent, below : integer;
        variable kept : unsigned(fraction + 1 downto 0);
        variable total : signed(wide downto 0);
        variable normal : unsigned(wide downto 0);
        variable magnitude : unsigned(20 downto 0);
        variable any_nan, lost, negative : boolean;
        variable guard, more : std_logic;

        function bit_of(x : boolean) return std_logic is
        begin
            if x then
                return '1';
            end if;
            return '0';
        end function;
    begin
        any_nan := (and c(14 downto 10)) = '1' and (or c(9 downto 0)) = '1';
        for k in 0 to 3 loop
            addends(k) := product(a(8 * k + 7 downto 8 * k), b(8 * k + 7 downto 8 * k));
            any_nan := any_nan or is_nan(a(8 * k + 7 downto 8 * k)) or is_nan(b(8 * k + 7 downto 8 * k));
        end loop;
        addends(4) := start(c);

        greatest := -1000;
        for k in addends'range loop
            if not addends(k).zero and addends(k).exponent > greatest then
                greatest := addends(k).exponent;
            end if;
        end loop;
        lost := false;
        total := (others => '0');
        for k in addends'range loop
            if not addends(k).zero then
                distance := greatest - addends(k).exponent;
                kept := shift_right(addends(k).significand, distance);
                lost := lost or shift_left(kept, distance) /= addends(k).significand;
                if addends(k).sign then
                    total := total - signed(resize(kept, wide + 1));
                else
                    total := total + signed(resize(kept, wide + 1));
                end if;
            end if;
        end loop;

        negative := total < 0;
        normal := unsigned(abs total);
        exponent := greatest - fraction + wide;
        for i in 1 to wide loop
            if normal(wide) = '0' then
                normal := shift_left(normal, 1);
                exponent := exponent - 1;
            end if;
        end loop;
        below := -14 - exponent;
        if below > 0 then
            lost := lost or shift_left(shift_right(normal, below), below) /= normal;
            normal := shift_right(normal, below);
            exponent := -15;
        end if;
        guard := normal(wide - 11);
        more := or normal(wide - 12 downto 0);
        magnitude := to_unsigned(maximum(exponent + 15, 0), 11) & normal(wide - 1 downto wide - 10);
        if (guard and (more or normal(wide - 10))) = '1' then
            magnitude := magnitude + 1;
        end if;

        flags <= "00000";
        z <= bit_of(negative) & std_logic_vector(magnitude(14 downto 0));
        if any_nan then
            z <= x"7E00";
            flags(4) <= bit_of((and c(14 downto 10)) = '1' and c(9) = '0' and (or c(8 downto 0)) = '1');
        elsif (and c(14 downto 10)) = '1' then
            z <= c;
        elsif total = 0 then
            z <= x"0000";
            flags(0) <= bit_of(lost);
        else
            flags(0) <= bit_of(lost) or guard or more;
            if magnitude >= 16#7C00# then
                z <= bit_of(negative) & "111110000000000";
                flags(2) <= '1';
                flags(0) <= '1';
            end if;
        end if;
    end process;
end architecture;

-- x * y, rounded once to nearest even, toward zero, down, up or to nearest away (rm 0 to 4).
-- ieee = 1: infinities and NaNs as in IEEE 754; ieee = 0: one NaN, all ones, and no infinity.
-- flags: invalid, divide by zero, overflow, underflow, inexact; tininess is found after rounding.
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity fp_mul is
    generic (
        exp : positive := 4;
        man : positive := 3;
        ieee_style : natural := 0
    );
    port (
        rm : in std_logic_vector(2 downto 0);
        x, y : in std_logic_vector(exp + man downto 0);
        z : out std_logic_vector(exp + man downto 0);
        flags : out std_logic_vector(4 downto 0)
    );
end entity;

architecture rtl of fp_mul is
    constant bias : integer := 2 ** (exp - 1) - 1;
    constant product_bits : positive := 2 * man + 2;
    constant rest : positive := product_bits - man;  -- bits below the last place, one more than needed
    subtype code_t is unsigned(exp + man downto 0);
    subtype magnitude_t is unsigned(exp + man - 1 downto 0);
    constant ones : magnitude_t := (others => '1');

    -- Infinity, or the only NaN.
    function top return magnitude_t is
    begin
        if ieee_style = 1 then
            return shift_left(ones, man);
        end if;
        return ones;
    end function;

    function nan return code_t is
        variable code : code_t := '0' & ones;
    begin
        if ieee_style = 1 then
            code := '0' & shift_left(ones, man - 1);
        end if;
        return code;
    end function;

    type number_t is record
        sign, zero, infinite, nan, signaling : boolean;
        exponent : integer;  -- of the top bit of the significand
        significand : unsigned(man downto 0);
    end record;

    function unpack(code : code_t) return number_t is
        constant field : natural := to_integer(code(exp + man - 1 downto man));
        constant fraction : unsigned(man - 1 downto 0) := code(man - 1 downto 0);
        constant last : boolean := field = 2 ** exp - 1;
        variable n : number_t;
    begin
        n.sign := code(exp + man) = '1';
        n.zero := code(exp + man - 1 downto 0) = 0;
        n.infinite := ieee_style = 1 and last and fraction = 0;
        if ieee_style = 1 then
            n.nan := last and fraction /= 0;
        else
            n.nan := code(exp + man - 1 downto 0) = ones;
        end if;
        n.signaling := ieee_style = 1 and n.nan and fraction(man - 1) = '0';
        n.exponent := field - bias;
        n.significand := '1' & fraction;
        if field = 0 then
            n.exponent := 1 - bias;
            n.significand := '0' & fraction;
        end if;
        return n;
    end function;

    function away(mode : std_logic_vector(2 downto 0); negative : boolean; last, guard, more : std_logic)
        return boolean is
    begin
        case mode is
            when "000" => return (guard and (more or last)) = '1';
            when "001" => return false;
            when "010" => return negative and (guard or more) = '1';
            when "011" => return (not negative) and (guard or more) = '1';
            when others => return guard = '1';
        end case;
    end function;
begin
    process (all)
        variable a, b : number_t;
        variable sign : boolean;
        variable product : unsigned(product_bits downto 0);  -- one zero below
        variable normal, shifted : unsigned(product_bits downto 0);
        variable exponent, below, field : integer;
        variable lost, guard, more : std_logic;
        variable magnitude : unsigned(exp + man + 3 downto 0);
        variable carries, tiny, inexact, overflow, invalid, stays : boolean;

        function sign_bit(negative : boolean) return std_logic is
        begin
            if negative then
                return '1';
            end if;
            return '0';
        end function;
    begin
        a := unpack(unsigned(x));
        b := unpack(unsigned(y));
        sign := a.sign /= b.sign;
        product := (a.significand * b.significand) & '0';
        exponent := a.exponent + b.exponent + 1;
        normal := product;
        for i in 1 to product_bits loop
            if normal(product_bits) = '0' then
                normal := shift_left(normal, 1);
                exponent := exponent - 1;
            end if;
        end loop;

        below := 1 - bias - exponent;
        shifted := normal;
        lost := '0';
        for i in 1 to product_bits + 1 loop
            if i <= below then
                lost := lost or shifted(0);
                shifted := shift_right(shifted, 1);
            end if;
        end loop;
        field := 0;
        if below <= 0 then
            field := exponent + bias;
        end if;

        guard := shifted(rest - 1);
        more := lost or (or shifted(rest - 2 downto 0));
        magnitude := to_unsigned(field, exp + 4) & shifted(product_bits - 1 downto rest);
        if away(rm, sign, shifted(rest), guard, more) then
            magnitude := magnitude + 1;
        end if;

        carries := (and normal(product_bits downto rest)) = '1'
            and away(rm, sign, '1', normal(rest - 1), or normal(rest - 2 downto 0));
        tiny := below > 0 and not (below = 1 and carries);
        overflow := magnitude >= top;
        inexact := (guard or more) = '1' or overflow;
        stays := rm = "001" or (rm = "010" and not sign) or (rm = "011" and sign);
        invalid := (a.zero and b.infinite) or (a.infinite and b.zero);

        flags <= "00000";
        if a.nan or b.nan or invalid then
            z <= std_logic_vector(nan);
            flags(4) <= sign_bit(a.signaling or b.signaling or (invalid and not a.nan and not b.nan));
        elsif a.infinite or b.infinite then
            z <= sign_bit(sign) & std_logic_vector(shift_left(ones, man));
        elsif a.zero or b.zero then
            z <= sign_bit(sign) & std_logic_vector(to_unsigned(0, exp + man));
        else
            z <= sign_bit(sign) & std_logic_vector(magnitude(exp + man - 1 downto 0));
            if overflow and stays then
                z <= sign_bit(sign) & std_logic_vector(top - 1);
            elsif overflow then
                z <= sign_bit(sign) & std_logic_vector(top);
            end if;
            flags(2) <= sign_bit(overflow);
            flags(1) <= sign_bit(tiny and inexact and not overflow);
            flags(0) <= sign_bit(inexact);
        end if;
    end process;
end architecture;

-- fp_mul between valid/ready interfaces, with one register: it holds a result until it is taken.
library ieee;
use ieee.std_logic_1164.all;

entity fp_mul_stream is
    generic (exp : positive := 4; man : positive := 3; ieee_style : natural := 0);
    port (
        clk, rst : in std_logic;
        in_valid : in std_logic;
        in_ready : out std_logic;
        x, y : in std_logic_vector(exp + man downto 0);
        out_valid : out std_logic;
        out_ready : in std_logic;
        z : out std_logic_vector(exp + man downto 0);
        flags : out std_logic_vector(4 downto 0)
    );
end entity;

architecture rtl of fp_mul_stream is
    signal result, held : std_logic_vector(exp + man + 5 downto 0);
    signal full : std_logic;
begin
    mul : entity work.fp_mul
        generic map (exp => exp, man => man, ieee_style => ieee_style)
        port map (rm => "000", x => x, y => y, z => result(exp + man + 5 downto 5), flags => result(4 downto 0));

    in_ready <= not full or out_ready;
    out_valid <= full;
    z <= held(exp + man + 5 downto 5);
    flags <= held(4 downto 0);
    process (clk)
    begin
        if rising_edge(clk) then
            if rst = '1' then
                full <= '0';
            elsif in_ready = '1' then
                full <= in_valid;
                held <= result;
            end if;
        end if;
    end process;
end architecture;

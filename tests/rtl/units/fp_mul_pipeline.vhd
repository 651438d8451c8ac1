-- fp_mul with registers behind it: a result comes `stages` clock edges after its operands.
library ieee;
use ieee.std_logic_1164.all;

entity fp_mul_pipeline is
    generic (exp : positive := 4; man : positive := 3; ieee_style : natural := 0; stages : positive := 3);
    port (
        clk, rst_n : in std_logic;
        x, y : in std_logic_vector(exp + man downto 0);
        z : out std_logic_vector(exp + man downto 0);
        flags : out std_logic_vector(4 downto 0)
    );
end entity;

architecture rtl of fp_mul_pipeline is
    type stages_t is array (1 to stages) of std_logic_vector(exp + man + 5 downto 0);
    signal stage : stages_t;
    signal result : std_logic_vector(exp + man + 5 downto 0);
begin
    mul : entity work.fp_mul
        generic map (exp => exp, man => man, ieee_style => ieee_style)
        port map (rm => "000", x => x, y => y, z => result(exp + man + 5 downto 5), flags => result(4 downto 0));

    process (clk)
    begin
        if rising_edge(clk) then
            for i in 2 to stages loop
                stage(i) <= stage(i - 1);
            end loop;
            stage(1) <= result;
            if rst_n = '0' then
                stage <= (others => (others => '0'));
            end if;
        end if;
    end process;
    z <= stage(stages)(exp + man + 5 downto 5);
    flags <= stage(stages)(4 downto 0);
end architecture;

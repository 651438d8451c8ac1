
-- Inputs change after the falling edge; outputs are read before the rising edge.
procedure edges is
begin
    wait for 1 ns;
    clk <= '1';
    wait for 5 ns;
    clk <= '0';
end procedure;

procedure start is
begin
    reset <= '@{reset_level}';
    for cycle in 1 to 4 loop
        wait for 4 ns;
        edges;
    end loop;
    reset <= not reset;
end procedure;

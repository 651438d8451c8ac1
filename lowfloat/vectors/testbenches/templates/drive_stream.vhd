start;
-- A few cycles past the last answer, in which no other may come.
while answered < cases or silent < 64 loop
    -- An offered case stays until it is taken.
    uniform(seed_1, seed_2, chance);
    if in_valid = '0' and issued < cases and chance >= stall then
        issue;
        in_valid <= '1';
    end if;
    uniform(seed_1, seed_2, chance);
    out_ready <= '1' when chance >= stall else '0';
    wait for 4 ns;
    if is_x(in_ready) or is_x(out_valid) then
        stop_with("X or Z on a handshake output");
    end if;
    silent := silent + 1;
    if out_valid = '1' and out_ready = '1' then
        answer;
        silent := 0;
    end if;
    if silent = patience then
        stop_with("no result in 10000 cycles");
    end if;
    taken := in_valid = '1' and in_ready = '1';
    edges;
    if taken then
        in_valid <= '0';
        wait for 0 ns;
    end if;
end loop;
finish;

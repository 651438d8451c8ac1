start;
for cycle in 0 to cases + latency - 1 loop
    if issued < cases then
        issue;
    end if;
    wait for 4 ns;
    if cycle >= latency then
        answer;
    end if;
    edges;
end loop;
finish;

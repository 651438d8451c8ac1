while issued < cases loop
    issue;
    wait for 1 ns;
    answer;
end loop;
finish;

# make          simulate with GHDL (VHDL-2008)
# make check    decode every mismatch of the last run
@{find_sources}

.PHONY: run check clean
run: $(UNIT_FILES)
	mkdir -p work
	ghdl -i --std=08 --workdir=work $(SOURCES) tb.vhd
	ghdl -m --std=08 --workdir=work tb
	ghdl -r --std=08 --workdir=work tb --ieee-asserts=disable-at-0 | tee log.txt
	@grep -q '^PASS' log.txt

check:
	$(LOWFLOAT) check results.tv --like @{manifest} --grammar testfloat@{check_options}

clean:
	rm -rf work tb results.tv log.txt

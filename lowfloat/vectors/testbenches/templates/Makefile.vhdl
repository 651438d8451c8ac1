# make          simulate with GHDL (VHDL-2008)
# make check    decode every mismatch of the last run
SOURCES ?= @{sources}
LOWFLOAT ?= lowfloat
ifeq ($(strip $(SOURCES)),)
$(error Say where the unit is: make SOURCES="../unit.vhd")
endif

.PHONY: run check clean
run:
	mkdir -p work
	ghdl -i --std=08 --workdir=work $(SOURCES) tb.vhd
	ghdl -m --std=08 --workdir=work tb
	ghdl -r --std=08 --workdir=work tb --ieee-asserts=disable-at-0 | tee log.txt
	@grep -q '^PASS' log.txt

check:
	$(LOWFLOAT) check results.tv --like @{manifest} --grammar testfloat@{check_options}

clean:
	rm -rf work tb results.tv log.txt

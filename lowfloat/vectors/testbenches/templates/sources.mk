SOURCES ?= @{sources}
LOWFLOAT ?= lowfloat
ifeq ($(strip $(SOURCES)),)
$(error Say where the unit is: make SOURCES=../unit@{ending})
endif

# make asks for the unit's files before it runs a simulator.
.DEFAULT_GOAL := run
UNIT_FILES := $(filter %.v %.sv %.vh %.svh %.vhd %.vhdl,$(SOURCES))
$(UNIT_FILES):
	$(error $@ is not there: put the unit's file there, or say where it is: make SOURCES=../unit@{ending})

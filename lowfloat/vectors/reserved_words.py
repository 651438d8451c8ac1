"""Reserved words that a port, a module or an accumulator might be called by chance."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VERILOG = _words(
    """
    always and assign begin buf case default else end event for force function if initial
    inout input integer join module nand negedge nor not or output parameter posedge pull0
    pull1 real reg release repeat signed small specify strong0 strong1 supply0 supply1 table
    task time tri unsigned use wait wand while wire wor xnor xor
    """
)
SYSTEM_VERILOG = VERILOG | _words(
    """
    bind bins bit break byte class const constraint do enum final global import int
    interface local logic new null package priority program property pure rand ref return
    sequence static string struct super this type union unique var void with
    """
)
VHDL = _words(
    """
    abs access after alias all and architecture array assert attribute begin block body
    buffer bus case component configuration constant disconnect downto else elsif end entity
    exit file for function generate generic group guarded if impure in inertial inout is
    label library linkage literal loop map mod nand new next nor not null of on open or
    others out package port postponed procedure process pure range record register reject
    rem report return rol ror select severity shared signal sla sll sra srl subtype then to
    transport type unaffected units until use variable wait when while with xnor xor
    """
)

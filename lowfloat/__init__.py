"""temporary"""
from lowfloat import golden
from lowfloat.formats import Format
from lowfloat.format_names import format
from lowfloat.projection import Projection, Policy, Stochastic
from lowfloat.randomness import Philox, LFSR
from lowfloat.flags import flags

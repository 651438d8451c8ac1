"""Number systems built on formats: scaled tensors, and S2FP8."""

from lowfloat.systems import s2fp8, scaling

__all__ = ["s2fp8", "scaling"]

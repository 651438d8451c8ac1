"""Number systems built on formats: scaled tensors."""

from lowfloat.systems import scaling

__all__ = ["scaling"]

"""Settings of all tests. This folder is on the import path: shared helpers are plain modules."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "lowfloat",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("lowfloat")

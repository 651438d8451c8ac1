"""Loss scalers with the surface of torch.amp.GradScaler: static, dynamic, and with a floor.

They take any optimizer that holds its gradients: ``lowfloat.training``'s, with ``gradients``, a
mapping of arrays, or torch's, with ``param_groups``. No framework is imported.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

READY, UNSCALED, STEPPED = "ready", "unscaled", "stepped"


def _gradients(optimizer: Any) -> Iterable[Any]:
    """The gradient arrays or tensors of an optimizer."""
    held = getattr(optimizer, "gradients", None)
    if held is not None:
        yield from (g for g in held.values() if g is not None)
        return
    groups = getattr(optimizer, "param_groups", None)
    if groups is None:
        raise TypeError(
            f"{type(optimizer).__name__} holds no gradients that a scaler can find: it needs "
            "`gradients`, a mapping of arrays, or torch's `param_groups`"
        )
    for group in groups:
        for parameter in group["params"]:
            if parameter.grad is not None:
                yield parameter.grad.detach()


def _all_finite(gradient: Any) -> bool:
    finite = np.isfinite(gradient) if isinstance(gradient, np.ndarray) else gradient.isfinite()
    return bool(finite.all())


class StaticScaler:
    """A constant factor on the loss; a step whose gradients are not finite is skipped.

    Methods and their order are those of ``torch.amp.GradScaler``: ``scale`` the loss, then
    optionally ``unscale_``, then ``step``, then ``update``.

    Parameters
    ----------
    init_scale : float
        The factor; kept as a binary32 number, as torch keeps it.
    enabled : bool
        False: nothing is scaled and no step skipped.

    Attributes
    ----------
    steps, skipped : int
        How many updates there were, and in how many of them gradients were not finite.

    Examples
    --------
    >>> from lowfloat.training import StaticScaler
    >>> StaticScaler(1024.0).scale(0.5)
    512.0

    Source: Micikevicius et al. 2017, 3.2.
    """

    def __init__(self, init_scale: float = 2.0**10, *, enabled: bool = True) -> None:
        self._scale = _positive(init_scale, "init_scale")
        self._enabled = enabled
        self._stages: dict[int, str] = {}
        self._found: dict[int, bool] = {}
        self.steps = 0
        self.skipped = 0

    def scale(self, outputs: Any) -> Any:
        """A loss, or a nested list or tuple of them, times the scale."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, list | tuple):
            return type(outputs)(self.scale(output) for output in outputs)
        return outputs * self._scale

    def unscale_(self, optimizer: Any) -> None:
        """Divide the optimizer's gradients by the scale, in place, and look for infinities and NaNs.

        Raises
        ------
        RuntimeError
            If that was done already since the last ``update``.
        """
        if not self._enabled:
            return
        stage = self._stages.get(id(optimizer), READY)
        if stage != READY:
            raise RuntimeError(
                f"these gradients were {stage} already: call update() before the next unscale_()"
            )
        # As in torch: the reciprocal in binary64, rounded to binary32, is what multiplies.
        with np.errstate(divide="ignore", over="ignore"):
            inverse = np.float32(np.divide(1.0, self._scale))
        found = False
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            for gradient in _gradients(optimizer):
                found = found or not _all_finite(gradient)
                gradient *= inverse if isinstance(gradient, np.ndarray) else float(inverse)
        self._found[id(optimizer)] = found
        self._stages[id(optimizer)] = UNSCALED

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """``optimizer.step(...)``, unless a gradient is infinite or NaN; unscales if need be.

        Raises
        ------
        RuntimeError
            If it was called already since the last ``update``.
        """
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if self._stages.get(id(optimizer)) == STEPPED:
            raise RuntimeError("step() was called already: call update() before the next one")
        if self._stages.get(id(optimizer), READY) == READY:
            self.unscale_(optimizer)
        self._stages[id(optimizer)] = STEPPED
        if self._found[id(optimizer)]:
            return None
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: float | None = None) -> None:
        """End a step: adjust the scale, by the gradients seen or to ``new_scale``.

        Raises
        ------
        RuntimeError
            If no gradients were unscaled since the last ``update``.
        """
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = _positive(new_scale, "new_scale")
        elif not self._found:
            raise RuntimeError(
                "no gradients were unscaled since the last update(): call step() first"
            )
        else:
            found = any(self._found.values())
            self.steps += 1
            self.skipped += found
            self._adjust(found)
        self._stages.clear()
        self._found.clear()

    def _adjust(self, found: bool) -> None:
        """The next scale; ``found``: a gradient was infinite or NaN."""

    def get_scale(self) -> float:
        """The factor, or 1 where the scaler is disabled."""
        return self._scale if self._enabled else 1.0

    def is_enabled(self) -> bool:
        """Whether the scaler scales."""
        return self._enabled

    def _settings(self) -> dict[str, Any]:
        return {}

    def state_dict(self) -> dict[str, Any]:
        """Everything that decides the scales to come; taken after ``update``."""
        if not self._enabled:
            return {}
        counts = {"steps": self.steps, "skipped": self.skipped}
        return {"scale": self._scale, **self._settings(), **counts}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where another scaler stood; a state of ``torch.amp.GradScaler`` will do too.

        Raises
        ------
        ValueError
            If parts are missing, or the state is another kind of scaler's; nothing changes then.
        """
        if not self._enabled:
            return
        optional = {"steps": 0, "skipped": 0, "min_schedule": None, "max_scale": None}
        names = self.state_dict().keys()
        missing = names - state.keys() - optional.keys()
        other = state.keys() - names
        if missing or other:
            words = [f"lacks {', '.join(sorted(missing))}"] if missing else []
            words += [f"has {', '.join(sorted(other))} beside"] if other else []
            raise ValueError(f"no state of a {type(self).__name__}: it {' and '.join(words)}")
        if not float(state["scale"]) >= 0:
            raise ValueError(f"a scale of {state['scale']!r} is no scale")
        self._load({**{n: v for n, v in optional.items() if v is not None}, **state})

    def _load(self, state: dict[str, Any]) -> None:
        self._scale = _binary32(float(state["scale"]))
        self.steps, self.skipped = int(state["steps"]), int(state["skipped"])
        self._stages.clear()
        self._found.clear()


class DynamicScaler(StaticScaler):
    """Back-off: a scale that shrinks when gradients overflow and grows after steps without.

    Bit for bit ``torch.amp.GradScaler``: a skipped step multiplies the scale by
    ``backoff_factor``, ``growth_interval`` steps in a row without one by ``growth_factor``.

    Parameters
    ----------
    init_scale, growth_factor, backoff_factor, growth_interval, enabled
        As in torch.

    Examples
    --------
    >>> from lowfloat.training import DynamicScaler
    >>> DynamicScaler().get_scale()
    65536.0

    Source: torch.amp.GradScaler; Kuchaiev et al. 2018 (OpenSeq2Seq).
    """

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        *,
        enabled: bool = True,
    ) -> None:
        super().__init__(init_scale, enabled=enabled)
        self.set_growth_factor(growth_factor)
        self.set_backoff_factor(backoff_factor)
        self.set_growth_interval(growth_interval)
        self._growth_tracker = 0

    def get_growth_factor(self) -> float:
        """What the scale is multiplied by after ``growth_interval`` good steps."""
        return self._growth_factor

    def set_growth_factor(self, factor: float) -> None:
        """Change it; above 1."""
        if not factor > 1.0:
            raise ValueError(f"the growth factor must be above 1, not {factor!r}")
        self._growth_factor = float(factor)

    def get_backoff_factor(self) -> float:
        """What the scale is multiplied by after a skipped step."""
        return self._backoff_factor

    def set_backoff_factor(self, factor: float) -> None:
        """Change it; between 0 and 1."""
        if not 0.0 < factor < 1.0:
            raise ValueError(f"the backoff factor must be between 0 and 1, not {factor!r}")
        self._backoff_factor = float(factor)

    def get_growth_interval(self) -> int:
        """Good steps in a row before the scale grows."""
        return self._growth_interval

    def set_growth_interval(self, interval: int) -> None:
        """Change it; from 1 on."""
        if isinstance(interval, bool) or int(interval) != interval or interval < 1:
            raise ValueError(f"the growth interval is a whole number from 1 on, not {interval!r}")
        self._growth_interval = int(interval)

    def _adjust(self, found: bool) -> None:
        if found:
            self._scale = _binary32(self._scale * self._backoff_factor)
            self._growth_tracker = 0
            return
        self._growth_tracker += 1
        if self._growth_tracker == self._growth_interval:
            grown = _binary32(self._scale * self._growth_factor)
            self._scale = grown if math.isfinite(grown) else self._scale
            self._growth_tracker = 0

    def _settings(self) -> dict[str, Any]:
        return {
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._growth_tracker,
        }

    def _load(self, state: dict[str, Any]) -> None:
        super()._load(state)
        self.set_growth_factor(state["growth_factor"])
        self.set_backoff_factor(state["backoff_factor"])
        self.set_growth_interval(state["growth_interval"])
        self._growth_tracker = int(state["_growth_tracker"])


class ThresholdScaler(DynamicScaler):
    """Back-off with a least scale that rises on a schedule, so that spurious overflows cannot sink it.

    Parameters
    ----------
    min_schedule : sequence of (step, scale)
        From that step on the scale is at least that; the first step is 0.
    max_scale : float
        The scale is at most this.
    init_scale, growth_factor, backoff_factor, growth_interval, enabled
        As for ``DynamicScaler``.

    Examples
    --------
    >>> from lowfloat.training import ThresholdScaler
    >>> scaler = ThresholdScaler(2.0**10, min_schedule=[(0, 1.0), (2, 4096.0)])
    >>> scaler.floor(1), scaler.floor(2)
    (1.0, 4096.0)

    Source: Mellempudi et al. 2019, 3.1 (enhanced loss scaling); the default schedule is GNMT's
    there, and the other constants are Apex's.
    """

    def __init__(
        self,
        init_scale: float = 2.0**15,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        *,
        min_schedule: Sequence[tuple[int, float]] = (
            (0, 1.0),
            (40_000, 2.0**13),
            (150_000, 2.0**15),
        ),
        max_scale: float = 2.0**24,
        enabled: bool = True,
    ) -> None:
        super().__init__(
            init_scale, growth_factor, backoff_factor, growth_interval, enabled=enabled
        )
        self._set_bounds(min_schedule, max_scale)
        self._bound()

    def _set_bounds(self, schedule: Any, max_scale: float) -> None:
        entries = [(int(step), _positive(least, "a least scale")) for step, least in schedule]
        steps = [step for step, _ in entries]
        if not entries or steps[0] != 0 or any(a >= b for a, b in pairwise(steps)):
            raise ValueError("min_schedule is a rising list of (step, scale) that begins at step 0")
        if max(least for _, least in entries) > max_scale:
            raise ValueError(f"min_schedule rises above max_scale, {max_scale}")
        self._schedule = entries
        self._max_scale = _positive(max_scale, "max_scale")

    def floor(self, step: int) -> float:
        """The least scale at a step."""
        return [least for first, least in self._schedule if first <= step][-1]

    def _bound(self) -> None:
        self._scale = min(self._max_scale, max(self.floor(self.steps), self._scale))

    def _adjust(self, found: bool) -> None:
        super()._adjust(found)
        self._bound()

    def update(self, new_scale: float | None = None) -> None:
        """End a step as ``DynamicScaler`` does, within the floor of the next step and the maximum."""
        super().update(new_scale)
        if self._enabled:
            self._bound()

    def _settings(self) -> dict[str, Any]:
        bounds = {"min_schedule": list(map(list, self._schedule)), "max_scale": self._max_scale}
        return {**super()._settings(), **bounds}

    def _load(self, state: dict[str, Any]) -> None:
        schedule = state.get("min_schedule", self._schedule)
        self._set_bounds(schedule, state.get("max_scale", self._max_scale))
        super()._load(state)


def _binary32(x: float) -> float:
    with np.errstate(over="ignore", under="ignore"):
        return float(np.float32(x))


def _positive(value: Any, what: str) -> float:
    number = _binary32(float(value))
    if not (number > 0 and math.isfinite(number)):
        raise ValueError(f"{what} must be a positive number, not {value!r}")
    return number


SCALERS = {"static": StaticScaler, "dynamic": DynamicScaler, "threshold": ThresholdScaler}


def scaler_for(text: str | None) -> StaticScaler:
    """A scaler from ``none``, ``static:1024``, ``dynamic[:65536]`` or ``threshold[:32768]``.

    Raises
    ------
    ValueError
        If the text means nothing.

    Examples
    --------
    >>> from lowfloat.training import scaler_for
    >>> scaler_for("static:1024").get_scale()
    1024.0
    """
    if text is None or text == "none":
        return StaticScaler(1.0)
    kind, _, value = text.partition(":")
    if kind not in SCALERS:
        raise ValueError(f"no loss scaler {text!r}: there are none, {', '.join(SCALERS)}")
    try:
        return SCALERS[kind](float(value)) if value else SCALERS[kind]()
    except ValueError:
        raise ValueError(f"no loss scaler {text!r}: write {kind}:1024") from None

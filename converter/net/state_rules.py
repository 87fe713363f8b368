"""Which layers a net's state (phase, level and stages) keeps, and which state would keep another.

Source: src/caffe/net.cpp (FilterNet, StateMeetsRule).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from converter.errors import GraphError
from converter.formats.record import Record
from converter.net.params import Params

_PHASES = ("TRAIN", "TEST", "RUN")
"""Caffe's two and MyCaffe's third, which no state of ours is in."""
_MOST = 3
"""Layers that an error names."""


def is_included(record: Record, phase: str, stages: Sequence[str], level: int) -> bool:
    """Whether a layer's rules admit it.

    Raises:
        GraphError: it has rules of both kinds.
    """
    view = Params(record)
    includes, excludes = view.messages("include"), view.messages("exclude")
    if includes and excludes:
        raise GraphError(
            f"layer {view.text('name', '')!r} has include and exclude rules; a layer may have one of the two kinds",
            path=record.where.path,
            line=record.where.line,
            layer=view.text("name", ""),
        )
    if includes:
        return any(_meets(rule, phase, stages, level) for rule in includes)
    return not any(_meets(rule, phase, stages, level) for rule in excludes)


def _meets(rule: Params, phase: str, stages: Sequence[str], level: int) -> bool:
    if rule.has("phase") and rule.choice("phase", _PHASES).lower() != phase:
        return False
    if rule.has("min_level") and level < rule.integer("min_level"):
        return False
    if rule.has("max_level") and level > rule.integer("max_level"):
        return False
    return set(rule.texts("stage")) <= set(stages) and not set(rule.texts("not_stage")) & set(stages)


def state_for(blob: str, left_out: Sequence[Record]) -> str:
    """Which of the layers left out make a blob, and for which states, as part of an error; "" where none makes it."""
    makers = islice((view for view in map(Params, left_out) if blob in view.texts("top")), _MOST)
    return "; ".join(
        f"layer {view.text('name', '')!r} in line {view.record.where.line} makes it {_states(view)}" for view in makers
    )


def _states(layer: Params) -> str:
    """For which states a layer's rules keep it."""
    excludes = layer.messages("exclude")
    kind, rules = ("but", excludes) if excludes else ("only", layer.messages("include"))
    return f"{kind} for " + " or ".join(", ".join(_told(rule)) or "every state" for rule in rules)


def _told(rule: Params) -> Iterator[str]:
    """A rule's conditions, as `load` takes them."""
    if rule.has("phase"):
        yield f"phase={rule.choice('phase', _PHASES).lower()!r}"
    if rule.has("min_level"):
        yield f"level={rule.integer('min_level')} or more"
    if rule.has("max_level"):
        yield f"level={rule.integer('max_level')} or less"
    if stages := rule.texts("stage"):
        yield f"stages={[*stages]}"
    if without := rule.texts("not_stage"):
        yield f"stages without {' and '.join(map(repr, without))}"

"""One case of a layer type: its parameters, what it is fed, and which rungs of the ladder it cannot climb, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

Draw = Callable[[np.random.Generator, bool], np.ndarray]

# Reasons to leave out the rung of whole numbers.
CURVED = "roots, powers, exponentials or logarithms of whole numbers are no whole numbers"
DIVIDED = "a quotient is rounded, and where it is rounded depends on the order of operations"

# Reasons to leave out the rung of gradients.
CHOICE = "the result is a choice or a count: Caffe passes no gradient either"
OWN = "Caffe's gradient is deliberately not the derivative; the goldens hold it"
SOURCE = "nothing goes in, or nothing comes out, that has a gradient"

# Reasons to compare float64 no closer than float32.
PLACES = "the original computes places and sizes in float32 whatever the net's type, and so does the oracle"


@dataclass(frozen=True, slots=True)
class Input:
    """One blob to be fed: its shape, how it is drawn (whole numbers or any), and whether a gradient reaches it."""

    shape: tuple[int, ...]
    draw: Draw
    smooth: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """A layer of the type that the case's file names.

    Attributes:
        name: in words, what is particular about it; with the type it is the test's id.
        body: the layer's parameters as a prototxt writes them.
        inputs: what is fed, by name, in the order of the bottoms (of the tops, for layers that are fed themselves).
        tops: names of the tops.
        exact: why the rung of whole numbers is left out; empty where it is climbed.
        gradient: why the rung of gradients is left out; empty where it is climbed.
        coarse: why float64 is compared no closer than float32; empty where it is compared as float64.
        oracle: why the oracle cannot compute it; empty where it can.
        blobs: how blobs are drawn that must not be any number, by index.
        phase: test or train.
        type: another spelling of the type.
    """

    name: str
    body: str = ""
    inputs: Mapping[str, Input] = field(default_factory=dict)
    tops: Sequence[str] = ("y",)
    exact: str = ""
    gradient: str = ""
    coarse: str = ""
    oracle: str = ""
    blobs: Mapping[int, Callable[..., Input]] = field(default_factory=dict)
    phase: str = "test"
    type: str = ""


def signed(*shape: int) -> Input:
    """Whole numbers from -3 to 3, or standard normals."""
    return Input(shape, lambda r, whole: r.integers(-3, 4, shape) if whole else r.standard_normal(shape))


def positive(*shape: int) -> Input:
    """Whole numbers from 1 to 4, or numbers from 0.5 to 2."""
    return Input(shape, lambda r, whole: r.integers(1, 5, shape) if whole else r.uniform(0.5, 2, shape))


def ones(*shape: int) -> Input:
    """1 everywhere."""
    return Input(shape, lambda *_: np.ones(shape), smooth=False)


def labels(count: int, *shape: int) -> Input:
    """Whole numbers from 0 to count - 1, all of them where there is room."""
    size = int(np.prod(shape))
    return Input(shape, lambda r, _: r.permutation(np.arange(size) % count).reshape(shape), smooth=False)


def chances(*shape: int) -> Input:
    """Numbers from 0 to 1: just 0 and 1, or any."""
    return Input(shape, lambda r, whole: r.integers(0, 2, shape) if whole else r.uniform(0.05, 0.95, shape))


def given(values: object) -> Input:
    """These very numbers."""
    array = np.array(values, np.float64)
    return Input(array.shape, lambda *_: array, smooth=False)


def still(kind: Input) -> Input:
    """The same, without a gradient."""
    return Input(kind.shape, kind.draw, smooth=False)

"""The filters of Intel's `gabor` filler, tap by tap (intel/caffe, include/caffe/gabor.hpp).

Tap (x, y), both from -1 to 1: strength * exp(-(x^2 + y^2) / (2 width^2)) * cos((x cos a - y sin a) f + p), for each
of the three colors times its own factor. A row below says of a range of filters: strength, width, what divides
pi (size - 1) / 2 to give f, a, p and the colors, each as a function of the filter's number where it depends on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

PI = math.pi
Rule = float | Callable[[int], float]
Row = tuple[range, Rule, Rule, Rule, Rule, Rule, Sequence[float]]

SPOT = math.inf
"""The divisor of spots, whose f is pi / 4 whatever the size."""
_ONES = (1.0, 1.0, 1.0)
_SPOT = (0.25, -1.0, 1.0)


def _in_turns(count: int, of: float, plus: float = 0.0) -> Rule:
    return lambda n: (n % count) * PI / of + plus


def _alternating(n: int) -> float:
    return (n % 2) * PI + PI * 12 / 32


_CIFAR: tuple[Row, ...] = (
    (range(8), 0.5, 0.6, 1, _in_turns(8, 8), 0, _ONES),
    (range(8, 14), 0.5, 0.6, 2, lambda n: ((n - 2) % 6) * PI / 6 + PI / 12, 0, _ONES),
    (range(14, 16), 0.5, 0.75, 8, 0, lambda n: (n % 2) * PI, (1, -1, 1)),
    (range(16, 20), 0.5, 0.6, 4, _in_turns(4, 2, PI / 4 + PI / 8), PI / 2, _ONES),
    (range(20, 24), 0.5, 0.6, 4, _in_turns(4, 2, PI / 4 + PI / 8), PI / 2, (1, 0, -1)),
    (range(24, 28), 0.5, 0.6, 4, _in_turns(4, 2, PI / 4 + PI / 8), PI / 2, (-1, 1, 1)),
    (range(28, 30), 0.5, 0.6, 4, _in_turns(2, 2, PI / 4 - PI / 8), PI / 2, (-1, 1, -1)),
    (range(30, 32), 0.5, 0.6, 4, _in_turns(2, 2, PI / 4 + PI / 8), PI / 2, (1, 1, 0)),
)
_GOOGLENET: tuple[Row, ...] = (
    (
        range(32), lambda n: 1 / (1 + (n % 8) / 8), lambda n: 0.4 + 0.2 * (n % 8) / 8, lambda n: 1 + (n % 8) / 2,
        lambda n: (n // 8) * PI / 4, _alternating, _ONES,
    ),
    (range(32, 40), 0.5, 0.45, 1, _in_turns(8, 8), PI, _ONES),
    (
        range(40, 46), lambda n: 1 / (1 + ((n - 1) % 3) / 2), lambda n: 1 / (2.5 - ((n - 1) % 3) / 2), SPOT, 0,
        lambda n: ((n - 1) // 3) * PI, _SPOT,
    ),
    (range(46, 48), 2 / 3, 1, 12, lambda n: (n % 8) * PI + PI / 8, PI / 2, (1, 0.1, -0.5)),
    (range(48, 56), 2 / 3, 1, 12, _in_turns(8, 4, PI / 32), PI / 2, (-0.5, 0.1, 1)),
    (range(56, 60), 1, 1, 12, _in_turns(8, 2, PI / 8), PI / 2, _SPOT),
    (range(60, 64), 2 / 3, 1, 12, _in_turns(8, 2, PI / 8), PI / 2, (-1, -1, 1)),
)  # fmt: skip
_ALEXNET: tuple[Row, ...] = (
    (
        range(48), lambda n: 1 / 3 / (1 + (n % 8) / 8), lambda n: 0.5 + 0.2 * (n % 8) / 8, lambda n: 1 + (n % 8) / 2,
        lambda n: (n // 8) * PI / 6, _alternating, _ONES,
    ),
    (
        range(48, 56), lambda n: 1 / 3 / (1 + (n % 4) / 2), lambda n: 1 / (2.5 - (n % 4) / 2), SPOT, 0,
        lambda n: (n // 4) * PI, _SPOT,
    ),
    (range(56, 60), 1 / 3 / 1.5, 0.75, 8, _in_turns(4, 2, PI / 8), PI / 2, (-1, 1, -0.5)),
    (range(60, 64), 1 / 3 / 3, 2, 8, _in_turns(4, 2, PI / 8), PI / 2, (1, -0.5, -0.75)),
    (range(64, 72), 1 / 3 / 1.5, 0.75, 4, _in_turns(8, 4, PI / 32), PI / 2, (1, 0.1, -0.75)),
    (range(72, 80), 1 / 3 / 1.5, 1, 12, _in_turns(8, 4, PI / 32), PI / 2, (-0.5, 0.1, 1)),
    (range(80, 88), 1 / 3 / 2.5, 1, 8, _in_turns(8, 4, PI / 32), PI / 2, (-1, -1, 1)),
    (range(88, 92), 1 / 3, 0.6, 16, _in_turns(4, 2, PI / 16), PI / 2, _ONES),
    (range(92, 96), 1 / 3 / 4, 0.75, 4, _in_turns(8, 4, PI / 32), PI / 2, (-1, -1, 1)),
)  # fmt: skip
_VGG: tuple[Row, ...] = tuple((row[0], row[1], 1.0, *row[3:]) for row in _GOOGLENET)
TABLES: dict[tuple[int, int], Sequence[Row]] = {(32, 5): _CIFAR, (64, 7): _GOOGLENET, (64, 3): _VGG, (96, 11): _ALEXNET}
"""By number and size of the filters."""


def _value(rule: Rule, number: int) -> float:
    return rule(number) if callable(rule) else rule


def filters(outputs: int, size: int) -> NDArray[np.float64]:
    """All filters of one of the tables: (outputs, 3, size, size)."""
    found = np.zeros((outputs, 3, size, size))
    for numbers, *rules, colors in TABLES[outputs, size]:
        for number in numbers:
            strength, width, divisor, angle, phase = (_value(rule, number) for rule in rules)
            frequency = PI / 4 if divisor == SPOT else PI * (size - 1) / 2 / divisor
            for row in range(size):
                for column in range(size):
                    x, y = 2 * column / (size - 1) - 1, 2 * row / (size - 1) - 1
                    along = x * math.cos(angle) - y * math.sin(angle)
                    bell = math.exp(-(x * x + y * y) / (2 * width * width))
                    found[number, :, row, column] = strength * bell * math.cos(along * frequency + phase)
            found[number] *= np.array(colors)[:, None, None]
    return found

"""The changes that a node of the syntax tree allows, as replacements in the text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}
ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
}
CALLS = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "amin": "amax", "amax": "amin"}


@dataclass(frozen=True, slots=True)
class Change:
    """Bytes `start` to `end` of a module, and what stands there instead."""

    start: int
    end: int
    text: str


def changes(node: ast.AST, data: bytes, offsets: list[int]) -> Iterator[Change]:
    """The changes of one node itself, not of what lies in it."""
    at = _Positions(data, offsets)
    if isinstance(node, ast.Constant):
        yield from _constant(node, at)
    elif isinstance(node, ast.Compare):
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            yield from at.between(left, right, COMPARISONS.get(type(operator)))
            left = right
    elif isinstance(node, ast.BinOp):
        yield from at.between(node.left, node.right, ARITHMETIC.get(type(node.op)))
    elif isinstance(node, ast.AugAssign):
        yield from at.between(node.target, node.value, ARITHMETIC.get(type(node.op)))
    elif isinstance(node, ast.BoolOp):
        pair = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from at.between(left, right, pair)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        start = at.start(node)
        yield Change(start, start + len("not"), "")
    elif isinstance(node, ast.Call):
        yield from _call(node.func, at)
    else:
        yield from _statement(node, at)


class _Positions:
    """Where nodes lie in a module, in bytes."""

    def __init__(self, data: bytes, offsets: list[int]) -> None:
        self.data = data
        self.offsets = offsets

    def start(self, node: ast.AST) -> int:
        """The first byte."""
        return self.offsets[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]

    def end(self, node: ast.AST) -> int:
        """The byte after the last."""
        return self.offsets[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]

    def between(self, left: ast.AST, right: ast.AST, pair: tuple[str, str] | None) -> Iterator[Change]:
        """The operator between two operands replaced."""
        if pair is None:
            return
        place = self.data.find(pair[0].encode(), self.end(left), self.start(right))
        if place >= 0:
            yield Change(place, place + len(pair[0]), pair[1])


def _constant(node: ast.Constant, at: _Positions) -> Iterator[Change]:
    """True for False; a number one more and one less."""
    if isinstance(node.value, bool):
        yield Change(at.start(node), at.end(node), str(not node.value))
    elif isinstance(node.value, int | float):
        for value in (node.value + 1, node.value - 1):
            yield Change(at.start(node), at.end(node), repr(value) if value >= 0 else f"({value!r})")


def _call(function: ast.expr, at: _Positions) -> Iterator[Change]:
    """The smallest for the largest."""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in CALLS:
        end = at.end(function)
        yield Change(end - len(name), end, CALLS[name])


def _statement(node: ast.AST, at: _Positions) -> Iterator[Change]:
    """A call or an assignment to an attribute or element left out; another default of a parameter."""
    calls = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await | ast.Yield)
    sets = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript)
    if calls or sets:
        yield Change(at.start(node), at.end(node), "pass")
    elif isinstance(node, ast.arguments):
        for default in [*node.defaults, *node.kw_defaults]:
            if isinstance(default, ast.Constant) and isinstance(default.value, str):
                yield Change(at.start(default), at.end(default), repr(f"{default.value}?"))

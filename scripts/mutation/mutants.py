"""The mutants of one module: its text with one place replaced."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from scripts.mutation.changes import Change, changes
from scripts.mutation.places import skipped

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a module.

    Attributes:
        file: path from the project's root.
        line: 1-based line of the change.
        before, after: that line without and with the change, stripped.
        text: the whole changed module.
        source: the module unchanged.
        function: the first line of the function around it; None where the change may show in a test that does not
            call that function: outside functions, and where a decorator keeps results.
    """

    file: str
    line: int
    before: str
    after: str
    text: str
    source: str
    function: int | None

    @property
    def key(self) -> str:
        """What names the change as long as its line stays the same."""
        return f"{self.file}:{self.line}: {self.before} → {self.after}"


def mutants(file: str, source: str) -> list[Mutant]:
    """Every mutant of a module that compiles, in the order of the text."""
    tree = ast.parse(source)
    offsets = _line_offsets(source)
    found: dict[str, Mutant] = {}
    for node, function in _walk(tree, None):
        for change in changes(node, source.encode(), offsets):
            mutant = _mutant(file, source, change, function)
            if mutant and mutant.text not in found:
                found[mutant.text] = mutant
    return sorted(found.values(), key=lambda mutant: mutant.line)


def _line_offsets(source: str) -> list[int]:
    """Where each line starts, in bytes of UTF-8, as the positions of `ast` count."""
    offsets = [0]
    for line in source.encode().splitlines(keepends=True):
        offsets.append(offsets[-1] + len(line))
    return offsets


def _walk(node: ast.AST, function: Function | None) -> Iterator[tuple[ast.AST, Function | None]]:
    """Each node that may be changed, with the function around it."""
    for child in ast.iter_child_nodes(node):
        if not skipped(child, node):
            own = isinstance(node, Function) and (child is node.args or child in node.body)
            around = node if own else function
            yield child, around
            yield from _walk(child, around)


def _mutant(file: str, source: str, change: Change, function: Function | None) -> Mutant | None:
    data = source.encode()
    text = (data[: change.start] + change.text.encode() + data[change.end :]).decode()
    try:
        compile(text, file, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None
    line = data[: change.start].count(b"\n") + 1
    before, after = source.splitlines()[line - 1].strip(), text.splitlines()[line - 1].strip()
    return Mutant(file, line, before, after, text, source, _first_line(function))


def _first_line(function: Function | None) -> int | None:
    """Where a function's code begins, its decorators counted in."""
    if function is None or any("cache" in ast.unparse(decorator) for decorator in function.decorator_list):
        return None
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])

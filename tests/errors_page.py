"""Makes docs/errors.md: every refusal of both programs by its class, with its words, read off the source.

`python -m tests.errors_page` writes the page; tests/test_errors_page.py holds it current.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import converter.errors
import converter.pycaffe.errors
import reference.errors
from tests.places import ROOT

PAGE = ROOT / "docs" / "errors.md"
HEAD = """# Errors

Every refusal of bad input, by the class that is raised. The page is made from the source by
`python -m tests.errors_page`, and a test holds it current. `‹…›` stands for what differs from case to case; before the
words stands the place: `<file>:<line>: layer 'x' (Type):`. A command prints the one line and exits with code 2."""

_VALUE = re.compile(r"‹[^›]*›")

Found = dict[str, list[tuple[str, str]]]
"""Words and module by class."""


def classes() -> dict[str, type[Exception]]:
    """The error classes of both programs by name; the oracle's have `reference.` before their name."""
    found = {}
    for module in (converter.errors, converter.pycaffe.errors, reference.errors):
        own = (one for _, one in inspect.getmembers(module, inspect.isclass) if one.__module__ == module.__name__)
        prefix = "reference." if module is reference.errors else ""
        found.update({prefix + one.__name__: one for one in own if issubclass(one, Exception)})
    return found


@cache
def refusals() -> Found:
    """Words and place of every refusal, by class name, in the order of the source."""
    found: Found = {name: [] for name in classes()}
    for program in ("converter", "reference"):
        for path in sorted((ROOT / program).rglob("*.py")):
            module = str(path.relative_to(ROOT))
            for kind, words in _Module(path, program).refusals():
                name = f"reference.{kind}" if program == "reference" else kind
                if name in found and (words, module) not in found[name]:
                    found[name].append((words, module))
    return found


class _Module:
    """One source file."""

    def __init__(self, path: Path, program: str) -> None:
        self.path, self.program = path.as_posix(), program
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.constants = dict(_assigned(self.tree.body))

    def refusals(self) -> Iterator[tuple[str, str]]:
        """Class and words of every call that makes an error."""
        functions = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]
        for function in functions:
            names = {**self.constants, **dict(_assigned(ast.walk(function)))}
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and (kind := self._kind(node)):
                    words = self._words(node, kind, names)
                    if re.search(r"[a-z]{2}", _VALUE.sub("", words)):
                        yield kind, words

    def _kind(self, call: ast.Call) -> str:
        """The class of the error that a call makes; "" where it makes none."""
        name = getattr(call.func, "id", "") or getattr(call.func, "attr", "")
        if name.endswith("Error"):
            return name
        if name == "_error_at":
            return "TrainingError"
        if name not in ("error", "_error") or not call.args:
            return ""
        for part, kind in _METHODS[self.program].items():
            if part in self.path:
                return kind
        return ""

    def _words(self, call: ast.Call, kind: str, names: dict[str, ast.expr]) -> str:
        name = getattr(call.func, "id", "") or getattr(call.func, "attr", "")
        arguments = [_text(argument, names) for argument in call.args]
        if name == "_error_at":
            arguments = arguments[-1:]
        elif name == "error" and kind == "UnsupportedParameterError" and len(arguments) > 1:
            arguments = [f"{arguments[0]} {arguments[1]}", *arguments[2:]]
            return "; ".join(arguments)
        return arguments[0] if arguments else ""


_METHODS = {
    "converter": {
        "formats/prototxt": "PrototxtError", "converter/formats": "CaffemodelError",
        "converter/": "UnsupportedParameterError",
    },
    "reference": {
        "reference/text": "TextError", "reference/wire": "WireError", "reference/caffemodel": "WireError",
        "reference/": "LayerError",
    },
}  # fmt: skip
"""What `.error(…)` of a file, a message or a layer makes, by where it is called."""


_TEXTS = (ast.Constant, ast.JoinedStr, ast.BinOp)


def _assigned(nodes: object) -> Iterator[tuple[str, ast.expr]]:
    """Names that are given a value, the last one counting."""
    for node in nodes:  # type: ignore[attr-defined]
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value


def _text(node: ast.expr, names: dict[str, ast.expr], depth: int = 4) -> str:
    """A text's words, what is put into it as ‹name›."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, names, depth) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        inner = node.value
        known = isinstance(inner, ast.Name) and isinstance(names.get(inner.id), _TEXTS)
        return _text(inner, names, depth) if known else f"‹{_label(inner)}›"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left, names, depth) + _text(node.right, names, depth)
    if isinstance(node, ast.IfExp):
        return f"{_text(node.body, names, depth)}|{_text(node.orelse, names, depth)}"
    if isinstance(node, ast.Name) and node.id in names and depth:
        return _text(names[node.id], {name: value for name, value in names.items() if name != node.id}, depth - 1)
    return f"‹{_label(node)}›"


def _label(node: ast.expr) -> str:
    """A short name for a value: its variable's, its attribute's, or dots."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else "…"


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    kinds = classes()
    for name, found in refusals().items():
        kind = kinds[name]
        base = kind.__mro__[1].__name__
        title = f"## {name}\n\n{(kind.__doc__ or '').strip().splitlines()[0]}"
        parts.append(title + ("" if base == "Exception" else f" A `{base}`."))
        rows = [f"| {_cell(words)} | `{module}` |" for words, module in found]
        parts.append("\n".join(["| it says | raised in |", "|---|---|", *rows]) if rows else "Not raised itself.")
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "\\<").replace("*", "\\*").replace("_", "\\_")


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

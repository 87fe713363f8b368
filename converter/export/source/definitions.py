"""Classes of `converter/modules` as source, with everything of their files that they use and the imports for it."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

_PACKAGE = "converter.modules"


@dataclass(frozen=True, slots=True)
class Definition:
    """A top-level statement of a file: its source, the names it uses, where it stands."""

    text: str
    uses: frozenset[str]
    place: tuple[str, int]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the package: definitions and imports by the names they give."""

    definitions: dict[str, Definition] = field(default_factory=dict)
    imports: dict[str, str] = field(default_factory=dict)
    """From the outside: `from torch.nn import functional as F` by F."""
    own: dict[str, str] = field(default_factory=dict)
    """From other files of the package: the module by the name."""


def definitions_of(classes: Iterable[type]) -> tuple[list[str], set[str]]:
    """Sources of the classes and of what they use, in an order in which Python can run them, and import statements.

    Each text is as it stands in its file.
    """
    found: dict[str, Definition] = {}
    imports: set[str] = set()
    for kind in sorted(classes, key=lambda kind: (kind.__module__, kind.__name__)):
        _collect(kind.__module__, kind.__name__, found, imports)
    texts = dict.fromkeys(definition.text for definition in _in_order(found))
    return list(texts), imports


def _collect(module: str, name: str, found: dict[str, Definition], imports: set[str]) -> None:
    """A definition and, before it, what it uses."""
    file = read_source(module)
    if name in file.own:
        _collect(file.own[name], name, found, imports)
        return
    if name in file.imports:
        imports.add(file.imports[name])
        return
    if name in found or name not in file.definitions:
        return
    found[name] = definition = file.definitions[name]
    for used in sorted(definition.uses - {name}):
        _collect(module, used, found, imports)


def _in_order(found: dict[str, Definition]) -> Iterator[Definition]:
    """Files that others import first, each in its own order."""
    modules = {definition.place[0] for definition in found.values()}
    depth = {module: _depth(module) for module in modules}
    yield from sorted(found.values(), key=lambda one: (depth[one.place[0]], one.place))


def _depth(module: str) -> int:
    """How many files of the package stand below a file."""
    return 1 + max((_depth(other) for other in set(read_source(module).own.values())), default=0)


@cache
def read_source(module: str) -> SourceFile:
    """The definitions and imports of a file of the package."""
    text = inspect.getsource(importlib.import_module(module))
    lines = text.splitlines()
    file = SourceFile()
    nodes = ast.parse(text).body
    for number, node in enumerate(nodes):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_PACKAGE):
            file.own.update({alias.name: str(node.module) for alias in node.names})
        elif isinstance(node, ast.Import | ast.ImportFrom):
            file.imports.update(_import_names(node))
        elif names := _defined_names(node):
            end = _end(nodes, number)
            first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", []))])
            uses = frozenset(item.id for item in ast.walk(node) if isinstance(item, ast.Name)) | _cast_names(node)
            definition = Definition("\n".join(lines[first - 1 : end]), uses, (module, node.lineno))
            file.definitions.update(dict.fromkeys(names, definition))
    return file


def _import_names(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Each name that an import statement gives, with a statement that gives it alone."""
    start = f"from {node.module} import " if isinstance(node, ast.ImportFrom) else "import "
    for alias in node.names:
        yield alias.asname or alias.name, start + alias.name + (f" as {alias.asname}" if alias.asname else "")


def _defined_names(node: ast.stmt) -> list[str]:
    """Names that a statement defines."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _end(nodes: list[ast.stmt], number: int) -> int:
    """The last line of a statement, with the string behind it that documents a constant."""
    node, after = nodes[number], nodes[number + 1 : number + 2]
    documented = isinstance(node, ast.Assign | ast.AnnAssign) and after and _is_text(after[0])
    return int((after[0] if documented else node).end_lineno or node.lineno)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _cast_names(node: ast.stmt) -> frozenset[str]:
    """Names within `cast("…", x)`."""
    calls = (item for item in ast.walk(node) if isinstance(item, ast.Call) and getattr(item.func, "id", "") == "cast")
    texts = (call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant))
    trees = (ast.parse(text, mode="eval") for text in texts if isinstance(text, str))
    return frozenset(item.id for tree in trees for item in ast.walk(tree) if isinstance(item, ast.Name))

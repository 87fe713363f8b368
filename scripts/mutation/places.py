"""What no mutant touches: texts for people, types, and checks that only the type checker or `zip` makes."""

from __future__ import annotations

import ast

TELLS = {"warn", "print", "add_argument", "add_parser", "TypeVar", "cast", "isinstance"}
"""Calls whose arguments are texts, types or options of a command's help."""

CHECKS = {"strict", "stacklevel", "frozen", "slots", "encoding", "check"}
"""Keywords that change an error or a speed, no result."""


def skipped(child: ast.AST, parent: ast.AST) -> bool:
    """Whether nothing below `child` may be changed."""
    return (
        isinstance(child, ast.JoinedStr | ast.Raise | ast.Assert | ast.Import | ast.ImportFrom)
        or _annotates(child, parent)
        or _only_for_types(child)
        or (isinstance(child, ast.keyword) and child.arg in CHECKS)
        or (isinstance(parent, ast.Call) and child is not parent.func and _name(parent.func) in TELLS)
        or (isinstance(parent, ast.ClassDef | ast.FunctionDef) and child in parent.decorator_list)
    )


def _annotates(child: ast.AST, parent: ast.AST) -> bool:
    """Whether a node is a type: an annotation, a result's type, or a type's other name."""
    if isinstance(child, ast.BinOp) and isinstance(child.op, ast.BitOr):
        return True
    return any(getattr(parent, name, None) is child for name in ("annotation", "returns"))


def _only_for_types(child: ast.AST) -> bool:
    """`if TYPE_CHECKING`, `if __name__ == "__main__"`, `__all__ = [...]`, names of types (`Blobs = Mapping[...]`)."""
    if isinstance(child, ast.If):
        return ast.unparse(child.test) in ("TYPE_CHECKING", "__name__ == '__main__'")
    if isinstance(child, ast.Assign):
        target = ast.unparse(child.targets[0])
        return target == "__all__" or (isinstance(child.value, ast.Subscript) and target[0].isupper())
    return False


def _name(function: ast.expr) -> str:
    """The last part of what is called."""
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")

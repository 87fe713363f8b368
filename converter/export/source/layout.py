"""Lines of Python in the layout of ruff and black: up to 120 columns, brackets opened where a line is longer."""

from __future__ import annotations

import textwrap

WIDTH = 120
_PAIRS = {")": "(", "]": "[", "}": "{"}


def lay_out_statement(statement: str, indent: int = 0, comment: str = "") -> list[str]:
    """A statement as lines; the comment goes behind it where there is room, else above it."""
    line = " " * indent + statement
    behind = f"{line}  # {comment}" if comment else line
    if len(behind) <= WIDTH:
        return [behind]
    above = [" " * indent + f"# {comment}"] if comment and indent + 2 + len(comment) <= WIDTH else []
    opened = _break_brackets(statement, indent)
    left, assigned, right = statement.partition(" = ")
    if assigned and len(opened[0]) > WIDTH:
        opened = [f"{' ' * indent}{left} = (", *_break_brackets(right, indent + 4), " " * indent + ")"]
    return above + opened


def signature(name: str, arguments: list[str], returns: str, indent: int = 0) -> list[str]:
    """The first lines of a function."""
    margin, end = " " * indent, f") -> {returns}:"
    line = f"{margin}def {name}({', '.join(arguments)}{end}"
    if len(line) <= WIDTH:
        return [line]
    within = f"{margin}    {', '.join(arguments)}"
    body = [within] if len(within) <= WIDTH else [f"{margin}    {argument}," for argument in arguments]
    return [f"{margin}def {name}(", *body, margin + end]


def paragraph(text: str, indent: int = 0) -> list[str]:
    """Prose, wrapped."""
    return textwrap.wrap(
        text, WIDTH - indent, initial_indent=" " * indent, subsequent_indent=" " * indent, break_on_hyphens=False
    )


def _break_brackets(text: str, indent: int) -> list[str]:
    """A text too long for its line, its last bracket opened: what is within on one line, else an item a line."""
    margin = " " * indent
    if len(margin + text) <= WIDTH or text[-1] not in _PAIRS:
        return [margin + text]
    start = _opening_bracket(text)
    head, body, close = text[: start + 1], text[start + 1 : -1], text[-1]
    if len(margin) + 4 + len(body) <= WIDTH:
        return [margin + head, f"{margin}    {body}", margin + close]
    lines = [margin + head]
    for item in split_items(body):
        *rest, last = _break_brackets(item, indent + 4)
        lines += [*rest, f"{last},"]
    return [*lines, margin + close]


def _opening_bracket(text: str) -> int:
    """Where the bracket opens that the last character closes."""
    depth = 0
    for place in reversed(_brackets(text)):
        depth += 1 if text[place] in _PAIRS else -1
        if depth == 0:
            return place
    return 0


def split_items(body: str) -> list[str]:
    """The items of a bracket's inside."""
    items, depth, start = [], 0, 0
    for place, mark in _marks(body, "()[]{},"):
        if mark == "," and depth == 0:
            items.append(body[start:place].strip())
            start = place + 1
        elif mark != ",":
            depth += -1 if mark in _PAIRS else 1
    last = body[start:].strip()
    return [*items, last] if last else items


def _brackets(text: str) -> list[int]:
    return [place for place, _ in _marks(text, "()[]{}")]


def _marks(text: str, wanted: str) -> list[tuple[int, str]]:
    """Where characters stand that are no part of a string."""
    found, quoted, escaped = [], False, False
    for place, character in enumerate(text):
        if escaped:
            escaped = False
        elif character == "\\" and quoted:
            escaped = True
        elif character == '"':
            quoted = not quoted
        elif not quoted and character in wanted:
            found.append((place, character))
    return found

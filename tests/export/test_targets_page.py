"""docs/targets.md says what is so: every net in every target against the oracle, within the bound."""

import pytest

from tests.export.nets import DILATED
from tests.export.targets_page import BOUND, TARGETS, cells, entries, read_table

ROWS = read_table()
ENTRIES = {entry.name: entry for entry in entries()}


def number(cell: str) -> float | None:
    """The error that a cell holds; None where it says why not."""
    try:
        return float(cell.split()[0])
    except ValueError:
        return None


def test_the_page_has_every_net_and_numbers_within_the_bound():
    assert set(ROWS) >= {*DILATED, *ENTRIES}
    errors = [number(cell) for row in ROWS.values() for cell in row.values()]
    found = [error for error in errors if error is not None]
    assert len(found) >= 0.95 * len(errors)
    assert max(found) <= BOUND


@pytest.mark.parametrize("target", [".py", ".safetensors"])
def test_a_net_is_as_the_page_says(target):
    (cell,) = cells(ENTRIES["dilation7_kitti"], (target,)).values()
    assert number(cell) is not None
    assert number(cell) <= BOUND


@pytest.mark.slow
@pytest.mark.onnx
@pytest.mark.parametrize("name", [*ENTRIES])
def test_every_cell_is_as_the_page_says(name):
    found = cells(ENTRIES[name])
    assert list(found) == list(TARGETS)
    for target, cell in found.items():
        said = ROWS[name][target]
        assert cell.split()[1:] == said.split()[1:] if number(said) is not None else cell == said
        assert number(said) is None or number(cell) <= BOUND

"""The state that layers' rules ask for: the net's own `state` and what the caller adds (net.cpp, FilterNet)."""

from pathlib import Path

import pytest

import converter
from converter.formats.prototxt.parser import read_prototxt
from converter.net.net import build_net

RULES = {
    "always": "",
    "a": 'include { stage: "a" }',
    "not_a": 'include { not_stage: "a" }',
    "a_and_b": 'include { stage: "a" stage: "b" }',
    "a_or_b": 'include { stage: "a" } include { stage: "b" }',
    "but_a": 'exclude { stage: "a" }',
    "from_0": "include { min_level: 0 }",
    "to_minus_1": "include { max_level: -1 }",
    "from_1": "include { min_level: 1 }",
    "from_3": "include { min_level: 3 }",
    "to_0": "include { max_level: 0 }",
    "to_2": "include { max_level: 2 }",
    "train": "include { phase: TRAIN }",
    "test": "include { phase: TEST }",
}


def kept(folder: Path, state: str, **options) -> set[str]:
    """The layers that stay, without those that always or by phase do."""
    lines = [f'layer {{ name: "{name}" type: "Silence" {rule} }}' for name, rule in RULES.items()]
    (folder / "net.prototxt").write_text("\n".join([f"state {{ {state} }}" if state else "", *lines]))
    return {layer.name for layer in converter.read_net(folder / "net.prototxt", **options).layers} - {"always", "test"}


NONE = {"not_a", "but_a", "from_0", "to_0", "to_2"}


@pytest.mark.parametrize(
    ("state", "options", "names"),
    [
        ("", {}, NONE),
        ('stage: "a"', {}, {"a", "a_or_b", "from_0", "to_0", "to_2"}),
        ('stage: "b"', {}, NONE | {"a_or_b"}),
        ('stage: "b"', {"stages": ("a",)}, {"a", "a_or_b", "a_and_b", "from_0", "to_0", "to_2"}),
        ('stage: "a" stage: "b"', {}, {"a", "a_or_b", "a_and_b", "from_0", "to_0", "to_2"}),
        ("level: 1", {}, NONE - {"to_0"} | {"from_1"}),
        ("level: 2", {}, NONE - {"to_0"} | {"from_1"}),
        ("level: 3", {}, NONE - {"to_0", "to_2"} | {"from_1", "from_3"}),
        ("level: -1", {}, NONE - {"from_0"} | {"to_minus_1"}),
        ("level: 3", {"level": 1}, NONE - {"to_0"} | {"from_1"}),  # the caller's, where it is not 0
        ("", {"level": 3}, NONE - {"to_0", "to_2"} | {"from_1", "from_3"}),
    ],
)
def test_the_nets_own_state_counts_with_the_callers(tmp_path: Path, state: str, options: dict, names: set[str]) -> None:
    assert kept(tmp_path, state, **options) == names


def test_the_phase_is_the_callers_test_unless_stated(tmp_path: Path) -> None:
    """A phase in the net's state is what Caffe's caller overwrites."""
    assert "train" in kept(tmp_path, "", phase="train")
    assert "train" not in kept(tmp_path, "phase: TRAIN")


def test_a_net_is_built_at_level_0_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text("\n".join(f'layer {{ name: "{n}" {rule} }}' for n, rule in RULES.items()))
    net = build_net(read_prototxt(tmp_path / "net.prototxt"))
    assert {layer.name for layer in net.layers} == NONE | {"always", "test"}
    assert (net.phase, net.force_backward) == ("test", False)

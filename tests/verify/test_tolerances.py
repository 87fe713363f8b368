"""How far a blob may be off in each type: a weight of 1 made larger by a power of 2 just within, and just beyond."""

from pathlib import Path

import numpy as np
import pytest
import torch

from converter.verify import verify
from converter.verify.verify import BASES, Verifier

NET = """
input: "x" input_shape { dim: 1 dim: 1 }
layer { name: "p" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 bias_term: false
  weight_filler { type: "constant" value: 1 } } }
"""


def passes(folder: Path, dtype: str, power: int) -> bool:
    """Whether y = 1 + 2^-power passes where 1 is right. y is one sum deep: its limit is base times sqrt(1 + 1)."""
    (folder / "net.prototxt").write_text(NET)
    verifier = Verifier(folder / "net.prototxt", None, dtype=dtype)
    with torch.no_grad():
        weight = verifier.module.blob_parameter("p", 0)
        weight.data = torch.full_like(weight, 1 + 2.0**-power)  # not in place: the oracle may hold the same memory
    (check,) = verifier.check({"x": np.ones((1, 1))})
    return check.passed


@pytest.mark.parametrize(
    ("dtype", "base", "within"),
    [
        ("float64", 1e-14, 47),  # limit 1.41e-14; 2^-47 = 7.1e-15, 2^-45 = 2.8e-14
        ("float32", 4e-6, 18),  # limit 5.7e-6; 2^-18 = 3.8e-6, 2^-16 = 1.5e-5
        ("float16", 2e-3, 9),  # limit 2.8e-3; 2^-9 = 2.0e-3, 2^-7 = 7.8e-3
        ("bfloat16", 8e-3, 7),  # limit 1.1e-2; 2^-7 = 7.8e-3, 2^-5 = 3.1e-2
    ],
)
def test_each_type_has_its_own_limit(tmp_path: Path, dtype: str, base: float, within: int) -> None:
    assert BASES[dtype] == base
    assert passes(tmp_path, dtype, within)
    assert not passes(tmp_path, dtype, within - 2)


def test_a_short_types_limit_is_four_times_its_unit_roundoff_rounded_up() -> None:
    """Unit roundoffs 2^-11 and 2^-9 (IEEE 754 binary16; bfloat16 has 8 bits)."""
    assert BASES["float16"] * 1.03 >= 4 * 2**-11
    assert BASES["bfloat16"] >= 4 * 2**-9
    assert BASES["float64"] > 34 * 2**-53  # as many roundings as the float32 limit has of 2^-23


@pytest.mark.parametrize(("dtype", "width"), [("float64", 16), ("float32", 12), ("float16", 10), ("bfloat16", 10)])
def test_a_number_takes_its_own_bytes_and_the_oracles_8(tmp_path: Path, monkeypatch, dtype: str, width: int) -> None:
    """8 + 8, 4 + 8 and 2 + 8 bytes of every blob's number are asked for before anything runs."""
    asked = []
    monkeypatch.setattr(verify, "check_run", lambda _plan, width, limit, **more: asked.append((width, limit, more)))
    (tmp_path / "net.prototxt").write_text(NET)
    Verifier(tmp_path / "net.prototxt", None, dtype=dtype, max_memory=1234)
    assert asked == [(width, 1234, {"filled": True})]


def test_fillers_draw_by_seed_0_unless_stated(tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text(NET.replace("constant", "gaussian"))
    drawn = [Verifier(tmp_path / "net.prototxt", None, **seed) for seed in ({}, {"seed": 0}, {"seed": 1})]
    first, stated, other = (verifier.module.blob_parameter("p", 0).item() for verifier in drawn)
    assert first == stated != other

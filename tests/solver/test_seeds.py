"""Where a solver's fillers draw from: the seed given, else random_seed where it is not negative, else chance."""

from pathlib import Path

import pytest
import torch

from converter.solver.solver import Solver

NET = """
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 4 } } }
layer { name: "p" type: "InnerProduct" bottom: "x" top: "y" loss_weight: 1
  inner_product_param { num_output: 4 weight_filler { type: "gaussian" std: 1 } } }
"""


def weights(folder: Path, text: str, seed: int | None = None) -> list[float]:
    (folder / "net.prototxt").write_text(NET)
    (folder / "solver.prototxt").write_text(f'net: "net.prototxt" base_lr: 1 lr_policy: "fixed" {text}')
    solver = Solver.from_prototxt(folder / "solver.prototxt", seed=seed)
    return solver.net.blob_parameter("p", 0).flatten().tolist()


@pytest.mark.parametrize("number", [0, 1, 5])
def test_random_seed_is_used_from_0_up(tmp_path: Path, number: int) -> None:
    assert weights(tmp_path, f"random_seed: {number}") == weights(tmp_path, "", seed=number)
    assert weights(tmp_path, f"random_seed: {number}") != weights(tmp_path, f"random_seed: {number + 1}")


def test_a_seed_that_is_given_stands_over_the_files(tmp_path: Path) -> None:
    assert weights(tmp_path, "random_seed: 1", seed=2) == weights(tmp_path, "random_seed: 2")


def test_a_new_solver_has_done_nothing(tmp_path: Path) -> None:
    weights(tmp_path, "random_seed: 1")
    solver = Solver.from_prototxt(tmp_path / "solver.prototxt")
    assert (solver.iteration, solver.current_step, solver.rate) == (0, 0, 1.0)
    before = solver.net.blob_parameter("p", 0).clone()
    assert solver.step({"x": torch.ones(1, 4)}) == pytest.approx(before.sum().item(), rel=1e-5)
    assert torch.allclose(before - solver.net.blob_parameter("p", 0), torch.ones(4, 4))  # rate 1, gradient 1

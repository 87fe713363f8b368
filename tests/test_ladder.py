"""Every case of every layer type up the ladder: whole numbers, float64, float32, gradients; goldens: tests/layers."""

import numpy as np
import pytest
import torch

from tests import tolerances
from tests.ladder import Rung, actual, differences, diverging, expected, magnitude, products, rungs, setup

RUNGS = rungs()
COMPARED = [rung for rung in RUNGS if not rung.case.oracle]


@pytest.mark.parametrize("rung", [rung for rung in COMPARED if not rung.case.exact], ids=str)
def test_whole_numbers_are_exact_in_float64(rung: Rung, tmp_path):
    assert not diverging(setup(rung, tmp_path, whole=True), tolerances.EXACT)


@pytest.mark.parametrize("rung", COMPARED, ids=str)
def test_any_numbers_agree_in_float64(rung: Rung, tmp_path):
    assert not diverging(setup(rung, tmp_path), tolerances.COARSE if rung.case.coarse else tolerances.DOUBLE)


@pytest.mark.parametrize("rung", COMPARED, ids=str)
def test_float32_is_off_by_no_more_than_its_products_explain(rung: Rung, tmp_path):
    check_single(rung, tmp_path, "cpu")


@pytest.mark.gpu
@pytest.mark.parametrize("rung", COMPARED, ids=str)
def test_float32_on_cuda_is_off_by_no_more_than_its_products_explain(rung: Rung, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", False)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)

    check_single(rung, tmp_path, "cuda")


def check_single(rung, folder, device):
    ready = setup(rung, folder, single=True)
    ready.module.to(device)
    wanted = expected(ready)
    bound = tolerances.single(products(ready), magnitude(ready, wanted))

    found = differences(wanted, actual(ready, torch.float32, device))

    errors = {name: float(np.abs(off).max(initial=0)) for name, (off, _) in found.items()}
    assert not {name: error for name, error in errors.items() if not error <= bound}


def gradients_hold(rung, folder):
    """Whether autograd's gradients, of inputs and blobs, are the derivatives; False where none flows at all."""
    ready = setup(rung, folder)
    names = [name for name in ready.inputs if rung.case.inputs[name].smooth]
    fed = {name: torch.from_numpy(np.array(value)) for name, value in ready.inputs.items()}
    inputs = [fed[name].requires_grad_() for name in names]
    trained = list(ready.module.parameters())

    def tops(*values):
        blobs = ready.module.blobs(**{**fed, **dict(zip(names, values[: len(names)], strict=True))})
        return tuple(blobs[top] for top in rung.case.tops if blobs[top].requires_grad)

    if not tops(*inputs):
        return False
    return torch.autograd.gradcheck(tops, (*inputs, *trained), **tolerances.GRADIENT, raise_exception=False)


@pytest.mark.parametrize("rung", [rung for rung in RUNGS if not rung.case.gradient], ids=str)
def test_gradients_are_the_derivatives(rung: Rung, tmp_path):
    assert gradients_hold(rung, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("rung", [rung for rung in RUNGS if rung.case.gradient], ids=str)
def test_a_case_that_leaves_out_gradients_has_to(rung: Rung, tmp_path):
    assert not gradients_hold(rung, tmp_path), f"no longer true: {rung.case.gradient}"

"""Every layer type with blobs through every format and back: the golden's numbers, or a refusal; never others."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import converter
import reference
from converter.errors import ConversionError
from converter.plan.inspection import inspect_net
from converter.verify.verify import Verifier
from tests.goldens_reader import FORWARD_TOLERANCE, GoldenCase, fed, forward_errors, golden_cases, scaled_error
from tests.places import GOLDENS


def first_cases() -> list[GoldenCase]:
    """The first golden of every type that has blobs, forks' included."""
    folders = [GOLDENS / "layers", *sorted(path for path in (GOLDENS / "forks").iterdir() if path.is_dir())]
    found: dict[tuple[str, str], GoldenCase] = {}
    for folder in folders:
        for case in golden_cases(folder):
            if case.weights is not None:
                found.setdefault((folder.name, case.prototxt.stem.rpartition("_")[0]), case)
    return list(found.values())


CASES = first_cases()
OURS = (".safetensors", ".pth", ".npz", ".h5", ".caffemodel")
FOREIGN = ("torch", "safetensors", "numpy")


def foreign(net: torch.nn.Module, maker: str, folder: Path) -> Path:
    """A state_dict as other programs save it, keys in reversed order."""
    state = {key: value.detach().clone().contiguous() for key, value in reversed(list(net.state_dict().items()))}
    path = folder / {"torch": "w.pth", "safetensors": "w.safetensors", "numpy": "w.npz"}[maker]
    if maker == "torch":
        torch.save(state, path)
    elif maker == "safetensors":
        save_file(state, path)
    else:
        np.savez(path, **{key: value.numpy() for key, value in state.items()})
    return path


def check_golden(case: GoldenCase, weights: Path) -> None:
    """Both programs, each by its own reader and its own names, give what Caffe gave; verify and inspect agree."""
    net = converter.load(case.prototxt, weights)
    for key, error in forward_errors(net.eval(), case):
        assert error <= FORWARD_TOLERANCE, f"{key} by the converter"
    given = weights
    if weights.suffix == ".pth":
        given = {key: value.numpy() for key, value in torch.load(weights, weights_only=True).items()}
    blobs = reference.run(case.prototxt, given, {name: value.numpy() for name, value in fed(case).items()})
    for name, wanted in case.group("out").items():
        if name in blobs:
            assert scaled_error(blobs[name], wanted) <= FORWARD_TOLERANCE, f"{name} by the oracle"
    assert inspect_net(case.prototxt, weights).problems == ()
    for check in Verifier(case.prototxt, weights).check({name: value.numpy() for name, value in fed(case).items()}):
        assert check.passed, check


@pytest.mark.parametrize("ending", OURS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_our_own_files_hold_the_goldens_numbers_and_so_does_the_way_back(case, ending, tmp_path):
    there, back = tmp_path / f"there{ending}", tmp_path / "back.caffemodel"
    converter.convert(case.weights, there, case.prototxt)
    check_golden(case, there)
    converter.convert(there, back, case.prototxt)
    check_golden(case, back)
    original, returned = converter.read_weights(case.weights), converter.read_weights(back)
    for name, blobs in returned.items():
        for mine, wanted in zip(blobs, original[name], strict=True):
            np.testing.assert_allclose(mine, wanted.reshape(mine.shape), rtol=2.0**-23, atol=0)


@pytest.mark.parametrize("ending", OURS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_without_a_net_the_numbers_are_the_goldens_too(case, ending, tmp_path):
    there, back = tmp_path / f"there{ending}", tmp_path / "back.caffemodel"
    converter.convert(case.weights, there)
    converter.convert(there, back)
    check_golden(case, there)
    check_golden(case, back)


@pytest.mark.parametrize("maker", FOREIGN)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_foreign_state_dict_in_any_order_gives_the_goldens_numbers(case, maker, tmp_path):
    path = foreign(converter.load(case.prototxt, case.weights), maker, tmp_path)
    check_golden(case, path)
    back = tmp_path / "back.caffemodel"
    converter.convert(path, back, case.prototxt)
    check_golden(case, back)


@pytest.mark.parametrize("maker", FOREIGN)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_key_that_no_blob_has_is_refused_by_both_programs(case, maker, tmp_path):
    net = converter.load(case.prototxt, case.weights)
    state = net.state_dict()
    key = next(iter(state))
    state[key.rpartition(".")[0] + ".stranger"] = state.pop(key)
    holder = torch.nn.Module()
    holder.state_dict = lambda: state
    path = foreign(holder, maker, tmp_path)
    with pytest.raises(ConversionError, match="stranger"):
        converter.load(case.prototxt, path)
    given = {key: value.numpy() for key, value in state.items()} if maker == "torch" else path
    inputs = {name: value.numpy() for name, value in fed(case).items()}
    with pytest.raises(reference.OracleError, match="stranger"):
        reference.run(case.prototxt, given, inputs)


def test_pspnets_bn_comes_back_from_a_pth_as_it_was(tmp_path):
    source = GOLDENS / "forks/pspnet/BN_00.caffemodel"
    converter.convert(source, tmp_path / "w.pth")
    converter.convert(tmp_path / "w.pth", tmp_path / "back.caffemodel")
    there, back = converter.read_weights(source), converter.read_weights(tmp_path / "back.caffemodel")
    assert [blob.shape for blob in back["target"]] == [blob.shape for blob in there["target"]]
    for mine, wanted in zip(back["target"], there["target"], strict=True):
        np.testing.assert_array_equal(mine, wanted)


@pytest.mark.parametrize("ending", OURS)
def test_verify_passes_on_every_format_and_fails_where_the_slope_is_another(ending, tmp_path):
    case = next(case for case in CASES if case.prototxt.stem == "BN_00" and case.prototxt.parent.name == "pspnet")
    path = tmp_path / f"w{ending}"
    converter.convert(case.weights, path, case.prototxt)
    verifier = Verifier(case.prototxt, path)
    (check,) = verifier.check({name: value.numpy() for name, value in fed(case).items()})
    assert check.comparison.first_divergence is None
    slope = verifier.module.blob_parameter("target", 0)
    with torch.no_grad():
        slope.mul_(1.5)
    (check,) = verifier.check({name: value.numpy() for name, value in fed(case).items()})
    assert check.comparison.first_divergence is not None

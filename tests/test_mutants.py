"""The harness can fail: every mutant, in a layer, in a net, in what surrounds a net, is caught; and nothing else is."""

from pathlib import Path

import numpy as np
import pytest
import torch

from converter.dilatednet import find, predict, read_image
from converter.dilatednet.inference import predict as prediction
from converter.errors import ShapeError
from converter.verify.verify import Verifier
from tests import tolerances
from tests.dilatednet.formula_nets import formula_net
from tests.ladder import diverging, rungs, setup
from tests.mutants import MUTANTS, Mutant
from tests.places import GOLDENS

RUNGS = {str(rung): rung for rung in rungs()}
CONVOLUTION = 'convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } }'
HEAD = [
    'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 9 dim: 8 } } }',
    f'layer {{ name: "c" type: "Convolution" bottom: "data" top: "c" {CONVOLUTION} }}',
]
EARLY = 'layer { name: "early" type: "Power" bottom: "c" top: "early" power_param { scale: 2 } }'
IN_PLACE = 'layer { name: "relu" type: "ReLU" bottom: "c" top: "c" }'
CLASSIFIER = f'layer {{ name: "score" type: "Convolution" bottom: "c" top: "score" {CONVOLUTION} }}'
EXTRA = 'layer { name: "extra" type: "ReLU" bottom: "score" top: "score" }'
PROB = 'layer { name: "prob" type: "Softmax" bottom: "score" top: "prob" }'
NET = [*HEAD, EARLY, IN_PLACE, CLASSIFIER, PROB]
NETS = {
    "a ReLU too many after the classifier": ([*NET[:-1], EXTRA, PROB], "score"),
    "in-place order reversed": ([*HEAD, IN_PLACE, EARLY, CLASSIFIER, PROB], "early"),
}
PICTURE = "pascal_voc_97x61"


def seen_in_case(mutant: Mutant, folder: Path) -> str:
    """The first blob that diverges from the oracle's, with how much; empty where none does."""
    folder.mkdir()
    ready = setup(RUNGS[mutant.rung], folder)
    mutant.make(ready.module.get_submodule("it"))
    try:
        found = diverging(ready, tolerances.COARSE)
    except (AssertionError, ShapeError) as error:
        return str(error)
    return next((f"{name}: off by {error:.1e} of its scale" for name, error in found.items()), "")


def diverging_blob(folder: Path, lines: list[str]) -> str | None:
    """The first blob at which a net's text, run by the converter, leaves the unmutated net, run by the oracle."""
    for name, text in (("net", NET), ("mutant", lines)):
        (folder / f"{name}.prototxt").write_text("\n".join(text))
    verifier = Verifier(folder / "net.prototxt", None, dtype="float64")
    mutated = Verifier(folder / "mutant.prototxt", None, dtype="float64").module
    mutated.load_state_dict(verifier.module.state_dict())
    verifier.module = mutated
    (check,) = verifier.check({"data": np.random.default_rng(0).standard_normal((1, 3, 9, 8))})
    first = check.comparison.first_divergence
    return None if first is None else first.blob


def share_of_other_labels() -> float:
    """How many pixels' labels differ from those that Caffe's own predict script gave."""
    with np.load(GOLDENS / f"predict/{PICTURE}.npz") as golden:
        wanted = golden["labels"]
    image = read_image(GOLDENS / f"predict/{PICTURE}_image.png")
    return float((predict(formula_net("pascal_voc"), image, "pascal_voc") != wanted).mean())


def mean_in_rgb(patch: pytest.MonkeyPatch) -> None:
    cut = prediction.crop_tile
    patch.setattr(prediction, "crop_tile", lambda image, tile, mean: cut(image, tile, mean[::-1]))


def zoom_by_centres(patch: pytest.MonkeyPatch) -> None:
    def neighbours(pixels: torch.Tensor, zoom: int, cells: int):
        place = ((pixels + 0.5) / zoom - 0.5).double().clamp(0, cells - 1)
        first = place.floor().long()
        return first, (first + 1).clamp(max=cells - 1), place - first

    patch.setattr(prediction, "_neighbor_cells", neighbours)


AROUND = {"mean in the order R, G, B": mean_in_rgb, "zoom aligned by centres": zoom_by_centres}


def verdicts(folder: Path) -> dict[str, str]:
    """What the harness says to every mutant; empty words where it says nothing."""
    found = {mutant.mistake: seen_in_case(mutant, folder / str(at)) for at, mutant in enumerate(MUTANTS)}
    for mistake, (lines, _) in NETS.items():
        blob = diverging_blob(folder, lines)
        found[mistake] = f"first diverging blob {blob}" if blob else ""
    for mistake, make in AROUND.items():
        with pytest.MonkeyPatch.context() as patch:
            make(patch)
            share = share_of_other_labels()
        found[mistake] = f"{share:.1%} of the labels are not Caffe's" if share > 1e-4 else ""
    return found


def test_every_mutant_is_caught(tmp_path):
    """`pytest -s` prints the list."""
    found = verdicts(tmp_path)

    print(f"\n{len(found)} mutants", *(f"  {name}: {said or 'NOT CAUGHT'}" for name, said in found.items()), sep="\n")  # noqa: T201
    assert not [mistake for mistake, said in found.items() if not said]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.rung)
def test_without_its_mistake_the_case_passes(mutant: Mutant, tmp_path):
    harmless = Mutant("none", mutant.rung, lambda _: None)

    assert seen_in_case(harmless, tmp_path / "case") == ""


@pytest.mark.parametrize("mistake", NETS)
def test_the_blob_named_is_where_the_mistake_is(mistake: str, tmp_path):
    lines, blob = NETS[mistake]

    assert diverging_blob(tmp_path, lines) == blob
    assert diverging_blob(tmp_path, NET) is None


def test_without_a_mistake_the_labels_are_caffes():
    assert find("pascal_voc").label_set.zoom > 1
    assert share_of_other_labels() < 1e-4

"""`verify` on images with the nets that the original pipeline answered: generated ones always, real ones if there."""

import numpy as np
import pytest

from converter.cli import main
from converter.data.images import read_image
from converter.verify.inputs import image_inputs, model_of
from converter.verify.label_maps import covered_part, label_maps
from converter.verify.verify import Verifier
from tests.places import VOC_ROOT
from tests.verify.formula_files import PREDICT, formula_weights

PICTURES = {
    "dilation7_kitti": ["kitti_370x1226"],
    "dilation8_camvid": ["camvid_480x640"],
    "dilation8_pascal_voc": ["pascal_voc_375x500", "pascal_voc_97x61"],
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    return lambda model: str(formula_weights(folder, model))


@pytest.mark.parametrize(
    "model", [pytest.param(model, marks=[pytest.mark.slow] if len(PICTURES[model]) > 1 else []) for model in PICTURES]
)
def test_generated_images_pass(capsys, weights, model):
    images = [str(PREDICT / f"{name}_image.png") for name in PICTURES[model]]
    assert main(["verify", str(PREDICT / f"{model}_mini.prototxt"), weights(model), "--image", *images]) == 0
    out = capsys.readouterr().out
    assert all(f"{name}_image.png: CaffeModule against the oracle" in out for name in PICTURES[model])
    assert f"blobs of {len(images)} input{'s' * (len(images) > 1)};" in out


@pytest.mark.slow
def test_a_generated_street_of_cityscapes_passes(weights):
    image = str(PREDICT / "cityscapes_1024x2048_image.png")
    model = "dilation10_cityscapes"
    assert main(["verify", str(PREDICT / f"{model}_mini.prototxt"), weights(model), "--image", image]) == 0


@pytest.mark.parametrize("name", ["pascal_voc_375x500", pytest.param("pascal_voc_97x61", marks=pytest.mark.slow)])
def test_the_label_maps_of_a_one_tile_image_are_the_original_pipelines_answer(weights, name):
    verifier = Verifier(PREDICT / "dilation8_pascal_voc_mini.prototxt", weights("dilation8_pascal_voc"))
    model = model_of(verifier.net.name)
    path = PREDICT / f"{name}_image.png"
    inputs, picture = image_inputs(verifier.plan, path, None)
    (check,) = verifier.check(inputs)
    part = covered_part(picture, (900, 900))
    maps = label_maps(check.expected, check.actual, model, part.shape[:2])
    with np.load(PREDICT / f"{name}.npz") as golden:
        labels = golden["labels"]
    assert part.shape == read_image(path).shape
    np.testing.assert_array_equal(maps.actual, labels)
    np.testing.assert_array_equal(maps.expected, labels)
    assert maps.differing_pixels == 0


@pytest.mark.voc
def test_real_validation_images_pass(capsys, weights, request):
    count = 5 if request.config.getoption("--slow") else 2
    net = str(PREDICT / "dilation8_pascal_voc_mini.prototxt")
    given = ["--voc-root", str(VOC_ROOT), "--limit", str(count), "--model", "pascal_voc"]
    assert main(["verify", net, weights("dilation8_pascal_voc"), *given]) == 0
    out = capsys.readouterr().out
    assert f"blobs of {count} inputs;" in out.splitlines()[-1]
    assert sum(".jpg: CaffeModule against the oracle" in line for line in out.splitlines()) == count

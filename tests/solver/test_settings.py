"""What a solver.prototxt says, and what is refused in it."""

from pathlib import Path

import pytest

from converter.errors import ConversionError, TrainingError
from converter.solver.settings import read_settings
from tests.places import GOLDENS

SOLVER = GOLDENS / "nets" / "solver"
PLAIN = 'net: "net.prototxt"\nbase_lr: 0.01\nlr_policy: "fixed"\n'


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "solver.prototxt"
    path.write_text(text)
    return path


def test_numbers_are_read_as_they_stand() -> None:
    settings = read_settings(SOLVER / "sgd_multistep_clip_solver.prototxt")
    assert settings.type == "SGD"
    assert (settings.policy.policy, settings.policy.stepvalues) == ("multistep", (3, 7))
    numbers = (settings.policy.base_lr, settings.momentum, settings.weight_decay, settings.clip_gradients)
    assert numbers == pytest.approx((0.1, 0.9, 0.0005, 0.5), rel=1e-7), "float32, as Caffe holds them"
    assert settings.max_iter == 12
    assert not settings.snapshot_after_train


def test_absent_numbers_are_caffes_defaults(tmp_path: Path) -> None:
    settings = read_settings(written(tmp_path, PLAIN))
    assert (settings.type, settings.momentum) == ("SGD", 0.0)
    assert (settings.momentum2, settings.rms_decay, settings.delta) == pytest.approx((0.999, 0.99, 1e-8), rel=1e-7)
    assert (settings.iter_size, settings.clip_gradients) == (1, -1.0)
    assert (settings.regularization_type, settings.snapshot_format) == ("L2", "BINARYPROTO")


def test_a_net_beside_its_solver_is_found(tmp_path: Path) -> None:
    (tmp_path / "net.prototxt").write_text("")
    assert read_settings(written(tmp_path, PLAIN)).net == str(tmp_path / "net.prototxt")


def test_the_older_spelling_of_the_type_is_read(tmp_path: Path) -> None:
    assert read_settings(written(tmp_path, PLAIN + "solver_type: ADADELTA momentum: 0.95")).type == "AdaDelta"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PLAIN + 'type: "Adamax"', "SGD, Nesterov, AdaGrad, RMSProp, AdaDelta, Adam"),
        (PLAIN.replace("fixed", "cosine"), "fixed, step, exp, inv, multistep, poly, sigmoid"),
        (PLAIN.replace("fixed", "step") + "gamma: 0.1", "stepsize 0; expected more than 0"),
        (PLAIN.replace("fixed", "exp") + "gamma: -0.1", "gamma -0.1; expected 0 or more"),
        (PLAIN + "iter_size: 0", "iter_size is 0"),
        (PLAIN + 'regularization_type: "L3"', "known: L1, L2"),
        (PLAIN + 'type: "AdaGrad" momentum: 0.9', "AdaGrad has no momentum"),
        (PLAIN + 'type: "RMSProp" rms_decay: 1.0', "expected 0 to below 1"),
        (PLAIN + 'train_net: "other.prototxt"', "more than one training net"),
        (PLAIN + "warmup_iters: 500", "warmup_iters set, and nothing here reads it"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(TrainingError, match=words) as caught:
        read_settings(written(tmp_path, text))
    assert caught.value.path == str(tmp_path / "solver.prototxt")
    assert caught.value.line > 0


def test_a_number_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="base_lr"):
        read_settings(written(tmp_path, 'net: "n" base_lr: fast lr_policy: "fixed"'))

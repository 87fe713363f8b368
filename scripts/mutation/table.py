"""Which tests a module is tried on, and the modules that are tried where none are named."""

from __future__ import annotations

from pathlib import Path

LAYERS = ("tests/layers", "tests/test_ladder.py", "tests/net")
COPIES = ("tests/files", "tests/conversion/test_bytecopy.py", "tests/conversion/test_convert.py")
TRAINING = ("tests/dilatednet/training", "tests/cli/test_training.py")
TESTS: dict[str, tuple[str, ...]] = {
    "converter/cli": ("tests/cli", "tests/dilatednet"),
    "converter/cli/_network.py": ("tests/cli", "tests/dilatednet/evaluation"),
    "converter/cli/_training.py": TRAINING,
    "converter/cli/evaluate.py": ("tests/cli/test_evaluate.py", "tests/dilatednet/evaluation"),
    "converter/cli/train.py": TRAINING,
    "converter/conversion": ("tests/conversion",),
    "converter/data": ("tests/data",),
    "converter/data/label_sets.py": ("tests/data", "tests/dilatednet/test_zoo.py"),
    "converter/dilatednet": ("tests/dilatednet",),
    "converter/dilatednet/evaluation": ("tests/dilatednet/evaluation", "tests/cli/test_evaluate.py"),
    "converter/dilatednet/inference": ("tests/dilatednet/inference", "tests/cli/test_predict.py"),
    "converter/dilatednet/training": TRAINING,
    "converter/dilatednet/zoo.py": ("tests/dilatednet/test_zoo.py", "tests/dilatednet/test_model.py"),
    "converter/errors.py": ("tests/test_printable.py", "tests/formats", "tests/net", "tests/cli"),
    "converter/files": (*COPIES, "tests/formats/test_mapping.py", "tests/formats/test_libc.py", "tests/download"),
    "converter/files/atomic.py": COPIES,
    "converter/files/copy.py": COPIES,
    "converter/formats/protobuf": ("tests/formats",),
    "converter/layers": LAYERS,
    "converter/layers/kit/data.py": ("tests/layers", "tests/data"),
    "converter/modules": (*LAYERS, "tests/modules"),
    "converter/net": ("tests/net", "tests/layers"),
    "converter/plan": ("tests/net", "tests/layers", "tests/conversion", "tests/cli/test_inspect.py"),
    "converter/pytorch": ("tests/pytorch", "tests/test_module.py", "tests/net"),
    "converter/report": ("tests/verify", "tests/dilatednet/evaluation"),
    "converter/solver": ("tests/solver",),
    "reference": ("tests/reference", "tests/test_ladder.py"),
    "reference/boxes.py": ("tests/reference", "tests/layers/test_fork_boxes.py", "tests/test_ladder.py"),
    "reference/upgrade.py": ("tests/reference",),
    "reference/compare.py": ("tests/reference",),
}
"""Beginning of a module's path -> its tests; the longest beginning counts, and else the room's own folder of tests."""

NAMED = (
    "converter/cli/_network.py", "converter/cli/_training.py", "converter/cli/evaluate.py",
    "converter/cli/train.py", "converter/data/data_transformer.py", "converter/data/image_label_data.py",
    "converter/data/label_sets.py", "converter/data/sampling.py", "converter/dilatednet/evaluation/evaluate.py",
    "converter/dilatednet/training/checkpoint.py", "converter/dilatednet/training/initial_weights.py",
    "converter/dilatednet/training/interruption.py", "converter/dilatednet/training/loss.py",
    "converter/dilatednet/training/run.py", "converter/dilatednet/training/sources.py",
    "converter/dilatednet/zoo.py", "converter/fast/convolution/frequency.py", "converter/fast/patterns.py",
    "converter/files/atomic.py", "converter/files/copy.py", "converter/files/digest.py",
    "converter/formats/protobuf/wire.py", "converter/formats/protobuf/wire_writer.py",
    "converter/formats/weights/safetensors.py", "converter/layers/batchnorm.py", "converter/layers/kit/data.py",
    "converter/layers/kit/losses.py", "converter/modules/losses.py", "converter/modules/normalization.py",
    "converter/net/net.py", "converter/solver/learning_rate.py", "converter/solver/run.py",
    "converter/solver/snapshots.py", "converter/solver/solver.py", "converter/verify/check.py",
    "converter/verify/verify.py", "reference/boxes.py", "reference/compare.py", "reference/upgrade.py",
)  # fmt: skip
"""Modules in which changes stayed unnoticed before: training, its data and commands, files, tolerances, the oracle."""


def tests_of(module: str, root: Path) -> tuple[str, ...]:
    """The tests of a module, as far as they are there."""
    stems = [stem for stem in TESTS if module == stem or module.startswith(f"{stem}/")]
    room = "/".join(["tests", *Path(module).parts[1:2]])
    wanted = TESTS[max(stems, key=len)] if stems else (room,)
    return tuple(path for path in wanted if (root / path).exists())

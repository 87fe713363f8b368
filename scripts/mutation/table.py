"""Which tests a module is tried on, and the modules that are tried where none are named."""

from __future__ import annotations

from pathlib import Path

EDGES = tuple(f"tests/layers/test_{name}.py" for name in ("layer_edges", "layer_checks", "fork_boxes", "fork_layers"))
LAYERS = (
    *EDGES, "tests/layers/test_nvidia_batch_norm.py", "tests/layers/test_running_statistics_of_nets.py",
    "tests/layers/test_recurrent.py", "tests/layers/test_unpooling.py", "tests/modules",
    "tests/layers/test_data_shapes.py", "tests/reference/test_oracle_layers.py", "tests/test_ladder.py",
)  # fmt: skip
"""Without the goldens of whole nets, which take minutes."""
CHECKS = ("tests/layers/test_layer_checks.py", "tests/reference/test_oracle_layers.py")
DATA_LAYERS = ("tests/layers/test_data_shapes.py", "tests/layers/test_sources_and_sinks.py")
LOSSES = (
    *("tests/modules/test_loss_divisors.py", "tests/modules/test_hard_examples.py"),
    *("tests/layers/test_layer_edges.py", "tests/layers/test_loss_fields.py"),
)
COPIES = ("tests/files", "tests/conversion/test_bytecopy.py", "tests/conversion/test_convert.py")
TRAINING = tuple(
    f"tests/dilatednet/training/test_{name}.py"
    for name in ("runs", "run_record", "run_log", "items", "recipes", "initial_weights", "vgg", "divergence")
)
"""Without the runs that are killed, which take a process each."""
EVALUATION = ("tests/dilatednet/evaluation/test_evaluate.py", "tests/cli/test_evaluate_again.py")
CONVERTING = (
    "convert_takes_the_endings_and_cuts_a_net_before_its_detections",
    "the_command_folds_preprocessing_and_says_what_a_net_takes",
    "a_whole_net_wants_its_prototxt_and_its_own_file",
    "what_is_for_whole_nets_is_refused_for_weights",
)
"""Of the tests of written graphs, those that call `convert`."""
DATA = tuple(f"tests/data/test_{name}.py" for name in ("data_layers", "data_layer_fields", "image_label_item"))
BINARY = tuple(
    f"tests/formats/test_{name}.py"
    for name in ("wire", "negative_numbers", "binary_record", "blobs", "caffemodel", "caffemodel_writer", "solverstate")
)
SOLVING = tuple(f"tests/solver/test_{name}.py" for name in ("session", "losses", "seeds", "parameter_groups"))
"""Without the goldens' recipes, which take a minute."""
TESTS: dict[str, tuple[str, ...]] = {
    "converter/cli": ("tests/cli", "tests/dilatednet/evaluation", "tests/verify/test_verify_bad_input.py"),
    "converter/cli/_network.py": ("tests/cli/test_evaluate_again.py", "tests/cli/test_predict.py"),
    "converter/cli/evaluate.py": EVALUATION,
    "converter/cli/init.py": ("tests/cli/test_init.py", "tests/cli/test_json.py::test_init"),
    "converter/cli/train.py": ("tests/cli/test_train_options.py",),
    "converter/conversion": ("tests/conversion",),
    "converter/data": ("tests/data",),
    "converter/data/data_transformer.py": ("tests/data/test_transformer.py", "tests/data/test_reading_layers.py"),
    "converter/data/image_label_data.py": DATA,
    "converter/data/label_sets.py": ("tests/data/test_label_sets.py",),
    "converter/data/datasets/own.py": ("tests/data/test_own_data.py",),
    "converter/data/sampling.py": (*DATA, "tests/dilatednet/training/test_items.py"),
    "converter/dilatednet": ("tests/dilatednet",),
    "converter/dilatednet/evaluation": EVALUATION,
    "converter/dilatednet/inference": ("tests/dilatednet/inference", "tests/cli/test_predict.py"),
    "converter/dilatednet/training": TRAINING,
    "converter/dilatednet/training/interruption.py": ("tests/dilatednet/training/test_stop_request.py",),
    "converter/dilatednet/training/checkpoint.py": ("tests/dilatednet/training/test_checkpoint.py",),
    "converter/dilatednet/training/initial_weights.py": (
        *("tests/dilatednet/training/test_initial_weights.py", "tests/dilatednet/training/test_vgg.py"),
    ),
    "converter/dilatednet/training/log.py": ("tests/dilatednet/training/test_run_log.py",),
    "converter/dilatednet/training/loss.py": ("tests/dilatednet/training/test_items.py",),
    "converter/dilatednet/training/sources.py": (
        "tests/dilatednet/training/test_items.py",
        "tests/cli/test_train_options.py",
    ),
    "converter/dilatednet/training/run.py": ("tests/dilatednet/training/test_train_stage.py",),
    "converter/dilatednet/zoo.py": ("tests/dilatednet/test_zoo_records.py", "tests/dilatednet/test_zoo.py"),
    "converter/errors.py": ("tests/test_printable.py", "tests/formats", "tests/net", "tests/cli"),
    "converter/export/convert.py": (
        *(f"tests/export/test_graphs.py::test_{name}" for name in CONVERTING),
        "tests/export/test_pretrained.py::test_the_command_writes_a_folder_with_parity_on_its_card",
        *("tests/conversion/test_mean_images.py", "tests/conversion/test_states.py"),
    ),
    "converter/fast": ("tests/fast",),
    "converter/fast/convolution/frequency.py": ("tests/fast/test_frequency_axes.py", "tests/fast/test_algorithms.py"),
    "converter/fast/patterns.py": (
        *(f"tests/fast/test_{name}.py" for name in ("fusing", "folding", "accelerated_module", "float32_ends")),
    ),
    "converter/files": (*COPIES, "tests/formats/test_mapping.py", "tests/formats/test_libc.py", "tests/download"),
    "converter/files/atomic.py": COPIES,
    "converter/files/named.py": ("tests/net/test_named_files.py", "tests/files/test_allowed_folders.py"),
    "converter/files/copy.py": COPIES,
    "converter/files/digest.py": COPIES,
    "converter/formats/protobuf": BINARY,
    "converter/formats/solver_state.py": ("tests/formats/test_solverstate.py", "tests/solver/test_losses.py"),
    "converter/formats/weights/safetensors.py": (
        *("tests/formats/test_safetensors.py", "tests/formats/test_recorded_source.py"),
        *("tests/conversion/test_bytecopy.py", "tests/files/test_copy.py"),
    ),
    "converter/layers": LAYERS,
    "converter/layers/batchnorm.py": (
        *("tests/layers/test_nvidia_batch_norm.py", "tests/layers/test_running_statistics_of_nets.py"),
    ),
    "converter/layers/detectionoutput.py": ("tests/layers/test_fork_boxes.py",),
    "converter/layers/detectionevaluate.py": ("tests/layers/test_detection_evaluate.py",),
    "converter/layers/hdf5data.py": DATA_LAYERS,
    "converter/layers/kit/data.py": (*DATA_LAYERS, "tests/layers/test_layer_checks.py"),
    "converter/layers/kit/losses.py": LOSSES,
    "converter/layers/memorydata.py": DATA_LAYERS,
    "converter/layers/pooling.py": (*CHECKS, "tests/layers/test_layer_edges.py"),
    "converter/layers/softmaxwithlossohem.py": LOSSES,
    "converter/layers/unpooling.py": ("tests/layers/test_unpooling.py",),
    "converter/modules": LAYERS,
    "converter/modules/convolution.py": ("tests/modules/test_convolution.py",),
    "converter/modules/losses.py": LOSSES,
    "converter/modules/normalization.py": ("tests/modules/test_running_statistics.py", "tests/modules/test_norms.py"),
    "converter/net": ("tests/net", "tests/layers/test_layer_checks.py"),
    "converter/plan/finite.py": (
        "tests/net",
        "tests/conversion/test_convert.py",
        "tests/verify/test_verify_findings.py",
    ),
    "converter/plan": ("tests/net", *EDGES, "tests/conversion", "tests/cli/test_inspect.py"),
    "converter/pytorch/gradient_stops.py": ("tests/pytorch/test_gradients.py", "tests/fast/test_fusing.py"),
    "converter/pytorch": ("tests/pytorch", "tests/test_module.py", "tests/net"),
    "converter/report": ("tests/verify", "tests/dilatednet/evaluation"),
    "converter/solver": ("tests/solver",),
    "converter/solver/run.py": SOLVING,
    "converter/solver/snapshots.py": SOLVING,
    "converter/solver/solver.py": SOLVING,
    "converter/solver/learning_rate.py": ("tests/solver/test_learning_rate.py", "tests/solver/test_losses.py"),
    "converter/verify": (
        *(f"tests/verify/test_{name}.py" for name in ("tolerances", "verify_findings", "verify_discontinuous")),
        "tests/verify/test_verify_bad_input.py",
    ),
    "converter/verify/stored_blobs.py": (
        "tests/formats/test_expansion.py",
        "tests/verify/test_verify_bad_input.py",
    ),
    "reference": ("tests/reference", "tests/test_ladder.py"),
    "reference/layers": LAYERS,
    "reference/layers/cropcenter.py": CHECKS,
    "reference/layers/embed.py": CHECKS,
    "reference/layers/multinomiallogisticloss.py": CHECKS,
    "reference/layers/unpooling.py": ("tests/layers/test_unpooling.py",),
    "reference/boxes.py": ("tests/reference/test_oracle_boxes.py", "tests/layers/test_fork_boxes.py"),
    "reference/compare.py": ("tests/reference/test_oracle_compare.py", "tests/verify/test_tolerances.py"),
    "reference/upgrade.py": ("tests/reference/test_oracle_upgrade.py", "tests/reference/test_oracle_wiring.py"),
}
"""Beginning of a module's path -> its tests (files, folders, single ones); the longest beginning counts, and else the
room's own folder of tests."""

NAMED = (
    "converter/cli/_network.py", "converter/cli/evaluate.py",
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
    return tuple(path for path in wanted if (root / path.partition("::")[0]).exists())

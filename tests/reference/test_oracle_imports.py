"""The oracle stands on numpy alone, whatever of it is imported and run; and the test of that can fail."""

import subprocess
import sys

from reference import registry
from tests.places import GOLDENS, ROOT

FORBIDDEN = {"torch", "google.protobuf", "h5py", "converter", "requests", "scipy", "PIL", "cv2"}
WHOLE = f"""
import importlib, pkgutil
import reference, reference.layers
for package in (reference, reference.layers):
    for module in pkgutil.iter_modules(package.__path__):
        if module.name != "__main__":
            importlib.import_module(f"{{package.__name__}}.{{module.name}}")
import reference.__main__
reference.run({str(GOLDENS / "layers" / "ReLU_00.prototxt")!r}, None, {{"x": [[1.0, -1.0]]}})
"""


def brought_along(statements):
    """Which of the forbidden modules a fresh interpreter holds after these statements."""
    code = f"{statements}\nimport sys\nprint(*sorted(set(sys.modules) & set({sorted(FORBIDDEN)!r})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_whole_oracle_brings_nothing_but_numpy():
    assert brought_along(WHOLE) == set()


def test_a_forbidden_import_anywhere_would_be_seen():
    assert brought_along(WHOLE + "\nimport reference.layers.relu\nimport h5py") == {"h5py"}


WANTED = """
    AbsVal Accuracy ArgMax BatchNorm BatchReindex Bias BNLL Clip Concat ContrastiveLoss Convolution Crop Data
    Deconvolution Dropout DummyData ELU Eltwise Embed EuclideanLoss Exp Filter Flatten HDF5Data HDF5Output HingeLoss
    Im2col ImageData InfogainLoss InnerProduct Input Log LRN LSTM LSTMUnit MemoryData MultinomialLogisticLoss MVN
    Parameter Pooling Power PReLU Reduction ReLU Reshape RNN Scale Sigmoid SigmoidCrossEntropyLoss Silence Slice Softmax
    SoftmaxWithLoss Split SPP Swish TanH Threshold Tile WindowData ImageLabelData BinLabelData
    Permute Normalize PriorBox DetectionOutput DepthwiseConvolution ConvolutionDepthwise ReLU6 Reorg Upsample Axpy
    SmoothL1Loss BN Interp ROIPooling PSROIPooling ShuffleChannel CReLU HoleConvolution CropCenter Transpose Reverse
    Unpooling AnnotatedData DenseImageData Python
""".split()  # noqa: SIM905 (ninety lines otherwise)


def test_every_layers_file_is_named_after_its_type():
    types = registry.types()

    assert not set(WANTED) - set(types)
    for kind in types:
        assert registry.find(kind).type == kind
    assert registry.find("relu") is None
    assert registry.find("ReLU") is not None

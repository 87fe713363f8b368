"""Every tensor that a forward pass makes takes device and type from an input; no number is read by the host."""

import ast
from pathlib import Path

import pytest

from tests.places import ROOT

FLOATS = {"zeros", "ones", "empty", "full", "linspace", "logspace", "eye", "rand", "randn", "tensor", "as_tensor"}
"""Functions of torch whose result is of torch's own default type, or the numbers' own, unless it is stated."""

WHOLE = {"arange", "randint", "randperm", "tril_indices", "triu_indices"}
"""Those that give int64 for whole numbers: indices need no type."""

HOST = {"from_numpy", "Tensor", "FloatTensor", "LongTensor", "frombuffer"}
"""Those that make tensors on the CPU."""

READING = {"item", "cpu", "tolist", "numpy", "nonzero", "cuda"}
"""Methods that wait for the device, or name one."""

EXCEPTIONS = {
    "converter/fast/accelerated_module.py:AcceleratedModule._to_place as_tensor": "a caller's array, sent to the place",
    "converter/fast/convolution/filter.py:release_pages numpy": "pages of a weight that is on the CPU",
    "converter/fast/convolution/tiled.py:TiledConvolution._on_device from_numpy": "constants, sent once and kept",
    "converter/fast/heap.py:keep_freed_memory empty": "a block of the CPU's heap, freed at once",
    "converter/fast/matmul.py:_numpy_matmul numpy": "products on the CPU alone",
    "converter/fast/onednn_library/memory.py:fresh zeros": "memory of oneDNN's kernels, which is the CPU's",
    "converter/modules/boxes.py:nms cpu": "boxes are suppressed one after another, which the CPU does faster",
    "converter/modules/boxes.py:nms nonzero": "the same",
    "converter/modules/boxes.py:nms zeros": "the same",
    "converter/modules/detection.py:DetectionOutput.forward nonzero": "how many boxes there are is decided by scores",
    "converter/modules/detection.py:Proposal.forward nonzero": "how many boxes stay is decided by scores",
    "converter/modules/detection_evaluation.py:DetectionEvaluate.forward nonzero": "the first row of -1 ends the boxes",
    "converter/modules/detection_evaluation.py:DetectionEvaluate.forward tolist": "the same",
    "converter/modules/detection_evaluation.py:_whole tolist": "detections are marked image by image, label by label",
    "converter/modules/mean_field.py:PottsMeanField.forward tolist": "each image's map is cut to its own size",
    "converter/modules/multibox.py:MultiBoxLoss._counted nonzero": "how many boxes count is decided by their scores",
    "converter/modules/multibox.py:MultiBoxLoss._match full": "indices of boxes, whole numbers",
    "converter/modules/multibox.py:MultiBoxLoss.forward nonzero": "how many boxes are matched is decided by overlaps",
    "converter/modules/numpy_choice.py:NumpyChoice._draw randint": "NumPy draws on the CPU",
    "converter/modules/numpy_choice.py:NumpyChoice._draw tolist": "the same",
    "converter/modules/numpy_choice.py:NumpyChoice.permutation tensor": "the same; whole numbers",
    "converter/modules/permutohedral.py:_packing tensor": "strides of whole numbers, int64 as they are",
    "converter/modules/permutohedral.py:_packing tolist": "how far the lattice reaches is decided by the features",
    "converter/modules/region_targets.py:AnchorTarget._inside nonzero": "the image's size decides which anchors count",
    "converter/modules/region_targets.py:AnchorTarget._surplus nonzero": "how many are too many is decided by overlaps",
    "converter/modules/region_targets.py:ProposalTarget._some nonzero": "how many there are is decided by overlaps",
    "converter/modules/regions.py:PSRoIPool.forward nonzero": "each image's regions are picked out",
    "converter/modules/regions.py:RoIPool.forward tolist": "how long bins are is decided by the regions",
    "converter/modules/select.py:Filter.forward nonzero": "how many items stay is decided by the selector",
    "converter/modules/yolo_losses.py:YoloLoss.true_boxes nonzero": "the first row without a width ends the boxes",
    "converter/modules/yolo_losses.py:YoloLoss.true_boxes tolist": "the same",
}
"""`file:function call`, and why it may."""


def functions(tree: ast.AST, inside: str = "") -> list[tuple[str, ast.FunctionDef]]:
    """Functions by qualified name, but for `__init__`, which makes parameters."""
    found = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef) and node.name != "__init__":
            found.append((inside + node.name, node))
        elif isinstance(node, ast.ClassDef):
            found += functions(node, f"{inside}{node.name}.")
    return found


def forward_calls(path: Path) -> list[tuple[str, ast.Call, ast.FunctionDef]]:
    """Calls within functions: (the function's name, the call, the function)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        (name, node, function)
        for name, function in functions(tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
    ]


def stated(call: ast.Call, function: ast.FunctionDef) -> dict[str, str]:
    """A call's keywords as they are written; `**options` stands for the dict of that name in the function."""
    found = {word.arg: ast.unparse(word.value) for word in call.keywords if word.arg}
    names = {word.value.id for word in call.keywords if not word.arg and isinstance(word.value, ast.Name)}
    for node in ast.walk(function):
        written = getattr(node, "value", None)
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(written, ast.Dict):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if {ast.unparse(target) for target in targets} & names:
            pairs = zip(written.keys, written.values, strict=True)
            found.update({str(key.value): ast.unparse(value) for key, value in pairs if isinstance(key, ast.Constant)})
    return found


def fault(call: ast.Call, function: ast.FunctionDef) -> str:
    """The name of what a call does wrong; empty where nothing is."""
    if not isinstance(call.func, ast.Attribute):
        return ""
    name = call.func.attr
    if ast.unparse(call.func.value) != "torch":
        return name if name in READING and ast.unparse(call.func.value) != "np" else ""
    if name in HOST:
        return name
    if name not in FLOATS | WHOLE:
        return ""
    words = stated(call, function)
    placed = ".device" in words.get("device", "")
    return "" if placed and (name in WHOLE or "dtype" in words) else name


def faults(root: Path, folders: tuple[str, ...] = ("converter/modules", "converter/fast")) -> set[str]:
    found = set()
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            place = path.relative_to(root).as_posix()
            found |= {f"{place}:{name} {what}" for name, call, f in forward_calls(path) if (what := fault(call, f))}
    return found


def test_tensors_of_a_pass_take_device_and_type_from_an_input():
    assert sorted(faults(ROOT)) == sorted(EXCEPTIONS)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("torch.zeros(3)", "zeros"),
        ("torch.zeros(3, device=x.device)", "zeros"),
        ("torch.zeros(3, device='cuda', dtype=x.dtype)", "zeros"),
        ("torch.zeros(3, device=x.device, dtype=x.dtype)", ""),
        ("torch.arange(3)", "arange"),
        ("torch.arange(3, device=x.device)", ""),
        ("torch.from_numpy(a)", "from_numpy"),
        ("x.new_zeros(3)", ""),
        ("torch.zeros_like(x)", ""),
        ("x.sum().item()", "item"),
    ],
)
def test_the_lint_sees(line, found, tmp_path):
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "layer.py").write_text(f"def forward(x):\n    return {line}\n")

    assert faults(tmp_path, ("room",)) == ({f"room/layer.py:forward {found}"} if found else set())

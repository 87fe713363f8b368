"""Markers that skip with a reason where a test's material is missing."""

import importlib.util
import os

import pytest

from tests.places import HAS_GRAPHVIZ, SHARED, VOC_ROOT

if "PYTEST_XDIST_WORKER" in os.environ:
    # One thread a worker, set before numpy and torch start theirs: more would fight over the same cores.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run tests that take minutes")


def _reason(item: pytest.Item) -> str | None:
    if item.get_closest_marker("slow") and not item.config.getoption("--slow"):
        return "takes minutes: run with --slow"
    if item.get_closest_marker("voc") and not (VOC_ROOT / "VOCdevkit" / "VOC2012").is_dir():
        return f"no VOCdevkit/VOC2012 under {VOC_ROOT}: set VOC_ROOT"
    if item.get_closest_marker("corpus") and not (SHARED / "corpus").is_dir():
        return f"no corpus under {SHARED}: set DILATEDNET_SHARED"
    for extra, package in (("onnx", "onnxruntime"), ("hub", "huggingface_hub")):
        if item.get_closest_marker(extra) and importlib.util.find_spec(package) is None:
            return f"no {package}: install the extra [{extra}]"
    if item.get_closest_marker("draw") and not HAS_GRAPHVIZ:
        return "no Graphviz: install it, or the extra [draw]"
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            return "no CUDA device"
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        reason = _reason(item)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))

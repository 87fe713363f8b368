"""The three stages of training, each a run of a dozen updates that is saved after every second one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from converter.cli import main

STAGES = ("frontend", "context", "joint")
_SIZE = ("412", "428")
"""A tile of one of the small images with the front end's margins."""


def prepare_stages(material: Path, lists: tuple[Path, Path]) -> int:
    """A front end, its feature maps and a context run of one update each: what the stages begin from."""
    from tests.dilatednet.training.tiny_training import command

    front, maps = material / "front", material / "maps"
    made = ("features", front, "--images", lists[0], "--out", maps, "--input-size", *_SIZE, "--device", "cpu")
    begun = [*_stage(material, "context", material / "context"), "--iterations", "1"]
    return main([*command(lists, front), "--iterations", "1"]) or main([str(word) for word in made]) or main(begun)


def train(material: Path, stage: str) -> Callable[[Path], int]:
    """A stage into a folder, or on from what is there."""

    def run(folder: Path) -> int:
        return main([*_stage(material, stage, folder), "--iterations", "12", "--resume"])

    return run


def _stage(material: Path, stage: str, folder: Path) -> list[str]:
    """The command without its number of updates."""
    lists = ("--images", material / "images/images.txt", "--label-list", material / "images/labels.txt")
    start: dict[str, tuple[object, ...]] = {
        "frontend": ("--from-scratch", "--width", 2, "--fc-width", 8, "--crop", 388, "--classes", 3),
        "context": ("--features", material / "maps", "--context", "large"),
        "joint": ("--weights", material / "front", "--weights", material / "context", "--crop", 388),
    }
    how = ("--device", "cpu", "--workers", 0, "--batch", 2, "--rate", 0.0001, "--checkpoint-every", 2, "--log-every", 1)
    words = ("train", stage, "--preset", "voc", *lists, *start[stage], *how, "--keep", 2, "--out", folder)
    return [str(word) for word in words]

"""The paper's recipes as named presets; every number may be overridden. No torch here.

Sources by letter. P: the paper (sections 3 to 5 and appendix). C: fyu/dilation's train.py and docs/training.md, where
the paper is silent. O: ours, where both are silent.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from converter.errors import TrainingError
from converter.solver.learning_rate import LearningRatePolicy

Stage: TypeAlias = Literal["frontend", "context", "joint"]
STAGES: tuple[Stage, ...] = ("frontend", "context", "joint")
SHRINK = 372
"""Pixels that the unpadded front end takes off a side: 2 × 186."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides a run's weights but its data, its start weights and its machine.

    `model` is a name in the zoo: it gives classes, mean (B, G, R) and topology, of which `context`, `depth`, `width`,
    `fc_width`, `classes` and `mean` change what is not 0 or empty. `batch` and `crop` (pixels) are of one process;
    `accumulate` passes make one update. `rate` with `policy`, `gamma`, `stepsize`, `stepvalues`, `power` are Caffe's.
    `noise` is equation 5's ε of a context module at its start.
    """

    stage: Stage
    model: str
    batch: int
    crop: int
    rate: float
    momentum: float
    iterations: int
    weight_decay: float = 5e-4
    policy: str = "fixed"
    gamma: float = 0.1
    power: float = 1.0
    stepsize: int = 100_000
    stepvalues: tuple[int, ...] = ()
    accumulate: int = 1
    clip_gradients: float = -1.0
    mirror: bool = True
    dropout: float = 0.5
    context: str = ""
    depth: int = 0
    width: int = 0
    fc_width: int = 0
    classes: int = 0
    mean: tuple[float, ...] = ()
    noise: float = 0.01
    upsampled_labels: bool = False
    seed: int = 0

    def rates(self) -> LearningRatePolicy:
        """The learning-rate policy; raises TrainingError for numbers it cannot use."""
        return LearningRatePolicy(
            self.policy, self.rate, self.gamma, self.power, self.stepsize, self.stepvalues, self.iterations
        )

    @property
    def label_stride(self) -> int:
        """Pixels from one trained label to the next."""
        return 1 if self.upsampled_labels else 8

    def check(self) -> Recipe:
        """Itself, if its numbers can train.

        Raises:
            TrainingError: a crop the front end cannot divide, or a number out of range.
        """
        cells = self.crop - SHRINK
        if self.stage != "context" and (cells < 8 or cells % 8):
            raise TrainingError(
                f"crop {self.crop}; expected 372 + a multiple of 8 (380, 500, 628, …); choose such a crop", field="crop"
            )
        for name in ("batch", "iterations", "accumulate"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} is {getattr(self, name)}; expected 1 or more; correct it", field=name)
        for name, top in (("momentum", 1.0), ("dropout", 1.0)):
            if not 0 <= getattr(self, name) < top:
                raise TrainingError(f"{name} is {getattr(self, name)}; expected 0 to below 1; correct it", field=name)
        self._check_shape()
        self.rates()
        return self

    def _check_shape(self) -> None:
        """What changes the net must leave one."""
        if self.context not in ("", "basic", "large"):
            raise TrainingError(f"context is {self.context!r}; expected basic or large; choose one", field="context")
        for name, least in (("depth", 4), ("width", 1), ("fc_width", 1), ("classes", 2)):
            value = getattr(self, name)
            if value and value < least:
                raise TrainingError(f"{name} is {value}; expected {least} or more; correct it", field=name)
        if self.stage == "context" and self.upsampled_labels:
            message = "the context stage trains on one label a cell; expected no upsampled labels; leave them out"
            raise TrainingError(message, field="upsampled_labels")


_VOC_FRONT = Recipe("frontend", "dilation8_pascal_voc", 14, 500, 1e-3, 0.9, 60_000)  # P; crop, decay, mirror C
_VOC_CONTEXT = Recipe(
    "context", "dilation8_pascal_voc", 60, 0, 1e-3, 0.9, 40_000
)  # P rate, C batch and momentum, O count
_VOC_JOINT = Recipe("joint", "dilation8_pascal_voc", 14, 500, 1e-5, 0.9, 20_000)  # C; O count
_URBAN_FRONT = Recipe("frontend", "dilation8_camvid", 8, 628, 1e-4, 0.99, 20_000)  # P
_URBAN_CONTEXT = Recipe("context", "dilation8_camvid", 100, 0, 1e-4, 0.99, 24_000)  # P for Cityscapes, O for the others
_URBAN_JOINT = Recipe("joint", "dilation8_camvid", 1, 852, 1e-5, 0.9, 20_000)  # P; O count for CamVid

PRESETS: Mapping[str, Mapping[str, Recipe]] = MappingProxyType(
    {
        "voc": {"frontend": _VOC_FRONT, "context": _VOC_CONTEXT, "joint": _VOC_JOINT},
        "voc-coco": {  # 100,000 at 1e-3 and 40,000 at 1e-4 on VOC and COCO together
            "frontend": replace(_VOC_FRONT, iterations=140_000, policy="multistep", stepvalues=(100_000,)),
            "context": _VOC_CONTEXT,
            "joint": _VOC_JOINT,
        },
        "voc-coco-finetune": {  # then 50,000 at 1e-5 on VOC alone
            "frontend": replace(_VOC_FRONT, iterations=50_000, rate=1e-5),
            "context": _VOC_CONTEXT,
            "joint": _VOC_JOINT,
        },
        "camvid": {"frontend": _URBAN_FRONT, "context": _URBAN_CONTEXT, "joint": _URBAN_JOINT},
        "kitti": {
            "frontend": replace(_URBAN_FRONT, model="dilation7_kitti", iterations=10_000),
            "context": replace(_URBAN_CONTEXT, model="dilation7_kitti"),
            "joint": replace(_URBAN_JOINT, model="dilation7_kitti", crop=900, momentum=0.99),
        },
        "cityscapes": {
            "frontend": replace(_URBAN_FRONT, model="dilation10_cityscapes", iterations=40_000),
            "context": replace(_URBAN_CONTEXT, model="dilation10_cityscapes"),
            "joint": replace(_URBAN_JOINT, model="dilation10_cityscapes", crop=1396, momentum=0.99, iterations=60_000),
        },
    }
)
"""Recipes by preset and stage."""


def recipe(preset: str, stage: str, **overrides: Any) -> Recipe:
    """A preset's recipe for a stage; overrides that are None are left out.

    Raises:
        TrainingError: no such preset, stage or number, or numbers that cannot train.
    """
    if preset not in PRESETS:
        near = difflib.get_close_matches(preset, PRESETS, 1)
        hint = f"did you mean {near[0]}?" if near else "choose one of them"
        raise TrainingError(f"no preset {preset!r}; known: {', '.join(PRESETS)}; {hint}", field="preset")
    if stage not in STAGES:
        raise TrainingError(f"no stage {stage!r}; known: {', '.join(STAGES)}; choose one of them", field="stage")
    unknown = set(overrides) - {item.name for item in fields(Recipe)}
    if unknown:
        raise TrainingError(f"a recipe has no {', '.join(sorted(unknown))}; check the spelling")
    given = {name: value for name, value in overrides.items() if value is not None}
    return replace(PRESETS[preset][stage], **given).check()

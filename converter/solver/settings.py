"""What a solver.prototxt says, as a frozen record; every set field is taken, or refused by name. No torch here."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from converter.errors import TrainingError
from converter.files.paths import is_there
from converter.formats.prototxt.parser import read_prototxt
from converter.formats.record import Record
from converter.formats.upgrade.upgrade import upgrade_solver
from converter.net.params import Params
from converter.solver.learning_rate import LearningRatePolicy

RULES: dict[str, tuple[str, ...]] = {
    "SGD": ("momentum",),
    "Nesterov": ("momentum",),
    "AdaGrad": ("delta",),
    "RMSProp": ("rms_decay", "delta"),
    "AdaDelta": ("momentum", "delta"),
    "Adam": ("momentum", "momentum2", "delta"),
}
"""Solver types with the numbers that their update rules use."""

_WITHOUT_EFFECT = {
    "solver_mode": "the module's device decides",
    "device_id": "the module's device decides",
    "debug_info": "prints only",
    "snapshot_diff": "gradients are not saved",
    "layer_wise_reduce": "how Caffe overlaps its own communication",
    "test_compute_loss": "test nets' losses are among their outputs",
}


@dataclass(frozen=True, slots=True)
class NetState:
    """What layers' include and exclude rules may ask for besides the phase."""

    stages: tuple[str, ...] = ()
    level: int = 0


@dataclass(frozen=True, slots=True)
class SolverSettings:
    """A SolverParameter (proto/caffe.proto), names as there.

    `net` is the training net's path ("" where it stands inside the solver: `net_record`), `test_nets` likewise;
    `generic` where it is for testing too (`net` or `net_param`, not `train_net`). `path` is the solver's own.
    `snapshot` and `test_interval` count iterations, 0 for never; `clip_gradients` below 0 is off.
    """

    type: str
    policy: LearningRatePolicy
    max_iter: int = 0
    iter_size: int = 1
    momentum: float = 0.0
    momentum2: float = 0.999
    delta: float = 1e-8
    rms_decay: float = 0.99
    weight_decay: float = 0.0
    regularization_type: str = "L2"
    clip_gradients: float = -1.0
    net: str = ""
    net_record: Record | None = field(default=None, repr=False)
    test_nets: tuple[str, ...] = ()
    test_net_records: tuple[Record, ...] = field(default=(), repr=False)
    test_iter: tuple[int, ...] = ()
    test_interval: int = 0
    test_initialization: bool = True
    weights: tuple[str, ...] = ()
    snapshot: int = 0
    snapshot_prefix: str = ""
    snapshot_format: str = "BINARYPROTO"
    snapshot_after_train: bool = True
    display: int = 0
    average_loss: int = 1
    random_seed: int = -1
    train_state: NetState = NetState()
    test_states: tuple[NetState, ...] = ()
    generic: bool = False
    path: str = ""

    @property
    def rule(self) -> dict[str, float]:
        """The numbers that this type's update rule uses, by name."""
        return {name: getattr(self, name) for name in RULES[self.type]}


def read_settings(path: str | os.PathLike[str]) -> SolverSettings:
    """The settings in a solver.prototxt; the net's path is resolved against the working folder, then the file's own.

    Raises:
        PrototxtError: the text does not read.
        UnsupportedParameterError: a field of the wrong type.
        TrainingError: an unknown type or policy, numbers it cannot use, or a set field that nothing reads.
    """
    return settings_of(upgrade_solver(read_prototxt(path, kind="SolverParameter")))


def settings_of(record: Record) -> SolverSettings:
    """The settings in an upgraded SolverParameter record; raises as `read_settings`."""
    view = Params(record)
    kind = view.text("type", "SGD")
    if kind not in RULES:
        raise _error_at(view, "type", f"unknown solver type {kind!r}; known: {', '.join(RULES)}; choose one of them")
    settings = SolverSettings(
        type=kind,
        policy=_policy(view),
        max_iter=view.integer("max_iter", 0),
        **_rule_numbers(view),
        **_nets(view),
        **_snapshots(view),
        test_iter=view.integers("test_iter"),
        test_interval=view.integer("test_interval", 0),
        test_initialization=view.flag("test_initialization", True),
        weights=view.texts("weights"),
        display=view.integer("display", 0),
        average_loss=view.integer("average_loss", 1),
        random_seed=view.integer("random_seed", -1),
        train_state=_state(view.message("train_state")),
        test_states=tuple(map(_state, view.messages("test_state"))),
        path=record.where.path,
    )
    _check(settings, view)
    return settings


def _state(view: Params) -> NetState:
    return NetState(view.texts("stage"), view.integer("level", 0))


def _policy(view: Params) -> LearningRatePolicy:
    try:
        return LearningRatePolicy(
            view.text("lr_policy", ""),
            view.number("base_lr", 0.0),
            gamma=view.number("gamma", 0.0),
            power=view.number("power", 0.0),
            stepsize=view.integer("stepsize", 0),
            stepvalues=view.integers("stepvalue"),
            max_iter=view.integer("max_iter", 0),
        )
    except TrainingError as error:
        raise _error_at(view, error.field or "lr_policy", error.message) from None


def _rule_numbers(view: Params) -> dict[str, Any]:
    return {
        "iter_size": view.integer("iter_size", 1),
        "momentum": view.number("momentum", 0.0),
        "momentum2": view.number("momentum2", 0.999),
        "delta": view.number("delta", 1e-8),
        "rms_decay": view.number("rms_decay", 0.99),
        "weight_decay": view.number("weight_decay", 0.0),
        "regularization_type": view.text("regularization_type", "L2"),
        "clip_gradients": view.number("clip_gradients", -1.0),
    }


def _nets(view: Params) -> dict[str, Any]:
    """The one training net and the test nets, by path or inside the file."""
    paths = [view.text(name, "") for name in ("net", "train_net") if view.has(name)]
    inner = [view.message(name) for name in ("net_param", "train_net_param") if view.has(name)]
    tested = view.messages("test_net_param")
    for message in (*inner, *tested):
        message.take_rest()
    records = [message.record for message in inner]
    if len(paths) + len(records) > 1:
        raise _error_at(view, "train_net", "more than one training net; expected one of net, train_net and *_param")
    folder = Path(view.record.where.path).parent
    tests = tuple(_find(path, folder) for path in view.texts("test_net"))
    return {
        "net": _find(paths[0], folder) if paths else "",
        "net_record": records[0] if records else None,
        "generic": view.has("net") or view.has("net_param"),
        "test_nets": tests,
        "test_net_records": tuple(message.record for message in tested),
    }


def _find(path: str, folder: Path) -> str:
    """Caffe resolves against the working folder; a file kept beside its solver is found as well."""
    beside = folder / path
    return str(beside) if not is_there(path) and is_there(beside) else path


def _snapshots(view: Params) -> dict[str, Any]:
    return {
        "snapshot": view.integer("snapshot", 0),
        "snapshot_prefix": view.text("snapshot_prefix", ""),
        "snapshot_format": view.choice("snapshot_format", ("BINARYPROTO", "HDF5"), "BINARYPROTO"),
        "snapshot_after_train": view.flag("snapshot_after_train", True),
    }


def _check(settings: SolverSettings, view: Params) -> None:
    """Numbers the update rules refuse in Caffe, and set fields that nothing reads."""
    if settings.type in ("AdaGrad", "RMSProp") and settings.momentum:
        raise _error_at(view, "momentum", f"{settings.type} has no momentum; {settings.momentum:g} set; remove it")
    if not 0 <= settings.rms_decay < 1:
        raise _error_at(view, "rms_decay", f"rms_decay is {settings.rms_decay:g}; expected 0 to below 1; correct it")
    if settings.iter_size < 1:
        raise _error_at(view, "iter_size", f"iter_size is {settings.iter_size}; expected 1 or more; correct it")
    if settings.regularization_type not in ("L1", "L2"):
        kind = settings.regularization_type
        raise _error_at(view, "regularization_type", f"unknown regularization_type {kind!r}; known: L1, L2; choose one")
    stray = [item for item in view.leftovers() if item.path not in _WITHOUT_EFFECT]
    if stray:
        names = ", ".join(item.path for item in stray)
        raise _error_at(view, stray[0].path, f"{names} set, and nothing here reads it; remove it")


def _error_at(view: Params, name: str, message: str) -> TrainingError:
    """An error at the place where `name` stands, or at the message's beginning where it does not."""
    where = next((item.where for item in view.record.fields if item.name == name), view.record.where)
    return TrainingError(message, path=where.path, line=where.line, field=name)

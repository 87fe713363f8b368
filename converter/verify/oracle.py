"""The oracle's side of a check: its own reading of net and weights, and the blobs that it computes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

import reference
from converter.errors import ComparisonError, ConversionError
from converter.files.mapping import map_file
from converter.files.named import allowed_folders
from converter.formats.detect import format_of
from converter.formats.prototxt.templates import Values
from converter.formats.weights.pth import read_saved
from reference.forward import Run
from reference.lineage import Lineage, lineage
from reference.named import allow_files
from reference.registry import is_discontinuous
from reference.weights import Nonfinite, count_nonfinite

Array: TypeAlias = "np.ndarray[Any, Any]"
Weights: TypeAlias = "str | Mapping[str, Array]"
Place: TypeAlias = tuple[str, int]
"""A layer of a net, the same in both programs: its name, and how many layers before it bear that name."""


class oracle_errors:  # noqa: N801 - reads as a function: `with oracle_errors():`
    """The oracle's errors as the converter's, so that a command reports both alike."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, reference.OracleError):
            raise ConversionError(f"oracle: {error}") from error


class Oracle:
    """A net and its weights as the oracle reads them.

    Args:
        prototxt: the net.
        weights: path of its weights (several with commas between them), read by the oracle itself; of a .pth, which
            torch alone reads, it gets the plain dict of arrays. None: there are none.
        filled: blobs of the layers that the weights lack, as both sides are to have them.
        key: name under which a .pth holds its state_dict, where it holds more than that.
        stages: stages that the layers' rules may ask for.
        level: level that the layers' rules may ask for.
        allow_unknown: go on past fields that the oracle does not know.
        crop: where a Crop without `crop_param` begins: "caffe" or "geometry".
        until: blobs: only the layers that they need are run.
    """

    def __init__(
        self,
        prototxt: str,
        weights: str | None,
        filled: Mapping[Place, Sequence[Array]],
        *,
        key: str | None = None,
        stages: Sequence[str] = (),
        level: int = 0,
        allow_unknown: bool = False,
        crop: str = "caffe",
        values: Values | None = None,
        until: Sequence[str] = (),
    ) -> None:
        self._prototxt, self._given, self._filled, self._key = prototxt, weights, filled, key
        self._options: dict[str, Any] = {"stages": stages, "level": level, "allow_unknown": allow_unknown, "crop": crop}
        self._options |= {"values": values, "until": until}

    @cached_property
    def net(self) -> reference.Net:
        """The net."""
        with oracle_errors():
            return reference.read_net(self._prototxt, **self._options)

    @cached_property
    def weights(self) -> Weights | None:
        """What the oracle is handed."""
        return None if self._given is None else _for_oracle(self._given, self._key)

    @cached_property
    def lineage(self) -> dict[str, Lineage]:
        """How deep each blob lies, for the tolerance."""
        with oracle_errors():
            return lineage(self.net)

    @cached_property
    def nonfinite(self) -> tuple[Nonfinite, ...]:
        """Stored blobs that hold NaN or infinities."""
        with oracle_errors():
            return () if self.weights is None else count_nonfinite(self.net, self.weights)

    @cached_property
    def discontinuous(self) -> dict[Place, int]:
        """Layers with a top that is no continuous function of their bottoms, with their positions in the oracle's net.

        A last bit of a score may change their whole output, so both programs are run on the same bottoms there.
        """
        counts: Counter[str] = Counter()
        found = {}
        for position, layer in enumerate(self.net.layers):
            if is_discontinuous(layer):
                found[layer.name, counts[layer.name]] = position
            counts[layer.name] += 1
        return found

    def blobs(
        self, inputs: Mapping[str, Array], bottoms: Mapping[Place, Sequence[Array]]
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        """Every blob by name, float64, in its own shape.

        Args:
            inputs: arrays by input.
            bottoms: what the converter called its discontinuous layers with.

        Returns:
            Every blob end to end; and again those that a discontinuous layer's tops are or lead to, computed from
            `bottoms` instead.
        """
        with oracle_errors(), allow_files(allowed_folders()):
            positions = {self.discontinuous[place]: arrays for place, arrays in bottoms.items()}
            return Run(self.net, self.weights, inputs, filled=self._filled).blobs_both_ways(positions)


def _for_oracle(weights: str, key: str | None) -> str | dict[str, Array]:
    """The path, or the plain dict of a .pth (of several with commas between them: the last that has a key counts)."""
    try:
        paths = [weights] if format_of(map_file(weights)) else []
    except ConversionError:
        paths = [part for part in weights.split(",") if part]
    formats = [format_of(map_file(path)) for path in paths]
    if "torch" not in formats:
        return weights
    if set(formats) != {"torch"}:
        raise ComparisonError(
            "mixes .pth with other formats, which the oracle does not read together; convert one", path=weights
        )
    return {name: array for path in paths for name, array in _state_dict(path, key).items()}


def _state_dict(path: str, key: str | None) -> dict[str, Array]:
    """The arrays of a .pth by key, as torch reads them, without the prefix that DataParallel writes."""
    saved = read_saved(path, lambda reason: ComparisonError(reason, path=path))
    for part in key.split(".") if key else ():
        saved = saved[part]
    prefix = "module." if all(str(name).startswith("module.") for name in saved) else ""
    return {str(name).removeprefix(prefix): tensor.detach().numpy() for name, tensor in saved.items()}

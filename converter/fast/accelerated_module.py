"""A CaffeModule or a DilatedNet as a short program of inference steps that gives the same outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from converter.dilatednet.model import DilatedNet
from converter.fast.convolution.cudnn import settings
from converter.fast.convolution.filter import Place
from converter.fast.patterns import of_caffe_module, of_chain, with_drops
from converter.fast.replay import Repeated
from converter.pytorch.caffe_module import CaffeModule

if TYPE_CHECKING:
    from converter.dilatednet.inference.tiles import Tile
    from converter.dilatednet.zoo import Model


class FastNet(nn.Module):
    """The outputs of a net, called as the net itself is; parity with the plain net is up to rounding.

    Convolutions take their fastest form (see `convolution.choice`) and the rectification behind them along, dropout
    is left out, and every blob is freed after its last reader, so that two neighbouring blobs and the weights are all
    that is held. Inputs may be of any floating type; outputs are float32.

    Attributes:
        net: the module it was made of, in eval mode; its parameters are not to be changed any more.
        input_size: (height, width) of a tile, where the net has one.
        place: the type and the device.
        stages: the program's steps.
        topology: of a hand-written net with classes, whose front end can run by itself; None of others.
    """

    def __init__(self, net: CaffeModule | DilatedNet, place: Place, *, graphs: bool, compiled: bool) -> None:
        super().__init__()
        self.net = net.eval()
        self.place = place
        self.input_size: tuple[int, int] | None = getattr(net, "input_size", None)
        self.topology = net.topology if isinstance(net, DilatedNet) and net.topology.classes else None
        if isinstance(net, CaffeModule):
            self._inputs, self._outputs = tuple(net.inputs), net.outputs
            program = of_caffe_module(net, place)
        else:
            self._inputs, self._outputs = ("data",), ("prob",)
            program = of_chain(net, place)
        self.stages = with_drops(program, self._outputs)
        parts = {"whole": (0, len(self.stages), tuple(self._outputs))}
        if self.topology is not None:
            parts["front"] = (0, self._cut, (self.topology.classifier,))
            parts["logits"] = (0, len(self.stages) - 1, self.stages[-2].tops)
            parts["behind"] = (self._cut, len(self.stages), ("prob",))
        self._parts = {
            name: Repeated(partial(self._run, *bounds), graphs=graphs, compiled=compiled)
            for name, bounds in parts.items()
        }

    def forward(self, *args: Tensor, **inputs: Tensor) -> Any:
        """What the net itself would answer: a dict for a CaffeModule, the probabilities for a DilatedNet."""
        outputs = self._answers("whole", {**dict(zip(self._inputs, args, strict=False)), **inputs})
        return outputs if isinstance(self.net, CaffeModule) else outputs["prob"]

    @torch.inference_mode()
    def _answers(self, part: str, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """A part's outputs, float32."""
        with settings(self.place):
            outputs = self._parts[part]({name: self._prepared(value) for name, value in inputs.items()})
            return {name: value.float() for name, value in outputs.items()}

    def _run(self, first: int, last: int, wanted: tuple[str, ...], inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Stages `first` to before `last` on their inputs; the blobs that are wanted of them."""
        values = dict(inputs)
        for stage in self.stages[first:last]:
            bottoms = [values[name] for name in stage.bottoms]
            for name in stage.drops:
                values.pop(name, None)
            tops = stage.compute(bottoms)
            del bottoms
            values.update((name, top) for name, top in zip(stage.tops, tops, strict=True) if name not in stage.drops)
        return {name: values[name] for name in wanted}

    def logits(self, x: Tensor) -> Tensor:
        """A hand-written net's answer before the softmax: x (n, 3, h, w) -> (n, classes, h', w'), float32."""
        return self._answers("logits", {"data": x})[self.stages[-2].tops[0]]

    def features(self, x: Tensor) -> Tensor:
        """The front end of a hand-written net: x (n, 3, h, w) -> the classifier's logits (n, classes, h', w')."""
        assert self.topology is not None
        return self._answers("front", {"data": x})[self.topology.classifier]

    def behind_features(self, features: Tensor) -> Tensor:
        """What follows the front end: its logits -> probabilities, float32."""
        assert self.topology is not None
        return self._answers("behind", {self.topology.classifier: features})["prob"]

    def shared_probabilities(
        self,
        image: npt.NDArray[np.uint8],
        model: Model,
        size: tuple[int, int],
        on_tile: Callable[[int, int], None] | None = None,
    ) -> Iterator[tuple[Tile, Tensor]] | None:
        """A picture's tiles from one front end, or None where tiles must run singly.

        See `converter.dilatednet.inference.shared_front_end`.
        """
        from converter.dilatednet.inference.shared_front_end import shared_probabilities

        return shared_probabilities(self, image, model, size, on_tile)

    @property
    def _cut(self) -> int:
        """The number of the first stage behind the classifier."""
        assert self.topology is not None
        return next(number for number, stage in enumerate(self.stages) if self.topology.classifier in stage.tops) + 1

    def _prepared(self, value: Tensor) -> Tensor:
        moved = torch.as_tensor(value).to(self.place.device, self.place.dtype)
        return moved.contiguous(memory_format=torch.channels_last) if moved.ndim == 4 else moved


def accelerate(
    net: CaffeModule | DilatedNet,
    *,
    dtype: torch.dtype = torch.float32,
    device: str | torch.device = "cpu",
    tf32: bool = False,
    compiled: bool = False,
) -> FastNet:
    """A net made fast for inference on a device; the net's own parameters stay where they are.

    Nothing is packed before the first call, so this returns at once. The first call on CUDA tries out the forms of each
    convolution; a shape's second call captures a CUDA graph. On AMD's processors a tenth less time is taken where
    `converter.process_settings.prepare()` was called before numpy and torch were imported, as `predict` calls it.

    Args:
        net: the net.
        dtype: float32, bfloat16 or (on CUDA) float16.
        device: where it runs.
        tf32: let CUDA round the factors of float32 products to TF32.
        compiled: hand shapes that come again to torch's compiler, which takes a minute for each.
    """
    place = Place(dtype, torch.device(device), tf32)
    return FastNet(net, place, graphs=place.device.type == "cuda", compiled=compiled)

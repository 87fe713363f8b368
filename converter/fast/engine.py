"""A CaffeModule or a DilatedNet as a short program of inference steps that gives the same outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from converter.dilatednet.model import DilatedNet
from converter.fast.program import of_caffe_module, of_chain, with_drops
from converter.module import CaffeModule

if TYPE_CHECKING:
    from converter.dilatednet.tiles import Tile
    from converter.dilatednet.zoo import Model


class FastNet(nn.Module):
    """The outputs of a net, called as the net itself is; parity with the plain net is up to rounding.

    Convolutions are packed (see `PackedConvolution`) and take the rectification behind them along, dropout is left out,
    and every blob is freed after its last reader, so that two neighbouring blobs and the weights are all that is held.
    Inputs may be of any floating type; outputs are float32.

    Attributes:
        net: the module it was made of, in eval mode; its parameters are not to be changed any more.
        input_size: (height, width) of a tile, where the net has one.
        topology: of a hand-written net with classes, whose front end can run by itself; None of others.
    """

    def __init__(self, net: CaffeModule | DilatedNet, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        self.net = net.eval()
        self.dtype, self.device = dtype, device
        self.input_size: tuple[int, int] | None = getattr(net, "input_size", None)
        self.topology = net.topology if isinstance(net, DilatedNet) and net.topology.classes else None
        if isinstance(net, CaffeModule):
            self._inputs, self._outputs = tuple(net.inputs), net.outputs
            program = of_caffe_module(net, dtype, device)
        else:
            self._inputs, self._outputs = ("data",), ("prob",)
            program = of_chain(net, dtype, device)
        self._stages = with_drops(program, self._outputs)

    @torch.inference_mode()
    def forward(self, *args: Tensor, **inputs: Tensor) -> Any:
        """What the net itself would answer: a dict for a CaffeModule, the probabilities for a DilatedNet."""
        values = {**dict(zip(self._inputs, args, strict=False)), **inputs}
        values = {name: self._prepared(value) for name, value in values.items()}
        self.run(values)
        outputs = {name: values[name].float() for name in self._outputs}
        return outputs if isinstance(self.net, CaffeModule) else outputs["prob"]

    @torch.inference_mode()
    def run(self, values: dict[str, Tensor], first: int = 0, last: int | None = None) -> None:
        """Run stages `first` to before `last`, taking from and adding to `values`."""
        for stage in self._stages[first:last]:
            bottoms = [values[name] for name in stage.bottoms]
            for name in stage.drops:
                values.pop(name, None)
            tops = stage.compute(bottoms)
            del bottoms
            values.update((name, top) for name, top in zip(stage.tops, tops, strict=True) if name not in stage.drops)

    def features(self, x: Tensor) -> Tensor:
        """The front end of a hand-written net: x (n, 3, h, w) -> the classifier's logits (n, classes, h', w')."""
        assert self.topology is not None
        values = {"data": self._prepared(x)}
        self.run(values, last=self._cut)
        return values[self.topology.classifier]

    def behind_features(self, features: Tensor) -> Tensor:
        """What follows the front end: its logits -> probabilities, float32."""
        assert self.topology is not None
        values = {self.topology.classifier: self._prepared(features)}
        self.run(values, first=self._cut)
        return values["prob"].float()

    def shared_probabilities(
        self,
        image: npt.NDArray[np.uint8],
        model: Model,
        size: tuple[int, int],
        on_tile: Callable[[int, int], None] | None = None,
    ) -> Iterator[tuple[Tile, Tensor]] | None:
        """A picture's tiles from one front end (see `converter.fast.shared`), or None where tiles must run singly."""
        from converter.fast.shared import shared_probabilities

        return shared_probabilities(self, image, model, size, on_tile)

    @property
    def _cut(self) -> int:
        """The number of the first stage behind the classifier."""
        assert self.topology is not None
        return next(number for number, stage in enumerate(self._stages) if self.topology.classifier in stage.tops) + 1

    def _prepared(self, value: Tensor) -> Tensor:
        moved = torch.as_tensor(value).to(self.device, self.dtype)
        return moved.contiguous(memory_format=torch.channels_last) if moved.ndim == 4 else moved


def accelerate(
    net: CaffeModule | DilatedNet, *, dtype: torch.dtype = torch.float32, device: str | torch.device = "cpu"
) -> FastNet:
    """A net made fast for inference on a device, in float32, bfloat16 or (on CUDA) float16.

    Nothing is packed before the first call, so this returns at once; the net's own parameters stay where they are.
    """
    return FastNet(net, dtype, torch.device(device))

"""DilatedNet with Hugging Face's methods: save_pretrained, from_pretrained, push_to_hub. Needs the extra [hub]."""

from __future__ import annotations

from typing import cast

from converter.dilatednet.model import DilatedNet
from converter.export.extras import extra

extra("huggingface_hub", brings="hub", what="PretrainedDilatedNet")

from huggingface_hub import PyTorchModelHubMixin  # noqa: E402 - the line above says what to do where it is missing


class PretrainedDilatedNet(
    DilatedNet,
    PyTorchModelHubMixin,
    library_name="dilatednet",
    tags=["image-segmentation", "caffe", "arxiv:1511.07122"],
):
    """A DilatedNet whose constructor's arguments go into config.json, its numbers into model.safetensors.

    >>> PretrainedDilatedNet.of_net(model).save_pretrained("folder")
    >>> model = PretrainedDilatedNet.from_pretrained("folder")
    """

    @classmethod
    def of_net(cls, net: DilatedNet) -> PretrainedDilatedNet:
        """The same net, its numbers shared."""
        made = cast(PretrainedDilatedNet, cls.of(net.topology))
        made.load_state_dict(net.state_dict(), assign=True)
        made.input_size = net.input_size
        return made.train(net.training)

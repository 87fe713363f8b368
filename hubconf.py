"""Entry points for torch.hub: the published DilatedNets, any Caffe net, and folders of save_pretrained.

    model = torch.hub.load(DIR, "dilation8_pascal_voc", source="local", weights="dilation8_pascal_voc.caffemodel")

Weights are files that the caller has; without them the front end is random.
"""

from typing import Any

dependencies = ["torch", "numpy", "h5py", "PIL", "safetensors"]


def dilation8_pascal_voc(weights: Any = None, **options: Any) -> Any:
    """Front end and Large context module for PASCAL VOC 2012: 21 classes."""
    return _published("dilation8_pascal_voc", weights, options)


def frontend_pascal_voc(weights: Any = None, **options: Any) -> Any:
    """The front end alone for PASCAL VOC 2012: 21 classes."""
    return _published("frontend_pascal_voc", weights, options)


def dilation10_cityscapes(weights: Any = None, **options: Any) -> Any:
    """Front end and context module of ten layers for Cityscapes: 19 classes, with upsampling."""
    return _published("dilation10_cityscapes", weights, options)


def dilation7_kitti(weights: Any = None, **options: Any) -> Any:
    """Front end and context module of seven layers for KITTI: 11 classes."""
    return _published("dilation7_kitti", weights, options)


def dilation8_camvid(weights: Any = None, **options: Any) -> Any:
    """Front end and context module for CamVid: 11 classes."""
    return _published("dilation8_camvid", weights, options)


def vgg_conv(weights: Any = None, **options: Any) -> Any:
    """The VGG-16 features that training starts from, up to fc7."""
    return _published("vgg_conv", weights, options)


def caffe(prototxt: Any, weights: Any = None, **options: Any) -> Any:
    """Any Caffe net as `converter.load` gives it."""
    import converter

    return converter.load(prototxt, weights, **options)


def pretrained(folder: Any, **options: Any) -> Any:
    """The net of a folder that `converter.save_pretrained` wrote."""
    import converter

    return converter.from_pretrained(folder, **options)


def _published(name: str, weights: Any, options: dict[str, Any]) -> Any:
    """A published net; `device` and `dtype` are options."""
    import converter

    return converter.dilatednet.load(name, weights=weights, **options)

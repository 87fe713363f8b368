"""Twelve popular nets of the corpus of real Caffe files: with their weights, or definitions with random numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.places import SHARED

CORPUS = SHARED / "corpus"


@dataclass(frozen=True)
class RealNet:
    """Paths below the corpus; without weights the blobs are random.

    `inputs` are shapes that replace the file's own, `axes` those of the first input that may vary (height and width
    where no InnerProduct fixes them), `until` the blobs at which the net is cut.
    """

    net: str
    weights: str = ""
    inputs: dict[str, tuple[int, ...]] = field(default_factory=dict)
    axes: tuple[int, ...] = (0,)
    until: tuple[str, ...] = ()
    slow: bool = False

    @property
    def prototxt(self) -> Path:
        return CORPUS / ("models" if self.weights else "prototxt") / self.net

    @property
    def weights_path(self) -> Path | None:
        return CORPUS / "models" / self.weights if self.weights else None


def _trained(stem: str, weights: str = "", **options) -> RealNet:
    return RealNet(f"{stem}.prototxt", weights or f"{stem}.caffemodel", **options)


MTCNN = "kpzhang93__MTCNN_face_detection_alignment/code/codes/camera_demo/model"
MNIST, CIFAR = "everpeace__caffe/examples/mnist", "everpeace__caffe/examples/cifar10"
HYPERLPR = "szad670401__HyperLPR/Prj-Linux/lpr/model"

NETS = {
    "LeNet": _trained(f"{MNIST}/lenet", f"{MNIST}/lenet_iter_10000.caffemodel", inputs={"data": (2, 1, 28, 28)}),
    "CIFAR-10 full": _trained(
        f"{CIFAR}/cifar10_full", f"{CIFAR}/cifar10_full_iter_70000.caffemodel", inputs={"data": (2, 3, 32, 32)}
    ),
    "MTCNN O-Net": _trained(f"{MTCNN}/det3"),
    "RFB-320": _trained("Linzaer__Ultra-Light-Fast-Generic-Face-Detector-1MB/caffe/model/RFB-320/RFB-320"),
    "MiniNet SSD": _trained(f"{HYPERLPR}/mininet_ssd_v1"),
    "AlexNet": RealNet(
        "danielhers__caffe/models/bvlc_alexnet/deploy.prototxt", inputs={"data": (1, 3, 227, 227)}, slow=True
    ),
    "GoogLeNet": RealNet(
        "danielhers__caffe/models/bvlc_googlenet/deploy.prototxt", inputs={"data": (1, 3, 224, 224)}, slow=True
    ),
    "ResNet-50": RealNet("KaimingHe__deep-residual-networks/prototxt/ResNet-50-deploy.prototxt", slow=True),
    "SqueezeNet": RealNet(
        "GongCheng1919__Quantitative-and-ternary-caffe-for-network-compression/examples/SqueezeNet/deploy.prototxt",
        inputs={"data": (1, 3, 227, 227)},
        slow=True,
    ),
    "MobileNetV2": RealNet("eric612__MobileNet-YOLO/models/mobilenetv2_voc/MobileNetV2.prototxt", slow=True),
    "VGG-16": RealNet(
        "GongCheng1919__Quantitative-and-ternary-caffe-for-network-compression/examples/cifar10/vgg16.prototxt",
        inputs={"data": (1, 3, 224, 224), "label": (1,)},
        until=("fc8",),
        slow=True,
    ),
    "FCN-8s": RealNet(
        "SharifAmit__Bsc_Thesis_SemanticSegmentation/deploy.prototxt",
        inputs={"data": (1, 3, 60, 60)},
        axes=(2, 3),
        slow=True,
    ),
}

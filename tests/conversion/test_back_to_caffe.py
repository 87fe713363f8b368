"""Back to Caffe: what the prototxt and the weights give is the very file that genuine Caffe wrote."""

import converter
from tests.places import GOLDENS

KITTI = GOLDENS / "nets/mini/dilation7_kitti_mini"


def test_weights_and_prototxt_make_caffes_own_file_byte_for_byte(tmp_path):
    converter.convert(f"{KITTI}.caffemodel", tmp_path / "w.safetensors")
    converter.convert(tmp_path / "w.safetensors", tmp_path / "w.caffemodel", f"{KITTI}.prototxt")

    original = KITTI.with_suffix(".caffemodel").read_bytes()
    assert (tmp_path / "w.caffemodel").read_bytes() == original

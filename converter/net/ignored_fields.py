"""Fields that change no result: the only set fields that a layer may leave unread, each with its reason."""

from typing import Final

INERT: Final[dict[str, str]] = {
    "engine": "chooses between Caffe's own code and cuDNN, which compute the same function",
    "force_nd_im2col": "chooses between two equal im2col routines",
    "stable_prod_grad": "chooses between two forms of the same gradient",
    "share_in_parallel": "concerns Caffe's multi-GPU training only",
    "debug_info": "prints",
    "cudnn_convolution_algo_seeker": "chooses between cuDNN algorithms (NVIDIA and others)",
    "conv_algorithm": "chooses between MKL-DNN algorithms (Intel)",
    "cudnn_deterministic": "chooses between cuDNN algorithms",
    "visualize": "draws images of what SSD found",
    "visualize_threshold": "chooses which of them are drawn",
    "save_file": "names the film they are written to",
    "save_output_param": "writes what SSD found to files",
    "strict_dim": "lets stored blobs of another shape in, which is decided where weights are read (DeepLab v1)",
    "mem_param": "lets blobs of a net share memory (yjxiong's fork)",
    "prefetch": "sets the depth of a reading queue",
}

"""VideoData: frames, as fed."""

from tests.case import Case, signed

TYPE = "VideoData"

CASES = [
    Case(
        "SSD's",
        "data_param { batch_size: 1 } video_data_param { video_type: WEBCAM }",
        {"data": signed(1, 3, 2, 2)},
        ("data",),
    ),
    Case(
        "video-caffe's",
        "video_data_param { batch_size: 1 new_length: 4 new_height: 2 new_width: 3 }",
        {"data": signed(1, 3, 4, 2, 3)},
        ("data",),
    ),
    Case(
        "temporal segments",
        "video_data_param { batch_size: 1 new_length: 5 num_segments: 3 modality: FLOW new_height: 2 new_width: 3 }",
        {"data": signed(1, 30, 2, 3)},
        ("data",),
    ),
]

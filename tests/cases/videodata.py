"""VideoData: frames, as fed."""

from tests.case import Case, signed

TYPE = "VideoData"

CASES = [
    Case("fed", "video_data_param { video_type: WEBCAM }", {"data": signed(1, 3, 2, 2)}, ("data",)),
]

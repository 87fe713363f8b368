"""ShuffleChannel: channels of several groups interleaved."""

from tests.case import Case, signed

TYPE = "ShuffleChannel"

CASES = [
    Case("group=3", "shuffle_channel_param { group: 3 }", {"x": signed(1, 6, 2, 2)}),
]

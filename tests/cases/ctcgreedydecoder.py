"""CTCGreedyDecoder: sequences and figures."""

from tests.case import CHOICE, DIVIDED, Case, given, signed

TYPE = "CTCGreedyDecoder"

CASES = [
    Case("sequences", inputs={"x": signed(6, 3, 3)}, gradient=CHOICE),
    Case(
        "last class is blank, repeats stay",
        "ctc_decoder_param { blank_index: -1 ctc_merge_repeated: false }",
        {"x": signed(6, 3, 3, 1)},
        gradient=CHOICE,
    ),
    Case(
        "figures",
        inputs={"x": signed(5, 3, 3), "l": given([[1, 2, 0, 1], [2, -1, 1, 1], [-1, 1, 1, 1]])},
        exact=DIVIDED,
        gradient=CHOICE,
    ),
]

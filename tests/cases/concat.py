"""Concat: bottoms joined along one axis."""

from tests.case import Case, signed

TYPE = "Concat"

CASES = [
    Case("axis=1, three bottoms", inputs={"a": signed(2, 1, 3), "b": signed(2, 2, 3), "c": signed(2, 3, 3)}),
    Case("axis=-1", "concat_param { axis: -1 }", {"a": signed(2, 3), "b": signed(2, 4)}),
    Case("axis=0, one bottom", "concat_param { axis: 0 }", {"a": signed(2, 3)}),
    Case("concat_dim=0", "concat_param { concat_dim: 0 }", {"a": signed(2, 3), "b": signed(1, 3)}),
    Case(
        "per_fla_fuse=true",
        "concat_param { axis: 1 per_fla_fuse: true }",
        {"a": signed(2, 4, 2, 3), "b": signed(2, 3, 1, 1)},
    ),
]

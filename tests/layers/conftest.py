"""Nets of one layer, from the body of its prototxt."""

import pytest

import converter


@pytest.fixture
def build(tmp_path):
    """A net of one layer on inputs of the given shapes, from the body of its prototxt."""

    def make(body: str, inputs: dict[str, tuple[int, ...]] | None = None, given=None, **options):
        lines = []
        for name, shape in (inputs or {}).items():
            dims = " ".join(f"dim: {size}" for size in shape)
            lines.append(f'layer {{ name: "{name}" type: "Input" top: "{name}" input_param {{ shape {{ {dims} }} }} }}')
        path = tmp_path / "net.prototxt"
        path.write_text("\n".join([*lines, f'layer {{ name: "it" {body} }}']))
        return converter.load(path, inputs=given, **options)

    return make

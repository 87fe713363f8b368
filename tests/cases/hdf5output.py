"""HDF5Output: blobs that Caffe would write to a file."""

from tests.case import SOURCE, Case, labels, signed

TYPE = "HDF5Output"

CASES = [
    Case(
        "two bottoms",
        'hdf5_output_param { file_name: "out.h5" }',
        {"data": signed(2, 3), "label": labels(2, 2)},
        (),
        gradient=SOURCE,
    ),
]

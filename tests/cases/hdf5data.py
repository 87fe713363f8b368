"""HDF5Data: data sets, as fed."""

from tests.case import Case, labels, signed

TYPE = "HDF5Data"

CASES = [
    Case("fed", "hdf5_data_param { batch_size: 2 }", {"data": signed(2, 3), "label": labels(2, 2)}, ("data", "label")),
]

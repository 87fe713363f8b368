"""Nets written in Python: the prototxt that comes out, and coordinates between tops."""

import numpy as np
import pytest

from converter.pycaffe import NetSpec, coord_map, to_proto
from converter.pycaffe import layers as L  # noqa: N812
from converter.pycaffe import params as P  # noqa: N812


def test_tops_bear_the_attributes_names() -> None:
    net = NetSpec()
    net.data, net.label = L.DummyData(shape=[{"dim": [2, 3]}, {"dim": 2}], ntop=2)
    net["ip"] = L.InnerProduct(net.data, num_output=4, weight_filler={"type": "xavier"}, param={"lr_mult": 2})
    net.relu = L.ReLU(net.ip, in_place=True)
    net.loss = L.SoftmaxWithLoss(net.relu, net.label, loss_weight=3, loss_param={"ignore_label": 1})
    data, ip, relu, loss = net.to_proto().layer
    assert list(data.top) == ["data", "label"] and [list(s.dim) for s in data.dummy_data_param.shape] == [[2, 3], [2]]
    assert ip.inner_product_param.num_output == 4 and ip.inner_product_param.weight_filler.type == "xavier"
    assert [param.lr_mult for param in ip.param] == [2]
    assert list(relu.top) == list(relu.bottom) == ["ip"] and relu.name == "relu"
    assert list(loss.bottom) == ["ip", "label"] and list(loss.loss_weight) == [3] and loss.loss_param.ignore_label == 1


def test_unnamed_tops_are_counted_by_type() -> None:
    data = L.Input(shape={"dim": [1, 1, 8, 8]})
    first = L.Pooling(data, kernel_size=2, pool=P.Pooling.AVE)
    proto = to_proto(L.Pooling(first, kernel_size=2), first)
    assert [layer.name for layer in proto.layer] == ["Input1", "Pooling1", "Pooling2"]
    assert proto.layer[1].pooling_param.pool == P.Pooling.AVE == 1
    assert list(first.to_proto().layer[1].top) == ["Pooling1"]


def test_what_is_no_top_is_refused() -> None:
    two = L.DummyData(ntop=2)
    with pytest.raises(TypeError, match=r"Silence input 0 is not a Top \(type is <class 'tuple'>\)"):
        L.Silence(two, ntop=0)
    with pytest.raises(AttributeError):
        NetSpec().missing  # noqa: B018
    with pytest.raises(AttributeError):
        L.ReLU(two[0], no_such_field=1).to_proto()


def test_maps_through_convolution_and_deconvolution() -> None:
    data = L.Input()
    conv = L.Convolution(data, kernel_size=5, stride=2, pad=1)
    axis, scale, shift = coord_map.coord_map_from_to(conv, data)
    assert (axis, scale[0], shift[0]) == (1, 2, 1)  # the first output sees pixels -1 to 3, its center is pixel 1
    up = L.Deconvolution(L.ReLU(conv), kernel_size=4, stride=2)
    axis, scale, shift = coord_map.coord_map_from_to(up, data)
    assert (axis, scale[0], shift[0]) == (1, 1, -0.5)


def test_the_crop_that_aligns_two_tops() -> None:
    data = L.Input()
    deep = L.Deconvolution(
        L.Pooling(L.Convolution(data, kernel_size=3, pad=10), kernel_size=2, stride=2),
        convolution_param={"kernel_size": 2, "stride": 2, "num_output": 1},
    )
    proto = coord_map.crop(deep, data).to_proto().layer[-1]
    assert proto.type == "Crop" and proto.crop_param.axis == 2 and list(proto.crop_param.offset) == [9]


def test_tops_that_do_not_align_are_refused() -> None:
    data = L.Input()
    with pytest.raises(AssertionError, match="scale mismatch"):
        coord_map.crop(L.Pooling(data, kernel_size=2, stride=2), data)
    with pytest.raises(AssertionError, match="negative"):
        coord_map.crop(L.Convolution(data, kernel_size=3), data)
    with pytest.raises(AssertionError, match="noninteger"):
        coord_map.crop(L.Convolution(data, kernel_size=2, pad=1), data)
    with pytest.raises(RuntimeError, match="connected"):
        coord_map.crop(L.Input(), data)
    with pytest.raises(coord_map.UndefinedMapException):
        coord_map.coord_map(L.InnerProduct(data, num_output=1).fn)
    with pytest.raises(coord_map.AxisMismatchException):
        coord_map.compose((1, 1, 0), (2, 1, 0))


def test_maps_of_several_axes() -> None:
    fn = L.Convolution(L.Input(), kernel_size=[3, 5], pad=[1, 0]).fn
    axis, scale, shift = coord_map.coord_map(fn)
    assert axis == 1 and np.array_equal(np.broadcast_to(scale, 2), [1, 1]) and shift.tolist() == [0, -2]

"""Caffe's protobuf messages under the names that scripts import."""

"""Readers and writers of every file: the one room that knows protobuf and h5py, and never torch."""

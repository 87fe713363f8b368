"""Protocol buffers: the wire format, Caffe's schema, messages and blobs."""

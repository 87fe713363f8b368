"""One file a Caffe layer type, named after it in lower case; each registers itself."""

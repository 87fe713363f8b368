"""Many nets at once: every pair of prototxt and caffemodel of a folder, converted and verified one after the other."""

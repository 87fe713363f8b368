"""Ways to take a converted net away: readable source, ONNX, torch.export programs, folders in Hugging Face's layout."""

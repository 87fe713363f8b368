"""PyTorch modules made from a plan and its weights."""

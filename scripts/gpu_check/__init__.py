"""What a GPU computes and how fast: parts in processes of their own, the most telling first, in one report."""

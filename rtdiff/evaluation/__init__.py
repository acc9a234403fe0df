"""Detection held against truth: datasets, matching, scores, curves, and what people use today."""

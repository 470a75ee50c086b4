"""A synthetic speech corpus for pretraining, made from packages alone (docs/corpus.md)."""

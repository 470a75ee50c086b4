"""The proof that nothing is lost: a whole stack under faults that follow from a seed (docs/reliability.md)."""

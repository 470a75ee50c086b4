"""Seeded fuzzing with real processes; `make fuzz` runs it for hours, `make test` for seconds."""

"""The life of tasks and files."""

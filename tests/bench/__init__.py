"""Measurements of the whole stack; run by `make bench`, never by `make test`."""

"""The studio page as a person meets it: a real browser, a real stack with the nano pack. `make test-ui` runs it."""

"""The paths of the REST contract, one file per noun."""

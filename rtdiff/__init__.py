"""rtdiff: where and how much a picture differs from what it should be, live."""

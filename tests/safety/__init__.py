"""Safe by default: each test is an attempt to do what must not be possible."""

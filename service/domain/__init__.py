"""Pure rules: no SQL, HTTP, clock or randomness; `now` is an argument."""

"""Pure rules: no SQL, HTTP, clock or randomness;  is an argument."""

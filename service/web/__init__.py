"""HTTP in, flows called, HTTP out."""

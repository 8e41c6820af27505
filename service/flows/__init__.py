"""One file a data flow; the only place that joins store and mail."""

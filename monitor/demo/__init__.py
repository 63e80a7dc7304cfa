"""A tour on sample feeds: nine invented outlets, served on loopback and read by the real pipelines."""

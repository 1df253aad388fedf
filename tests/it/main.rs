//! Integration tests: everything seen from outside.

//! Toy domains, scripted policies and conformance suites for tests.

# Thin: each line is a command one could type. Run as root on Debian 12 with Rust.

.PHONY: demo test lint

demo: # a three-host platform from nothing, on this machine
	cargo build
	tests/with-docker.sh tests/demo.sh

test: lint # everything: unit, snapshot and fleet tests on real lab hosts
	tests/with-docker.sh cargo test

lint:
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings

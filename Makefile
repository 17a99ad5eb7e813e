# Thin: each line is a command one could type. Run as root on Debian 12 with Rust.

.PHONY: demo test trials powercut bench audit lint

demo: # a three-host platform from nothing, on this machine
	tests/with-docker.sh sh -ec 'cargo build; tests/demo.sh'

test: # everything: lint, unit, snapshot and fleet tests on real lab hosts
	tests/with-docker.sh sh -ec '$(MAKE) lint; cargo test -- --test-threads 3'

trials: # every control spoiled by hand, every way to cut a login: up to an hour
	tests/with-docker.sh cargo test --test all -- --ignored --nocapture --test-threads 1 fleet::controls fleet::lockout

powercut: # the power goes from emulated machines while they are hardened, on ext4 and on XFS: ten minutes, once more for the disks
	tests/audit/packages.sh
	cargo build
	python3 -B tests/powercut

audit: # strangers' auditors before and after hardening, on emulated machines: hours; PEER= and DOCKER_BENCH= as in the README
	tests/audit/packages.sh
	cargo build
	python3 -B tests/audit --write $(if $(PEER),--peer $(PEER)) $(if $(DOCKER_BENCH),--docker-bench $(DOCKER_BENCH))

bench: # what an upgrade costs those who use the platform: six lab hosts under load, then three cores against typing by hand
	tests/with-docker.sh cargo test --profile bench --test all fleet::bench -- --ignored --nocapture

lint:
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings

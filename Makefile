# Thin: each line is a command one could type. Run as root on Debian 12 with Rust.

.PHONY: check demo test page trials powercut bench audit lint deny docs package

# Modules of tests/ that need root, a lab or packages of the machine. Without the name of the binary `--skip` would leave out the
# unit tests of src/fleet and src/lab as well.
OF_THE_MACHINE = fleet:: guard:: lab:: lost:: nft:: ssh:: writer:: cli::a_lab_that_is_not_there

check: # fmt, clippy, unit and snapshot tests: no root, no Docker, no network
	cargo fmt --check
	cargo clippy --locked --all-targets -q -- -D warnings
	cargo test --locked -q --lib
	cargo test --locked -q --test all -- $(OF_THE_MACHINE:%=--skip %)

demo: # a three-host platform from nothing, on this machine
	tests/with-docker.sh sh -ec 'cargo build; tests/demo.sh'

test: # everything: lint, unit, snapshot and fleet tests on real lab hosts
	tests/with-docker.sh sh -ec '$(MAKE) lint; cargo test -- --test-threads 2'

# Those of `make trials`; TRIALS="fleet::controls fleet::twenty" runs some of them.
TRIALS = fleet::back_and_forth fleet::broken_off fleet::controls fleet::footing fleet::keeper fleet::lockout fleet::package fleet::twenty ssh::killed ssh::exported

trials: package # all of what `make test` tries a part of, twenty upgrades under load, a daemon killed fifty times, its samples in real stores, the package that was built: up to an hour and a half
	tests/packages.sh prometheus collectd-core
	tests/with-docker.sh cargo test --test all -- --ignored --nocapture --test-threads 1 $(TRIALS)

page: # the page of watch in a real browser, in all its looks: Debian's Chromium, two packages of npm, three minutes
	tests/page/prepare.sh
	cargo test --lib watch::page::tests::browser -- --ignored

powercut: # the power goes from emulated machines while they are hardened, on ext4 and on XFS: ten minutes, once more for the disks
	tests/audit/packages.sh
	cargo build
	python3 -B tests/powercut

audit: # strangers' auditors before and after hardening, on emulated machines: hours; PEER= and DOCKER_BENCH= as in docs/src/auditors.md
	tests/audit/packages.sh
	cargo build
	python3 -B tests/audit --write $(if $(PEER),--peer $(PEER)) $(if $(DOCKER_BENCH),--docker-bench $(DOCKER_BENCH))

bench: # what an upgrade costs those who use the platform: six lab hosts under load, then three cores against typing by hand; 90 days of history; a thousand hosts watched
	tests/with-docker.sh cargo test --profile bench --test all -- --ignored --nocapture --test-threads 1 fleet::bench history:: ssh::thousand

lint: # and what hosts are told, where it is a file; .shellcheckrc says what is left out
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	shellcheck --severity=warning $$(git ls-files '*.sh')

deny: # licences, bans and sources of all crates, as deny.toml says; offline once cargo-deny is there (it logs that crates of other systems are missing: no harm)
	cargo deny --version >/dev/null 2>&1 || cargo install cargo-deny --locked --version 0.20.2 --no-default-features
	cargo metadata --locked --offline --format-version 1 --filter-platform x86_64-unknown-linux-gnu >target/metadata.json
	cargo deny --metadata-path target/metadata.json --offline check licenses bans sources

docs: # the book, in target/book; no network once mdbook is there
	mdbook --version >/dev/null 2>&1 || cargo install mdbook --locked --version 0.5.4 --no-default-features --features search
	mdbook build docs

package: # a Debian package with a static binary, in target/debian; the first time network, for cargo-deb, lintian and the musl target
	packaging/build.sh

# Two commands for a fresh Debian with Rust, as root: `make run` and `make test`.

TARGET := x86_64-unknown-linux-musl
BINARIES := $(basename $(notdir $(wildcard src/bin/*.rs)))

.PHONY: run build test drill bench lint deps

# Builds the release and checks this machine with it.
run: build
	packaging/install show
	packaging/show

# Leaves every release binary in dist/bin.
build:
	packaging/install build
	cargo build --release --locked
	mkdir -p dist/bin
	cd target/$(TARGET)/release && cp $(BINARIES) $(CURDIR)/dist/bin/

# Everything that has to hold before a change is taken.
test: deps lint build
	cargo test --locked
	cargo test --locked --test drill -- --short

# The whole story with real hosts, told as it happens: DRILL="--runs 20", or names of stories.
drill: deps build
	cargo test --locked --test drill -- $(DRILL)

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	cargo clippy --locked --test drill -- -D warnings
	packaging/licences
	python3 packaging/test_advisories.py

# Every plugin against its C peer and against a floor in C.
bench: build
	packaging/install bench
	bench/run
	bench/generate

deps:
	packaging/install build test rig
	packaging/rig-host build systemd
	packaging/rig-host build sysv

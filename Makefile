# Two commands for a fresh Debian with Rust, as root: `make run`, `make test`.

TARGET := x86_64-unknown-linux-musl
BINARIES := $(basename $(notdir $(wildcard src/bin/*.rs)))

.PHONY: run build test bench toolchain

run: build
	packaging/show

build: toolchain
	cargo build --release --locked
	mkdir -p dist/bin
	cd target/$(TARGET)/release && cp $(BINARIES) $(CURDIR)/dist/bin/

test: toolchain
	cargo test --locked

toolchain:
	packaging/install toolchain

# `make test` proves everything; `make bench` measures.

.PHONY: test check bench

# Scripts by other people's libraries, one release build, then every test.
test: check
	tests/interop/setup target/interop
	cargo build --release --locked -p local
	cargo test --workspace --locked --no-fail-fast -- --test-threads 8

check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

# Beside Debian's `webhook`, with `wrk` as the caller.
bench:
	tests/interop/setup bench target/interop
	cargo build --profile fat --locked -p local -p bench
	target/fat/bench

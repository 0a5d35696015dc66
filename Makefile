# `make test` proves everything; `make bench` measures.

.PHONY: test check functions bench local-invoke

# Scripts by other people's libraries, one release build, then every test.
test: check
	tests/interop/setup target/interop
	$(MAKE) functions
	cargo build --release --locked -p local
	cargo test --workspace --locked --no-fail-fast -- --test-threads 8

# The Lambda functions, as `sam deploy` would upload them, in .aws-sam/build. With the compiler of this
# machine: what it needs of glibc is tested.
functions:
	tests/interop/setup target/interop
	PATH="$(CURDIR)/target/interop/sam/bin:$$PATH" CARGO_LAMBDA_COMPILER=cargo SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 sam build

check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked

# Beside Debian's `webhook`, with `wrk` as the caller; and beside Node and Python on AWS's runtime clients.
# `target/fat/bench schemes` is what it costs to verify, `target/fat/bench functions` the second part alone.
bench:
	tests/interop/setup bench target/interop
	tests/bench/lambda/setup target/baselines
	cargo build --profile fat --locked -p local -p listener -p mailer -p deliverer -p bench
	target/fat/bench

# One invocation of a function in a container: make local-invoke FUNCTION=Listener EVENT=listener-password
# (the files in tests/events/). Needs Docker, and `make functions` before. SAM hands a function no variable
# that its template does not name, and the deployed one must not name an endpoint: this is its copy.
FUNCTION ?= Listener
EVENT ?= listener-password
local-invoke:
	sed '0,/^ *Variables:$$/s//&\n        AWS_ENDPOINT_URL: ""/' .aws-sam/build/template.yaml > .aws-sam/build/local.yaml
	PATH="$(CURDIR)/target/interop/sam/bin:$$PATH" SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1 \
	AWS_ACCESS_KEY_ID=000000000000 AWS_SECRET_ACCESS_KEY=test sam local invoke $(FUNCTION) \
	-t .aws-sam/build/local.yaml -e tests/events/$(EVENT).json --env-vars tests/events/env.json \
	--add-host host.docker.internal:host-gateway $(SAM_ARGUMENTS)

#!/usr/bin/env bash
# Measures the release build against etcd on this machine; see tests/bench for what is measured and how.
# Arguments go to the benchmark; `bench.sh --help` lists them.
set -euo pipefail

setup=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$setup/../.."
"$setup/prepare.sh" test
. "$setup/environment.sh"

HOLDFAST_REFERENCE_DIR=$("$setup/reference-tools.sh")
export HOLDFAST_REFERENCE_DIR
# One after the other: together the benchmark's features would change what the server is compiled with. Only the server
# is measured; the benchmark's own dependencies are there already in the profile of the tests.
cargo build --locked --release -p holdfast
cargo build --locked -p holdfast-bench
exec "$CARGO_TARGET_DIR/debug/holdfast-bench" "$@"

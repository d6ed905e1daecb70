#!/usr/bin/env bash
# The read-only gate: formatting, tidy test, clippy, documentation and, where cargo-deny is installed, licences and
# advisories of the dependencies. Changes no file of the checkout; fix.sh is the one that does.
set -euo pipefail

setup=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$setup/../.."
"$setup/prepare.sh" test || [ $? = 3 ]
. "$setup/environment.sh"

cargo fmt --all --check
cargo test --locked --quiet -p holdfast-tidy
cargo clippy --locked --workspace --all-targets -- -D warnings
RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items --quiet
if command -v cargo-deny >/dev/null; then
  cargo deny --locked check bans licenses sources
  # The advisories come from the network; without it the rest of the gate still counts.
  cargo deny --locked check advisories || {
    [ "${CI:-}" != true ] && echo "lint: advisories were not checked, or one applies: see above" >&2
  }
else
  echo "lint: cargo-deny is not installed, so licences and advisories were not checked" >&2
  echo "      (cargo install --locked cargo-deny, some minutes)" >&2
fi

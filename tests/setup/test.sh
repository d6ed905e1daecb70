#!/usr/bin/env bash
# The whole test run, on a laptop as in CI: quick checks, then unit tests, then tests against real processes.
# Goes on after a failure, so that one run shows all of them, and ends with the time of each phase and the counts.
# Exit 1: something failed, or under CI=true something could not be run.
set -euo pipefail

setup=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$setup/../.."

. "$setup/environment.sh"
# Two checkouts that build into the same folder at the same time would test each other's code.
mkdir -p "$CARGO_TARGET_DIR"
exec {turn}>"$CARGO_TARGET_DIR/test-run"
flock --nonblock "$turn" || { echo "waiting for another test run in $CARGO_TARGET_DIR" >&2 && flock "$turn"; }

started=$SECONDS
with_reference=yes
"$setup/prepare.sh" test {turn}>&- || { [ $? = 3 ] && with_reference=no; }
. "$setup/environment.sh"

log=$(mktemp "${TMPDIR:-/tmp}/holdfast-test.XXXXXX")
trap 'rm -f "$log"' EXIT

summary=()
failed=no
phase() { # <name> <command...>
  local name=$1 begun=$SECONDS
  outcome=ok
  shift
  printf '\n== %s: %s\n' "$name" "$*"
  # A server that a test left behind must not hold the turn.
  "$@" 2>&1 </dev/null {turn}>&- | tee -a "$log" || outcome=FAILED
  [ "$outcome" = ok ] || failed=yes
  summary+=("$(printf '%-12s %-7s %4d s' "$name" "$outcome" $((SECONDS - begun)))")
}

# Packages that talk to processes: they ask more of their dependencies than the server does, so they build apart from it.
processes=(holdfast-tests holdfast-bench holdfast-operator holdfast-e2e)
server=(--workspace "${processes[@]/#/--exclude=}" --exclude=holdfast-tidy)

summary+=("$(printf '%-12s %-7s %4d s' set-up ok $((SECONDS - started)))")
phase format cargo fmt --all --check
phase tidy cargo test --locked --quiet -p holdfast-tidy
phase clippy cargo clippy --locked --workspace --all-targets --quiet -- -D warnings
build_and_test() {
  # The server comes out of the same build as its unit tests: built alone, with fewer features asked of what it depends
  # on, it would be compiled a second time.
  phase build cargo build --locked "${server[@]}" --all-targets
  # What an earlier build left there is not what is to be tested.
  [ "$outcome" = ok ] || return 0
  phase unit cargo test --locked "${server[@]}" --no-fail-fast
  export HOLDFAST_BIN=$CARGO_TARGET_DIR/debug/holdfast
  if [ "$with_reference" = yes ]; then
    phase reference "$setup/reference-tools.sh"
    HOLDFAST_REFERENCE_DIR=$("$setup/reference-tools.sh" --where)
    export HOLDFAST_REFERENCE_DIR
  fi
  phase harness cargo build --locked "${processes[@]/#/--package=}" --all-targets
  phase processes cargo test --locked "${processes[@]/#/--package=}" --no-fail-fast
}
build_and_test

# The runner's own lines, added up: "test result: ok. 12 passed; 0 failed; ..."
counts=$(awk '/^test result: / { passed += $4; failed += $6 } END { printf "%d passed, %d failed", passed, failed }' "$log")
not_run=$(grep -a '^\*\*\* NOT RUN: ' "$log" || true)

printf '\n== summary\n'
printf '%s\n' "${summary[@]}"
printf '%-12s %-7s %4d s\n' all '' $((SECONDS - started))
if [ -n "$not_run" ]; then
  printf '\nINCOMPLETE: this was not the whole run.\n%s\n' "$not_run"
  [ "${CI:-}" != true ] || failed=yes
elif [ "$with_reference" = no ]; then
  printf '\nINCOMPLETE: there is no etcd to compare with, since it could not be built.\n'
  [ "${CI:-}" != true ] || failed=yes
fi
printf '\n%s\n' "$counts"
[ "$failed" = no ]

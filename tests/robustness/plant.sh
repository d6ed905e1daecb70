#!/usr/bin/env bash
# Plants known bugs (planted/*.patch) into a copy of the sources, one at a time, and runs the tests that must find each.
# Arguments name the bugs; without any, all are planted. Exit 1: a bug was not found.
#
# A patch says above its changes which tests those are: "unit: <arguments of cargo test in the copy>", or
# "processes: <name of a test of tests/robustness, run against the copy's server>".
set -euo pipefail

robustness=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$robustness/../.."
. tests/setup/environment.sh

planted=$CARGO_TARGET_DIR/planted
copy=$planted/source
rm -rf "$copy"
mkdir -p "$copy"
# With their times: what a bug does not touch is not compiled again for the next one.
git ls-files -z | tar --null --files-from=- --create | tar --extract --directory="$copy"
# Once, from the sources as they are, and not by each test of a copy.
cargo test --locked --quiet -p holdfast-tests --test robustness --no-run

failed=no
try() { # <bug>
  local bug=$1 patch=$robustness/planted/$1.patch log=$planted/$1.log kind test found=no
  patch --directory="$copy" --strip=1 --silent <"$patch"
  : >"$log"
  while IFS=' ' read -r kind test; do
    if [ "$kind" = unit: ]; then
      # shellcheck disable=SC2086 # the arguments are words
      (cd "$copy" && CARGO_TARGET_DIR=$planted/target cargo test --locked --quiet --no-run $test)
      # shellcheck disable=SC2086
      (cd "$copy" && CARGO_TARGET_DIR=$planted/target cargo test --locked $test) >>"$log" 2>&1 || found=$kind
    else
      (cd "$copy" && CARGO_TARGET_DIR=$planted/target cargo build --locked --quiet -p holdfast)
      HOLDFAST_BIN=$planted/target/debug/holdfast \
        cargo test --locked -p holdfast-tests --test robustness -- "$test" >>"$log" 2>&1 || found=$kind
    fi
    printf '%s: %s %s: ' "$bug" "$kind" "$test"
    if [ "$found" = "$kind" ]; then echo found; else echo "NOT FOUND, see $log"; failed=yes; fi
  done < <(sed -n '/^diff /q; /^\(unit\|processes\): /p' "$patch")
  patch --directory="$copy" --strip=1 --silent --reverse <"$patch"
}

[ $# -gt 0 ] || set -- $(cd "$robustness/planted" && printf '%s\n' *.patch | sed 's/\.patch$//')
for bug in "$@"; do try "$bug"; done
[ "$failed" = no ]

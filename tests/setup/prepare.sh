#!/usr/bin/env bash
# Makes a machine and a checkout ready: what the machine lacks (machine.sh), the RocksDB archive, and the
# .cargo/config.toml (not in git) that lets a plain `cargo build` link that archive as well.
# Prints nothing when all is there. Exit 3 as machine.sh. Usage: prepare.sh build|test|kubernetes
set -euo pipefail

setup=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$setup/../.." && pwd)
purpose=${1:?usage: prepare.sh build, test or kubernetes}

without_go=0
"$setup/machine.sh" "$purpose" || { without_go=$?; [ "$without_go" = 3 ] || exit "$without_go"; }
. "$setup/environment.sh"

archive=$("$root/store/storage/rocksdb/build-archive.sh")

mark="# Written by tests/setup/prepare.sh, and again whenever it runs. Remove this line to keep changes of your own."
config=$root/.cargo/config.toml
wanted="$mark
# RocksDB is compiled once per machine; without these two lines cargo compiles it by itself, in about 20 minutes.
[env]
ROCKSDB_LIB_DIR = \"$archive\"
ROCKSDB_STATIC = \"1\""
if [ ! -e "$config" ] || { [ "$(head -n 1 "$config")" = "$mark" ] && [ "$(cat "$config")" != "$wanted" ]; }; then
  mkdir -p "$root/.cargo"
  printf '%s\n' "$wanted" >"$config"
elif [ "$(head -n 1 "$config")" != "$mark" ] && ! grep -q ROCKSDB_LIB_DIR "$config"; then
  echo "prepare.sh: $config is your own and does not name ROCKSDB_LIB_DIR=$archive: RocksDB is compiled anew" >&2
fi

# Cargo tells by time alone whether a source is newer than what it built, not by which checkout it lies in. So where
# two checkouts share the folder of what is built, the one that comes after the other must look new as a whole.
built_from=$CARGO_TARGET_DIR/checkout
this=$(stat -c '%n %i' "$root")
if [ "$(cat "$built_from" 2>/dev/null || true)" != "$this" ]; then
  find "$root/store" "$root/tests" "$root/Cargo.toml" "$root/clippy.toml" -type f -exec touch -c {} +
  mkdir -p "$CARGO_TARGET_DIR"
  printf '%s\n' "$this" >"$built_from"
fi
exit "$without_go"

#!/usr/bin/env bash
# Compiles RocksDB once per machine into a static archive outside the checkout and prints the archive's folder.
# The sources are those that the locked librocksdb-sys crate ships, so header and library always match; they are
# compiled as a few unity files, which takes minutes instead of the quarter of an hour that file by file takes.
# Must not write into the checkout. Usage: build-archive.sh [--quiet]
set -euo pipefail

quiet=${1:-}
say() { [ "$quiet" = "--quiet" ] || printf '%s\n' "$*" >&2; }

root=$(cd "$(dirname "$0")/../../.." && pwd)
cache=${HOLDFAST_CACHE_DIR:-$HOME/.cache/holdfast}
groups=21

crate_dir() { # the folder of a locked dependency's sources
  cargo metadata --locked --format-version 1 --manifest-path "$root/Cargo.toml" |
    tr ',' '\n' | sed -n "s/^\"manifest_path\":\"\(.*\/$1-[0-9][^\/]*\)\/Cargo.toml\"\$/\1/p" | head -n 1
}

(cd "$root" && cargo fetch --locked --quiet >&2)
rocksdb_crate=$(crate_dir librocksdb-sys)
lz4_crate=$(crate_dir lz4-sys)
[ -n "$rocksdb_crate" ] && [ -n "$lz4_crate" ] || {
  echo "build-archive: librocksdb-sys or lz4-sys is not among the locked dependencies of $root/Cargo.toml" >&2
  exit 1
}

machine=$(uname -m)
flags="-std=c++20 -O2 -g0 -fPIC -include cstdint -DNDEBUG -DHAVE_ALIGNED_NEW -DHAVE_UINT128_EXTENSION -DLZ4=1
 -DOS_LINUX -DROCKSDB_PLATFORM_POSIX -DROCKSDB_LIB_IO_POSIX -DROCKSDB_SCHED_GETCPU_PRESENT
 -DROCKSDB_AUXV_GETAUXVAL_PRESENT -DROCKSDB_FALLOCATE_PRESENT -DROCKSDB_RANGESYNC_PRESENT -w"
# Hardware CRC32C: every x86-64 server since 2010 and every ARMv8.1 one has it, and the WAL pays for it on each write.
case "$machine" in
  x86_64) flags="$flags -msse4.2 -mpclmul" ;;
  aarch64) flags="$flags -march=armv8-a+crc+crypto" ;;
esac

key=$( (basename "$rocksdb_crate"; basename "$lz4_crate"; "${CXX:-g++}" --version | head -n 1; echo "$machine $groups $flags") | sha256sum | cut -c1-16)
archive_dir=$cache/rocksdb-$key
if [ -f "$archive_dir/librocksdb.a" ]; then
  echo "$archive_dir"
  exit 0
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-rocksdb.XXXXXX")
trap 'rm -rf "$work"' EXIT
jobs=$(nproc)
say "Compiling RocksDB once for this machine (about 4 minutes on 2 cores): $archive_dir"

# Cut the list, in its own order, into groups of about equal bytes.
grep -v '^util/build_version.cc$' "$rocksdb_crate/rocksdb_lib_sources.txt" | sed '/^[[:space:]]*$/d' >"$work/sources"
total=$(cd "$rocksdb_crate/rocksdb" && xargs cat <"$work/sources" | wc -c)
while read -r source; do
  printf '%s %s\n' "$(wc -c <"$rocksdb_crate/rocksdb/$source")" "$source"
done <"$work/sources" | awk -v share=$((total / groups + 1)) -v dir="$work" '
  { group = int(seen / share); seen += $1; printf "#include \"%s\"\n", $2 > (dir "/unity_" sprintf("%02d", group) ".cc") }'
cp "$rocksdb_crate/build_version.cc" "$work/unity_version.cc"

export CXX=${CXX:-g++} flags rocksdb_crate lz4_crate work quiet
compile_one() {
  # shellcheck disable=SC2086 # the flags are a list
  $CXX $flags -I"$rocksdb_crate/rocksdb/include" -I"$rocksdb_crate/rocksdb" -I"$rocksdb_crate" \
    -I"$lz4_crate/liblz4" -I"$lz4_crate/liblz4/lib" -c "$1" -o "${1%.cc}.o"
  [ "$quiet" = "--quiet" ] || printf '  %s of %s\n' "$(find "$work" -name '*.o' | wc -l)" "$(find "$work" -name '*.cc' | wc -l)" >&2
}
export -f compile_one
find "$work" -name '*.cc' | sort | xargs -P "$jobs" -I{} bash -c 'compile_one "$1"' _ {}

ar crs "$work/librocksdb.a" "$work"/*.o
mkdir -p "$cache"
staged=$(mktemp -d "$cache/.rocksdb-staged.XXXXXX")
mv "$work/librocksdb.a" "$staged/librocksdb.a"
mv -T "$staged" "$archive_dir" 2>/dev/null || rm -rf "$staged" # another build may have finished first
echo "$archive_dir"

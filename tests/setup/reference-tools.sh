#!/usr/bin/env bash
# Builds the servers and tools that the tests compare with (etcd, etcdctl, etcdutl and etcd's benchmark) from the
# Go modules pinned in tests/reference, once per set of pins, outside the checkout. Prints their folder, and lets
# <cache>/reference/current point at it. Must not install anything: machine.sh does.
# Exit 1: there is no Go, or the build failed. Usage: reference-tools.sh [--where]   (--where never builds)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
modules=$(cd "$here/../reference" && pwd)
cache=${HOLDFAST_CACHE_DIR:-$HOME/.cache/holdfast}/reference

# What comes from outside the pinned modules must not change the result: a person's workspace and flags stay out.
settings="CGO_ENABLED=0 GOFLAGS= GOWORK=off"
flags="-trimpath -buildvcs=false -ldflags=-s"

build_one() { # <module folder> <package> <binary>
  printf '  %s\n' "$3" >&2
  # shellcheck disable=SC2086 # both are lists of words
  (cd "$modules/$1" && env $settings go build $flags -o "$staged/$3" "$2")
}

key=$( (cd "$modules" && cat etcd/go.mod etcd/go.sum benchmark/go.mod benchmark/go.sum && echo "$settings $flags") |
  sha256sum | cut -c1-16)
folder=$cache/$key

if [ "${1:-}" = "--where" ]; then
  echo "$folder"
  exit 0
fi

if ! [ -x "$folder/benchmark" ]; then
  command -v go >/dev/null || {
    echo "reference-tools: there is no go on PATH; tests/setup/machine.sh test installs it" >&2
    exit 1
  }
  mkdir -p "$cache"
  staged=$(mktemp -d "$cache/.staged.XXXXXX")
  trap 'rm -rf "$staged"' EXIT
  chmod 755 "$staged"
  echo "Building etcd and its tools from their Go modules, once (about a minute): $folder" >&2
  build_one etcd go.etcd.io/etcd/server/v3 etcd
  build_one etcd go.etcd.io/etcd/etcdctl/v3 etcdctl
  build_one etcd go.etcd.io/etcd/etcdutl/v3 etcdutl
  build_one benchmark go.etcd.io/etcd/v3/tools/benchmark benchmark
  mv -T "$staged" "$folder" 2>/dev/null || [ -x "$folder/benchmark" ] # another build may have finished first
fi

# The v2 API left etcd with 3.6; Debian still packages one that has it. Unpacked, not installed: no service is started.
if ! [ -x "$folder/etcd-v2" ] && command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null; then
  unpacked=$(mktemp -d "$cache/.debian.XXXXXX")
  echo "Fetching Debian's etcd-server for its v2 API, once" >&2
  if (cd "$unpacked" && chmod 755 . && { apt-get download -q etcd-server || { apt-get update -q && apt-get download -q etcd-server; }; } >&2 &&
    dpkg-deb -x ./*.deb .); then
    cp "$unpacked/usr/bin/etcd" "$folder/.etcd-v2" && mv -T "$folder/.etcd-v2" "$folder/etcd-v2"
  else
    echo "reference-tools: Debian's etcd-server could not be fetched; the v2 API is not compared" >&2
  fi
  rm -rf "$unpacked"
fi

# The Python client of the v2 API and Patroni, which is built on it, in an environment of their own.
if ! [ -x "$folder/python/bin/patroni" ] && command -v python3 >/dev/null; then
  echo "Fetching python-etcd and Patroni, once" >&2
  staged=$(mktemp -u "$folder/.python.XXXXXX")
  if python3 -m venv "$staged" >&2 && "$staged/bin/pip" install -q --disable-pip-version-check \
    python-etcd==0.4.5 dnspython==2.9.2 urllib3==2.8.0 patroni==4.1.5 'psycopg[binary]==3.3.9' >&2; then
    rm -rf "$folder/python"
    mv -T "$staged" "$folder/python" 2>/dev/null || rm -rf "$staged"
  else
    echo "reference-tools: python-etcd and Patroni could not be fetched (python3 and python3-venv are needed); they are not run" >&2
    rm -rf "$staged"
  fi
fi

if [ "$(readlink "$cache/current" || true)" != "$folder" ]; then
  link=$(mktemp -u "$cache/.current.XXXXXX")
  ln -s "$folder" "$link" && mv -T "$link" "$cache/current" # in one step: a reader never sees it missing
fi
echo "$folder"

#!/usr/bin/env bash
# Runs the scenarios of this folder: builds the programs and, from the Dockerfile, the images; starts the Kubernetes of
# tests/kubernetes unless KUBECONFIG names another; loads the images; and hands everything else to the runner.
# With KUBECONFIG the images have to be where that Kubernetes finds them: see README.md.
#
# HOLDFAST_E2E_PREBUILT=yes takes the programs as they are in the target folder.
#
# Usage: run.sh [--short] [SCENARIO...] [options of the runner, `--help` lists them]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
tests/setup/prepare.sh kubernetes
. tests/setup/environment.sh

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
case $(uname -m) in x86_64) architecture=amd64 ;; aarch64) architecture=arm64 ;; *) architecture=$(uname -m) ;; esac
staged=$HOLDFAST_CACHE_DIR/e2e

# The version that clusters are upgraded to: the same program, which calls itself by the next number. Texts in a program
# keep their length, so only numbers of one digit can be counted up like that.
next_version=${version%.*}.$((${version##*.} + 1))
[ ${#next_version} = ${#version} ] || next_version=

failpoints=(--failpoints)
if [ -n "${HOLDFAST_E2E_PREBUILT:-}" ]; then
  # As `make test` leaves them, without failpoints, so that nothing is compiled a second time with other features.
  failpoints=()
else
  cargo build --locked -p holdfast
  # Both at once, so that what they share is compiled once.
  cargo build --locked -p holdfast-e2e -p holdfast-operator --features holdfast-operator/failpoints --bins
fi

# Prints the archive of an image, which is made anew only for other programs.
image() { # <target> <name> <version> <program>
  local folder=$staged/$1-$3 archive
  mkdir -p "$folder/dist/$architecture"
  archive=$folder/image-$(cat "$4" Dockerfile | sha256sum | cut -c -16).tar
  if [ ! -e "$archive" ]; then
    rm -f "$folder"/image-*.tar
    strip --strip-debug -o "$folder/dist/$architecture/$(basename "$2")" "$4"
    [ "$3" = "$version" ] ||
      LC_ALL=C sed -i "s/${version//./\\.}/$3/g" "$folder/dist/$architecture/$(basename "$2")"
    tests/kubernetes/images.sh build Dockerfile "$folder" "$1" "$2:$3" "$archive.staged" \
      --build-arg BINARIES=prebuilt --build-arg "TARGETARCH=$architecture" --build-arg "VERSION=$3" >/dev/null
    mv "$archive.staged" "$archive"
  fi
  echo "$archive"
}

mkdir -p "$staged/bin"
ln -sf "$CARGO_TARGET_DIR/debug/holdfast-operator" "$staged/bin/kubectl-holdfast"

options=(--checkout "$PWD" --plugin "$staged/bin/kubectl-holdfast" --evidence "${HOLDFAST_E2E_EVIDENCE:-$CARGO_TARGET_DIR/e2e-evidence}")
if [ -z "${KUBECONFIG:-}" ]; then
  HOLDFAST_BIN=$CARGO_TARGET_DIR/debug/holdfast tests/kubernetes/cluster.sh up >/dev/null
  while IFS='=' read -r name value; do
    export "$name=$value"
  done < <(tests/kubernetes/cluster.sh env)
  archives=$(image store ghcr.io/holdfast-dev/holdfast "$version" "$CARGO_TARGET_DIR/debug/holdfast")
  archives+=,$(image operator ghcr.io/holdfast-dev/holdfast-operator "$version" "$CARGO_TARGET_DIR/debug/holdfast-operator")
  if [ -n "$next_version" ]; then
    archives+=,$(image store ghcr.io/holdfast-dev/holdfast "$next_version" "$CARGO_TARGET_DIR/debug/holdfast")
    options+=(--next-version "$next_version")
  fi
  for archive in ${archives//,/ }; do
    tests/kubernetes/node.sh load all "$archive" >/dev/null
  done
  options+=(--node-script "$PWD/tests/kubernetes/node.sh" --archives "$archives" ${failpoints[@]+"${failpoints[@]}"})
fi
exec "$CARGO_TARGET_DIR/debug/holdfast-e2e" "${options[@]}" "$@"

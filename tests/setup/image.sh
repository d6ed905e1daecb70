#!/usr/bin/env bash
# Builds the images of the server and of the operator from the Dockerfile, with docker or buildah, whichever is there,
# for this machine's architecture. Prints their names. With --prebuilt the programs are compiled here rather than in a
# container, which is quick where they are compiled already. Must not push anything.
# HOLDFAST_IMAGE_PREFIX names another place than ghcr.io/holdfast-dev. Usage: image.sh [--prebuilt]
set -euo pipefail

setup=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$setup/../.."
. "$setup/environment.sh"

prefix=${HOLDFAST_IMAGE_PREFIX:-ghcr.io/holdfast-dev}
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
case $(uname -m) in
  x86_64) architecture=amd64 ;;
  aarch64) architecture=arm64 ;;
  *) echo "image.sh: $(uname -m) is not an architecture that images are made for (x86_64, aarch64)" >&2 && exit 1 ;;
esac

if docker info >/dev/null 2>&1; then
  build=(docker build)
elif command -v buildah >/dev/null; then
  # Steps need no namespaces of their own, so this works within a container as well.
  build=(buildah bud --isolation chroot --layers)
else
  echo "image.sh: neither a running docker nor buildah is here; on Debian: apt-get install buildah" >&2
  exit 1
fi

context=.
options=(--build-arg "VERSION=$version" --build-arg "REVISION=$revision" --build-arg "TARGETARCH=$architecture")
case ${1:-} in
  "") ;;
  --prebuilt)
    "$setup/prepare.sh" build >&2
    cargo build --locked --release -p holdfast >&2
    cargo build --locked --release -p holdfast-operator --bin holdfast-operator >&2
    context=$(mktemp -d "${TMPDIR:-/tmp}/holdfast-image.XXXXXX")
    trap 'rm -rf "$context"' EXIT
    mkdir -p "$context/dist/$architecture"
    for program in holdfast holdfast-operator; do
      strip --strip-debug -o "$context/dist/$architecture/$program" "$CARGO_TARGET_DIR/release/$program"
    done
    options+=(--build-arg BINARIES=prebuilt)
    ;;
  *) echo "image.sh: $1 is not an option; there is --prebuilt" >&2 && exit 1 ;;
esac

for target in store operator; do
  name=$prefix/holdfast
  [ "$target" = store ] || name+=-$target
  "${build[@]}" --file Dockerfile --target "$target" --tag "$name:$version" "${options[@]}" "$context" >&2
  echo "$name:$version"
done

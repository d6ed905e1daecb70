#!/usr/bin/env bash
# Makes container images without a registry, and keeps them outside the checkout. Prints the archive's path; load it
# into the nodes with `node.sh load all FILE`. Needs root and what machine.sh installs for `kubernetes`.
#
# Usage: images.sh pause     holdfast.invalid/pause:1, what a pod's sandbox runs
#        images.sh tools     holdfast.invalid/tools:1, busybox with curl, for tests from within the cluster
#        images.sh base      debian:bookworm-slim from Debian's packages, where buildah finds it as a base
#        images.sh build DOCKERFILE FOLDER TARGET NAME ARCHIVE [OPTION...]   buildah with that base and no registry
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/layout.sh"

images=$HOLDFAST_CACHE_DIR/kubernetes/images
base_name=docker.io/library/debian:bookworm-slim

# A storage of its own: what the person here has built or pulled stays as it is, and is not used.
own_buildah() {
  mkdir -p "$images"
  buildah --root "$images/buildah" --runroot "$images/buildah-run" --storage-driver overlay "$@"
}

# One layer is enough: the archive holds the configuration, the layer and their list.
archive_of() { # <folder that becomes /> <name> <archive> <configuration as JSON>
  local staged layer
  staged=$(mktemp -d "$images/.staged.XXXXXX")
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$1" -cf "$staged/layer.tar" .
  layer=$(sha256sum "$staged/layer.tar" | cut -d' ' -f1)
  jq -n --arg layer "sha256:$layer" --arg architecture "$(go env GOARCH)" --argjson config "$4" \
    '{architecture: $architecture, os: "linux", config: $config, rootfs: {type: "layers", diff_ids: [$layer]}}' >"$staged/config.json"
  jq -n --arg name "$2" '[{Config: "config.json", RepoTags: [$name], Layers: ["layer.tar"]}]' >"$staged/manifest.json"
  tar -C "$staged" -cf "$staged/archive" manifest.json config.json layer.tar
  mv -T "$staged/archive" "$3"
  rm -rf "$staged"
}

make_pause() {
  local archive root
  archive=$images/pause-$(basename "$programs").tar
  if ! [ -e "$archive" ]; then
    mkdir -p "$images"
    root=$(mktemp -d "$images/.root.XXXXXX")
    chmod 755 "$root"
    install -m 755 "$programs/init" "$root/pause"
    archive_of "$root" "$image_pause" "$archive" '{"Entrypoint": ["/pause"], "User": "65535:65535"}'
    rm -rf "$root"
  fi
  echo "$archive"
}

# What this machine runs, with the libraries that it needs.
make_tools() {
  local archive=$images/tools-1.tar root program file
  if ! [ -e "$archive" ]; then
    mkdir -p "$images"
    root=$(mktemp -d "$images/.root.XXXXXX")
    chmod 755 "$root"
    mkdir -p "$root"/{bin,etc/ssl/certs,tmp,proc,sys,dev,usr/bin}
    chmod 1777 "$root/tmp"
    install -m 755 "$(command -v busybox)" "$root/bin/busybox"
    chroot "$root" /bin/busybox --install -s /bin
    # Busybox has a smaller one of the same name.
    rm -f "$root"/bin/{openssl,curl}
    for program in curl openssl; do
      install -m 755 "$(command -v "$program")" "$root/bin/$program"
      ldd "$(command -v "$program")" | awk '/\// { print $(NF - 1) }' | while read -r file; do
        install -D -m 755 "$(realpath "$file")" "$root$file"
      done
    done
    printf 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >"$root/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" 2>/dev/null || true
    archive_of "$root" holdfast.invalid/tools:1 "$archive" \
      '{"Cmd": ["/bin/sh"], "User": "65534:65534", "Env": ["PATH=/bin:/usr/bin"]}'
    rm -rf "$root"
  fi
  echo "$archive"
}

# The same packages as the image of that name, without documentation, locales and package lists.
make_base() {
  local archive=$images/bookworm-slim.tar container
  if ! [ -e "$archive" ]; then
    mkdir -p "$images"
    echo "Making a Debian base image from its packages, once (a minute or two)" >&2
    mmdebstrap --quiet --variant=minbase --mode=root --include=ca-certificates \
      --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
      --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
      bookworm "$archive.staged" http://deb.debian.org/debian >&2
    mv -T "$archive.staged" "$archive"
  fi
  if ! own_buildah inspect --type image "$base_name" >/dev/null 2>&1; then
    container=$(own_buildah from scratch)
    own_buildah add --quiet "$container" "$archive" / >/dev/null
    own_buildah config --cmd bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
    own_buildah commit --quiet --rm "$container" "$base_name" >/dev/null
  fi
  echo "$base_name"
}

# Steps run in a chroot: no network, cgroup or namespace of theirs is needed for what our Dockerfile does.
build() { # <Dockerfile> <folder> <target> <name> <archive> <option...>
  local dockerfile=$1 folder=$2 target=$3 name=$4 archive=$5
  shift 5
  make_base >/dev/null
  own_buildah bud --quiet --pull-never --isolation chroot --layers --file "$dockerfile" --target "$target" --tag "$name" "$@" "$folder" >&2
  rm -f "$archive"
  own_buildah push --quiet "$name" "docker-archive:$archive:$name" >&2
  echo "$archive"
}

case ${1:-} in
  pause) make_pause ;;
  tools) make_tools ;;
  base) make_base ;;
  build)
    shift
    [ $# -ge 5 ] || fail "usage: images.sh build DOCKERFILE FOLDER TARGET NAME ARCHIVE [OPTION...]"
    build "$@"
    ;;
  *) fail "usage: images.sh pause, tools, base or build; its head explains them" ;;
esac

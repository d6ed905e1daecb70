#!/usr/bin/env bash
# Builds Kubernetes, Helm, CoreDNS, the CSI sidecars and this folder's own programs from their pinned Go modules, once
# per set of pins, outside the checkout. Prints two folders, a line each: of what others wrote and of our own programs.
# A build that was interrupted goes on where it was. Must not install anything: machine.sh does.
# Usage: binaries.sh [--where]   (--where never builds)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here"
cache=${HOLDFAST_CACHE_DIR:-$HOME/.cache/holdfast}/kubernetes

# What comes from outside the pinned modules must not change the result: a person's workspace and flags stay out.
settings="CGO_ENABLED=0 GOFLAGS= GOWORK=off"
kubernetes=$(sed -n 's/^\tk8s.io\/kubernetes \(v[0-9.]*\).*/\1/p' "$here/pins/kubernetes/go.mod")
release=${kubernetes#v}
# Without its version Kubernetes takes itself for v0.0.0, and Helm and kubectl then refuse or warn.
version=k8s.io/component-base/version
stamps="-X $version.gitVersion=$kubernetes -X $version.gitMajor=${release%%.*} -X $version.gitMinor=$(cut -d. -f2 <<<"$release")"

key_of() { # <file...>: a name for what they hold
  (cat "$@" && echo "$settings $stamps") | sha256sum | cut -c1-16
}
binaries=$cache/$(key_of pins/*/go.mod pins/*/go.sum programs/go.mod programs/go.sum)
programs=$cache/programs-$(key_of programs/go.mod programs/go.sum programs/*/*.go)

build_one() { # <folder> <module> <package> <binary>
  [ ! -x "$1/$4" ] || return 0
  local begun=$SECONDS
  mkdir -p "$1"
  # shellcheck disable=SC2086 # a list of words
  (cd "$here/$2" && env $settings nice -n 5 go build -p "${HOLDFAST_BUILD_JOBS:-2}" -trimpath -buildvcs=false \
    -ldflags="-s -w $stamps" -o "$1/.$4" "$3") && mv "$1/.$4" "$1/$4"
  printf '  %s: %s s\n' "$4" $((SECONDS - begun)) >&2
}

if [ "${1:-}" != "--where" ] && { ! [ -e "$binaries/complete" ] || ! [ -x "$programs/volumes" ]; }; then
  command -v go >/dev/null || {
    echo "binaries.sh: there is no go on PATH; tests/setup/machine.sh kubernetes installs it" >&2
    exit 1
  }
  echo "Building Kubernetes $kubernetes and what goes with it, once (15 minutes on two cores): $binaries" >&2
  for binary in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl; do
    build_one "$binaries" pins/kubernetes "k8s.io/kubernetes/cmd/$binary" "$binary"
  done
  build_one "$binaries" programs github.com/kubernetes-csi/external-provisioner/v6/cmd/csi-provisioner csi-provisioner
  build_one "$binaries" programs github.com/kubernetes-csi/external-resizer/v2/cmd/csi-resizer csi-resizer
  build_one "$binaries" pins/coredns github.com/coredns/coredns coredns
  build_one "$binaries" pins/helm helm.sh/helm/v4/cmd/helm helm
  touch "$binaries/complete"
  build_one "$programs" programs ./init init
  build_one "$programs" programs ./volumes volumes
fi
printf '%s\n' "$binaries" "$programs"

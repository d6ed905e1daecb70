#!/usr/bin/env bash
# Installs what this machine lacks for building (`build`), for the whole test run (`test`) or for a Kubernetes of its
# own (`kubernetes`): compilers and libraries from Debian, Rust by rustup, Go 1.26 as a module of the Go proxy. As root
# on Debian it does so; anyone else gets the exact commands, and exit 1. Go alone may stay missing: exit 3, and the
# caller says what is not run. Must not touch what is there already. Usage: machine.sh build|test|kubernetes
set -euo pipefail

purpose=${1:?usage: machine.sh build, test or kubernetes}
setup=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$setup/environment.sh"

say() { printf '%s\n' "$*" >&2; }

# Everything is looked for by what uses it, not by package name: a machine may have its own compiler.
# libclang-cpp is another library, which a compiler brings along.
has_libclang() {
  [ -n "${LIBCLANG_PATH:-}" ] || ldconfig -p 2>/dev/null | grep -q 'libclang[-.0-9]*\.so' ||
    compgen -G '/usr/lib/llvm-*/lib/libclang.so*' >/dev/null ||
    compgen -G '/usr/lib/llvm-*/lib/libclang-[0-9]*.so*' >/dev/null
}

packages=()
command -v "${CXX:-g++}" >/dev/null || packages+=(g++)
command -v make >/dev/null || packages+=(make)
command -v git >/dev/null || packages+=(git)
command -v curl >/dev/null || packages+=(curl)
[ -e /etc/ssl/certs/ca-certificates.crt ] || [ ! -e /etc/debian_version ] || packages+=(ca-certificates)
has_libclang || packages+=(libclang-dev)
if [ "$purpose" = test ]; then
  # The etcd-client crate, whose tests run against the server, generates its code with protoc.
  command -v "${PROTOC:-protoc}" >/dev/null || packages+=(protobuf-compiler)
  # Keys for JSON web tokens are made with openssl, and what TLS is spoken is tried with it.
  command -v openssl >/dev/null || packages+=(openssl)
  # The v2 API is tried with the Python client of its time.
  python3 -c 'import venv, ensurepip' 2>/dev/null || packages+=(python3 python3-venv)
  # Patroni is run on the v2 API with a PostgreSQL of its own.
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || packages+=(postgresql)
fi
if [ "$purpose" = kubernetes ]; then
  # What runs on a node.
  command -v containerd >/dev/null || packages+=(containerd)
  command -v runc >/dev/null || packages+=(runc)
  [ -x /usr/lib/cni/bridge ] || packages+=(containernetworking-plugins)
  command -v iptables >/dev/null || packages+=(iptables)
  command -v mkfs.xfs >/dev/null || packages+=(xfsprogs)
  # What makes the cluster, and its images without a registry.
  command -v ip >/dev/null || packages+=(iproute2)
  command -v openssl >/dev/null || packages+=(openssl)
  command -v jq >/dev/null || packages+=(jq)
  command -v buildah >/dev/null || packages+=(buildah)
  command -v mmdebstrap >/dev/null || packages+=(mmdebstrap)
  command -v busybox >/dev/null || packages+=(busybox-static)
fi
if [ "$purpose" = test ] || [ "$purpose" = kubernetes ]; then
  # Debian's own Go may be too old to build etcd, but any Go can fetch the one that is not.
  go_is_new_enough || command -v go >/dev/null || packages+=(golang-go)
fi

rust_floor=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$setup/../../Cargo.toml")
rust_command="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal"
rust_is_new_enough() {
  command -v cargo >/dev/null &&
    at_least "$(cd "$setup" && cargo --version 2>/dev/null | awk '{ print $2 }')" "$rust_floor"
}

apt_packages() {
  export DEBIAN_FRONTEND=noninteractive
  say "Installing from Debian: $*"
  apt-get update -q >&2 && apt-get install -y -q --no-install-recommends "$@" >&2
}

may_install=no
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then may_install=yes; fi

if [ ${#packages[@]} -gt 0 ]; then
  if [ "$may_install" = yes ]; then
    apt_packages "${packages[@]}" || {
      say "machine.sh: apt-get could not install: ${packages[*]}. Its own message is above."
      exit 1
    }
  else
    say "This machine lacks: ${packages[*]}. Install them with"
    say "    sudo apt-get update && sudo apt-get install -y ${packages[*]}"
    say "(Debian's names; elsewhere the packages that hold the same), then run this again."
    rust_is_new_enough || say "It will also need Rust $rust_floor or newer:"$'\n'"    $rust_command"
    exit 1
  fi
fi

if ! rust_is_new_enough; then
  if [ "$may_install" = yes ]; then
    if command -v rustup >/dev/null; then
      say "Updating Rust: $rust_floor or newer is needed"
      rustup update stable >&2
    elif apt-cache policy rustup | grep -q 'Candidate: [0-9]'; then
      apt_packages rustup && rustup default stable >&2
    else
      # Debian 12 has no rustup package and its rustc is years older than the floor.
      say "Installing Rust by its own installer"
      bash -o pipefail -c "$rust_command" >&2 || true
    fi
    . "$setup/environment.sh"
  fi
  rust_is_new_enough || {
    say "Rust $rust_floor or newer is needed, and $(cargo --version 2>/dev/null || echo 'no cargo') is here. Install it with"
    if command -v rustup >/dev/null; then say "    rustup update stable"; else say "    $rust_command"; fi
    say "then run this again."
    exit 1
  }
fi

if [ "$purpose" != build ] && ! go_is_new_enough; then
  go_archive=golang.org/toolchain@v0.0.1-go$go_version.linux-$(dpkg --print-architecture 2>/dev/null || echo amd64)
  say "Fetching Go $go_version from the Go module proxy, once: $go_folder"
  answer=$(cd / && GO111MODULE=on GOFLAGS='' GOTOOLCHAIN=local go mod download -json "$go_archive" 2>&1) ||
    say "$answer"
  fetched=$(printf '%s\n' "$answer" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p')
  if [ -n "$fetched" ]; then
    mkdir -p "$HOLDFAST_CACHE_DIR"
    staged=$(mktemp -d "$HOLDFAST_CACHE_DIR/.go-staged.XXXXXX")
    cp -r "$fetched/." "$staged"
    chmod -R u+w "$staged" && chmod 755 "$staged"
    # A module archive holds neither execute bits nor a second go.mod; the go command undoes both in the same way.
    chmod +x "$staged"/bin/* "$staged"/pkg/tool/*/*
    [ -e "$staged/src/go.mod" ] || cp "$staged/src/_go.mod" "$staged/src/go.mod"
    mv -T "$staged" "$go_folder" 2>/dev/null || rm -rf "$staged"
    . "$setup/environment.sh"
  fi
  go_is_new_enough || {
    say "Go 1.26 or newer is needed to build etcd, Kubernetes and their tools, and it could not be fetched."
    say "Install it from https://go.dev/dl/ to /usr/local/go, then run this again."
    exit 3
  }
fi

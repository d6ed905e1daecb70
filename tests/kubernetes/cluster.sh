#!/usr/bin/env bash
# Starts and ends a Kubernetes of several nodes on this machine, in namespaces of its own, whose API server stores in
# Holdfast. Needs root. Of the machine itself it uses one network link, two routes, cgroups and loop devices, and all
# of them end with the cluster's first process. layout.sh names the settings.
#
# Usage: cluster.sh up      start what is not running; the last line is for a shell to take up
#        cluster.sh halt    cut the power of everything; `up` starts it again with all that it had
#        cluster.sh down    halt, and remove state and disks
#        cluster.sh env     print where things are, as lines NAME=VALUE
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/layout.sh"
. "$here/credentials.sh"
. "$here/machine.sh"
. "$here/control-plane.sh"
. "$here/node-services.sh"

print_environment() {
  printf '%s=%s\n' KUBECONFIG "$kubeconfig" KUBECTL "$binaries/kubectl" HELM "$binaries/helm" \
    CLUSTER_STATE "$state" CLUSTER_NUMBER "$number"
}

install_store() {
  local built=${HOLDFAST_BIN:-$CARGO_TARGET_DIR/debug/holdfast}
  mkdir -p "$state/bin"
  [ -x "$built" ] || [ -x "$store_binary" ] || fail "there is no $built; build it with cargo build -p holdfast, or set HOLDFAST_BIN"
  [ ! -x "$built" ] || cmp -s "$built" "$store_binary" || install -m 755 "$built" "$store_binary"
}

# Each kubelet and containerd takes a dozen of what a user may have 128 of.
raise_limits() {
  local limit=/proc/sys/fs/inotify/max_user_instances
  (($(<"$limit") >= 4096)) || echo 4096 >"$limit"
}

up() {
  local node each starting=() begun=$SECONDS
  if stands cluster && kubectl get --raw /readyz --request-timeout 10s >/dev/null 2>&1; then
    echo "The cluster in $state is running already" >&2
  else
    # What an interrupted start has left.
    halt
    "$here/binaries.sh" >/dev/null
    "$here/images.sh" pause >/dev/null
    install_store
    # How many there are is part of the data, so a later start keeps to it.
    [ -e "$state/stores" ] || echo "$stores_wanted" >"$state/stores"
    stores=$(<"$state/stores")
    make_credentials
    raise_limits
    start_namespaces cluster
    link_cluster
    start_stores
    start_api_server
    wait_until 120 "the API server" kubectl get --raw /readyz
    start_controllers
    start_cluster_proxy
    start_dns
    start_resizer
    apply_objects
  fi
  # The cluster's first process is a child as well, and does not end.
  for ((node = 1; node <= nodes_wanted; node++)); do
    start_node "$node" &
    starting+=($!)
  done
  for each in "${starting[@]}"; do wait "$each"; done
  for ((node = 1; node <= nodes_wanted; node++)); do wait_until 120 "node-$node to be ready" node_is_ready "$node"; done
  wait_until 60 "the first service account" kubectl get serviceaccount default
  echo "Kubernetes is ready after $((SECONDS - begun)) s: $nodes_wanted nodes, state in $state" >&2
  echo "export KUBECONFIG=$kubeconfig PATH=$binaries:\$PATH"
}

halt() {
  end_namespaces cluster
  ip link delete "$host_link" 2>/dev/null || true
  remove_cgroup ""
}

[ "$(id -u)" = 0 ] || fail "a cluster needs namespaces and mounts: run this as root, or set KUBECONFIG for the tests"
case ${1:-} in
  up) up ;;
  halt) halt ;;
  down)
    halt
    rm -rf "$state"
    ;;
  env) print_environment ;;
  *) fail "usage: cluster.sh up, halt, down or env" ;;
esac

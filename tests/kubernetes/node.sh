#!/usr/bin/env bash
# Does to one node of a standing cluster what happens to machines. N is its number; `all` is every running node.
#
# Usage: node.sh start N        boot it: with the disk that it had, or as a new node
#        node.sh kill N         cut its power; its disk stays
#        node.sh remove N       kill it, destroy its disk and delete it from the cluster
#        node.sh freeze N       stop every process on it, as a machine that hangs;    node.sh thaw N
#        node.sh disconnect N   pull its network cable; what is on it runs on;        node.sh connect N
#        node.sh load N FILE    import an image archive (docker or OCI format)
#        node.sh exec N COMMAND...
#        node.sh root N         print the path at which this machine sees the node's files, mounts included
#        node.sh volumes N      print claim and folder of each mounted volume, a line each
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/layout.sh"
. "$here/credentials.sh"
. "$here/machine.sh"
. "$here/control-plane.sh"
. "$here/node-services.sh"

running_nodes() {
  local folder name
  for folder in "$state"/node-*/; do
    name=$(basename "$folder")
    ! stands "$name" || echo "${name#node-}"
  done
}

print_volumes() { # <N>
  local root claims
  root=/proc/$(init_of "node-$1")/root
  claims=$(kubectl get pv -o 'jsonpath={range .items[*]}{.spec.csi.volumeHandle} {.spec.claimRef.namespace}/{.spec.claimRef.name}{"\n"}{end}')
  # The staging mount: one for each volume, whichever pods have it.
  enter "node-$1" awk '$2 ~ "/kubernetes.io/csi/volumes.holdfast.invalid/.*/globalmount$" { print $1, $2 }' /proc/mounts |
    while read -r device folder; do
      local image
      image=$(losetup --noheadings --output BACK-FILE "$device")
      image=$(basename "$image" .xfs)
      awk -v handle="$image" -v folder="$root$folder" '$1 == handle { print $2, folder }' <<<"$claims"
    done
}

on_node() { # <verb> <N> <argument...>
  local verb=$1 node=$2
  shift 2
  case $verb in
    start)
      start_node "$node"
      wait_until 120 "node-$node to be ready" node_is_ready "$node"
      ;;
    kill)
      end_namespaces "node-$node"
      remove_cgroup "node-$node"
      ;;
    remove)
      end_namespaces "node-$node"
      remove_cgroup "node-$node"
      rm -rf "$state/node-$node"
      kubectl delete node "node-$node" --ignore-not-found
      ;;
    freeze) freeze "node-$node" yes ;;
    thaw) freeze "node-$node" no ;;
    disconnect) enter_network cluster ip link set "node-$node" down ;;
    connect) enter_network cluster ip link set "node-$node" up ;;
    load) enter "node-$node" ctr -n k8s.io images import "$(realpath "$1")" ;;
    exec) enter "node-$node" "$@" ;;
    root) echo "/proc/$(init_of "node-$node")/root" ;;
    volumes) print_volumes "$node" ;;
    *) fail "there is no \`$verb\`; the head of node.sh lists what there is" ;;
  esac
}

verb=${1:-} which=${2:-}
[ -n "$which" ] || fail "usage: node.sh VERB N [...]; the head of node.sh lists the verbs"
stands cluster || fail "no cluster is running in $state; start one with cluster.sh up"
shift 2
if [ "$which" = all ]; then
  started=()
  for node in $(running_nodes); do
    on_node "$verb" "$node" "$@" &
    started+=($!)
  done
  for each in "${started[@]}"; do wait "$each"; done
elif [[ $which =~ ^[0-9]+$ ]] && ((which >= 1 && which <= nodes_max)); then
  on_node "$verb" "$which" "$@"
else
  fail "$which is no node: a number from 1 to $nodes_max, or all"
fi

#!/usr/bin/env bash
# The start of the first process of the cluster or of a node, inside its new namespaces: writes down its id, mounts
# what must be its own, and becomes the program that waits. Must not touch anything that the machine sees.
# Usage: namespace-init.sh FOLDER HOSTNAME INIT
set -euo pipefail

folder=$1 name=$2 init=$3

# /proc is still the machine's, so these are the numbers under which others know this process.
read -r pid _ </proc/self/stat
start=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d' ' -f20)

hostname "$name"
mount -t proc proc /proc
cd "$folder"
mkdir -p disk/{kubelet,containerd,cni,volumes} log
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/lock
mount --bind log /var/log
# Mount points for what a node keeps, without making any on the machine.
mkdir -p /run/lib
mount -t tmpfs -o mode=755 lib /run/lib
mkdir -p /run/lib/{kubelet,containerd,cni,volumes}
for part in kubelet containerd cni volumes; do mount --bind "disk/$part" "/run/lib/$part"; done
mount --rbind /run/lib /var/lib

# The kubelet sets these for the whole machine unless they have the values that it wants. It may read them here.
tunable() { # <path below /proc/sys> <value>
  echo "$2" >"/run/sysctl.$(basename "$1")"
  mount --bind "/run/sysctl.$(basename "$1")" "/proc/sys/$1"
}
tunable vm/overcommit_memory 1
tunable vm/panic_on_oom 0
tunable kernel/panic 10
tunable kernel/panic_on_oops 1
tunable kernel/keys/root_maxkeys 1000000
tunable kernel/keys/root_maxbytes 25000000
mount --make-rshared /

ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
# Not there before the bridge module is loaded; then nothing on a bridge passes iptables, and nothing needs to.
echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null || true

echo "$pid $start" >init.new
mv init.new init
exec "$init"

# shellcheck shell=bash
# Sourced by cluster.sh and node.sh: makes and ends the namespaces, cgroups and links of the cluster and its nodes.

# A controller's files that a new cpuset has empty must be filled, from the top, before a process can enter.
make_cgroup() { # <cluster or node-N>
  local hierarchy path level shares weight
  for hierarchy in $(cgroup_hierarchies); do
    path=$hierarchy
    for level in "$cgroup" "$1" system; do
      if [ -e "$hierarchy/cgroup.controllers" ]; then
        # A group with processes can give its children no controllers, so this stops above `system`.
        sed 's/\b\([a-z]\)/+\1/g' "$path/cgroup.controllers" >"$path/cgroup.subtree_control" 2>/dev/null || true
      fi
      mkdir -p "$path/$level"
      if [ -e "$path/$level/cpuset.cpus" ] && [ -e "$path/cpuset.cpus" ] && [ -z "$(<"$path/$level/cpuset.cpus")" ]; then
        cat "$path/cpuset.cpus" >"$path/$level/cpuset.cpus"
        cat "$path/cpuset.mems" >"$path/$level/cpuset.mems"
      fi
      path+=/$level
    done
    # A group has by itself the weight of one process outside of it, and a busy machine would starve the whole cluster.
    for level in "$cgroup:32768:3200" "$cgroup/$1/system:4096:400"; do
      IFS=: read -r path shares weight <<<"$level"
      [ ! -e "$hierarchy/$path/cpu.shares" ] || echo "$shares" >"$hierarchy/$path/cpu.shares"
      [ ! -e "$hierarchy/$path/cpu.weight" ] || echo "$weight" >"$hierarchy/$path/cpu.weight"
    done
  done
}

remove_cgroup() { # <cluster or node-N, or nothing for all>
  local hierarchy attempt
  # A group stays busy until the kernel is done with its processes.
  for attempt in {1..50}; do
    local left=no
    # Where both versions are mounted, runc makes groups in this one as well.
    for hierarchy in $(cgroup_hierarchies) /sys/fs/cgroup/unified; do
      [ -d "$hierarchy/$cgroup${1:+/$1}" ] || continue
      find "$hierarchy/$cgroup${1:+/$1}" -depth -type d -exec rmdir {} \; 2>/dev/null || left=yes
    done
    [ "$left" = yes ] || return 0
    sleep 0.1
  done
  echo "cgroups of ${1:-the cluster} could not be removed after $attempt attempts" >&2
}

# Freezes or thaws every process of a node, its containers too.
freeze() { # <node-N> <yes or no>
  if [ -d /sys/fs/cgroup/freezer ]; then
    [ ! -d "/sys/fs/cgroup/freezer/$cgroup/$1" ] ||
      { [ "$2" = yes ] && echo FROZEN || echo THAWED; } >"/sys/fs/cgroup/freezer/$cgroup/$1/freezer.state"
  elif [ -d "/sys/fs/cgroup/$cgroup/$1" ]; then
    { [ "$2" = yes ] && echo 1 || echo 0; } >"/sys/fs/cgroup/$cgroup/$1/cgroup.freeze"
  fi
}

# Starts the first process, whose end is the end of all that runs inside. A node is inside the cluster.
start_namespaces() { # <cluster or node-N>
  local outer=()
  [ "$1" = cluster ] || outer=(nsenter --target "$(init_of cluster)" --pid --)
  mkdir -p "$state/$1/log"
  rm -f "$state/$1/init"
  make_cgroup "$1"
  (
    join_cgroup "$1"
    exec setsid ${outer[@]+"${outer[@]}"} unshare --mount --uts --ipc --net --pid --fork -- \
      "$here/namespace-init.sh" "$state/$1" "$1" "$programs/init" </dev/null >>"$state/$1/log/init.log" 2>&1
  ) &
  wait_until 20 "the first process of $1" stands "$1"
}

# As a loss of power: nothing inside gets to say goodbye.
end_namespaces() { # <cluster or node-N>
  local pid
  pid=$(init_of "$1") || return 0
  kill -KILL "$pid"
  # A frozen process takes its signal only when it is thawed.
  local each
  for each in "$state"/node-*/; do
    each=$(basename "$each")
    [ "$1" != cluster ] && [ "$1" != "$each" ] || freeze "$each" no
  done
  wait_until 30 "the end of $1" has_ended "$1"
}

has_ended() {
  ! stands "$1"
}

link_cluster() {
  local pid
  pid=$(init_of cluster)
  ip link add "$host_link" type veth peer name machine netns "$pid"
  ip addr add "$host_side/30" dev "$host_link"
  ip link set "$host_link" up
  enter_network cluster ip addr add "$cluster_side/30" dev machine
  enter_network cluster ip link set machine up
  enter_network cluster ip link add nodes type bridge
  enter_network cluster ip addr add "$gateway/24" dev nodes
  enter_network cluster ip link set nodes up
  ip route add "$network.0.0/16" via "$cluster_side"
  ip route add "$services.0.0/16" via "$cluster_side"
}

link_node() { # <N>
  local pid
  pid=$(init_of "node-$1")
  enter_network cluster ip link add "node-$1" type veth peer name eth0 netns "$pid"
  enter_network cluster ip link set "node-$1" master nodes up
  enter_network "node-$1" ip addr add "$network.0.$((10 + $1))/24" dev eth0
  enter_network "node-$1" ip link set eth0 up
  enter_network "node-$1" ip route add default via "$gateway"
  enter_network cluster ip route replace "$network.$1.0/24" via "$network.0.$((10 + $1))"
}

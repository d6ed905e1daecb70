# shellcheck shell=bash
# Sourced by the scripts of this folder: settings, addresses, where everything is, and how to get into the namespaces.
# Only defines; must not start, build or write anything.
#
# HOLDFAST_KUBERNETES_NUMBER  which of eight clusters that can stand beside each other (0 to 7; 0 unless set)
# HOLDFAST_KUBERNETES_NODES   how many worker nodes `cluster.sh up` starts (1 to 20; 3 unless set)
# HOLDFAST_KUBERNETES_STORES  members of the Holdfast below the API server (1 or 3; 1 unless set)
# HOLDFAST_KUBERNETES_DIR     where the cluster keeps its state, disks and logs
# HOLDFAST_BIN                the Holdfast that the API server stores in; the debug build unless set

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../setup/environment.sh"

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

number=${HOLDFAST_KUBERNETES_NUMBER:-0}
[[ $number =~ ^[0-7]$ ]] || fail "HOLDFAST_KUBERNETES_NUMBER is $number; it must be 0 to 7"
nodes_wanted=${HOLDFAST_KUBERNETES_NODES:-3}
nodes_max=20
[[ $nodes_wanted =~ ^[0-9]+$ ]] && ((nodes_wanted >= 1 && nodes_wanted <= nodes_max)) ||
  fail "HOLDFAST_KUBERNETES_NODES is $nodes_wanted; it must be 1 to $nodes_max"
stores_wanted=${HOLDFAST_KUBERNETES_STORES:-1}
[[ $stores_wanted =~ ^[13]$ ]] || fail "HOLDFAST_KUBERNETES_STORES is $stores_wanted; it must be 1 or 3"
state=${HOLDFAST_KUBERNETES_DIR:-$HOLDFAST_CACHE_DIR/kubernetes/cluster-$number}
case $state/ in
  /run/* | /var/log/* | /var/lib/*) fail "$state: a node has its own /run, /var/log and /var/lib; name another folder" ;;
  /*) ;;
  *) state=$PWD/$state ;;
esac

# Nodes are 10.88.0.11 and up, their pods in 10.88.NODE.0/24, Services in 10.96.0.0/16; the next cluster counts on.
network=10.$((88 + number))
gateway=$network.0.1
services=10.$((96 + number))
dns=$services.0.10
host_side=172.31.$((88 + number)).1
cluster_side=172.31.$((88 + number)).2
host_link=holdfast-kube$number
cgroup=holdfast-kubernetes-$number

api=https://$gateway:6443
kubeconfig=$state/kubeconfig
# A copy of its own: a rebuild must not change the store under a standing cluster.
store_binary=$state/bin/holdfast
image_pause=holdfast.invalid/pause:1

{
  read -r binaries
  read -r programs
} < <("$here/binaries.sh" --where)

kubectl() {
  "$binaries/kubectl" --kubeconfig "$kubeconfig" "$@"
}

# A process is known by its id and the time of its start, so that an id used again is not taken for it. One that has
# ended, and whose parent has not asked yet, has none.
started_at() { # <pid>
  sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" { print $20 }'
}

# Prints the id of the first process of the cluster or of a node, if that stands.
init_of() { # <cluster or node-N>
  local pid start
  [ -r "$state/$1/init" ] && read -r pid start <"$state/$1/init" && [ "$(started_at "$pid")" = "$start" ] && echo "$pid"
}

stands() { # <cluster or node-N>
  init_of "$1" >/dev/null
}

enter() { # <cluster or node-N> <command...>: runs a command inside
  local pid
  pid=$(init_of "$1") || fail "$1 is not running"
  shift
  nsenter --target "$pid" --mount --uts --net --pid -- "$@"
}

# Inside its network only, with the process ids and files of this machine.
enter_network() { # <cluster or node-N> <command...>
  local pid
  pid=$(init_of "$1") || fail "$1 is not running"
  shift
  nsenter --target "$pid" --net -- "$@"
}

# Starts a program inside that is started again whenever it ends, as a service manager would.
launch() { # <cluster or node-N> <name> <command...>
  local where=$1 name=$2
  shift 2
  mkdir -p "$state/$where/log"
  (
    join_cgroup "$where"
    # shellcheck disable=SC2016 # for the inner shell
    enter "$where" setsid --fork bash -c 'while :; do "$@"; echo "ended with status $?; starting again"; sleep 1; done' \
      "$name" "$@" </dev/null >>"$state/$where/log/$name.log" 2>&1
  )
}

# The mounted hierarchies: all of version 1, or the one of version 2.
cgroup_hierarchies() {
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    echo /sys/fs/cgroup
  else
    awk '$3 == "cgroup" && $2 ~ "^/sys/fs/cgroup/" { print $2 }' /proc/mounts
  fi
}

# The node's processes are in `system` and its pods beside it, so that both can be stopped as one.
join_cgroup() { # <cluster or node-N>
  local hierarchy
  for hierarchy in $(cgroup_hierarchies); do
    echo "$BASHPID" >"$hierarchy/$cgroup/$1/system/cgroup.procs"
  done
}

wait_until() { # <seconds> <what> <command...>
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || fail "$what did not come about; the logs are in $state/*/log"
    sleep 0.2
  done
}

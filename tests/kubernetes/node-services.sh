# shellcheck shell=bash
# Sourced by cluster.sh and node.sh: what runs on a node, and its configuration.

configure_containerd() { # <N>
  local restrict=false capabilities
  # Without CAP_SYS_RESOURCE (number 24) a process cannot protect itself from the killer, and a sandbox that tries dies.
  capabilities=$((16#$(awk '/^CapEff/ { print $2 }' /proc/self/status)))
  ((capabilities >> 24 & 1)) || restrict=true
  cat >"$state/node-$1/containerd.toml" <<EOF
version = 2
disabled_plugins = ["io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.opt",
  "io.containerd.tracing.processor.v1.otlp"]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$image_pause"
  restrict_oom_score_adj = $restrict
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "$state/node-$1/cni"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
EOF
  mkdir -p "$state/node-$1/cni"
  cat >"$state/node-$1/cni/10-pods.conflist" <<EOF
{
  "cniVersion": "0.4.0",
  "name": "pods",
  "plugins": [
    {
      "type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
      "ipam": {
        "type": "host-local", "dataDir": "/run/cni", "routes": [{ "dst": "0.0.0.0/0" }],
        "ranges": [[{ "subnet": "$network.$1.0/24" }]]
      }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
EOF
}

configure_kubelet() { # <N>
  echo "nameserver $gateway" >"$state/node-$1/resolv.conf"
  cat >"$state/node-$1/kubelet.yaml" <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /$cgroup/node-$1
failCgroupV1: false
failSwapOn: false
enforceNodeAllocatable: []
authentication:
  anonymous: { enabled: false }
  webhook: { enabled: false }
  x509: { clientCAFile: $credentials/ca.crt }
authorization: { mode: AlwaysAllow }
clusterDNS: ["$dns"]
clusterDomain: cluster.local
resolvConf: $state/node-$1/resolv.conf
volumePluginDir: /var/lib/kubelet/volume-plugins
maxPods: 200
serializeImagePulls: false
# Told and noticed sooner than usual, so that tests need not wait for it.
nodeStatusUpdateFrequency: 5s
syncFrequency: 10s
nodeLeaseDurationSeconds: 20
crashLoopBackOff: { maxContainerRestartPeriod: 20s }
# This machine's disk is what it is; no image and no pod is removed for it.
imageGCHighThresholdPercent: 100
evictionHard: { memory.available: 1%, nodefs.available: 1%, nodefs.inodesFree: 1%, imagefs.available: 1% }
EOF
}

start_node_services() { # <N>
  local node=node-$1 zones=(c a b) socket=/var/lib/kubelet/plugins/volumes.holdfast.invalid/csi.sock
  configure_containerd "$1"
  configure_kubelet "$1"
  write_proxy_configuration "$state/$node/kube-proxy.yaml" "$node"
  launch "$node" containerd containerd --config "$state/$node/containerd.toml"
  wait_until 30 "containerd on $node" enter "$node" ctr version
  enter "$node" ctr -n k8s.io images ls -q | grep -qxF "$image_pause" ||
    enter "$node" ctr -n k8s.io images import "$("$here/images.sh" pause)" >/dev/null
  enter "$node" mkdir -p "$(dirname "$socket")" /var/lib/kubelet/plugins_registry
  launch "$node" volumes "$programs/volumes" -node "$node" -folder /var/lib/volumes -socket "$socket" \
    -registration /var/lib/kubelet/plugins_registry/volumes.sock
  launch "$node" kubelet "$binaries/kubelet" --config "$state/$node/kubelet.yaml" \
    --kubeconfig "$credentials/$node.kubeconfig" --hostname-override "$node" --node-ip "$network.0.$((10 + $1))" \
    --node-labels "topology.kubernetes.io/region=here,topology.kubernetes.io/zone=zone-${zones[$1 % 3]}"
  launch "$node" kube-proxy "$binaries/kube-proxy" --config "$state/$node/kube-proxy.yaml"
  launch "$node" csi-provisioner env "NODE_NAME=$node" "$binaries/csi-provisioner" --csi-address "$socket" \
    --kubeconfig "$credentials/services.kubeconfig" --node-deployment --strict-topology --immediate-topology=false \
    --extra-create-metadata --retry-interval-max 10s
}

# Boots the node with the disk that it has, or with an empty one.
start_node() { # <N>
  ! stands "node-$1" || return 0
  start_namespaces "node-$1"
  link_node "$1"
  start_node_services "$1"
}

node_is_ready() { # <N>
  [ "$(kubectl get node "node-$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]
}

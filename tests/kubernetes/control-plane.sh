# shellcheck shell=bash
# Sourced by cluster.sh: the store, the API server and what else makes up a control plane, in the cluster's namespaces.

store_endpoints() {
  local member
  for ((member = 1; member <= stores; member++)); do
    printf '%shttp://127.0.0.1:%d' "$([ "$member" = 1 ] || echo ,)" $((2379 + 100 * (member - 1)))
  done
}

start_stores() {
  local member peers=""
  for ((member = 1; member <= stores; member++)); do
    peers+=${peers:+,}store-$member=http://127.0.0.1:$((2380 + 100 * (member - 1)))
  done
  for ((member = 1; member <= stores; member++)); do
    local client=http://127.0.0.1:$((2379 + 100 * (member - 1))) peer=http://127.0.0.1:$((2380 + 100 * (member - 1)))
    launch cluster "store-$member" "$store_binary" --name "store-$member" --data-dir "$state/cluster/store-$member" \
      --listen-client-urls "$client" --advertise-client-urls "$client" --listen-peer-urls "$peer" \
      --initial-advertise-peer-urls "$peer" --initial-cluster "$peers" --initial-cluster-token "$cgroup"
  done
}

# Nodes are given up, and pods moved, within a minute rather than six, so that tests need not wait for it.
start_api_server() {
  launch cluster kube-apiserver "$binaries/kube-apiserver" --etcd-servers "$(store_endpoints)" \
    --secure-port 6443 --bind-address 0.0.0.0 --advertise-address "$gateway" --service-cluster-ip-range "$services.0.0/16" \
    --tls-cert-file "$credentials/apiserver.crt" --tls-private-key-file "$credentials/apiserver.key" \
    --client-ca-file "$credentials/ca.crt" --token-auth-file "$credentials/tokens.csv" \
    --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction --allow-privileged=true \
    --kubelet-client-certificate "$credentials/kubelet-client.crt" \
    --kubelet-client-key "$credentials/kubelet-client.key" --kubelet-preferred-address-types InternalIP \
    --service-account-issuer https://kubernetes.default.svc \
    --service-account-key-file "$credentials/service-accounts.pub" \
    --service-account-signing-key-file "$credentials/service-accounts.key" \
    --default-not-ready-toleration-seconds 20 --default-unreachable-toleration-seconds 20
}

start_controllers() {
  launch cluster kube-controller-manager "$binaries/kube-controller-manager" \
    --kubeconfig "$credentials/controller-manager.kubeconfig" --use-service-account-credentials --leader-elect=false \
    --root-ca-file "$credentials/ca.crt" --service-account-private-key-file "$credentials/service-accounts.key" \
    --cluster-signing-cert-file "$credentials/ca.crt" --cluster-signing-key-file "$credentials/ca.key" \
    --node-monitor-period 2s --node-monitor-grace-period 20s
  launch cluster kube-scheduler "$binaries/kube-scheduler" \
    --kubeconfig "$credentials/scheduler.kubeconfig" --leader-elect=false
}

# For the API server's own calls to Services, and for calls from this machine. It waits half a minute for a node of its
# name, so it takes one that will be there.
start_cluster_proxy() {
  write_proxy_configuration "$state/cluster/kube-proxy.yaml" node-1
  launch cluster kube-proxy "$binaries/kube-proxy" --config "$state/cluster/kube-proxy.yaml"
}

write_proxy_configuration() { # <file> <name of the node>
  cat >"$1" <<EOF
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: { kubeconfig: $credentials/proxy.kubeconfig }
hostnameOverride: $2
mode: iptables
clusterCIDR: $network.0.0/16
# The machine's own limits, which a network namespace may not set.
conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s }
EOF
}

start_dns() {
  cat >"$state/cluster/Corefile" <<EOF
cluster.local:53 in-addr.arpa:53 {
  bind $gateway
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig $credentials/services.kubeconfig
    ttl 5
  }
}
# There is nothing outside: a plain no, at once.
.:53 {
  bind $gateway
  template ANY ANY {
    rcode NXDOMAIN
  }
}
EOF
  launch cluster coredns "$binaries/coredns" -conf "$state/cluster/Corefile"
}

# Growing a claim is decided for all nodes in one place, which needs a driver to ask what it can do.
start_resizer() {
  local socket=/run/volumes.sock
  launch cluster volumes "$programs/volumes" -node control-plane -folder "$state/cluster/disk/volumes" \
    -socket "$socket" -registration /run/volumes-registration.sock
  launch cluster csi-resizer "$binaries/csi-resizer" --csi-address "$socket" \
    --kubeconfig "$credentials/services.kubeconfig" --handle-volume-inuse-error=false --retry-interval-max 10s
}

apply_objects() {
  sed "s/@GATEWAY@/$gateway/g; s/@DNS@/$dns/g" "$here/objects.yaml" | kubectl apply -f - >/dev/null
}

# shellcheck shell=bash
# Sourced by cluster.sh: keys, certificates, tokens and the kubeconfig files of a new cluster. Writes below
# $state/credentials only, and keeps what is there.

credentials=$state/credentials

issue() { # <name> <subject> <extension lines>
  [ -e "$credentials/$1.crt" ] && return 0
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$credentials/$1.key" \
    -subj "$2" -out "$credentials/$1.csr" 2>/dev/null
  openssl x509 -req -in "$credentials/$1.csr" -CA "$credentials/ca.crt" -CAkey "$credentials/ca.key" \
    -CAcreateserial -days 3650 -extfile <(printf '%s\n' "$3") -out "$credentials/$1.crt" 2>/dev/null
}

write_kubeconfig() { # <file> <token>
  local authority
  authority=$(base64 -w 0 "$credentials/ca.crt")
  cat >"$1" <<EOF
apiVersion: v1
kind: Config
clusters:
  - name: holdfast
    cluster: { server: "$api", certificate-authority-data: $authority }
users:
  - name: holdfast
    user: { token: $2 }
contexts:
  - name: holdfast
    context: { cluster: holdfast, user: holdfast }
current-context: holdfast
EOF
}

# One line for each user; the API server reads the file at its start only, so all nodes that may come are there.
add_user() { # <file name> <user> <group>
  local token
  token=$(openssl rand -hex 16)
  printf '%s,%s,%s,"%s"\n' "$token" "$2" "$1" "$3" >>"$credentials/tokens.csv"
  write_kubeconfig "$credentials/$1.kubeconfig" "$token"
}

make_credentials() {
  mkdir -p "$credentials"
  chmod 700 "$credentials"
  [ -e "$credentials/ca.crt" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
    -subj /CN=holdfast-kubernetes -keyout "$credentials/ca.key" -out "$credentials/ca.crt" 2>/dev/null
  issue apiserver /CN=kube-apiserver "extendedKeyUsage = serverAuth
subjectAltName = IP:$gateway,IP:$services.0.1,IP:127.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,\
DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
  issue kubelet-client /O=system:masters/CN=kube-apiserver "extendedKeyUsage = clientAuth"
  [ -e "$credentials/service-accounts.key" ] || {
    openssl ecparam -name prime256v1 -genkey -noout -out "$credentials/service-accounts.key"
    openssl ec -in "$credentials/service-accounts.key" -pubout -out "$credentials/service-accounts.pub" 2>/dev/null
  }
  [ -e "$credentials/tokens.csv" ] && return 0
  local node
  add_user admin admin system:masters
  # Programs of the cluster itself that run beside it: what they may do is not what is tested here.
  add_user services services system:masters
  add_user controller-manager system:kube-controller-manager ""
  add_user scheduler system:kube-scheduler ""
  add_user proxy system:kube-proxy ""
  for ((node = 1; node <= nodes_max; node++)); do
    add_user "node-$node" "system:node:node-$node" system:nodes
  done
  install -m 600 "$credentials/admin.kubeconfig" "$kubeconfig"
}

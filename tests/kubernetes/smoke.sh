#!/usr/bin/env bash
# Tries on a standing cluster (cluster.sh up) what other tests rely on, each by its effect: pods, DNS, Services, logs,
# exec, port-forward, volumes that fill and grow, resources changed in place, disruption budgets, drain, and nodes that
# hang, lose their network or their power. Takes two minutes, needs three nodes, and leaves the cluster as it was.
# Exit 1 at the first step that fails. Usage: smoke.sh
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/layout.sh"

space=smoke
begun=$SECONDS step_begun=$SECONDS step=start
finish() {
  local status=$?
  [ -z "${forward:-}" ] || kill "$forward" 2>/dev/null || true
  [ "$status" = 0 ] || printf 'FAILED: %s\n' "$step"
  [ "$status" = 0 ] || kubectl -n $space get pods,pvc,events 2>&1 | cut -c1-180 | tail -40
  "$here/node.sh" thaw all || true
  kubectl uncordon node-2 >/dev/null 2>&1 || true
  kubectl delete namespace $space --ignore-not-found --timeout 90s >/dev/null || true
}
trap finish EXIT

now() { # <name of the next step>
  [ "$step" = start ] || printf 'ok  %3d s  %s\n' $((SECONDS - step_begun)) "$step"
  step=$1 step_begun=$SECONDS
}
same() { # <what is there> <what must be>
  [ "$1" = "$2" ] || fail "$step: there is '$1' where '$2' must be"
}
within() { # <seconds> <expected> <command...>: until the command prints what is expected
  local deadline=$((SECONDS + $1)) expected=$2 printed=
  shift 2
  until printed=$("$@" 2>/dev/null) && [ "$printed" = "$expected" ]; do
    ((SECONDS < deadline)) || fail "$step: after the wait there is '$printed' where '$expected' must be"
    sleep 0.5
  done
}
of() { # <kind/name> <path>: one field
  kubectl -n $space get "$1" -o "jsonpath={$2}"
}
in_pod() { # <pod> <command...>
  local pod=$1
  shift
  kubectl -n $space exec "$pod" -- "$@"
}
ready() { # <node>
  kubectl get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
}

now "three pods with a volume each, under restricted pod security"
"$here/node.sh" load all "$("$here/images.sh" tools)" >/dev/null
kubectl create namespace $space >/dev/null
kubectl label namespace $space pod-security.kubernetes.io/enforce=restricted >/dev/null
kubectl -n $space apply -f "$here/smoke.yaml" >/dev/null
kubectl -n $space rollout status statefulset/web --timeout 90s >/dev/null
same "$(kubectl -n $space get pods -l app=web -o 'jsonpath={.items[*].spec.nodeName}' | tr ' ' '\n' | sort | xargs)" "node-1 node-2 node-3"

now "a Service by its name, and a pod by its own"
for pod in web-0 web-1 web-2; do in_pod $pod sh -c 'hostname >/data/name'; done
within 20 web-1 in_pod web-0 curl -sf --max-time 2 http://web-1.web.smoke.svc.cluster.local:8080/name
for pod in web-0 web-1 web-2; do in_pod $pod curl -sf --max-time 5 http://front/name >/dev/null; done

now "a Service, and the API, from this machine"
within 20 200 curl -s -o /dev/null -w '%{http_code}' --max-time 2 "http://$(of service/front .spec.clusterIP)/name"

now "logs and exec"
same "$(kubectl -n $space logs web-0 | head -n 1)" "serving as web-0"
same "$(in_pod web-2 hostname)" web-2

now "port-forward"
# Not by the function, which would stand between it and its end.
"$binaries/kubectl" --kubeconfig "$kubeconfig" -n $space port-forward pod/web-1 :8080 >"$state/forward" 2>&1 &
forward=$!
within 15 1 grep -c '^Forwarding from 127.0.0.1' "$state/forward"
port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\).*/\1/p' "$state/forward")
same "$(curl -sf "http://127.0.0.1:$port/name")" web-1
kill "$forward"
forward=

now "a member's volume, seen from this machine"
folder=$("$here/node.sh" volumes all | awk '$1 == "smoke/data-web-2" { print $2 }')
same "$(cat "$folder/name")" web-2

now "a volume that is full"
! in_pod web-0 dd if=/dev/zero of=/data/filler bs=1M count=60 2>/dev/null || fail "60 MiB fit into a volume of 32"
! in_pod web-0 dd if=/dev/zero of=/data/more bs=1M count=1 2>/dev/null || fail "a full volume took more"

now "the same volume growing while it is full and in use"
restarts=$(of pod/web-0 '.status.containerStatuses[0].restartCount')
kubectl -n $space patch pvc data-web-0 -p '{"spec":{"resources":{"requests":{"storage":"128Mi"}}}}' >/dev/null
within 90 128Mi of pvc/data-web-0 .status.capacity.storage
in_pod web-0 dd if=/dev/zero of=/data/more bs=1M count=1 2>/dev/null
in_pod web-0 rm /data/filler /data/more
same "$(of pod/web-0 '.status.containerStatuses[0].restartCount')" "$restarts"

now "a volume that cannot grow is refused"
! kubectl -n $space patch pvc fixed -p '{"spec":{"resources":{"requests":{"storage":"64Mi"}}}}' 2>/dev/null ||
  fail "a claim of a class without expansion grew"

now "resources changed in place"
kubectl -n $space patch pod web-1 --subresource resize -p \
  '{"spec":{"containers":[{"name":"web","resources":{"requests":{"cpu":"20m"},"limits":{"memory":"96Mi"}}}]}}' >/dev/null
within 60 96Mi of pod/web-1 '.status.containerStatuses[0].resources.limits.memory'
same "$(of pod/web-1 '.status.containerStatuses[0].restartCount')" 0

now "drain, and a disruption budget that refuses the second"
kubectl drain node-2 --ignore-daemonsets --delete-emptydir-data --pod-selector app=web --timeout 60s >/dev/null 2>&1
other=$(kubectl -n $space get pods -l app=web -o 'jsonpath={.items[?(@.spec.nodeName=="node-1")].metadata.name}')
! kubectl -n $space create -f - --raw "/api/v1/namespaces/$space/pods/$other/eviction" >/dev/null 2>"$state/eviction" <<EOF || fail "the budget let a second pod go"
{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "$other", "namespace": "$space"}}
EOF
grep -q "disruption budget" "$state/eviction"
kubectl uncordon node-2 >/dev/null
kubectl -n $space rollout status statefulset/web --timeout 60s >/dev/null

now "a node that hangs is given up, and comes back"
"$here/node.sh" freeze 3
within 60 Unknown ready node-3
"$here/node.sh" thaw 3
within 60 True ready node-3

now "a node without network is given up, and comes back"
"$here/node.sh" disconnect 3
within 60 Unknown ready node-3
"$here/node.sh" connect 3
within 60 True ready node-3

now "a node that loses its power comes back with its volumes"
lost=$(kubectl -n $space get pods -l app=web -o 'jsonpath={.items[?(@.spec.nodeName=="node-3")].metadata.name}')
"$here/node.sh" kill 3
within 60 Unknown ready node-3
"$here/node.sh" start 3
within 60 True ready node-3
kubectl -n $space rollout status statefulset/web --timeout 120s >/dev/null
within 60 "$lost" in_pod "$lost" cat /data/name

now end
printf 'all well after %d s\n' $((SECONDS - begun))

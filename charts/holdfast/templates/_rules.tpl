{{/* What the operator may do: exactly what it does, and in which namespaces. */}}

{{- define "holdfast.rules" -}}
- apiGroups: [holdfast.dev]
  resources: [holdfastclusters, holdfastroles, holdfastusers]
  verbs: [get, list, watch, patch, update]
- apiGroups: [holdfast.dev]
  resources: [holdfastclusters/status, holdfastroles/status, holdfastusers/status]
  verbs: [get, patch, update]
# Owner references with blockOwnerDeletion ask for this where that admission plugin is on (OpenShift).
- apiGroups: [holdfast.dev]
  resources: [holdfastclusters/finalizers, holdfastroles/finalizers, holdfastusers/finalizers]
  verbs: [update]
- apiGroups: [apps]
  resources: [statefulsets]
  verbs: [get, list, watch, create, patch, update, delete]
- apiGroups: [""]
  resources: [services, secrets]
  verbs: [get, list, watch, create, patch, update, delete]
# Pods and claims are made by the StatefulSet; the operator marks, grows and deletes them.
- apiGroups: [""]
  resources: [pods, persistentvolumeclaims]
  verbs: [get, list, watch, patch, delete]
# New requests and limits, while the pod runs.
- apiGroups: [""]
  resources: [pods/resize]
  verbs: [patch]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, update, delete]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, list, watch, create, patch, update, delete]
- apiGroups: [cert-manager.io]
  resources: [certificates]
  verbs: [get, list, watch, create, patch, update, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/* What has no namespace: to tell a lost node from a slow one, a lost volume from a late one, and what can grow. */}}
{{- define "holdfast.clusterRules" -}}
- apiGroups: [""]
  resources: [nodes, persistentvolumes]
  verbs: [get, list, watch]
- apiGroups: [storage.k8s.io]
  resources: [storageclasses]
  verbs: [get, list, watch]
{{- end -}}

{{- define "holdfast.subjects" -}}
- kind: ServiceAccount
  name: {{ include "holdfast.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}

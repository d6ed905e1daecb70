{{/* What the metadata of all resources of a release have in common, but the name. */}}
{{- define "holdfast-cluster.metadata" -}}
namespace: {{ .Release.Namespace }}
labels:
  app.kubernetes.io/part-of: holdfast
  app.kubernetes.io/managed-by: {{ .Release.Service }}
  helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
  {{- with .Values.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

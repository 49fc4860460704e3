{{- define "tributary.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "tributary.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: gateway
{{- end }}

{{- define "tributary.labels" -}}
{{ include "tributary.selector" . }}
app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "tributary.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{/* What the pod security level `restricted` asks of a container, and a root file system that is read only. */}}
{{- define "tributary.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "tributary.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "tributary.redisURL" -}}
{{- $r := .Values.redis -}}
{{- $scheme := ternary "rediss://" "redis://" (default false $r.tls) -}}
{{- if ne $r.mode "none" -}}
{{- if not $r.hosts }}{{ fail "redis.hosts is empty: name at least one host:port, or set redis.mode to none" }}{{ end -}}
{{- if and (eq $r.mode "single") (ne (len $r.hosts) 1) }}{{ fail "redis.mode single takes one host; set it to cluster or sentinel for several" }}{{ end -}}
{{- if and (eq $r.mode "cluster") (lt (len $r.hosts) 2) }}{{ fail "redis.mode cluster takes at least two of the cluster's hosts" }}{{ end -}}
{{- if eq $r.mode "sentinel" -}}
{{- if not $r.masterName }}{{ fail "redis.mode sentinel needs redis.masterName" }}{{ end -}}
{{- $scheme }}{{ join "," $r.hosts }}?master_name={{ $r.masterName }}
{{- else -}}
{{- $scheme }}{{ join "," $r.hosts }}
{{- end -}}
{{- else if .Values.examples.enabled -}}
redis://{{ include "tributary.name" . }}-redis:6379
{{- end -}}
{{- end }}

{{/*
Rules as this release needs them. The files know one job, `gateway`; what is recorded has no label of
its job, so that its names must differ between releases; and TargetDown is of every target.
*/}}
{{- define "tributary.localize" -}}
{{- $name := include "tributary.name" .root -}}
{{- $text := .text | replace "job=\"gateway\"" (printf "job=\"%s-ops\"" $name) -}}
{{- range list "gateway:requests:" "gateway:errors:" "gateway:slow:" "cache_type:cache_hits:" -}}
{{- $text = $text | replace . (printf "%s:%s" ($name | replace "-" "_") .) -}}
{{- end -}}
{{- $text | replace "expr: up == 0" (printf "expr: up{job=\"%s-ops\"} == 0" $name) | replace "runbook_url: " (printf "runbook_url: %s" .root.Values.monitoring.runbookBase) -}}
{{- end }}

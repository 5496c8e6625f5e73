{{/* The same file in every add-on's chart (tests/e2e/test_charts_rendered.py sees to it); what differs is in _addon.tpl. */}}

{{- define "addon.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "addon.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "addon.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{ include "addon.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: sampan
{{- end -}}

{{- define "addon.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "addon.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* sampan.yaml: the user's settings over those that make the add-on a pod. */}}
{{- define "addon.config" -}}
{{- $settings := mergeOverwrite (include "addon.settings" . | fromYaml) (deepCopy .Values.settings) -}}
{{- toYaml (dict "network" (dict "domain" .Values.clusterDomain) "plugins" (dict (include "addon.name" .) $settings)) -}}
{{- end -}}

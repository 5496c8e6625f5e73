{{- define "addon.name" -}}dashboard{{- end -}}

{{- define "addon.settings" -}}
{{- if and (gt (int .Values.replicas) 1) (not .Values.settings.session_key_file) -}}
{{- fail "replicas above 1 need settings.session_key_file, a key that all of them share (README.md says how)" -}}
{{- end -}}
address: 0.0.0.0
port: {{ .Values.port }}
plain: true
{{- end -}}

{{- define "addon.ports" -}}
- {name: http, containerPort: {{ .Values.port }}, protocol: TCP}
{{- end -}}

{{/* Nothing: each request carries the identity of the user who signed in. */}}
{{- define "addon.clusterRules" -}}
[]
{{- end -}}

{{- define "addon.systemRules" -}}
{{- end -}}

{{- define "addon.name" -}}dashboard{{- end -}}

{{- define "addon.settings" -}}
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

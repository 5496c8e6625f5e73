{{- define "addon.name" -}}logging{{- end -}}

{{- define "addon.settings" -}}
urls: {{ toJson .Values.elasticsearch.urls }}
{{- if .Values.elasticsearch.secret }}
secret: kube-system/sampan-logging
{{- end }}
{{- end -}}

{{- define "addon.ports" -}}{{- end -}}

{{- define "addon.clusterRules" -}}
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
{{- end -}}

{{/* The one Secret it may read. */}}
{{- define "addon.systemRules" -}}
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [sampan-logging]
  verbs: [get]
{{- end -}}

{{- define "addon.name" -}}dns{{- end -}}

{{/* A Service of its pods leads to it, so it has none of its own making to lead here. */}}
{{- define "addon.settings" -}}
port: {{ .Values.port }}
publish: false
{{- end -}}

{{- define "addon.ports" -}}
- {name: dns, containerPort: {{ .Values.port }}, protocol: UDP}
- {name: dns-tcp, containerPort: {{ .Values.port }}, protocol: TCP}
{{- end -}}

{{- define "addon.clusterRules" -}}
- apiGroups: [""]
  resources: [services, namespaces, pods]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
{{- end -}}

{{- define "addon.systemRules" -}}
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [create, get, update, patch, delete]
{{- end -}}

{{- define "addon.name" -}}metrics{{- end -}}

{{/* Its certificate is for this one name, and there is one metrics.k8s.io in a cluster. */}}
{{- define "addon.service" -}}
{{- if ne .Release.Namespace "kube-system" -}}
{{- fail "this chart belongs into kube-system (helm install -n kube-system): its certificate is for the Service sampan-metrics there" -}}
{{- end -}}
sampan-metrics
{{- end -}}

{{/* A Service of its pod leads to it, so it has none of its own making to lead here. */}}
{{- define "addon.settings" -}}
port: {{ .Values.port }}
endpoints: false
{{- with .Values.prometheus.port }}
prometheus: "0.0.0.0:{{ . }}"
{{- end }}
{{- end -}}

{{- define "addon.ports" -}}
- {name: https, containerPort: {{ .Values.port }}, protocol: TCP}
{{- with .Values.prometheus.port }}
- {name: prometheus, containerPort: {{ . }}, protocol: TCP}
{{- end }}
{{- end -}}

{{- define "addon.clusterRules" -}}
- apiGroups: [""]
  resources: [nodes, pods]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [nodes/proxy, nodes/metrics, nodes/stats]
  verbs: [get]
- apiGroups: [apiregistration.k8s.io]
  resources: [apiservices]
  resourceNames: [v1beta1.metrics.k8s.io]
  verbs: [get, patch]
{{- end -}}

{{- define "addon.systemRules" -}}
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [create, get, patch]
{{- end -}}

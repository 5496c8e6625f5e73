{{- define "addon.name" -}}ingress{{- end -}}

{{- define "addon.settings" -}}
{{- $service := default (include "addon.fullname" .) .Values.service.name -}}
ingress_class: {{ .Values.ingressClass.name }}
controller: {{ .Values.ingressClass.controller }}
default_class: {{ .Values.ingressClass.default }}
http_port: {{ .Values.ports.http }}
https_port: {{ .Values.ports.https }}
public_https_port: 443
leave_seconds: 5
publish_service: {{ printf "%s/%s" .Release.Namespace $service }}
{{- end -}}

{{- define "addon.ports" -}}
- {name: http, containerPort: {{ .Values.ports.http }}, protocol: TCP}
- {name: https, containerPort: {{ .Values.ports.https }}, protocol: TCP}
{{- end -}}

{{- define "addon.clusterRules" -}}
- apiGroups: [networking.k8s.io]
  resources: [ingresses, ingressclasses]
  verbs: [get, list, watch]
- apiGroups: [networking.k8s.io]
  resources: [ingresses/status]
  verbs: [patch, update]
- apiGroups: [""]
  resources: [services, secrets]
  verbs: [get, list, watch]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch]
- apiGroups: [""]
  resources: [nodes]
  verbs: [get]
- apiGroups: ["", events.k8s.io]
  resources: [events]
  verbs: [create, patch, update]
{{- end -}}

{{- define "addon.systemRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [sampan-ingress]
  verbs: [get, update, patch]
{{- end -}}

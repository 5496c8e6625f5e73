{{- define "addon.name" -}}federation{{- end -}}

{{- define "addon.settings" -}}{}{{- end -}}

{{- define "addon.ports" -}}{{- end -}}

{{/* Objects of any kind are read, and marked with the policy that propagates them; their status is what members say. */}}
{{- define "addon.clusterRules" -}}
- apiGroups: ["*"]
  resources: ["*"]
  verbs: [get, list, watch]
- apiGroups: ["*"]
  resources: ["*"]
  verbs: [patch]
- apiGroups: ["*"]
  resources: ["*/status"]
  verbs: [update, patch]
- apiGroups:
    - cluster.karmada.io
    - policy.karmada.io
    - work.karmada.io
    - apps.karmada.io
    - autoscaling.karmada.io
    - networking.karmada.io
    - multicluster.x-k8s.io
  resources: ["*"]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [""]
  resources: [namespaces, events, services]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [get, list, watch, create, update, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [get, list, watch, create, update, patch, delete]
{{- end -}}

{{/* The Lease by which one of several replicas leads. */}}
{{- define "addon.systemRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [sampan-federation]
  verbs: [get, update]
{{- end -}}

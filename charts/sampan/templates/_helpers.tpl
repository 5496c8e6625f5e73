{{- define "sampan.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sampan.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sampan.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{ include "sampan.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: sampan
{{- end -}}

{{- define "sampan.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{- define "sampan.pki" -}}
{{- required "pki.secret names the Secret with the cluster's authorities; charts/sampan/README.md says how to make it" .Values.pki.secret -}}
{{- end -}}

{{/* sampan.yaml of every part; each API server puts its own address in. */}}
{{- define "sampan.config" -}}
{{- $name := include "sampan.fullname" . -}}
{{- $service := list $name (printf "%s.%s" $name .Release.Namespace) (printf "%s.%s.svc" $name .Release.Namespace) -}}
{{- $api := dict "host" "0.0.0.0" "port" (int .Values.apiserver.port) "workers" (int .Values.apiserver.workers) "names" (concat $service .Values.apiserver.names) "advertise" (default "" .Values.apiserver.advertise) -}}
{{- $network := dict "service_cidr" .Values.network.serviceCidr "pod_cidr" .Values.network.podCidr "domain" .Values.network.domain "node_ports" .Values.network.nodePorts -}}
{{- $store := required "store is the URL of a store that several API servers can share: etcd://… or postgresql://…" .Values.store -}}
{{- $own := dict "store" $store "api" $api "network" $network "node" (dict "enabled" false) "addons" list -}}
{{- toYaml (mergeOverwrite $own (deepCopy .Values.settings)) -}}
{{- end -}}

{{/* What all pods have in common, called with (dict "root" $ "part" NAME). */}}
{{- define "sampan.podMetadata" -}}
annotations:
  sampan.dev/config: {{ include "sampan.config" .root | sha256sum | trunc 16 | quote }}
  {{- with .root.Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
labels:
  {{- include "sampan.selectorLabels" .root | nindent 2 }}
  app.kubernetes.io/component: {{ .part }}
  {{- with .root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "sampan.podSpec" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "sampan.env" -}}
- {name: SAMPAN_CONFIG, value: {{ .config }}}
- {name: SAMPAN_HOME, value: /var/lib/sampan}
{{- with .root.Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "sampan.mounts" -}}
- {name: config, mountPath: /etc/sampan, readOnly: true}
- {name: home, mountPath: /var/lib/sampan}
- {name: tmp, mountPath: /tmp}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "sampan.volumes" -}}
- name: home
  emptyDir: {}
- name: tmp
  emptyDir: {}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "guestbook.labels" -}}
app.kubernetes.io/name: guestbook
app.kubernetes.io/instance: {{ .release }}
app.kubernetes.io/component: {{ .tier }}
{{- end -}}

{{- /* The pods' name label is what the brokers' NetworkPolicy lets in; the lease has that name too: one operator a
     namespace. */ -}}
{{- define "milena.selector" -}}
app.kubernetes.io/name: milena-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "milena.labels" -}}
{{ include "milena.selector" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: milena
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- /* Of objects that aren't in a namespace: operators of several namespaces may be there. */ -}}
{{- define "milena.clusterName" -}}
milena-operator.{{ .Release.Namespace }}
{{- end }}

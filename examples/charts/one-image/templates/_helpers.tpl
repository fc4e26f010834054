{{- define "arroyo.fullname" -}}
{{- default .Release.Name .Values.fullnameOverride -}}
{{- end -}}

{{- define "arroyo.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "arroyo.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

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

{{- define "arroyo.database" -}}
- name: DATABASE_HOST
  value: {{ .Values.postgresql.deploy | ternary (printf "%s-postgresql" (include "arroyo.fullname" .)) .Values.postgresql.externalDatabase.host | quote }}
{{- if .Values.postgresql.deploy }}
- name: DATABASE_PASSWORD
  valueFrom:
    secretKeyRef:
      name: {{ include "arroyo.fullname" . }}-postgresql
      key: password
{{- else }}
- name: DATABASE_PORT
  value: {{ .Values.postgresql.externalDatabase.port | quote }}
- name: DATABASE_NAME
  value: {{ .Values.postgresql.externalDatabase.name | quote }}
- name: DATABASE_USER
  value: {{ .Values.postgresql.externalDatabase.user | quote }}
- name: DATABASE_PASSWORD
  value: {{ .Values.postgresql.externalDatabase.password | quote }}
{{- end }}
{{- end -}}

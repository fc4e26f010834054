# What Helm runs on Windows when it installs or updates the plugin; see plugin.sh.
$ErrorActionPreference = 'Stop'
$plugin = if ($env:HELM_PLUGIN_DIR) { $env:HELM_PLUGIN_DIR } else { Split-Path -Parent $PSScriptRoot }
try {
  & (Join-Path $PSScriptRoot 'install.ps1') (Join-Path $plugin 'bin')
} catch {
  if ($_.Exception.Message -like '*is not what its release says*') { throw }
  $own = Get-Command refit.exe -ErrorAction SilentlyContinue
  if (-not $own) { throw "$($_.Exception.Message); and refit.exe is not on the search path" }
  New-Item -ItemType Directory -Force -Path (Join-Path $plugin 'bin') | Out-Null
  Copy-Item -Force $own.Source (Join-Path $plugin 'bin/refit.exe')
  Write-Output "helm refit runs a copy of $($own.Source)"
}

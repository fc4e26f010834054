# Puts the program of a release into a folder, as install.sh does, for Windows without a POSIX shell.
#
#   packaging\install.ps1 FOLDER
#
# REFIT_RELEASES, packaging\releases-url, and the remote `origin` say where releases are, in this order.
param([Parameter(Mandatory)][string]$Folder)
$ErrorActionPreference = 'Stop'
$root = Split-Path -Parent $PSScriptRoot

$line = Select-String -Path (Join-Path $root 'Cargo.toml') -Pattern '^version = "(.*)"$' | Select-Object -First 1
$version = $line.Matches[0].Groups[1].Value
$target = 'x86_64-pc-windows-msvc'
$urlFile = Join-Path $PSScriptRoot 'releases-url'
if ($env:REFIT_RELEASES) {
  $base = $env:REFIT_RELEASES.TrimEnd('/')
} elseif (Test-Path $urlFile) {
  $base = (Get-Content $urlFile -TotalCount 1).Trim()
} else {
  $remote = ''
  if (Test-Path (Join-Path $root '.git')) { $remote = git -C $root remote get-url origin }
  $remote = $remote -replace '^ssh://[^@]*@', 'https://' -replace '^[^@/]*@([^:]*):', 'https://$1/'
  $remote = $remote -replace '^(https?://)[^@/]*@', '$1'
  if (-not $remote) { throw 'refit: nothing says where releases are; set REFIT_RELEASES to their address' }
  $base = ($remote.TrimEnd('/') -replace '\.git$', '') + '/releases/download'
}

$archive = "refit-$version-$target.zip"
$work = Join-Path ([IO.Path]::GetTempPath()) ([IO.Path]::GetRandomFileName())
New-Item -ItemType Directory -Path $work | Out-Null
try {
  $sums = Join-Path $work 'SHA256SUMS'
  Invoke-WebRequest -UseBasicParsing -Uri "$base/v$version/SHA256SUMS" -OutFile $sums
  $wanted = Select-String -Path $sums -Pattern ('^([0-9a-f]{64}) [ *]' + [regex]::Escape($archive) + '$')
  if (-not $wanted) { throw "refit: release $version has no $archive" }
  $file = Join-Path $work $archive
  Invoke-WebRequest -UseBasicParsing -Uri "$base/v$version/$archive" -OutFile $file
  $have = (Get-FileHash -Algorithm SHA256 -Path $file).Hash.ToLower()
  if ($have -ne $wanted.Matches[0].Groups[1].Value) {
    throw "refit: $archive is not what its release says; nothing was installed"
  }
  Expand-Archive -Path $file -DestinationPath $work
  New-Item -ItemType Directory -Force -Path $Folder | Out-Null
  Copy-Item -Force (Join-Path $work "refit-$version-$target/refit.exe") (Join-Path $Folder 'refit.exe')
  Write-Output "refit $version ($target) is in $Folder"
} finally {
  Remove-Item -Recurse -Force $work
}

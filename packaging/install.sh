#!/bin/sh
# Puts the program of a release into a folder: downloads the archive for this machine, verifies its checksum,
# unpacks it. What cannot be verified is never run or left behind.
#
#   packaging/install.sh FOLDER
#
# The version is the one of this checkout. Where its releases are comes from, first match wins:
#   REFIT_RELEASES            the address of the folder of releases, such as https://HOST/OWNER/refit/releases/download
#   packaging/releases-url    the same in a file, which released archives have
#   GITHUB_ACTION_REPOSITORY  set where this runs as a GitHub Action
#   the remote `origin`       of the clone that this script is in
#
# Exit codes: 0 it is there · 1 there is no such release or archive (or no way to fetch one) · 2 what was fetched is
# not what its checksum says, or cannot be put there.
set -eu

folder=${1:?usage: packaging/install.sh FOLDER}
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

missing() { echo "refit: $*" >&2; exit 1; }
wrong() { echo "refit: $*" >&2; exit 2; }

version() { sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" 2>/dev/null | head -n 1; }

# The address of the releases of a repository that git fetches from.
of_remote() {
  case $1 in
    http://* | https://*) address=$1 ;;
    ssh://*@*) address=https://${1#ssh://*@} ;;
    *@*:*) address=${1#*@} && address=https://${address%%:*}/${address#*:} ;;
    *) return 1 ;;
  esac
  # Who fetches with a user in the address does not want it in a log.
  case $address in *://*@*) address=${address%%://*}://${address#*@} ;; esac
  address=${address%/}
  echo "${address%.git}/releases/download"
}

releases() {
  if [ -n "${REFIT_RELEASES:-}" ]; then
    echo "${REFIT_RELEASES%/}"
  elif [ -s "$root/packaging/releases-url" ]; then
    head -n 1 "$root/packaging/releases-url"
  elif [ -n "${GITHUB_ACTION_REPOSITORY:-}" ]; then
    echo "${GITHUB_SERVER_URL:?}/$GITHUB_ACTION_REPOSITORY/releases/download"
  else
    # Only a clone of refit itself: not a repository that this folder happens to lie in.
    [ -e "$root/.git" ] && of_remote "$(git -C "$root" remote get-url origin 2>/dev/null)"
  fi
}

target() {
  case $(uname -s)/$(uname -m) in
    Linux/x86_64 | Linux/amd64) echo x86_64-unknown-linux-gnu ;;
    Linux/aarch64 | Linux/arm64) echo aarch64-unknown-linux-gnu ;;
    Darwin/x86_64) echo x86_64-apple-darwin ;;
    Darwin/arm64) echo aarch64-apple-darwin ;;
    MINGW*/x86_64 | MSYS*/x86_64 | CYGWIN*/x86_64) echo x86_64-pc-windows-msvc ;;
    *) return 1 ;;
  esac
}

fetch() {
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --retry 2 --max-time 300 --output "$2" "$1"
  elif command -v wget >/dev/null; then
    wget --quiet --tries=3 --timeout=60 --output-document="$2" "$1"
  else
    echo "neither curl nor wget is here" >&2
    return 1
  fi
}

checksum() {
  if command -v sha256sum >/dev/null; then
    sha256sum "$1" | cut -d ' ' -f 1
  elif command -v shasum >/dev/null; then
    shasum -a 256 "$1" | cut -d ' ' -f 1
  else
    openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1
  fi
}

version=$(version)
[ -n "$version" ] || missing "$root/Cargo.toml does not say which version this is"
target=$(target) || missing "no program is released for $(uname -s) on $(uname -m)"
base=$(releases) || missing "nothing says where releases are; set REFIT_RELEASES to their address"
case $target in
  *windows*) archive=refit-$version-$target.zip program=refit.exe ;;
  *) archive=refit-$version-$target.tar.gz program=refit ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 2' HUP INT TERM
fetch "$base/v$version/SHA256SUMS" "$work/SHA256SUMS" || missing "there is no release $version at $base"
wanted=$(sed -n "s/^\([0-9a-f]\{64\}\) [ *]$archive\$/\1/p" "$work/SHA256SUMS")
[ -n "$wanted" ] || missing "release $version has no $archive"
fetch "$base/v$version/$archive" "$work/$archive" || missing "$base/v$version/$archive cannot be fetched"
have=$(checksum "$work/$archive")
[ "$have" = "$wanted" ] ||
  wrong "$archive is not what its release says: its SHA-256 is $have and should be $wanted; nothing was installed"

mkdir "$work/unpacked"
case $archive in
  *.zip) unzip -q "$work/$archive" -d "$work/unpacked" ;;
  *) tar -xzf "$work/$archive" -C "$work/unpacked" ;;
esac || wrong "$archive cannot be unpacked"
found=$work/unpacked/refit-$version-$target/$program
[ -f "$found" ] || wrong "$archive has no $program"
mkdir -p "$folder" || wrong "$folder cannot be made"
# Beside its place first: a program that runs is replaced whole.
cp "$found" "$folder/.$program.new" && chmod 755 "$folder/.$program.new" &&
  mv -f "$folder/.$program.new" "$folder/$program" || wrong "$program cannot be put into $folder"
echo "refit $version ($target) is in $folder"

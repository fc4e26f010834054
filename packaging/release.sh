#!/usr/bin/env bash
# Makes the archives of a release.
#
#   packaging/release.sh [TARGET]...      default: this machine's own
#
# For each target dist/refit-VERSION-TARGET.tar.gz (.zip for Windows) with the program, its manual pages, completions
# and licences; for the plugin of Helm dist/refit-plugin-VERSION.tgz; and dist/SHA256SUMS over all that is in dist/.
# Linux programs are linked statically, so that they run on any distribution and in an empty container. They use glibc
# and not musl, whose allocator makes refit slower.
#
# REFIT_RELEASES, if set, is written into the plugin: where its releases are downloaded from.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
targets=("$@")
[ "${#targets[@]}" -gt 0 ] || targets=("$(rustc -vV | sed -n 's/^host: //p')")
# The same files make the same archive.
when=$(git log -1 --format=%ct 2>/dev/null || echo 0)
mkdir -p dist

# pack ARCHIVE FOLDER: the folder of dist/ as an archive beside it.
pack() {
  case $1 in
    *.zip) (cd dist && rm -f "$1" && { 7z a -bso0 "$1" "$2" 2>/dev/null || zip -qrX "$1" "$2"; }) ;;
    *)
      if tar --version 2>/dev/null | grep -q GNU; then
        tar -C dist --sort=name --mtime="@$when" --owner=0 --group=0 --numeric-owner -cf - "$2" | gzip -9n >"dist/$1"
      else
        tar -C dist -czf "dist/$1" "$2"
      fi
      ;;
  esac
  rm -rf "dist/$2"
}

for target in "${targets[@]}"; do
  flags=${RUSTFLAGS:-}
  case $target in
    *-linux-gnu | *-windows-msvc) flags="$flags -C target-feature=+crt-static" ;;
  esac
  RUSTFLAGS=$flags cargo build --locked --profile dist --target "$target"
  built=${CARGO_TARGET_DIR:-target}/$target/dist
  name=refit-$version-$target
  rm -rf "dist/$name"
  mkdir -p "dist/$name/completions" "dist/$name/man"
  case $target in
    *windows*) program=refit.exe archive=$name.zip ;;
    *) program=refit archive=$name.tar.gz ;;
  esac
  cp "$built/$program" README.md CHANGELOG.md LICENSE-* "dist/$name/"
  # What the program says of itself can be asked only where it runs.
  if "$built/$program" --version >/dev/null 2>&1; then
    for shell in bash zsh fish elvish powershell; do
      "$built/$program" completions "$shell" >"dist/$name/completions/refit.$shell"
    done
    "$built/$program" man >"dist/$name/man/refit.1"
    for command in upgrade review verify init packs explain pack; do
      "$built/$program" man "$command" >"dist/$name/man/refit-$command.1"
    done
  fi
  pack "$archive" "$name"
done

plugin=refit
rm -rf "dist/$plugin"
mkdir -p "dist/$plugin/packaging"
cp plugin.yaml completion.yaml plugin.complete Cargo.toml LICENSE-* "dist/$plugin/"
cp packaging/install.* packaging/plugin.* "dist/$plugin/packaging/"
if [ -n "${REFIT_RELEASES:-}" ]; then echo "${REFIT_RELEASES%/}" >"dist/$plugin/packaging/releases-url"; fi
pack "refit-plugin-$version.tgz" "$plugin"

cd dist
if command -v sha256sum >/dev/null; then
  sha256sum refit-*.tar.gz refit-*.zip refit-*.tgz 2>/dev/null >SHA256SUMS || true
else
  shasum -a 256 refit-*.tar.gz refit-*.zip refit-*.tgz 2>/dev/null >SHA256SUMS || true
fi
cat SHA256SUMS

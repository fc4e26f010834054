#!/bin/sh
# What Helm runs when it installs or updates the plugin: the program of the release goes beside it. Where there is
# none, because this is a clone of an unreleased version or there is no network, the plugin runs the `refit` that is
# on the search path.
set -eu
plugin=${HELM_PLUGIN_DIR:-$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)}
code=0
sh "$plugin/packaging/install.sh" "$plugin/bin" || code=$?
case $code in
  0) exit 0 ;;
  1) ;;
  # A wrong checksum is never passed over.
  *) exit "$code" ;;
esac
mkdir -p "$plugin/bin"
cat >"$plugin/bin/refit" <<'SCRIPT'
#!/bin/sh
# No release could be fetched when the plugin was installed: the refit on the search path is run.
command -v refit >/dev/null || {
  echo "refit is not on the search path; install it, or run: helm plugin update refit" >&2
  exit 2
}
exec refit "$@"
SCRIPT
chmod 755 "$plugin/bin/refit"
if command -v refit >/dev/null; then
  echo "helm refit runs $(command -v refit)"
else
  echo "helm refit needs refit on the search path: cargo install --path $plugin" >&2
fi

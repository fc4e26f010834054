#!/usr/bin/env bash
# Prints the Homebrew formula for a release whose archives and SHA256SUMS are in dist/.
#
#   packaging/homebrew.sh RELEASES HOMEPAGE >refit.rb
#
# RELEASES is the address of the folder of releases, HOMEPAGE that of the project.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
releases=${1:?usage: packaging/homebrew.sh RELEASES HOMEPAGE} homepage=${2:?usage: packaging/homebrew.sh RELEASES HOMEPAGE}
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)

# archive TARGET: the two lines of a formula that say where an archive is and what it must be.
archive() {
  local name=refit-$version-$1.tar.gz sum
  sum=$(sed -n "s/^\([0-9a-f]\{64\}\) [ *]$name\$/\1/p" dist/SHA256SUMS)
  if [ -z "$sum" ]; then
    echo "dist/SHA256SUMS has no $name" >&2
    return 1
  fi
  printf '      url "%s/v%s/%s"\n      sha256 "%s"\n' "$releases" "$version" "$name" "$sum"
}

mac_arm=$(archive aarch64-apple-darwin)
mac_intel=$(archive x86_64-apple-darwin)
linux_arm=$(archive aarch64-unknown-linux-gnu)
linux_intel=$(archive x86_64-unknown-linux-gnu)
cat <<FORMULA
class Refit < Formula
  desc "Refits Helm values to a newer chart"
  homepage "$homepage"
  version "$version"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
$mac_arm
    end
    on_intel do
$mac_intel
    end
  end

  on_linux do
    on_arm do
$linux_arm
    end
    on_intel do
$linux_intel
    end
  end

  def install
    bin.install "refit"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/refit.bash" => "refit"
    zsh_completion.install "completions/refit.zsh" => "_refit"
    fish_completion.install "completions/refit.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/refit --version")
  end
end
FORMULA

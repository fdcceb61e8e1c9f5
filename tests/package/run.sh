#!/usr/bin/env bash
# The archive that `cargo package` makes holds all that a build and the tests of the library need, and nothing that is not
# committed.
set -euo pipefail
cd "$(dirname "$0")/../.."
list=$(cargo package --list --allow-dirty)
for folder in benches cases clients docs examples schemas snapshots src tests; do
  missing=$(git ls-files "$folder" | grep -v -e '/\.' | sort | comm -23 - <(sort <<<"$list"))
  if [ -n "$missing" ]; then
    printf 'not in the package:\n%s\n' "$missing"
    exit 1
  fi
done
for file in ARCHITECTURE.md CHANGELOG.md CONTRIBUTING.md LICENSE-APACHE LICENSE-MIT README.md SECURITY.md build.rs; do
  grep -qx "$file" <<<"$list" || { echo "not in the package: $file"; exit 1; }
done
echo "$(wc -l <<<"$list") files in the package"

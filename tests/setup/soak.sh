#!/usr/bin/env bash
# Runs the crash tests for as long as somebody wants to wait: HOLDFAST_SOAK_KILLS (5000 unless set) kills of a member
# under load, with an audit of every acknowledged write. Arguments choose other scenarios of tests/robustness by name.
set -euo pipefail

setup=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$setup/../.."
"$setup/prepare.sh" test || [ $? = 3 ]
. "$setup/environment.sh"

cargo build --locked -p holdfast
export HOLDFAST_BIN=$CARGO_TARGET_DIR/debug/holdfast
export HOLDFAST_SOAK_KILLS=${HOLDFAST_SOAK_KILLS:-5000}
[ $# -gt 0 ] || set -- nothing_acknowledged_is_lost_over_many_kills
exec cargo test --locked -p holdfast-tests --test robustness -- --nocapture "$@"

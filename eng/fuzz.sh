#!/usr/bin/env bash
# The long form of the fuzz test: a million mutated requests over all presets (the suite sends 4,000). It fails at the
# first 5xx or hang, and where memory grows; the line with the counts is in the output.
set -euo pipefail
cd "$(dirname "$0")/.."
AUTOMATION_FUZZ_REQUESTS="${1:-1000000}" exec eng/long.sh Automation.Intake.Tests Automation.Intake.Tests.Webhooks.FuzzTests

#!/usr/bin/env bash
# The long form of the test that kills the server while HTTP calls are on their way: 1,000 at the same time (the suite has 60).
set -euo pipefail
cd "$(dirname "$0")/.."
AUTOMATION_TEST_CALLS="${1:-1000}" exec eng/long.sh Automation.EndToEnd.Tests Automation.EndToEnd.Tests.Steps.CallCrashTests

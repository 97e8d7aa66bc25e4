#!/usr/bin/env bash
# The long form of the crash test: the server is killed 20 times under load (the suite does it 4 times).
set -euo pipefail
cd "$(dirname "$0")/.."
AUTOMATION_TEST_KILLS="${1:-20}" exec eng/long.sh Automation.EndToEnd.Tests Automation.EndToEnd.Tests.CrashTests

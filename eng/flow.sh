#!/usr/bin/env bash
# The long form of the flow control tests: 10,000 events over 100 keys with a restart in the middle on both databases,
# and the same with the real server killed (the suite sends 1,000).
set -euo pipefail
cd "$(dirname "$0")/.."
export AUTOMATION_TEST_FLOW_EVENTS="${1:-10000}"
eng/long.sh Automation.Intake.Tests Automation.Intake.Tests.Flow.FlowLoadTests
eng/long.sh Automation.EndToEnd.Tests Automation.EndToEnd.Tests.FlowCrashTests

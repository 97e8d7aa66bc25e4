#!/usr/bin/env bash
# The long form of the jobs' crash test: with 1,000 jobs on each database a server is killed six times at random points,
# in so many rounds with other points (the suite does one).
set -euo pipefail
cd "$(dirname "$0")/.."
AUTOMATION_TEST_JOB_CRASHES="${1:-20}" exec eng/long.sh Automation.Jobs.Tests Automation.Jobs.Tests.Crash.CrashTests

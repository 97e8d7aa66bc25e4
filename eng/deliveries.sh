#!/usr/bin/env bash
# The long form of the delivery test: 10,000 deliveries to 50 endpoints, first with all of them well, then with 5 that fail
# and 5 that hang, with the default limits and schedule; a quarter of an hour. The suite sends 300 with limits scaled down.
set -euo pipefail
cd "$(dirname "$0")/.."
AUTOMATION_TEST_DELIVERIES="${1:-10000}" exec eng/long.sh Automation.Steps.Tests Automation.Steps.Tests.Deliveries.DeliveryLoadTests

#!/usr/bin/env bash
# Replays the recorded conversations with a genuine Elsa 3 server against a freshly started server of ours.
# Arguments go to the runner (--filter TEXT, -v, --json FILE). Skipped where the recordings are not beside the clone.
set -euo pipefail
cd "$(dirname "$0")/.."

runner=../shared/elsa/conformance/run.py
if [[ ! -f $runner ]]; then
  echo "Skipped: there is no $runner."
  exit 0
fi
if ! command -v python3 >/dev/null; then
  echo "Skipped: python3 is not installed."
  exit 0
fi

dotnet build src/Automation.Host -v q --nologo -clp:ErrorsOnly
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
key=a-key-for-the-conformance-cases
data=$(mktemp -d)
mkdir "$data/workflows"
# Where we are better by default than what was recorded (docs/compatibility.md), the recorded behaviour is asked for.
for better in RefuseBrokenExpressions KeepInputs JournalCancellation ShortStrategyNames; do
  export "Automation__Workflows__Engine__$better=false"
done
Automation__DataDirectory=$data Automation__AdminKey=$key Automation__Workflows__Directory=$data/workflows \
  Automation__Steps__Outgoing__AllowedHosts__0=127.0.0.1 \
  dotnet src/Automation.Host/bin/Debug/net10.0/Automation.Host.dll --urls "http://127.0.0.1:$port" >"$data/server.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null || true; rm -rf "$data"' EXIT

for _ in $(seq 150); do
  curl -sf "http://127.0.0.1:$port/healthz/ready" >/dev/null && break
  if ! kill -0 $server 2>/dev/null; then
    cat "$data/server.log"
    exit 1
  fi
  sleep 0.2
done
python3 $runner --base "http://127.0.0.1:$port" --auth "ApiKey $key" "$@"

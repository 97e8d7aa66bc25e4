#!/usr/bin/env bash
# Runs the tests of one class in a process that nothing else watches: eng/long.sh PROJECT CLASS. Under "dotnet test" a second
# process listens, and where the tests had been silent for five seconds when theirs ends, it may take that for a crash ("test
# process crashed with exit code 0") before it has read the result; a long test is silent for minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
dotnet build "tests/$1" -c Release --nologo -v q
exec dotnet "tests/$1/bin/Release/net10.0/$1.dll" -noLogo -showLiveOutput -diagnostics -class "$2"

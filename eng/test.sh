#!/usr/bin/env bash
# Installs what the tests need and the machine lacks, builds, runs every test, and ends with one line:
#   N passed, N failed[, N skipped]
set -uo pipefail
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

# --- What the tests need. Without root or apt the tests that want it are skipped and say why.
missing=()
[ -n "$(ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null)" ] || missing+=(postgresql)
command -v chromium >/dev/null 2>&1 || missing+=(chromium)
ldconfig -p 2>/dev/null | grep -q 'libsqlite3\.so\.0' || missing+=(libsqlite3-0)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "Installing ${missing[*]}"
    # No cluster is started: the tests start their own server on a free port.
    mkdir -p /etc/postgresql-common
    grep -qs '^create_main_cluster' /etc/postgresql-common/createcluster.conf || echo 'create_main_cluster = false' >>/etc/postgresql-common/createcluster.conf
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}") >/tmp/automation-apt.log 2>&1 \
      || { echo "apt-get could not install ${missing[*]}; the tests that need them are skipped:"; tail -n 3 /tmp/automation-apt.log; }
  else
    echo "Not installed and not installable here: ${missing[*]}. The tests that need them are skipped."
  fi
fi

# --- Build. Warnings are errors.
say "Building"
if ! dotnet build Automation.sln -c Release --nologo -v quiet; then
  echo "0 passed, 1 failed"
  exit 1
fi

# --- Test, one project after another: there may be only two cores.
passed=0 failed=0 skipped=0
results=$PWD/artifacts/test-results
rm -rf "$results" && mkdir -p "$results"
for project in tests/*.Tests/*.csproj; do
  name=$(basename "$project" .csproj)
  say "$name"
  dotnet test "$project" -c Release --no-build --nologo -v quiet \
    --results-directory "$results" --logger "trx;LogFileName=$name.trx" >"$results/$name.log" 2>&1
  code=$?
  counters=$(grep -o '<Counters [^>]*>' "$results/$name.trx" 2>/dev/null | head -n 1)
  if [ -z "$counters" ]; then
    # A project without a single test is fine; one whose runner died is not.
    if [ "$code" = 0 ]; then echo "no tests"; else tail -n 40 "$results/$name.log"; failed=$((failed + 1)); fi
    continue
  fi
  get() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$counters"; }
  p=$(get passed) f=$(get failed) total=$(get total)
  s=$((total - p - f))
  [ "$code" != 0 ] && [ "$f" = 0 ] && f=1
  [ "$f" != 0 ] && grep -v '^\s*$' "$results/$name.log" | tail -n 80
  [ "$s" != 0 ] && grep -A1 -F '[SKIP]' "$results/$name.log" | grep -v '^--' | head -n 40
  echo "$p passed, $f failed, $s skipped"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done

say "All"
if [ "$skipped" -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
[ "$failed" = 0 ]

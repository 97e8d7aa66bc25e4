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
# Elsa Studio, and the mail server and verifier that tests talk to, come by npm.
has_node() { [ "$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p')" -ge 20 ] 2>/dev/null && command -v npm >/dev/null 2>&1; }
has_node || missing+=(nodejs)
install() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>/tmp/automation-apt.log 2>&1; }
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "Installing ${missing[*]}"
    # No cluster is started: the tests start their own server on a free port.
    mkdir -p /etc/postgresql-common
    grep -qs '^create_main_cluster' /etc/postgresql-common/createcluster.conf || echo 'create_main_cluster = false' >>/etc/postgresql-common/createcluster.conf
    apt-get update -qq >/tmp/automation-apt.log 2>&1
    # One after another: what cannot be had must not keep the rest away.
    for package in "${missing[@]}"; do
      install "$package" || { echo "apt-get could not install $package; the tests that need it are skipped:"; tail -n 3 /tmp/automation-apt.log; }
    done
    # Debian has npm apart from Node.js, others have it inside.
    has_node || command -v npm >/dev/null 2>&1 || install npm
  else
    echo "Not installed and not installable here: ${missing[*]}. The tests that need them are skipped."
  fi
  has_node || echo "Node.js 20 or later with npm is not there (found: $(node --version 2>/dev/null || echo none)). The tests of mail, signatures and the designer are skipped."
fi

# Nothing here runs long enough to gain from what the runtime observes in order to compile a second time.
export DOTNET_TieredPGO=0

# --- Build. Warnings are errors.
say "Building"
# One compiler for all projects, whatever the machine's own setting: half of the processor time is its start and what the
# analyzers compile of themselves. It is this run's own and ends with the build.
compiler=automation-$$
dotnet build Automation.sln -c Release --nologo -v quiet -p:UseSharedCompilation=true -p:SharedCompilationId=$compiler
built=$?
for process in $(pgrep -f -- "-pipename:$compiler( |\$)" 2>/dev/null); do kill "$process"; done
if [ "$built" != 0 ]; then
  echo "0 passed, 1 failed"
  exit 1
fi

# --- Test. The browsers of the first need both of two cores; the others wait about as much as they compute, so two run at a
# time, the longest first.
passed=0 failed=0 skipped=0 unheard=0
results=$PWD/artifacts/test-results
rm -rf "$results" && mkdir -p "$results"

run() {
  local name
  name=$(basename "$1" .csproj)
  dotnet test "$1" -c Release --no-build --nologo -v quiet \
    --results-directory "$results" --logger "trx;LogFileName=$name.trx" --logger "console;verbosity=minimal" >"$results/$name.log" 2>&1
  echo $? >"$results/$name.ended" && mv "$results/$name.ended" "$results/$name.code"
}

# Tells what has ended since it was called last.
report() {
  local file name code counters p f s total
  for file in "$results"/*.code; do
    [ -e "$file" ] || continue
    name=$(basename "$file" .code) code=$(cat "$file")
    rm "$file"
    unheard=$((unheard - 1))
    say "$name"
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
}

longest=(tests/Automation.EndToEnd.Tests/*.csproj tests/Automation.Workflows.Tests/*.csproj)
unheard=$((unheard + 1))
run "${longest[0]}"
report
started=" ${longest[0]} "
for project in "${longest[@]}" tests/*.Tests/*.csproj; do
  case "$started" in *" $project "*) continue ;; esac
  started="$started$project "
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do
    wait -n
    report
  done
  unheard=$((unheard + 1))
  run "$project" &
done
wait
report
# Whoever ended without a word has failed.
failed=$((failed + unheard))

say "All"
if [ "$skipped" -gt 0 ]; then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
[ "$failed" = 0 ]

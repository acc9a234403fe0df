# Sourced by the other scripts: finds a Python, makes .venv and fills it from the lock files.
#
#   RTDIFF_PYTHON   which Python to use (default: the first that fits)
#   RTDIFF_VENV     where the environment lives (default: .venv beside this folder)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=${RTDIFF_VENV:-$root/.venv}
self="scripts/$(basename "$0")"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_USER=0

say() { printf '%s: %s\n' "$self" "$*" >&2; }

die() {
    say "$@"
    exit 2
}

# Prints the first Python from 3.11 to 3.14 (what the locks are made for) that can make environments.
find_python() {
    local name version without_pip=""
    for name in ${RTDIFF_PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
        version=$("$name" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
        case $version in 3.11 | 3.12 | 3.13 | 3.14) ;; *) continue ;; esac
        if "$name" -c 'import ensurepip, venv' 2>/dev/null; then
            command -v "$name"
            return
        fi
        without_pip=$version
    done
    if [ -n "$without_pip" ]; then
        die "Python $without_pip has no ensurepip; on Debian or Ubuntu: apt-get install python$without_pip-venv"
    elif [ -n "${RTDIFF_PYTHON:-}" ]; then
        die "RTDIFF_PYTHON=$RTDIFF_PYTHON is no Python from 3.11 to 3.14; name one that is"
    fi
    die "no Python from 3.11 to 3.14 was found; install one (Debian or Ubuntu: apt-get install python3 python3-venv)"
}

# The programs of an environment lie in Scripts on Windows.
use_venv() {
    bin=$venv/bin
    if [ -d "$venv/Scripts" ]; then bin=$venv/Scripts; fi
    py=$bin/python
}

# What an environment must have been made from to be used again: place, Python, locks, metadata.
fingerprint() {
    "$py" - "$root" "$@" <<'PYTHON'
import hashlib, pathlib, sys

root, *names = sys.argv[1:]
parts = [root, sys.version] + [hashlib.sha256(pathlib.Path(root, n).read_bytes()).hexdigest() for n in names]
print(hashlib.sha256("\n".join(parts).encode()).hexdigest())
PYTHON
}

# OpenCV's wheel with windows needs a few libraries of the system that slim images lack.
check_opencv() {
    local needs="libgl1 libglib2.0-0 libxcb1" why
    if why=$("$py" -c 'import cv2' 2>&1); then return; fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "cv2 cannot be loaded (${why##*$'\n'}): installing $needs"
        # shellcheck disable=SC2086  # a list of words
        apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $needs >/dev/null
        if why=$("$py" -c 'import cv2' 2>&1); then return; fi
    fi
    die "cv2 cannot be loaded: ${why##*$'\n'}; on Debian or Ubuntu: apt-get install $needs"
}

# prepare runtime|dev: makes the environment, or finds that it is complete (then no network is needed).
# Afterwards $py is its Python.
prepare() {
    local kind=$1 lock=requirements.lock stamp python
    if [ "$kind" = dev ]; then lock=requirements-dev.lock; fi
    use_venv
    local made_from=(requirements.lock requirements-dev.lock pyproject.toml)
    for stamp in "$venv/rtdiff-$kind" "$venv/rtdiff-dev"; do
        if [ -f "$stamp" ] && [ "$(fingerprint "${made_from[@]}" 2>/dev/null)" = "$(cat "$stamp")" ]; then return; fi
    done
    rm -f "$venv"/rtdiff-{runtime,dev}
    python=$(find_python)
    say "making $venv with $("$python" --version) from $lock (a few minutes, once)"
    "$python" -m venv --clear "$venv"
    use_venv
    "$py" -m pip install -q --only-binary :all: --require-hashes --no-deps -r "$root/$lock"
    "$py" -m pip install -q --no-build-isolation --no-deps --no-index -e "$root"
    check_opencv
    fingerprint "${made_from[@]}" >"$venv/rtdiff-$kind"
}

# Makes a throw-away environment with uv in $work; $py is its Python.
make_uv() {
    local python
    python=$(find_python)
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    venv=$work/venv
    "$python" -m venv "$venv"
    use_venv
    "$py" -m pip install -q --only-binary :all: uv
}

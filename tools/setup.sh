#!/usr/bin/env bash
# Make everything `make demo` and `make test` need: system libraries and the virtual environment.
# Run it as often as you like: when nothing is missing it answers within a second.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=".venv"
stamp="$venv/.installed"

# What Qt needs of the system on Linux, as library:Debian package. PyQt6 brings the rest itself.
libraries=(
  libGL.so.1:libgl1 libEGL.so.1:libegl1 libOpenGL.so.0:libopengl0
  libglib-2.0.so.0:libglib2.0-0 libfontconfig.so.1:libfontconfig1 libdbus-1.so.3:libdbus-1-3
  libX11-xcb.so.1:libx11-xcb1 libxkbcommon.so.0:libxkbcommon0
  libxkbcommon-x11.so.0:libxkbcommon-x11-0 libxcb-cursor.so.0:libxcb-cursor0
  libxcb-icccm.so.4:libxcb-icccm4 libxcb-image.so.0:libxcb-image0
  libxcb-keysyms.so.1:libxcb-keysyms1 libxcb-randr.so.0:libxcb-randr0
  libxcb-render-util.so.0:libxcb-render-util0 libxcb-render.so.0:libxcb-render0
  libxcb-shape.so.0:libxcb-shape0 libxcb-shm.so.0:libxcb-shm0 libxcb-sync.so.1:libxcb-sync1
  libxcb-xfixes.so.0:libxcb-xfixes0 libxcb-xkb.so.1:libxcb-xkb1
)
programs=(Xvfb:xvfb xauth:xauth)

say() { printf '%s\n' "$*"; }

stop() {
  printf '\nsetup: %s\n' "$1" >&2
  shift
  if [ $# -gt 0 ]; then printf '    %s\n' "$@" >&2; fi
  exit 1
}

# As root, or with sudo where it asks for no password.
may_use_apt() {
  command -v apt-get >/dev/null || return 1
  [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null
}

apt_install() {
  local as_root=(env DEBIAN_FRONTEND=noninteractive)
  [ "$(id -u)" -eq 0 ] || as_root=(sudo -n "${as_root[@]}")
  say "Installing with apt: $*"
  "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "$@" </dev/null >/dev/null
}

missing_libraries() {
  local have entry
  have="$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p)"
  for entry in "${libraries[@]}"; do
    [[ "$have" == *"${entry%%:*}"* ]] || say "${entry#*:}"
  done
  for entry in "${programs[@]}"; do
    command -v "${entry%%:*}" >/dev/null || say "${entry#*:}"
  done
  [ -n "$(find /usr/share/fonts -name '*.[to]tf' -print -quit 2>/dev/null)" ] ||
    say fonts-dejavu-core
}

# The Debian packages that are missing, one a line.
missing_packages() {
  [ "$(uname -s)" != Linux ] || missing_libraries
  venv_runs || "$python" -c 'import ensurepip, venv' 2>/dev/null || say python3-venv
}

# Install what is missing, or say how.
check_system() {
  local packages
  packages="$(missing_packages | paste -s -d ' ' -)"
  if [ -z "$packages" ]; then return; fi
  if may_use_apt; then
    # shellcheck disable=SC2086  # one word for each package
    apt_install $packages || stop "apt could not install all of this; the lines above say why:" \
      "$packages"
  elif command -v apt-get >/dev/null; then
    stop "some system packages are missing. Please run this, then the same command again:" \
      "sudo apt-get install $packages"
  else
    stop "some system packages are missing; here are Debian's names, yours may differ a little:" \
      "$packages"
  fi
}

# The first Python that is new enough; $PYTHON, when set, is the only candidate.
find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      say "$candidate"
      return
    fi
  done
  stop "no Python 3.11 or newer (tried: ${PYTHON:-python3, python3.13, python3.12, python3.11})." \
    "install one, or say where it is: make demo PYTHON=/path/to/python3"
}

venv_runs() {
  "$venv/bin/python" -c '' 2>/dev/null
}

make_venv() {
  say "Creating $venv with $("$python" --version)"
  "$python" -m venv --clear "$venv"
}

fingerprint() {
  say "$PWD"
  "$venv/bin/python" --version
  cksum pyproject.toml constraints.txt
}

install_packages() {
  local pip=("$venv/bin/python" -m pip install)
  [ -t 1 ] || pip+=(--quiet)
  say "Installing Python packages (a few minutes the first time)"
  # PyTorch first and by its exact version: a range could bring in a much larger build.
  "${pip[@]}" "$(grep '^torch==' constraints.txt)" &&
    "${pip[@]}" -c constraints.txt -e '.[all,em,test,lint]'
}

python="$(find_python)"
check_system
venv_runs || make_venv
if [ "$(fingerprint)" != "$(cat "$stamp" 2>/dev/null)" ]; then
  install_packages || stop "the packages could not be installed; the lines above say why." \
    "the same command again goes on from here"
  fingerprint >"$stamp"
  say "Ready."
fi

#!/usr/bin/env bash
# Run a command on a virtual screen on Linux, and as it is elsewhere: virtual_display.sh COMMAND...
set -euo pipefail
if [ "$(uname -s)" != Linux ]; then exec "$@"; fi

unset WAYLAND_DISPLAY
export QT_QPA_PLATFORM=xcb LIBGL_ALWAYS_SOFTWARE=1
exec xvfb-run --auto-servernum --server-args="-screen 0 1920x1200x24" "$@"

#!/bin/sh
# Writes `entry.sh` with the line ends that an editor on Windows leaves.
set -eu
cd "$(dirname "$0")"
printf '#!/bin/sh\r\n/bin/true\r\n' > entry.sh
chmod 755 entry.sh

#!/bin/sh
# For machines without `make`: sh try.sh  does what  make try  does.
set -e
cd "$(dirname "$0")"
sh scripts/setup.sh build
exec make try

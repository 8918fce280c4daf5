#!/usr/bin/env bash
# Find the pages of ../shared/data/pages with the built program and print the table of its
# score_quads.py.
#
#   bench/page/score_shared.sh [CLEARCUT_PROGRAM] [score_quads options: --per-file, --certain]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
pages=${CLEARCUT_SHARED:-$root/../shared}/data/pages
program=$root/build/clearcut
if [ $# -gt 0 ] && [ "${1#--}" = "$1" ]; then program=$1; shift; fi
[ -d "$pages" ] || { echo "skipped: no test pictures in $pages"; exit 77; }
[ -x "$program" ] || { echo "no program $program: build it with 'make', or name it"; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for photo in "$pages"/*.jpg "$pages"/*.png; do
    "$program" scan --corners-only --json "$photo" > "$work/$(basename "$photo").json" || true
done
python3 - "$work" > "$work/predictions" <<'PYTHON'
import glob, json, os, sys
found = {}
for path in sorted(glob.glob(os.path.join(sys.argv[1], '*.json'))):
    with open(path) as f:
        text = f.read().strip()
    answer = json.loads(text) if text else {}
    answer = answer[0] if isinstance(answer, list) and answer else answer
    found[os.path.basename(path)[:-5]] = answer.get('corners') if answer.get('status') == 'corrected' else None
json.dump(found, sys.stdout)
PYTHON
python3 "$pages/score_quads.py" "$pages/quads.json" "$work/predictions" "$@"

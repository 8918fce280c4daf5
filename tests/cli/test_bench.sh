# bench: the table, its other forms, peers that answer, fail and die.
. "$(dirname "$0")/common.sh"
set -m # so that background jobs do not ignore SIGINT
PYTHON=${CLEARCUT_ORACLE_PYTHON:-$(command -v python3 || true)}
[ -n "$PYTHON" ] || skip "no Python for JSON and for the peer"
MODEL=$DATA/mask.onnx
export TMPDIR=$WORK/tmp
mkdir tmp

# A peer that speaks the protocol: known times, an error, or nothing.
mkdir peers
cat >peers/rembg_peer.py <<'END_PEER'
import os
import sys

kind = os.environ["PEER"]
if kind == "absent":
    print("error No module named rembg", flush=True)
    sys.exit()
print("ready rembg 9.9\tlists everything", flush=True)
for line in sys.stdin:
    if kind == "dies":
        sys.exit()
    assert os.path.exists(line.rstrip("\n"))
    print("ms 1 2 30 4 5 42" if kind == "good" else "error out of luck", flush=True)
END_PEER
export CLEARCUT_PEERS=$WORK/peers

# rows EXPRESSION: true of `rows`, `left` and `machine` of the last run's JSON.
cat >rows.py <<'END_ROWS'
import json
import sys

entries = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
rows = [e for e in entries if e["kind"] == "row"]
left = {e["what"]: e["why"] for e in entries if e["kind"] == "left-out"}
machine = [e for e in entries if e["kind"] == "machine"]
assert len(entries) == len(rows) + len(left) + len(machine), "a line of no known kind"
sys.exit(0 if eval(sys.argv[2]) else 1)
END_ROWS
rows() {
    check "rows: $1" "$PYTHON" rows.py stdout "$1"
}

QUICK="bench --models $MODEL --devices cpu --sizes 64,100 --runs 2 --files 3 --batch 2"

run 0 $QUICK --modes single,process,sequence,batch --json "$DATA/photo.jpg"
rows 'len(machine) == 1 and len(rows) >= 6'
rows '{(r["mode"], max(r["width"], r["height"])) for r in rows} >= {(m, s) for m in ("single", "process", "sequence") for s in (64, 100)}'
rows 'all(r["ms"]["total"]["median"] > 0 for r in rows if r["mode"] != "batch")'
rows 'all(r["ms"][s]["median"] >= 0 for r in rows if r["mode"] == "single" for s in ("decode", "prepare", "infer", "mask", "encode"))'
rows 'all(r["ms"]["infer"] is None and r["process_peak_bytes"] > 1e6 for r in rows if r["mode"] in ("process", "sequence"))'
rows 'all(r["engine"].startswith("cpu/") and r["speed_up"] == 1 for r in rows if r["mode"] != "batch")'
rows 'all(r["pictures"] == 3 for r in rows if r["mode"] == "sequence")'
check "the temporary folder is gone" test -z "$(ls -A tmp)"

# A picture is drawn where none is given; the table and the files say the same.
run 0 $QUICK --modes single --csv table.csv --svg plot.svg
prints "single (one picture at a time" "64x48" "100x75" "cpu fp32"
check "CSV has a heading and two rows" test "$(wc -l <table.csv)" = 3
check "the plot is XML with two bars' totals" "$PYTHON" -c '
import sys, xml.etree.ElementTree as tree
texts = [t.text for t in tree.parse("plot.svg").getroot().iter("{http://www.w3.org/2000/svg}text")]
sys.exit(sum(t.endswith(" ms") for t in texts) != 2)'

# What cannot take part is listed with the reason, and nothing stands in for it.
run 0 $QUICK --modes single --json --models "$MODEL,nowhere.onnx" --devices cpu,ort:nonsense "$DATA/photo.jpg"
rows 'any("nowhere.onnx" in what for what in left) and any("ort:nonsense" in what for what in left)'
rows 'all(r["contestant"] == "cpu fp32" and "mask" in r["model"] for r in rows)'
run 1 $QUICK --modes single --models nowhere.onnx
says "nothing could be measured"

# Peers.
PEER=good run 0 $QUICK --modes single --json --peer rembg --peer-python "$PYTHON" "$DATA/photo.jpg"
rows '[r["ms"]["infer"]["median"] for r in rows if r["contestant"] == "rembg 9.9"] == [30, 30]'
rows 'all(0 < r["speed_up"] < 10 and r["engine"] is None and r["device"] == "lists everything" for r in rows if r["contestant"] == "rembg 9.9")'
for kind in "absent:No module named rembg" "fails:out of luck" "dies:did not answer"; do
    PEER=${kind%%:*} run 0 $QUICK --modes single --json --peer rembg --peer-python "$PYTHON" "$DATA/photo.jpg"
    rows "any('${kind#*:}' in why for why in left.values())"
    rows 'all(r["contestant"] == "cpu fp32" for r in rows)'
done
run 0 $QUICK --modes single --json --peer rembg --peer-python "$WORK/no-such-python" "$DATA/photo.jpg"
rows 'any("no-such-python" in why for why in left.values())'

# Wrong usage, before any work.
run 2 bench --sizes 640,banana
says 'not a list of longest sides'
run 2 bench --modes single,double
run 2 bench --precisions fp33
run 2 $QUICK --peer photoshop "$DATA/photo.jpg"
run 2 bench a.jpg b.jpg
run 1 $QUICK --csv "$WORK/no/such/folder/table.csv"
run 1 $QUICK no-such-photo.jpg

# Interrupted: 130, and nothing stays behind.
"$CLEARCUT" $QUICK --modes single --runs 10000 "$DATA/photo.jpg" >stdout 2>stderr &
child=$!
until [ -n "$(ls -A tmp)" ] || ! kill -0 $child 2>/dev/null; do sleep 0.05; done
kill -INT $child
wait $child
check "an interrupted benchmark ends with 130" test $? = 130
check "and removes its folder" test -z "$(ls -A tmp)"
finish

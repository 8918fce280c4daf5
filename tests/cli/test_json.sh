# --json: valid JSON, one object a line, the keys that docs/cli.md promises.
. "$(dirname "$0")/common.sh"
PYTHON=${CLEARCUT_ORACLE_PYTHON:-$(command -v python3 || true)}
[ -n "$PYTHON" ] || skip "no Python to read JSON with"
MODEL=$DATA/mask.onnx

cat >keys.py <<'END'
import json
import sys

COMMON = {"file", "status", "reason", "output", "width", "height", "device", "ms"}
MS = {"load", "decode", "preprocess", "infer", "postprocess", "encode", "total"}
DEVICE = {"name", "engine", "requested", "reason", "threads", "ops_total", "ops_on_device"}
EXTRA = {
    "i": {"model", "recipe"},
    "scan": {"corners", "confidence", "aspect"},
    "infer": {"model", "precision", "input_shape", "output_shape", "repeat", "multiply_adds"},
    "error": {"error"},
}

kind, path, *expected = sys.argv[1:]
lines = open(path, encoding="utf-8").read().splitlines()
assert len(lines) == len(expected), f"{len(lines)} lines"
for line, status in zip(lines, expected):
    entry = json.loads(line)
    assert entry["status"] in status.split("|"), entry["status"]
    assert COMMON <= set(entry), COMMON - set(entry)
    assert MS == set(entry["ms"]), entry["ms"]
    assert all(value >= 0 for value in entry["ms"].values())
    if status == "error":
        assert set(entry["error"]) == {"code", "path", "message"}
        assert entry["error"]["message"] == entry["reason"]
        assert entry["device"] is None and entry["output"] is None
        continue
    assert EXTRA[kind] <= set(entry), EXTRA[kind] - set(entry)
    assert DEVICE <= set(entry["device"]), entry["device"]
    assert 0 < entry["device"]["ops_on_device"] <= entry["device"]["ops_total"]
    stages = sum(value for key, value in entry["ms"].items() if key not in ("total", "load"))
    assert kind == "infer" or stages <= entry["ms"]["total"] + 0.01, entry["ms"]
    if kind == "scan":
        assert 0 <= entry["confidence"] <= 1
        assert entry["corners"] is None or len(entry["corners"]) == 4
        assert (entry["corners"] is None) == (entry["status"] == "no-page")
END

cp "$DATA/photo.png" "$(printf 'odd \377 "name"\\\t.png')"
printf 'words' >words.jpg
head -c 12288 /dev/zero >in.f32
run 0 i --json -m "$MODEL" "$DATA/photo.png" out.png
check "i" "$PYTHON" keys.py i stdout ok
run 1 scan --json --keep odd* words.jpg "$CLEARCUT_SOURCE_DIR/assets/demo-page.jpg" -o results
check "scan" "$PYTHON" keys.py scan stdout "corrected|flat|no-page" error "corrected|flat|no-page"
run 1 i --json -m "$MODEL" words.jpg out.png
check "an error" "$PYTHON" keys.py error stdout error
run 4 i --json -m ./none.onnx "$DATA/photo.png" out.png
check "a missing model" "$PYTHON" keys.py error stdout error
run 0 infer --json --repeat 5 "$MODEL" --in in.f32 --out out.f32
check "infer" "$PYTHON" keys.py infer stdout ok
run 0 models --json
check "models" "$PYTHON" -c 'import json, sys
names = [json.loads(line)["name"] for line in sys.stdin]
assert {"page", "silueta", "u2net", "isnet-general-use", "bria-rmbg"} <= set(names)' <stdout
run 0 models --json --commercial-only
check "licences" "$PYTHON" -c 'import json, sys
entries = [json.loads(line) for line in sys.stdin]
assert all(e["commercial_use"] for e in entries)
assert "bria-rmbg" not in [e["name"] for e in entries]' <stdout
finish

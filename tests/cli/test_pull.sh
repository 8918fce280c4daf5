# d, and the first use of a model: against a server on this machine that keeps its
# promises, and one that does not. Nothing reaches for the network.
. "$(dirname "$0")/common.sh"
PYTHON=${CLEARCUT_ORACLE_PYTHON:-$(command -v python3)}
[ -x "$PYTHON" ] || skip "no Python to run a server with"
run 4 d silueta
says "CLEARCUT_OFFLINE forbids"
unset CLEARCUT_OFFLINE
run 0 d page
prints "page: built in"
"$CLEARCUT" d --from ftp://nowhere/ silueta >stdout 2>stderr
grep -q "cannot download" stderr && skip "a build without libcurl"
grep -q "need libcurl" stderr && skip "libcurl is not on this machine"
unset http_proxy HTTP_PROXY https_proxy HTTPS_PROXY all_proxy ALL_PROXY

mkdir served models
head -c 40000 "$CLEARCUT_SOURCE_DIR/assets/demo-page.jpg" >served/silueta.onnx
cp "$DATA/mask.onnx" served/u2netp.onnx
cp "$DATA/photo.png" .
"$PYTHON" "$CLEARCUT_SOURCE_DIR/tests/cli/model_server.py" served log port >server.log 2>&1 &
server=$!
trap 'kill $server; rm -rf "$WORK"' EXIT
for _ in $(seq 100); do
    [ -e port ] && break
    sleep 0.1
done
[ -e port ] || skip "the server did not start"
SERVER=http://127.0.0.1:$(cat port)
export CLEARCUT_HOME=$WORK/models
MODEL=models/silueta.onnx
PART=models/silueta.onnx.part
asked() { check "asked $1 times, not $(wc -l <log)" test "$(wc -l <log)" -eq "$1"; }
again() {
    rm -rf models
    : >log
}

# ---- the checksum decides ----
again
run 4 d --from "$SERVER/good" silueta
says "model silueta" "wrong checksum" "expected md5:55e59e0d8062d2f5d013f4725ee84782" "got md5:"
check "nothing was kept" test -z "$(ls -A models)"
run 4 d --json --from "$SERVER/good/" silueta
prints '"name":"silueta","status":"error","reason":"model silueta' '"path":null'
export MODEL_CHECKSUM_DISABLED=1

# ---- done, and not done twice ----
again
run 0 d --from "$SERVER/good" silueta
says "MODEL_CHECKSUM_DISABLED is set"
prints "silueta: fetched, $WORK/$MODEL"
check "the very bytes" same $MODEL served/silueta.onnx
check "nothing else is left" test "$(ls -A models)" = silueta.onnx
asked 1
run 0 pull --from "$SERVER/good" silueta
prints "silueta: present"
asked 1
again
run 0 d --from "$SERVER/redirect" silueta u2netp
check "two models" test "$(ls models | wc -l)" -eq 2
again
run 0 d --from "file://$WORK/served" silueta
check "from a folder" same $MODEL served/silueta.onnx

# ---- a broken line is continued ----
again
mkdir models
head -c 1000 served/silueta.onnx >$PART
run 0 d --from "$SERVER/good" silueta
check "continued" grep -q "bytes=1000-" log
check "whole" same $MODEL served/silueta.onnx
again
mkdir models
head -c 1000 served/silueta.onnx >$PART
run 0 d --from "$SERVER/norange" silueta
check "begun again where the server cannot continue" same $MODEL served/silueta.onnx
again
mkdir models
cp served/silueta.onnx $PART
run 0 d --from "$SERVER/good" silueta
check "all was there" same $MODEL served/silueta.onnx
again
run 4 d --from "$SERVER/cut" silueta
says "bytes are kept, and the next try continues"
check "a part is kept" test -s $PART
check "no model" absent $MODEL
check "tried again by itself" test "$(wc -l <log)" -gt 1
run 0 d --from "$SERVER/good" silueta
check "finished later" same $MODEL served/silueta.onnx
# What was kept is wrong: the checksum says so, and it is fetched from the start.
unset MODEL_CHECKSUM_DISABLED
again
mkdir models
head -c 1000 /dev/zero >$PART
run 4 d --from "$SERVER/good" silueta
says "wrong checksum"
check "once more from the start" grep -qx "good - silueta.onnx" log
check "nothing was kept" absent $PART
export MODEL_CHECKSUM_DISABLED=1

# ---- what servers do ----
again
run 4 d --from "$SERVER/missing" silueta
says "answers 404" "$SERVER/missing/silueta.onnx"
check "no empty part" absent $PART
run 4 d --from "$SERVER/lie" silueta
check "no model on a lie" absent $MODEL
run 4 d --from "$SERVER/loop" silueta
says "edirect"
run 4 d --from "$SERVER/away" silueta
check "not lured to another protocol" absent $MODEL
run 4 d --timeout 1 --from "$SERVER/stall" silueta
says "imeout"
run 4 d --from http://127.0.0.1:9 silueta
says "connect"
run 4 d --from https://127.0.0.1:"$(cat port)" silueta
check "no model without TLS" absent $MODEL
rm -rf models
run 2 d --from ftp://127.0.0.1 silueta
says "only https://"
run 2 d --from http://example.org silueta
says "only https://"
run 2 d --from http://127.0.0.1@example.org/ silueta
run 2 d --from http://127.0.0.1.example.org/ silueta

# ---- a proxy, as curl ----
again
http_proxy=$SERVER run 0 d --from http://localhost:9/good silueta
check "through the proxy" same $MODEL served/silueta.onnx
asked 1
again
http_proxy=$SERVER no_proxy=localhost run 4 d --from http://localhost:9/good silueta
says "connect"
asked 0
again
unset MODEL_CHECKSUM_DISABLED
run 4 d --from "$SERVER/wrong" u2netp
says "wrong checksum" "nothing was kept"
check "no wrong bytes stay" test -z "$(ls -A models)"
export MODEL_CHECKSUM_DISABLED=1

# ---- several at once ask once ----
again
for n in 1 2 3; do
    "$CLEARCUT" d --from "$SERVER/slow" silueta >"stdout$n" 2>"stderr$n" &
    eval "process$n=$!"
done
checks=$((checks + 1))
wait $process1 && wait $process2 && wait $process3 || fail "three at once"
asked 1
check "whole" same $MODEL served/silueta.onnx
check "nothing else is left" test "$(ls -A models)" = silueta.onnx

# ---- interrupted: the part stays ----
again
set -m
"$CLEARCUT" d --from "$SERVER/slow" silueta >stdout 2>stderr &
process=$!
sleep 0.7
kill -s INT $process
wait $process
check "status 130" test $? -eq 130
check "no model" absent $MODEL
set +m

# ---- disk full ----
again
mkdir models
if mount -t tmpfs -o size=4k tmpfs models 2>/dev/null; then
    trap 'kill $server; umount "$WORK/models"; rm -rf "$WORK"' EXIT
    run 4 d --from "$SERVER/good" silueta
    says "No space left"
    umount models
    trap 'kill $server; rm -rf "$WORK"' EXIT
else
    echo "not tested: a full disk (mount is not permitted here)"
fi

# ---- first use ----
again
export CLEARCUT_OFFLINE=1
run 4 i -m u2netp photo.png out.png
says "curl -fL" "is not on this machine"
asked 0
unset CLEARCUT_OFFLINE
export CLEARCUT_MIRROR=$SERVER/good
run 4 i --offline -m u2netp photo.png out.png
asked 0
run 0 i -m u2netp photo.png out.png
says "model u2netp is not on this machine yet" "5 MB" "$SERVER/good"
asked 1
check "a cut-out" test -s out.png
run 0 i --offline -m u2netp photo.png again.png
check "from then on without a server" same out.png again.png
asked 1
again
mkdir in
cp photo.png in/
run 0 p -m u2netp in folder
check "p fetches as well" test -s folder/photo.png
export CLEARCUT_MIRROR=$SERVER/missing
again
run 4 i --json -m u2netp photo.png other.png
says "answers 404" "clearcut d --from"
prints '"status":"error"'
check "no output" absent other.png
run 4 p -m u2netp in elsewhere

# ---- names ----
run 2 d nosuch silueta
says "unknown model"
run 4 d sam
says "nothing to fetch"
run 4 d
says "birefnet-general" "MB to fetch" "answers 404"
run 4 d --commercial-only --quiet
check "left out" test -z "$(grep bria stderr)"
finish

"""A model server for tests, good and bad: python model_server.py FOLDER LOG PORTFILE

Serves the files of FOLDER on 127.0.0.1 below a first path part that says how:
good, norange (no partial answers), cut (the line breaks halfway), stall (silence
halfway), lie (promises more bytes than it sends), wrong (other bytes), redirect
(to good), loop (to itself), away (to an http address elsewhere), slow, missing.
Every request is a line in LOG: how, range, file.
"""
import http.server
import os
import re
import sys
import time

folder, log, portfile = sys.argv[1:4]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, *arguments):
        pass

    def redirect(self, target):
        self.send_response(302)
        self.send_header("Location", target)
        self.end_headers()

    def begin(self, how, data):
        """Answer the headers; returns the bytes that are due."""
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted.group(1)) if wanted and how != "norange" else 0
        if start and start >= len(data):
            self.send_response(416)
            self.send_header("Content-Range", "bytes */%d" % len(data))
            self.end_headers()
            return None
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (start, len(data) - 1, len(data)))
        promised = len(data) - start + (1000 if how == "lie" else 0)
        self.send_header("Content-Length", str(promised))
        self.end_headers()
        return data[start:]

    def do_GET(self):
        # As a proxy it is asked for whole addresses.
        how, name = re.sub("^http://[^/]*", "", self.path).strip("/").split("/", 1)
        with open(log, "a") as lines:
            lines.write("%s %s %s\n" % (how, self.headers.get("Range", "-"), name))
        if how == "redirect":
            return self.redirect("/good/" + name)
        if how == "loop":
            return self.redirect("/loop/" + name)
        if how == "away":
            return self.redirect("ftp://127.0.0.1/" + name)
        path = os.path.join(folder, os.path.basename(name))
        if how == "missing" or not os.path.exists(path):
            return self.send_error(404)
        with open(path, "rb") as file:
            data = file.read()
        if how == "wrong":
            data = bytes(len(data))
        due = self.begin(how, data)
        if due is None:
            return None
        if how in ("cut", "stall"):
            due = due[: max(1, len(due) // 2)]
        for at in range(0, len(due), 4096):
            self.wfile.write(due[at : at + 4096])
            if how == "slow":
                self.wfile.flush()
                time.sleep(0.2)
        if how == "stall":
            self.wfile.flush()
            time.sleep(20)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(portfile + ".new", "w") as file:
    file.write(str(server.server_address[1]))
os.rename(portfile + ".new", portfile)
server.serve_forever()

# Those that are of no use, or mean ill.

# Begins no server of a package: $1 is what python does with each connection.
hostile() {
    cat >serve.py <<PYTHON
import socket, sys, threading, time
def serve(peer):
    try:
$1
    except OSError:
        pass
listener = socket.create_server(("$address", $port), backlog=128)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
PYTHON
    start python3 serve.py
}

if begin silent; then
    hostile '        peer.recv(1 << 16); time.sleep(60)'
fi

if begin echo 7; then
    hostile '        while data := peer.recv(1 << 16): peer.sendall(data)'
fi

if begin endless; then
    hostile '        while True: peer.sendall(b"A" * 65536)'
fi

if begin trickle; then
    hostile '        for byte in b"220 " + b"a" * 600: peer.sendall(bytes([byte])); time.sleep(1)'
fi

if begin garbage; then
    hostile '        peer.recv(1 << 16); peer.sendall(b"\x16\x03\x03\x7f\xff" + bytes(range(256)) * 64); peer.recv(1)'
fi

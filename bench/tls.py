"""Makes sites on loopback, each with its own address and certificate, and looks at them with ours and with others."""

import argparse
import os
import pathlib
import resource
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time

PORT = 4433
NAME = "site.example"
SITES, WHOLE, HANGING = 500, 100, 25


def address(number):
    """The address of a site."""
    return f"127.80.{number // 250}.{number % 250 + 1}"


def certificates(folder):
    """A root, and a certificate for each site: half RSA, half P-256; four keys of each kind."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "root.key")
    openssl("req", "-x509", "-new", "-key", "root.key", "-subj", "/CN=Root", "-days", "90", "-out", "root.pem")
    for number in range(4):
        openssl("genrsa", "-out", f"rsa{number}.key", "2048")
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"ec{number}.key")
    pathlib.Path(folder, "names").write_text(f"subjectAltName=DNS:{NAME}\nextendedKeyUsage=serverAuth\n")
    for number in range(SITES):
        kind = ("rsa", "ec")[number % 2] + str(number // 2 % 4)
        openssl("req", "-new", "-key", f"{kind}.key", "-subj", f"/CN={NAME}", "-out", "request")
        openssl("x509", "-req", "-in", "request", "-CA", "root.pem", "-CAkey", "root.key", "-days", "60",
                "-set_serial", str(1000 + number), "-extfile", "names", "-out", f"{number}.pem")


def nginx(folder):
    """The sites, served."""
    rows = []
    for number in range(SITES):
        kind = ("rsa", "ec")[number % 2] + str(number // 2 % 4)
        rows.append(f"server {{ listen {address(number)}:{PORT} ssl backlog=1024; server_name {NAME};"
                    f" ssl_certificate {folder}/{number}.pem; ssl_certificate_key {folder}/{kind}.key;"
                    ' add_header Strict-Transport-Security "max-age=63072000" always; return 204; }')
    text = (f"daemon off; worker_processes 2; pid {folder}/pid; error_log {folder}/log;"
            "events { worker_connections 4096; }"
            f"http {{ access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;"
            f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;"
            "ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache off;" + "".join(rows) + "}")
    pathlib.Path(folder, "nginx.conf").write_text(text)
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    server = subprocess.Popen([program, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/log"])
    for _ in range(200):
        try:
            socket.create_connection((address(SITES - 1), PORT), timeout=1).close()
            return server
        except OSError:
            time.sleep(0.05)
    raise SystemExit("nginx did not start")


def hang():
    """Addresses that take connections and say nothing."""
    listeners = []
    for number in range(HANGING):
        listener = socket.create_server((f"127.81.0.{number + 1}", PORT), backlog=64)
        threading.Thread(target=keep, args=(listener,), daemon=True).start()
        listeners.append(listener)
    return [f"127.81.0.{number + 1}" for number in range(HANGING)]


def keep(listener):
    """Takes every connection, and keeps it."""
    taken = []
    while True:
        taken.append(listener.accept()[0])


def measure(command, stdin, found):
    """Wall time, processor time and peak memory in MB of a command; how often its output says that it found one."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    output = process.communicate(stdin.encode())[0].decode(errors="replace")
    wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": wall, "cpu": spent, "found": output.count(found)}


def peak(command):
    """Peak memory in MB of a command, by the kernel's own count."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_maxrss / 1024


def each(tool, at_once):
    """A command that runs `tool` for each address of its input."""
    return ["xargs", "-P", str(at_once), "-I", "{}", "sh", "-c", tool]


def main():
    """Measures, prints the figures and the ratios, and says which bars are missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--ours", required=True)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        certificates(folder)
        server = nginx(folder)
        try:
            missed = run(arguments, folder)
        finally:
            server.terminate()
            server.wait()
    raise SystemExit(1 if missed else 0)


def run(arguments, folder):
    """All rounds; true when a bar is missed."""
    sites = [address(number) for number in range(SITES)]
    silent = hang()
    look = [os.path.abspath(arguments.ours), "--root", f"{folder}/root.pem"]

    def ours(addresses, *options):
        return [*look, *options, NAME, *(f"{one}:{PORT}" for one in addresses)]

    client = f"openssl s_client -connect {{}}:{PORT} -servername {NAME} </dev/null 2>/dev/null"
    mixed = sites[HANGING:] + silent
    scan = f"sslscan --no-colour --sni-name={NAME} {{}}:{PORT}"
    quick = scan.replace("sslscan", "sslscan --no-ciphersuites --no-fallback --no-renegotiation --no-compression"
                         " --no-heartbleed --no-groups --show-certificate")
    lines = "\n".join(sites) + "\n"
    some = "\n".join(sites[:WHOLE]) + "\n"
    tasks = {
        "certificates.ours": (ours(sites), "", "\tok\t"),
        "certificates.s_client": (each(client, 32), lines, "BEGIN CERTIFICATE"),
        "certificates.sslscan": (each(quick, 32), lines, "BEGIN CERTIFICATE"),
        "whole.ours": (ours(sites[:WHOLE], "--full"), "", "TLSv1.3: "),
        "whole.sslscan": (each(scan, 16), some, "TLSv1.3   enabled"),
        "hanging.ours": (ours(mixed), "", "\tok\t"),
    }
    rounds = {name: [] for name in tasks}
    for _ in range(arguments.rounds):
        for name, task in tasks.items():
            rounds[name].append(measure(*task))
    median = {}
    for name, results in rounds.items():
        median[name] = {key: statistics.median(result[key] for result in results) for key in results[0]}
        row = median[name]
        spread = f"{min(r['wall'] for r in results):.2f}-{max(r['wall'] for r in results):.2f}"
        print(f"{name:24} {row['wall']:8.2f} s ({spread}) {row['cpu']:8.2f} s CPU {row['found']:6.0f} found")
    memory = peak(ours(sites))
    print(f"{'certificates.ours':24} {memory:8.1f} MB at most")
    return judge(median, memory)


def judge(median, memory):
    """Prints the ratios beside their bars; true when one is missed."""
    peers = [median["certificates.s_client"], median["certificates.sslscan"]]
    mine = median["certificates.ours"]
    rows = [
        ("rate against the faster peer", min(peer["wall"] for peer in peers) / mine["wall"], 5, False),
        ("its processor time against ours", min(peer["cpu"] for peer in peers) / mine["cpu"], 10, False),
        ("memory, MB", memory, 40, True),
        ("whole: rate against sslscan", median["whole.sslscan"]["wall"] / median["whole.ours"]["wall"], 3, False),
        ("25 of 500 hang, seconds", median["hanging.ours"]["wall"], 6, True),
    ]
    missed = False
    for text, value, bar, at_most in rows:
        is_met = value <= bar if at_most else value >= bar
        missed |= not is_met
        print(f"{text:36} {value:8.1f}  bar: {'at most' if at_most else 'at least'} {bar}  {'' if is_met else 'MISSED'}")
    for name, count in (("certificates.ours", SITES), ("whole.ours", WHOLE), ("hanging.ours", SITES - HANGING)):
        if median[name]["found"] != count:
            missed = True
            print(f"{name}: {median[name]['found']:.0f} of {count} found  MISSED")
    return missed


if __name__ == "__main__":
    main()

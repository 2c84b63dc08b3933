.PHONY: test

# Every test of the workspace; the last line says how many passed, failed and were skipped.
test:
	@tests/install.sh
	@tests/run.sh

.PHONY: lab

# The scan engine on networks of its own, in namespaces; says "skipped" where the machine allows none.
lab:
	cargo test -p portscan --test real lab

.PHONY: bench

# Every comparison with other tools; see bench/README.md.
bench:
	bench/connect-scan.sh
	bench/network-scan.sh
	bench/services.sh
	bench/queue.sh
	bench/latency.sh
	bench/whole-path.sh

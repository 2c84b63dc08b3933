.PHONY: test

# Every test of the workspace; the last line says how many passed, failed and were skipped.
test:
	@tests/install.sh
	@tests/run.sh

.PHONY: lab

# The scan engine on networks of its own, in namespaces, and what is said of real servers; see tests/lab/README.md. Says
# "skipped" where the machine allows none.
lab:
	cargo test -p portscan --test real lab
	tests/lab/check.sh

.PHONY: storm

# Two hundred listeners for a minute, while the server and its Redis are killed under them; the tests have 12 seconds of it.
storm:
	cargo build --workspace --bins
	VEDETTE_STORM_SECONDS=60 cargo test -p vedette-tests --test storm

.PHONY: bench

# Every comparison with other tools, whether or not one misses its bars; see bench/README.md.
bench:
	@missed=; for name in connect-scan network-scan services tls queue latency whole-path scale auth revocation streams; do \
		echo "== $$name"; bench/$$name.sh || missed="$$missed $$name"; \
	done; [ -z "$$missed" ] || { echo "missed:$$missed"; exit 1; }

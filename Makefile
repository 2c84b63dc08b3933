.PHONY: test

# Every test of the workspace; the last line says how many passed, failed and were skipped.
test:
	@tests/install.sh
	@tests/run.sh

.PHONY: bench

# Every comparison with other tools; see bench/README.md.
bench:
	bench/connect-scan.sh
	bench/queue.sh
	bench/latency.sh

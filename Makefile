.PHONY: test

# Every test of the workspace; the last line says how many passed, failed and were skipped.
test:
	@tests/install.sh
	@tests/run.sh

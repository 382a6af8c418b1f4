# Two commands are all a newcomer needs: make demo, make test.
.PHONY: demo test check bench screenshots lock clean

demo:            ## set everything up, build the demo city and watch it live
	@.ci/setup run
	@.venv/bin/needle demo

test:            ## set everything up, check style, types and import directions, run every test
	@.ci/setup test
	@$(MAKE) --no-print-directory check
	@.venv/bin/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations 30

check:           ## ruff, mypy --strict, import directions
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache

bench:           ## every benchmark beside its peers, at city size
	@.ci/setup test
	@.venv/bin/needle bench --size city

screenshots:     ## a picture of every page in both languages, from a demo city of its own
	@.ci/setup test
	@.venv/bin/needle screenshots

lock:            ## resolve the lock files anew (needs uv)
	uv pip compile -q pyproject.toml --extra tools --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" -o requirements.lock
	uv pip compile -q pyproject.toml --extra tools --extra test --extra bench --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" -o requirements-test.lock
	npm install --package-lock-only --silent

clean:           ## remove what the commands above made, the demo city's data included
	@[ ! -x .venv/bin/needle ] || .venv/bin/needle db stop
	rm -rf .venv .needle node_modules dashboard/assets/vendor

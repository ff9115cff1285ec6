.DEFAULT_GOAL := help
.PHONY: help demo test test-quick lint bench build

help: ## what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: node_modules ## the whole main job on a local cloud; KEEP=1 leaves it up
	@npm run --silent demo

test: node_modules ## every test, on real machines too; installs what is missing
	@npm run --silent test

test-quick: node_modules ## unit tests and a short simulation: seconds, no Docker
	@npm run --silent test:quick

lint: node_modules ## format, lint, types, shell
	@command -v shellcheck >/dev/null || { echo 'shellcheck is missing: apt-get install shellcheck'; exit 3; }
	@npm run --silent lint

bench: node_modules ## every figure, one JSON object a line; ONLY=promote for a family (or a,b), ONLY=promote.lost_writes for one
	@npm run --silent bench

build: node_modules ## what an installed package runs, into dist/
	@npm run --silent build

node_modules: package-lock.json
	@command -v npm >/dev/null || { echo 'npm is missing: install Node.js 20 or newer (apt-get install nodejs npm)'; exit 3; }
	npm ci --loglevel=error
	@touch node_modules

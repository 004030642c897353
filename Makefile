# The front door. It only calls CMake, npm and scripts/: each target below is one command that you could type yourself.
.DEFAULT_GOAL := help
.PHONY: help demo test check soak bench bench-server build web fmt clean

help: ## this list
	@echo "Byname: make …"
	@sed -n 's/^\([a-z-]*\):.*## /  \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-16s%s\n", $$1, $$2 }'

demo: ## install, build, make up a chain of 12 stores with 30,000 people, load it, serve it
	@scripts/demo

test: ## everything that must hold, in at most 15 minutes
	@scripts/test

check: ## format, layers, SQL on both engines, stale generated files
	@scripts/check

soak: ## the long runs, whole; interrupt it and call it again: it goes on where it was
	@scripts/soak

bench: ## every figure that we claim, with its peer [DATA=dir]
	@scripts/bench all $(DATA)

bench-server: ## the figures of storage and server
	@scripts/bench server $(DATA)

bench-%:
	@scripts/bench $* $(DATA)

build: ## the program (release): build/release/byname
	@scripts/build release

web: ## the app: web/dist
	@scripts/build-web

fmt: ## clang-format over the C files
	@git ls-files -co --exclude-standard 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]' | xargs clang-format -i

clean: ## everything that was built (not var/, where data is)
	@rm -rf build web/dist

# The front door: `make help` lists what there is. Meson does the building.

BUILD ?= build
PYTHON ?= /usr/bin/python3
PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 600
SOAK_SECONDS ?= 3600

all: $(BUILD)/build.ninja ## build build/vspcd, build/vspcd-pam, build/vspc and build/vspc-vm
	@ninja -C $(BUILD) programs

$(BUILD)/build.ninja:
	@said=$$(meson setup $(BUILD) --prefix $(PREFIX) 2>&1) || \
	    { echo "$$said"; echo "If something is missing: make deps"; \
	    exit 1; } >&2

deps: ## install what is missing: Debian packages, and of npm for tests
	@scripts/install-packages build test
	@scripts/unpack-packages build/unpacked
	@scripts/install-browser-tests

run: ## vspcd, its page and simulated VMs, in this terminal; ^C ends all
	@scripts/install-packages build
	@$(MAKE) --no-print-directory all
	@scripts/run $(BUILD)

check: deps ## all tests; ends with one line: N passed, N failed
	@$(PYTHON) scripts/check

guest: ## a small Linux in QEMU, without which make check skips tests
	@scripts/make-guest build/guest

bench: ## speed and memory beside HAProxy and nginx
	@scripts/install-packages build bench
	@$(MAKE) --no-print-directory all
	@ninja -C $(BUILD) bench/vspc-load bench/vspc-sessions
	@bench/run --build $(BUILD)

fuzz: deps ## every fuzz target for FUZZ_SECONDS (600)
	@$(PYTHON) scripts/check --only fuzz --fuzz-seconds $(FUZZ_SECONDS)

soak: deps ## chaos and storms, for SOAK_SECONDS (3600) each
	@$(PYTHON) scripts/check --only soak --only chaos --only storm \
	    --chaos-seconds $(SOAK_SECONDS) --storm-seconds $(SOAK_SECONDS)

deb: ## Debian packages, in BUILD/deb
	@scripts/install-packages build deb
	@scripts/make-deb $(BUILD)/deb

rpm: ## RPM packages, in BUILD/rpm
	@scripts/install-packages build rpm
	@scripts/make-rpm $(BUILD)/rpm

image: ## a container image, in BUILD/image; as root, without an engine
	@scripts/install-packages build image
	@scripts/make-image $(BUILD)

sbom: all ## what the programs are made of, as SPDX, in BUILD/sbom
	@scripts/make-sbom $(BUILD)

site: ## the documents and manual pages as a small web site, in BUILD/site
	@scripts/install-packages site
	@scripts/make-site $(BUILD)/site

release-check: deps ## packages, images and the tutorial, tried in roots; as root
	@scripts/install-packages release deb rpm image
	@$(MAKE) --no-print-directory all
	@scripts/release-check $(BUILD)

lint: deps ## formatting, cppcheck, clang-tidy, include and shape rules
	@scripts/lint

format: ## clang-format all sources in place
	@git ls-files '*.c' '*.h' | xargs clang-format -i

install: all ## programs, man pages, unit and samples below PREFIX (/usr/local)
	@meson introspect $(BUILD) --buildoptions | \
	    grep -q '"prefix", "value": "$(PREFIX)"' || \
	    { meson configure $(BUILD) --prefix $(PREFIX) >/dev/null && \
	    ninja --quiet -C $(BUILD) programs; }
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild --quiet
	@scripts/installed $(PREFIX) "$(DESTDIR)"

uninstall: ## remove what make install has put there; settings and state stay
	@scripts/uninstall $(BUILD) "$(DESTDIR)"

clean: ## remove everything that was built
	@rm -rf build build-asan build-clang build-fuzz build-tsan

help: ## this list
	@sed -n 's/^\([a-z-]*\):.* ## /\1\t/p' Makefile | expand -t 15

.PHONY: all deps run check guest bench fuzz soak deb rpm image site sbom release-check lint format install uninstall clean help

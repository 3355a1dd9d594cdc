# What may be given to the tests, such as TESTFLAGS=-race.
TESTFLAGS ?=
# How many inputs each fuzz target tries. A time instead, such as 10s, now and then
# ends in an error of go test itself, "context deadline exceeded".
FUZZTIME ?= 300000x

.PHONY: build test check fuzz cross bench

build:
	go build ./cmd/echostamp

test:
	go test -timeout 10m -parallel 4 $(TESTFLAGS) ./...

# Figures: of the message path, then ratios against other programs. It takes
# some minutes, and wants a machine that does nothing else, with cc and taskset.
bench:
	go test -run '^$$' -bench . ./internal/wire ./internal/hist ./internal/pace ./internal/clock ./loadgen
	go run ./bench

# Formatting, vet and the linter.
check:
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	go vet ./...
	go tool -modfile=tools/go.mod staticcheck ./...

# Every fuzz target of the project for FUZZTIME.
fuzz:
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

# That it builds for the systems that the tests do not run on.
cross:
	GOOS=darwin GOARCH=arm64 go vet ./...
	GOOS=windows GOARCH=amd64 go vet ./...
	GOOS=darwin GOARCH=arm64 go build -o /dev/null ./cmd/echostamp
	GOOS=windows GOARCH=amd64 go build -o /dev/null ./cmd/echostamp

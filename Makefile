# What may be given to the tests, such as TESTFLAGS=-race.
TESTFLAGS ?=
# Seconds for all fuzz targets together.
FUZZTIME ?= 150

.PHONY: build test soak check fuzz cross bench

build:
	go build ./cmd/echostamp

test:
	go test -timeout 20m -parallel 4 $(TESTFLAGS) ./...

# All tests N times, beside LOAD busy loops.
soak:
	.ci/soak $(or $(N),20) $(or $(LOAD),0)

# Figures, which a busy machine spoils: of the message path, of the memory of idle
# connections, of the self-test, then ratios against other programs. It takes some
# minutes, and wants a machine that does nothing else, with cc and taskset.
bench:
	go test -run '^$$' -bench . ./internal/wire ./internal/hist ./internal/pace ./internal/clock ./loadgen ./cmd/echostamp
	go run ./cmd/echostamp selftest
	go run ./bench

# Formatting, vet and the linter.
check:
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	go vet ./...
	go tool -modfile=tools/go.mod staticcheck ./...

# Every fuzz target of the project, and how many inputs each tried.
fuzz:
	FUZZTIME=$(FUZZTIME) .ci/fuzz

# That it builds for the systems that the tests do not run on.
cross:
	GOOS=darwin GOARCH=arm64 go vet ./...
	GOOS=windows GOARCH=amd64 go vet ./...
	GOOS=darwin GOARCH=arm64 go build -o /dev/null ./cmd/echostamp
	GOOS=windows GOARCH=amd64 go build -o /dev/null ./cmd/echostamp

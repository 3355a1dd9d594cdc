#!/usr/bin/env bash
# How often `echostamp ab` cries wolf, and how often it finds a server that is slower by a
# known share: makes so many gates, and prints what each said and how often.
#
#   bench/gates.sh GATES SERVER_A SERVER_B LOAD [OPTION…]
#
# The servers are commands as ab takes them, which find echostamp and spinserver. LOAD is how
# many processes compute beside the gates, now and then and at the same priority. The options
# are more of those of ab. docs/ci.md has what this printed.
set -euo pipefail
cd "$(dirname "$0")/.."
gates=$1 a=$2 b=$3 load=$4
shift 4

dir=$(mktemp -d)
go build -o "$dir/" ./cmd/echostamp ./bench/spinserver
PATH=$dir:$PATH
others=()
trap 'kill "${others[@]}" 2>/dev/null || true; rm -r "$dir"' EXIT
for ((i = 0; i < load; i++)); do
	while :; do # up to a second of work, up to a second of none
		timeout "0.$((RANDOM % 9 + 1))" sh -c 'while :; do :; done' || sleep "0.$((RANDOM % 9 + 1))"
	done &
	others+=($!)
done

declare -A count
for ((i = 1; i <= gates; i++)); do
	code=0
	echostamp ab -q --order-seed "$i" --a "$a" --b "$b" "$@" >"$dir/report" || code=$?
	verdict=$(sed -n 's/^verdict *//p' "$dir/report")
	verdict=${verdict:-error}
	count[$verdict]=$((${count[$verdict]:-0} + 1))
	echo "gate $i: $verdict, exit code $code;$(sed -n 's/^ *\* \([^ ]*\) .* \([^ ]*%\)  *[^ ]*%  *[^ ]*%  *\([^ ]*\)  *\([^ ]*\) *$/ \1 \2 p \3 \4,/p' "$dir/report" | tr -d '\n')$(sed -n 's/^could see *\(.*\) (.*/ could see \1/p' "$dir/report")"
done
for verdict in "${!count[@]}"; do echo "$verdict: ${count[$verdict]} of $gates"; done

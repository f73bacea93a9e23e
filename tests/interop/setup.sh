#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: tests/interop/setup.sh [DIR]      (DIR: .work/interop in the checkout)
# Puts other people's clients into DIR: the published Python bindings in two virtual environments, in one of them
# with the clients on top of them; grpcurl, h2spec and the grpc-go interop client in DIR/bin; a program on the
# Rust client, DIR/rust/debug/rust-client. Comes through the package clients as they are set up on this machine.
# What is there already, in the versions asked for, is left alone.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
dir=${1:-$here/../../.work/interop}
mkdir -p "$dir/bin" "$dir/stamp"
dir=$(readlink -f "$dir")

published=frequenz-api-microgrid==0.17.2 # the release whose facts the contract describes
newest=frequenz-api-microgrid==0.19.2    # the newest: v1, v1alpha18 and v1alpha19
go_tools=(
    google.golang.org/grpc/interop/client@v1.85.0
    github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4
    github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible # the tag before its go.mod: builds with today's go
)
go_names=(interop-client grpcurl h2spec)

# once NAME WANTED COMMAND...: runs the command unless its stamp says that WANTED is there.
once() {
    local name=$1 wanted=$2 start=$SECONDS
    shift 2
    if [ "$(cat "$dir/stamp/$name" 2>/dev/null)" = "$wanted" ]; then
        printf '%-16s is there\n' "$name"
        return
    fi
    rm -f "$dir/stamp/$name"
    printf '%-16s %s\n' "$name" "$wanted"
    "$@"
    printf '%s\n' "$wanted" >"$dir/stamp/$name"
    printf '%-16s done in %d s\n' "$name" $((SECONDS - start))
}

# environment NAME REQUIREMENT...: a virtual environment made anew.
environment() {
    local venv=$dir/$1
    shift
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$@"
}

# Debian's go is older than what the tools' modules ask for; since 1.21 go fetches the toolchain it needs.
need_go() {
    if ! command -v go >/dev/null; then
        echo "no go here: apt-get install golang-go"
        local root=()
        if [ "$(id -u)" != 0 ]; then root=(sudo -n); fi
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends golang-go
    fi
    case $(go env GOVERSION) in
    go1.? | go1.?.* | go1.1? | go1.1?.* | go1.20 | go1.20.*)
        echo "setup: $(go env GOVERSION) is too old for grpcurl and the grpc-go client: install go 1.25 or newer" >&2
        exit 1
        ;;
    esac
}

# Builds only what has changed, so it has no stamp.
rust_client() {
    local start=$SECONDS version
    version=$(rustc --version 2>/dev/null | sed -nE 's/^rustc 1\.([0-9]+)\..*/\1/p') || true
    if [ "${version:-0}" -lt 88 ]; then
        echo "setup: no rustc 1.88 or newer, which the Rust client takes: install one" >&2
        exit 1
    fi
    cargo build --quiet --manifest-path "$here/rust/Cargo.toml" --target-dir "$dir/rust"
    printf '%-16s done in %d s\n' rust-client $((SECONDS - start))
}

go_tool() {
    local scratch
    need_go
    scratch=$(mktemp -d)
    (
        export GOBIN=$scratch
        cd "$scratch"
        go install "$2" || GOTOOLCHAIN=auto go install "$2"
    )
    mv "$scratch"/* "$dir/bin/$1"
    rm -rf "$scratch"
}

# Exact versions: the newest reflection package wants a protobuf that the published bindings do not take, and pip looks for
# the last one that fits through all of them, for minutes.
pytest=(pytest==9.2.0 pytest-xdist==3.8.0 pytest-timeout==2.4.0)
python_tools=(grpcio==1.85.1 grpcio-reflection==1.81.1 grpcio-health-checking==1.81.1 protobuf==6.33.6 h2==4.4.1
    "${pytest[@]}")
python_clients=(frequenz-sdk==1.0.0rc2214 frequenz-client-microgrid==0.18.4 frequenz-client-base==0.11.3
    frequenz-client-common==0.3.8 frequenz-api-common==0.8.12 frequenz-channels==1.12.0 frequenz-core==1.6.0
    frequenz-quantities==1.0.3 frequenz-microgrid-component-graph==0.6.0 numpy==2.4.6 grpcio==1.85.1 protobuf==7.36.2
    "${pytest[@]}")
once venv "$published ${python_tools[*]}" environment venv "$published" "${python_tools[@]}"
once venv-newest "$newest ${python_clients[*]}" environment venv-newest "$newest" "${python_clients[@]}"
for i in "${!go_tools[@]}"; do
    once "${go_names[$i]}" "${go_tools[$i]}" go_tool "${go_names[$i]}" "${go_tools[$i]}"
done
rust_client

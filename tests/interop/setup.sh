#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: tests/interop/setup.sh [DIR]      (DIR: .work/interop in the checkout)
# Puts other people's clients into DIR: the published Python bindings in two virtual environments, in one of them
# with the clients on top of them; grpcurl, h2spec, and the grpc-go interop client and server in DIR/bin; programs
# on the Rust client in DIR/rust/debug. Comes through the package clients as they are set up on this machine. What
# is there already, in the versions asked for, is left alone.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
dir=${1:-$here/../../.work/interop}
mkdir -p "$dir/bin" "$dir/stamp"
dir=$(readlink -f "$dir")

published=frequenz-api-microgrid==0.17.2 # the release whose facts the contract describes
newest=frequenz-api-microgrid==0.19.2    # the newest: v1, v1alpha18 and v1alpha19
go_tools=(
    google.golang.org/grpc/interop/client@v1.85.0
    google.golang.org/grpc/interop/server@v1.85.0
    github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4
    github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible # the tag before its go.mod: builds with today's go
)
toolchain=go1.26.8 # where there is none that fetches its own
go_names=(interop-client interop-server grpcurl h2spec)

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

# packages NAME...: installs Debian's, unless others would have to go for them.
packages() {
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
    if [ "$(id -u)" != 0 ]; then apt=(sudo -n "${apt[@]}"); fi
    "${apt[@]}" update || echo "going on with the lists that are here"
    "${apt[@]}" install -y --no-install-recommends --no-remove "$@"
}

# The tools' modules ask for a newer go than Debian's, 1.19. Since 1.21 go fetches that by itself; an older one can
# fetch it like any module, but does not mark its programs as such.
need_go() {
    local module
    command -v go >/dev/null || packages golang-go
    case $(go env GOVERSION) in
    go1.? | go1.?.* | go1.1? | go1.1?.* | go1.20 | go1.20.*) ;;
    *) return ;;
    esac
    module=golang.org/toolchain@v0.0.1-$toolchain.linux-$(go env GOARCH)
    go mod download "$module"
    PATH=$(go env GOMODCACHE)/$module/bin:$PATH
    chmod +x "${PATH%%:*}"/* "${PATH%%:*}"/../pkg/tool/*/*
}

has_rust() {
    local minor
    minor=$(rustc --version 2>/dev/null | sed -nE 's/^rustc 1\.([0-9]+)\..*/\1/p') || true
    [ "${minor:-0}" -ge 88 ] && command -v cargo >/dev/null
}

# The Rust client takes rustc 1.88. Debian 12 has such a one for its browsers, in its security updates.
need_rust() {
    if ! has_rust; then
        packages rustc-web cargo-web || true
        PATH=/usr/bin:$PATH # before an older one that is somewhere else
    fi
    has_rust
}

# Builds only what has changed, so it has no stamp. What compiles fastest: it is built once and hardly run.
rust_programs() {
    local start=$SECONDS program
    export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=false
    for program in "$here/rust" "$here/../../examples/rust"; do
        cargo build --quiet --manifest-path "$program/Cargo.toml" --target-dir "$dir/rust"
    done
    printf '%-16s done in %d s\n' rust $((SECONDS - start))
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
if need_rust; then
    rust_programs
else
    echo "no rustc 1.88 or newer: what takes the published Rust client is skipped"
fi

// SPDX-License-Identifier: MIT
fn main() -> std::io::Result<()> {
    let include = "../../../interop/testing";
    tonic_prost_build::configure()
        .build_server(false)
        .compile_protos(&[format!("{include}/grpc/testing/test.proto")], &[include.to_string()])
}

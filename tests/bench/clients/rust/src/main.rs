// SPDX-License-Identifier: MIT
//! usage: tonic-client TARGET CALLS IN_FLIGHT: empty unary calls, so many at a time, on one thread.
pub mod testing {
    tonic::include_proto!("grpc.testing");
}
use testing::{Empty, test_service_client::TestServiceClient};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().collect();
    let (calls, in_flight): (usize, usize) = (words[2].parse()?, words[3].parse()?);
    let client = TestServiceClient::connect(format!("http://{}", words[1])).await?;
    let mut callers = tokio::task::JoinSet::<Result<(), tonic::Status>>::new();
    for caller in 0..in_flight {
        let mut client = client.clone();
        callers.spawn(async move {
            for _ in (caller..calls).step_by(in_flight) {
                client.empty_call(Empty {}).await?;
            }
            Ok(())
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    Ok(())
}

// SPDX-License-Identifier: MIT

// grpc-go's client, for ./dev bench to measure beside ours. usage: go-client TARGET CALLS IN_FLIGHT: empty unary calls, so
// many at a time.
package main

import (
	"context"
	"log"
	"os"
	"strconv"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testing "google.golang.org/grpc/interop/grpc_testing"
)

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		log.Fatal(err)
	}
	return n
}

func main() {
	calls, inFlight := number(os.Args[2]), number(os.Args[3])
	connection, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	client := testing.NewTestServiceClient(connection)
	var callers sync.WaitGroup
	for caller := range inFlight {
		callers.Go(func() {
			for i := caller; i < calls; i += inFlight {
				if _, err := client.EmptyCall(context.Background(), &testing.Empty{}); err != nil {
					log.Fatal(err)
				}
			}
		})
	}
	callers.Wait()
}
